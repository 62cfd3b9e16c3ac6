"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from e2e.running import QUICK, Deployment, merged
from otlp_sink import Sink


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as running:
        yield running


@pytest.fixture
async def deploy(tmp_path: Path, sink: Sink) -> AsyncIterator[Callable[..., Deployment]]:
    """Makes deployments with settings over `QUICK`; stops them at the end."""
    made: list[Deployment] = []

    def make(**settings: Mapping[str, Any]) -> Deployment:
        folder = tmp_path / f"d{len(made)}"
        folder.mkdir()
        made.append(Deployment(folder, sink, merged(QUICK, settings)))
        return made[-1]

    yield make
    for deployment in made:
        deployment.stop()
