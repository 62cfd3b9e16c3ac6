"""Stopping in an orderly way: exit code 0, soon, and no process stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.deployed import deployed
from e2e.judge_server import JudgeServer
from e2e.running import Deployment, Process, send, until
from e2e.test_faults import _calls, _judged_by
from otlp_sink import Sink

pytestmark = pytest.mark.e2e

GRACE_S = 30.0
"""What Kubernetes gives by default before it kills: a stop that needs longer has lost something."""


async def _worker_lives(made: Deployment, process: Process) -> None:
    from otel_scorer.ledger.client import StoreClient

    assert made.valkey is not None
    client = StoreClient(made.valkey.url, 2.0)

    async def seen() -> bool | None:
        assert process.popen.poll() is None, process.text()
        names = await client.redis.keys("*workers*")
        return bool(names) or None

    try:
        await until(seen, 30.0)
    finally:
        await client.close()


async def _stopped(process: Process, number: signal.Signals, *, group: bool = False) -> None:
    """It ends with code 0, before anybody would kill it."""
    (os.killpg if group else os.kill)(process.popen.pid, number)
    code = await asyncio.to_thread(process.popen.wait, GRACE_S)
    assert code == 0, process.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_worker_stops_before_it_would_be_killed(sink: Sink, number: signal.Signals) -> None:
    async with deployed(sink) as made:
        made.store()
        worker = made.work()
        await _worker_lives(made, worker)
        await asyncio.sleep(2.0)
        await _stopped(worker, number)
        assert "Traceback" not in worker.text()


async def test_a_scoring_that_runs_when_the_worker_is_stopped_ends_and_counts(sink: Sink, tmp_path: Path) -> None:
    rubrics = tmp_path / "rubrics"
    async with JudgeServer(slow_s=2.0) as judge, deployed(sink, scoring=_judged_by(judge, rubrics)) as made:
        _, door = await made.serve()
        worker = made.work()
        run = agent_run(question="mode-slow: what is the weather?")
        await send(door, request_of(run))
        await until(lambda: _calls(judge, "slow", 1), 20.0)
        await _stopped(worker, signal.SIGTERM)
        trace = run[0].trace_id.hex()
        assert (await made.until_ended([trace]))[trace].status == "scored"
        assert judge.counts["slow"] == 1


@pytest.mark.parametrize(("number", "group"), [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGINT, True)])
async def test_up_stops_with_all_that_it_has_started(sink: Sink, number: signal.Signals, group: bool) -> None:
    """`group`: as Ctrl-C in a terminal does it."""
    async with deployed(sink) as made:
        process, door = await made.up()
        run = agent_run()
        await send(door, request_of(run))
        await made.until_ended([run[0].trace_id.hex()])
        family = psutil.Process(process.popen.pid).children(recursive=True)
        assert len(family) >= 2, "a worker and a store"
        await _stopped(process, number, group=group)
        _, alive = psutil.wait_procs(family, timeout=20)
        assert not alive, [each.cmdline() for each in alive]
        assert "Traceback" not in process.text()
        assert "Fatal Python error" not in process.text(), "the worker's watch on its parent ends without a noise"
