"""Traces that wait for a score: whose fault it is when none comes, and when waiting ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, TracePut
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import GaveBack, Ledger, TraceLimits
from otel_scorer.online.decisions import BROKEN
from otel_scorer.online.endings import WriteBack
from otel_scorer.online.pipeline_settings import HoldSettings, SweepSettings, WorkSettings
from otel_scorer.online.recording import Recorder, bare_ending
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.waiting_traces import WaitingTraces
from otel_scorer.wire import AgentSpan, Envelope

LIMITS = TraceLimits(hold_ms=600_000, quiet_ms=1, max_age_ms=5000, max_spans=50, max_bytes=100_000, holds=True)
TRACE = bytes(range(16))
MEMBER = Member("default", TRACE.hex())


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = start_valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


class Waiting:
    """One waiting trace, and the sweeper's part that looks after it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.living: set[str] | None = {"w1", "w2"}
        self.dispatched = 0
        self.work = WorkSettings(heartbeat_s=0.05, redispatch_s=0.05, deadline_s=60)

    async def begin(self, sealed_ago_s: float = 0.0) -> None:
        put = TracePut(MEMBER, {})
        put.add_span(AgentSpan(TRACE, b"spanspan", b"", 0, 1, b"", Envelope(b"", b"", b"", b"")))
        await self.ledger.put([put])
        claim = await self._claim()
        decision, record = bare_ending(MEMBER, BROKEN, claim.now_ms)
        meta = {"state": "waiting", "decision": decision, "record": record.to_json(), "root": "", "dispatch": 1}
        sealed = claim.now_ms - int(sealed_ago_s * 1000)
        step = Advance(MEMBER, claim.fence, claim.now_ms, heed_holds=False, meta={**meta, "sealed": sealed})
        await self.ledger.advance([step])

    async def _claim(self) -> Claim:
        async with asyncio.timeout(20):
            while not (claims := await self.ledger.claim(1)):
                await asyncio.sleep(0.01)
        return claims[0]

    async def look(self) -> str | None:
        """What a sweeper does when the trace is due: its ending, None while it waits on."""
        claim = await self._claim()
        waiting = WaitingTraces(
            self.ledger,
            HoldSettings(),
            SweepSettings(),
            self.work,
            WriteBack("test", holds=True),
            Recorder(b"draw", b"salt", Metrics()),
            self._dispatch,
            lambda: self.living,
        )
        departures = await waiting.handle([claim])
        if not departures:
            return None
        assert departures[0].end is not None
        assert departures[0].end.record is not None
        return departures[0].end.record.status

    async def _dispatch(self, calls: Sequence[tuple[Member, int]]) -> None:
        self.dispatched += len(calls)

    async def start(self, worker: str, *, alone: bool = False) -> bool:
        """Whether the worker is told to score it (alone)."""
        start = await self.ledger.start_scoring(MEMBER, worker, self.dispatched, alone=alone)
        return start is not None and (alone or not start.suspect)

    async def give_back(self, worker: str, why: GaveBack) -> None:
        await self.ledger.give_back(MEMBER, worker, 0.0, why)


@pytest.fixture
async def waiting(valkey: EmbeddedValkey) -> AsyncIterator[Waiting]:
    client = StoreClient(valkey.url, 20.0)
    await client.redis.flushall()
    yield Waiting(Ledger(client, LedgerSettings(), LIMITS))
    await client.close()


async def test_a_shared_crash_and_two_alone_do_not_end_a_trace_and_a_third_alone_does(waiting: Waiting) -> None:
    await waiting.begin()
    assert await waiting.look() is None
    assert await waiting.start("died with sixteen")
    await asyncio.sleep(0.1)
    assert await waiting.look() is None
    for _ in range(3):
        for _ in range(5):  # in a queue for its turn, and dispatched again meanwhile
            assert not await waiting.start("w1")
            assert await waiting.look() is None
        assert await waiting.start("w1", alone=True)
        await waiting.give_back("w1", "crash")
    assert await waiting.look() == "rubric_error"


async def test_a_worker_that_dies_with_the_trace_it_scores_alone_counts_too(waiting: Waiting) -> None:
    await waiting.begin()
    assert await waiting.look() is None
    assert await waiting.start("dead 0")
    for number in (1, 2, 3):
        await asyncio.sleep(0.1)
        assert await waiting.look() is None
        assert await waiting.start(f"dead {number}", alone=True)
    await asyncio.sleep(0.1)
    assert await waiting.look() == "rubric_error"


async def test_who_lives_is_not_known_at_first_and_nobody_counts_as_dead_then(waiting: Waiting) -> None:
    await waiting.begin()
    assert await waiting.look() is None
    assert await waiting.start("w1")
    waiting.living = None
    for _ in range(3):
        await asyncio.sleep(0.06)
        assert await waiting.look() is None
    assert waiting.dispatched == 1
    waiting.living = {"w1"}
    assert await waiting.look() is None
    assert waiting.dispatched == 1


async def test_a_worker_that_has_just_taken_the_trace_lives_though_it_was_not_seen_yet(waiting: Waiting) -> None:
    waiting.work = WorkSettings(heartbeat_s=5.0, redispatch_s=0.05)
    await waiting.begin()
    assert await waiting.look() is None
    assert await waiting.start("new")
    assert await waiting.look() is None
    assert waiting.dispatched == 1


async def test_attempts_that_took_too_long_end_as_judge_timeout(waiting: Waiting) -> None:
    waiting.work = WorkSettings(heartbeat_s=5.0, redispatch_s=0.05, max_attempts=2)
    await waiting.begin()
    for worker in ("w1", "w2"):
        assert await waiting.look() is None
        assert await waiting.start(worker)
        long_ago = await waiting.ledger.now_ms() - 200_000
        await waiting.ledger.client.redis.hset(waiting.ledger.keys.trace(MEMBER), "m:started", long_ago)
    assert await waiting.look() == "judge_timeout"


async def test_a_trace_that_no_worker_takes_ends_after_the_longest_wait(waiting: Waiting) -> None:
    await waiting.begin(sealed_ago_s=3599)
    assert await waiting.look() is None
    await asyncio.sleep(1)
    assert await waiting.look() == "judge_timeout"


async def test_a_trace_whose_rubric_no_worker_has_ends_as_rubric_error(waiting: Waiting) -> None:
    await waiting.begin(sealed_ago_s=3598)
    for _ in range(2):
        assert await waiting.look() is None
        assert await waiting.start("w1")
        await waiting.give_back("w1", "rubric")
    await asyncio.sleep(2)
    assert await waiting.look() == "rubric_error"


async def test_a_worker_that_is_at_it_may_finish_however_long_the_trace_has_waited(waiting: Waiting) -> None:
    await waiting.begin(sealed_ago_s=3599)
    assert await waiting.look() is None
    assert await waiting.start("w1")
    await asyncio.sleep(1.1)
    assert await waiting.look() is None
