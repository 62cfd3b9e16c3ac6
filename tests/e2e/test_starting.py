"""Starting while something that is shared is away: spans go their way, and what was missed is caught up with."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.deployed import deployed, restart_store
from e2e.load import Load, statuses
from e2e.running import Door, Process, free_port, send, until
from otlp_sink import Sink
from redis import Redis

from otel_scorer.ledger.embedded import start_valkey

pytestmark = pytest.mark.e2e

UNSCORED: dict[str, Any] = {"sampling": {"floor": 0.0, "rules": []}, "complete": {"quiet_s": 0.5}}


async def test_serve_starts_while_the_ledger_is_away_and_forwards_until_it_is_there(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        deployment.store()
        assert deployment.valkey is not None
        await asyncio.to_thread(deployment.valkey.stop)
        process, door = await deployment.serve()
        assert "pass unscored" in await asyncio.to_thread(door.readiness)
        assert "we start without the ledger" in process.text()
        async with Load([door], senders=2) as load:
            await load.until_delivered(sink, 20.0)
            await asyncio.sleep(2.0)
            await asyncio.to_thread(restart_store, deployment)
            await until(lambda: _without_notes(door), 20.0)
            await asyncio.sleep(1.0)
        await load.until_delivered(sink)
        load.assert_unaltered(sink)
        load.assert_no_duplicates(sink)
        counts = statuses(await deployment.until_ended(load.traces))
        assert set(counts) == {"bypassed", "not_sampled"}, counts


async def _without_notes(door: Door) -> bool | None:
    return "unscored" not in await asyncio.to_thread(door.readiness) or None


async def test_where_nothing_may_pass_unscored_senders_are_told_to_retry_until_the_ledger_is_there(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED, ledger={"on_failure": "refuse"}) as deployment:
        deployment.store()
        assert deployment.valkey is not None
        await asyncio.to_thread(deployment.valkey.stop)
        door = Door(free_port(), free_port(), free_port())
        process = deployment.start("serve", deployment._config("serve", door, deployment.store()), "serve")
        await until(lambda: _told_to_wait(door), 20.0, process.text)
        assert not await asyncio.to_thread(door.ready)
        assert "senders are told to retry until it is there" in process.text()
        run = agent_run()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await send(door, request_of(run), patience_s=0.0)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        await asyncio.to_thread(restart_store, deployment)
        await deployment.ready(process, door)
        await send(door, request_of(run))
        assert statuses(await deployment.until_ended([run[0].trace_id.hex()])) == {"not_sampled": 1}


async def _told_to_wait(door: Door) -> bool | None:
    try:
        return "ledger" in await asyncio.to_thread(door.readiness) or None
    except OSError:  # it does not listen yet
        return None


async def test_serve_starts_while_the_history_is_away_and_catches_up(sink: Sink, tmp_path: Path) -> None:
    database = tmp_path / "history.db"
    database.mkdir()  # no file can be opened there
    async with deployed(sink, **UNSCORED, history={"url": f"sqlite:///{database}"}) as deployment:
        process, door = await deployment.serve()
        assert "we start without the history" in process.text()
        run = agent_run()
        await send(door, request_of(run))
        await until(lambda: _came(sink, 3), 20.0)
        await until(lambda: _says(door, "history is away"), 20.0)
        database.rmdir()
        await until(lambda: _records(door), 20.0, process.text)


async def _came(sink: Sink, spans: int) -> bool | None:
    return len(sink.span_copies()) >= spans or None


async def _says(door: Door, words: str) -> bool | None:
    return words in await asyncio.to_thread(door.readiness) or None


async def _records(door: Door) -> bool | None:
    return door.metric("otel_scorer_records_written_total") == 1 or None


async def test_a_store_that_turns_up_without_the_durability_that_we_promise_is_not_written_to(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        deployment.store()
        assert deployment.valkey is not None
        await asyncio.to_thread(deployment.valkey.stop)
        process, door = await deployment.serve()
        deployment.valkey = await asyncio.to_thread(lambda: start_valkey(deployment.folder / "store", fsync="no"))
        await until(lambda: _logs(process, "appendfsync"), 20.0, process.text)
        run = agent_run()
        await send(door, request_of(run))
        await sink.until_spans(len(run))
        with Redis(unix_socket_path=str(deployment.valkey.socket)) as store:
            assert store.keys("*:t:*") == []
        assert "appendfsync" in await asyncio.to_thread(door.readiness)


async def _logs(process: Process, word: str) -> bool | None:
    return word in process.text() or None
