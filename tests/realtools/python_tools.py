"""Linters from PyPI that only these tests need: in an environment of their own, from `python_tools.lock`, made once."""

from __future__ import annotations

import functools
import sys
import venv
from pathlib import Path

from realtools.kept import CannotBuild, kept, run, skip

LOCK = Path(__file__).parent / "python_tools.lock"


def python_tool(name: str) -> Path:
    """A program of that environment (`python` is its Python); skips the test where it cannot be made."""
    outcome = _environment()
    if isinstance(outcome, CannotBuild):
        skip(f"no {name}: {outcome}")
    return outcome / "bin" / name


@functools.cache
def _environment() -> Path | CannotBuild:
    def build(path: Path) -> None:
        venv.create(path, with_pip=False)
        pip = (sys.executable, "-m", "pip", "--python", str(path), "--disable-pip-version-check")
        run((*pip, "install", "--quiet", "--require-hashes", "-r", str(LOCK)), folder=path)

    try:
        return kept("python-tools", f"{sys.version_info[:2]}{LOCK.read_text(encoding='utf-8')}", build)
    except CannotBuild as error:
        return error
