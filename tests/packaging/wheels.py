"""An otel_scorer wheel in an environment of its own, outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def clean_environ() -> dict[str, str]:
    """Without what would steer the program or Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTHON"))}


def run(*command: str | Path, cwd: Path) -> str:
    """What the command prints; it must end well."""
    words = list(map(str, command))
    done = subprocess.run(words, cwd=cwd, env=clean_environ(), capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_environment(folder: Path) -> Path:
    """An empty virtual environment that sees the dependencies of this one (no network), but not its otel_scorer."""
    venv.create(folder, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    site.joinpath("dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def install(environment: Path, *what: str | Path, cwd: Path) -> None:
    python = environment / "bin" / "python"
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, *what, cwd=cwd)


def install_wheel(environment: Path, folder: Path) -> None:
    """Builds the wheel from the source tree and installs it."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist", cwd=ROOT)
    (wheel,) = (folder / "dist").glob("*.whl")
    install(environment, wheel, cwd=folder)
