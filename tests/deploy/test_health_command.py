"""`otel-scorer health`, as a container's health check runs it: beside the process that it asks about."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from e2e.deployed import deployed
from e2e.running import until
from otlp_sink import Sink
from typer.testing import CliRunner

from otel_scorer.cli import app

pytestmark = pytest.mark.e2e


async def told(*command: str) -> tuple[int, str]:
    done = await asyncio.to_thread(CliRunner().invoke, app, ["health", *command])
    return done.exit_code, done.output or str(done.exception)


async def test_serve_is_well_once_it_is_ready_and_says_that_no_worker_runs() -> None:
    async with Sink() as sink, deployed(sink) as made:
        _, door = await made.serve()
        where = ("--set", f"telemetry.listen=0.0.0.0:{door.health}")
        code, text = await told(*where)
        assert (code, "no worker" in text) == (0, True)
        await asyncio.to_thread(made.stop)
        code, text = await told(*where)
        assert (code, "nothing answers" in text) == (1, True)


async def test_a_worker_is_well_once_its_heart_beats_and_not_when_the_store_is_away() -> None:
    async with Sink() as sink, deployed(sink) as made:
        urls = made.store()["ledger"]["urls"]
        where = ("work", "--set", f"ledger.urls={urls[0]}", "--set", "ledger.silence_s=1")
        assert "no heartbeat" in (await told(*where))[1]
        made.work()

        async def lives() -> Any:
            code, text = await told(*where)
            return text if code == 0 else None

        assert "lives" in await until(lives, 20.0)
        await asyncio.to_thread(made.stop)
        assert (await told(*where))[0] == 1


async def test_who_listens_nowhere_cannot_be_asked(tmp_path: Path) -> None:
    config = tmp_path / "settings.yaml"
    config.write_text("telemetry: {listen: null}\n")
    code, text = await told("--config", str(config))
    assert (code, "telemetry.listen is null" in text) == (1, True)
