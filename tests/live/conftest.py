"""One `otel-scorer up` in front of a sink, for all live tests of a process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from e2e.running import Deployment
from live.runs import LIVE_PYTHON, Scorer
from otlp_sink import Sink


@pytest.fixture(scope="session")
def live_python() -> None:
    if not LIVE_PYTHON.exists():
        pytest.skip(f"{LIVE_PYTHON} is not there: `make live` installs the published instrumentations")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scorer(live_python: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scorer]:
    async with Sink() as sink:
        deployment = Deployment(tmp_path_factory.mktemp("live"), sink)
        try:
            _, door = await deployment.up()
            yield Scorer(deployment, door, sink)
        finally:
            deployment.stop()
