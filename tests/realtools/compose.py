"""The reader of compose files that Docker Compose has (compose-go), as a small program."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realtools.kept import CannotBuild, go_program, skip

SOURCE = Path(__file__).parent / "composecheck"


def project(file: Path, profiles: Sequence[str] = (), **variables: str) -> dict[str, Any]:
    """What `docker compose config` would print; AssertionError with what it does not take. Skips without Go."""
    try:
        program = go_program("composecheck", SOURCE)
    except CannotBuild as error:
        skip(f"no reader of compose files: {error}")
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables}
    done = subprocess.run([program, file, *profiles], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
