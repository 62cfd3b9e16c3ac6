"""Programs that tests build once and keep outside the repository, and how a test says that one is not to be had."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

REQUIRED = "REAL_TOOLS"
"""`REAL_TOOLS=required` in the environment: a tool that is missing fails the test instead of skipping it."""
_BUILD_S = 1500


class CannotBuild(Exception):
    """The tool is not here and cannot be made: one sentence why."""


def kept_folder() -> Path:
    """`$XDG_CACHE_HOME/otel_scorer`, or below `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "otel_scorer"


def kept(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    """The file `<name>-<hash of recipe>`, which `build(path)` writes when it is not there.

    Of several processes that want it one builds, the others wait. A build that fails leaves nothing.
    """
    folder = kept_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with (folder / f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            with tempfile.TemporaryDirectory(prefix=f"{path.name}-", dir=folder) as work:
                made = Path(work) / "made"
                build(made)
                made.rename(path)
    return path


def go() -> str | None:
    """The Go tool, from the PATH or where its installer puts it."""
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


def run_go(*arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What `go ARGUMENTS` prints in `folder` (run politely, nice). CannotBuild without Go, or where it fails."""
    tool = go()
    if tool is None:
        raise CannotBuild("no Go")
    return run(
        (tool, *arguments),
        folder=folder,
        environment={"PATH": f"{Path(tool).parent}:{os.environ['PATH']}"} | dict(environment or {}),
    )


def run(command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What the command prints. CannotBuild where it fails."""
    try:
        done = subprocess.run(
            ["nice", *command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_BUILD_S,
        )
    except subprocess.TimeoutExpired:
        raise CannotBuild(f"{' '.join(command[:3])} took more than {_BUILD_S} s") from None
    if done.returncode != 0:
        raise CannotBuild(f"{' '.join(command[:3])} failed: {(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


def go_installed(module: str, version: str, program: str) -> Path:
    """A program of one Go module, as `go install MODULE@VERSION` makes it. CannotBuild."""

    def build(path: Path) -> None:
        run_go(
            "install",
            f"{module}@{version}",
            folder=path.parent,
            environment={"GOBIN": str(path.parent / "bin"), "CGO_ENABLED": "0"},
        )
        (path.parent / "bin" / program).rename(path)

    return kept(f"{program}-{version.removeprefix('v')}", f"{module}@{version}", build)


def module_file(path: Path, module: str, version: str, inside: str) -> None:
    """Copies one file of a Go module to `path`. CannotBuild."""
    (path.parent / "go.mod").write_text("module kept\n")
    told = run_go("mod", "download", "-json", f"{module}@{version}", folder=path.parent)
    shutil.copyfile(Path(json.loads(told)["Dir"]) / inside, path)


def go_program(name: str, source: Path) -> Path:
    """The program that a folder of Go with its go.mod and go.sum holds. CannotBuild."""
    recipe = "".join(file.read_text(encoding="utf-8") for file in sorted(source.iterdir()))

    def build(path: Path) -> None:
        run_go("build", "-trimpath", "-o", str(path), ".", folder=source, environment={"CGO_ENABLED": "0"})

    return kept(name, recipe, build)


def skip(why: str) -> NoReturn:
    """Skips the test, visibly; fails it where REAL_TOOLS=required."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(why)
    pytest.skip(f"skipped: {why}")
