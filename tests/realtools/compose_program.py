"""Docker Compose itself, built once (eight minutes on a busy machine) out of its Go module."""

from __future__ import annotations

import functools
from pathlib import Path

from realtools.go_build import GoProgram
from realtools.kept import CannotBuild, skip

COMPOSE = GoProgram(
    name="docker-compose",
    version="v2.40.3",
    module="github.com/docker/compose/v2",
    package="github.com/docker/compose/v2/cmd",
)
"""Its own `go.mod` excludes versions, so `go install` refuses it. Brings a BuildKit client: no buildx is needed."""


@functools.cache
def _outcome() -> Path | CannotBuild:
    try:
        return COMPOSE.built()
    except CannotBuild as error:
        return error


def docker_compose() -> Path:
    """Docker's plugin `compose`; skips the test where it cannot be had, and says why."""
    outcome = _outcome()
    if isinstance(outcome, CannotBuild):
        skip(f"no Docker Compose: {outcome}")
    return outcome
