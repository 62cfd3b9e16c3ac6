"""Records on their way from a real Valkey into a real history."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from ledger.small_traces import LIMITS, claim_one, put_of, span

from otel_scorer.config import load_settings
from otel_scorer.history.record import Record
from otel_scorer.history.store import History
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Commit
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.health import load
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.postbox import StreamedRecord
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.drain import Drain
from otel_scorer.online.telemetry import Metrics
from otel_scorer.serve.archive import Archive


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = start_valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


@pytest.fixture
async def ledger(valkey: EmbeddedValkey) -> AsyncIterator[Ledger]:
    made = Ledger(StoreClient(valkey.url, 20.0), LedgerSettings(), LIMITS)
    await made.client.redis.flushall()
    yield made
    await made.client.close()


async def end(ledger: Ledger, trace_id: str, record: str, kept: bytes = b"") -> None:
    member = Member("default", trace_id)
    await ledger.put([put_of(span(1), member=member)])
    claim = await claim_one(ledger)
    assert await ledger.commit([Commit(member, claim.fence, "{}", record, kept, (span(1).key,))]) == [True]


def record_of(trace_id: str) -> str:
    return Record(tenant="default", trace_id=trace_id, ended_at_ms=1, status="scored").to_json()


async def test_an_unreadable_record_is_lost_alone_and_told_without_its_content(
    ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, bad, last = "1" * 32, "2" * 32, "3" * 32
    await end(ledger, first, record_of(first))
    await end(ledger, bad, '{"a secret": 1}', b"kept of the bad one")
    await end(ledger, last, record_of(last), b"kept")
    await ledger.client.redis.xadd(ledger.keys.named("records"), {"other": b"\xff"})
    url = f"sqlite:///{tmp_path / 'history.db'}"
    archive = await Archive.open(load_settings(None, {}, assignments=[f"history.url={url}"]))
    metrics = Metrics()
    with caplog.at_level(logging.ERROR):
        assert await Drain(ledger, archive.write, metrics).move() == 4
    await archive.close()
    history = History(url)
    history.open()
    assert [history.get("default", trace_id) is not None for trace_id in (first, bad, last)] == [True, False, True]
    history.close()
    assert metrics.value("records_written") == 2
    seen = await load(ledger.client, ledger.keys, 0)
    assert (seen.records, seen.lost_records) == (0, 2)
    assert len(caplog.messages) == 2
    assert "secret" not in caplog.text


async def test_what_waits_when_the_drain_is_stopped_is_moved_once_more(ledger: Ledger, tmp_path: Path) -> None:
    moved: list[str] = []
    seen = asyncio.Event()

    async def write(records: Sequence[StreamedRecord]) -> int:
        moved.extend(entry.record for entry in records)
        seen.set()
        return 0

    running = asyncio.create_task(Drain(ledger, write, Metrics()).run())
    await end(ledger, "1" * 32, "first")
    await seen.wait()
    await end(ledger, "2" * 32, "last")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert moved == ["first", "last"]
    assert (await load(ledger.client, ledger.keys, 0)).records == 0


async def test_a_drain_that_was_stopped_leaves_the_turn_to_the_next_at_once(ledger: Ledger) -> None:
    moved: list[StreamedRecord] = []

    async def write(records: Sequence[StreamedRecord]) -> int:
        moved.extend(records)
        return 0

    running = asyncio.create_task(Drain(ledger, write, Metrics()).run())
    while not await ledger.client.redis.exists(ledger.keys.named("records_lock")):
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await end(ledger, "1" * 32, "first")
    assert await Drain(ledger, write, Metrics()).move() == 1


async def test_looks_into_an_empty_queue_write_nothing(ledger: Ledger) -> None:
    async def write(_records: Sequence[StreamedRecord]) -> int:
        return 0

    drain = Drain(ledger, write, Metrics())
    await drain.move()
    before = (await ledger.client.redis.info("persistence"))["rdb_changes_since_last_save"]
    for _ in range(5):
        await drain.move()
    assert (await ledger.client.redis.info("persistence"))["rdb_changes_since_last_save"] == before
    assert not await ledger.postbox.lock_records("somebody else", 10.0)
