"""JavaScript programs from the npm registry: their packages are installed once, outside the repository."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from realtools.kept import CannotBuild, kept, run, skip

_RUN_S = 180.0


def node_modules(manifest: Path) -> Path:
    """`node_modules` for the package-lock.json in that folder; skips the test where it cannot be had."""
    outcome = _outcome(manifest)
    if isinstance(outcome, CannotBuild):
        skip(f"no JavaScript: {outcome}")
    return outcome


@functools.cache
def _outcome(manifest: Path) -> Path | CannotBuild:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return CannotBuild("no Node.js with npm")

    def install(path: Path) -> None:
        path.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(manifest / name, path)
        run(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), folder=path)

    try:
        return kept("node", (manifest / "package-lock.json").read_text("utf-8"), install) / "node_modules"
    except CannotBuild as error:
        return error


async def run_script(script: Path, modules: Path, folder: Path, environment: Mapping[str, str]) -> str:
    """What a script prints that imports packages of `modules`; it must end well. `folder` is its place to run in."""
    link = folder / "node_modules"
    if not link.exists():
        link.symlink_to(modules)  # Node looks for packages beside the script
    for each in script.parent.glob("*.mjs"):
        shutil.copy(each, folder)
    pipe = asyncio.subprocess.PIPE
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        "node", str(folder / script.name), env={**inherited, **environment}, stdout=pipe, stderr=pipe
    )
    try:
        told, complaints = await asyncio.wait_for(process.communicate(), _RUN_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode("utf-8", "replace")[-3000:]
    return told.decode()
