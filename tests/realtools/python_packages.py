"""Python programs from PyPI that tests run, each in an environment of its own, outside the repository."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from realtools.kept import CannotBuild, kept_folder, run


def environment_of(name: str, packages: Sequence[str]) -> Path:
    """The folder that holds `bin/python` with these packages, or will: `is_whole` tells."""
    recipe = "\n".join([sys.version, *packages])
    return kept_folder() / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def is_whole(environment: Path) -> bool:
    return (environment / "whole").exists()


def installed(name: str, packages: Sequence[str]) -> Path:
    """The environment, kept from the last time or made now. CannotBuild."""
    environment = environment_of(name, packages)
    environment.parent.mkdir(parents=True, exist_ok=True)
    with environment.with_name(f"{environment.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_whole(environment):
            _install(environment, packages)
    return environment


def _install(environment: Path, packages: Sequence[str]) -> None:
    """In its final place, since scripts in an environment name their interpreter in full."""
    shutil.rmtree(environment, ignore_errors=True)
    run((sys.executable, "-m", "venv", str(environment)), folder=environment.parent)
    pip = (str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    try:
        run((*pip, *packages), folder=environment)
    except CannotBuild:
        shutil.rmtree(environment, ignore_errors=True)
        raise
    (environment / "whole").touch()
