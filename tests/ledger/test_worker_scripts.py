"""What workers say to the ledger: taking a trace, giving it back, and what counts against it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, TracePut
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.wire import AgentSpan, Envelope

LIMITS = TraceLimits(hold_ms=50, quiet_ms=20, max_age_ms=5000, max_spans=50, max_bytes=100_000, holds=True)
TRACE = bytes(range(16))
MEMBER = Member("default", TRACE.hex())


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = start_valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


@pytest.fixture
async def ledger(valkey: EmbeddedValkey) -> AsyncIterator[Ledger]:
    client = StoreClient(valkey.url, 20.0)
    await client.redis.flushall()
    made = Ledger(client, LedgerSettings(), LIMITS)
    put = TracePut(MEMBER, {})
    put.add_span(AgentSpan(TRACE, b"spanspan", b"", 0, 1, b"span", Envelope(b"", b"", b"", b"")))
    await made.put([put])
    yield made
    await client.close()


async def claimed(ledger: Ledger) -> Claim:
    async with asyncio.timeout(20):
        while not (claims := await ledger.claim(1)):
            await asyncio.sleep(0.02)
    return claims[0]


async def now_waiting(ledger: Ledger, **meta: int) -> Claim:
    """The trace waits for its score, due at once."""
    claim = await claimed(ledger)
    fields = {"state": "waiting", "decision": "{}", "dispatch": 1, **meta}
    await ledger.advance([Advance(claim.member, claim.fence, due_ms=claim.now_ms, heed_holds=False, meta=fields)])
    return claim


async def test_a_suspect_trace_is_taken_only_by_who_is_alone_with_it(ledger: Ledger) -> None:
    await now_waiting(ledger, suspect=1)
    for _ in range(3):
        start = await ledger.start_scoring(MEMBER, "w", 1)
        assert start is not None
        assert start.suspect
    claim = await claimed(ledger)
    assert (claim.worker, claim.started_ms, claim.attempts) == ("", 0, 0), "waiting for a turn costs nothing"
    for _ in range(2):  # the second: the first answer was lost
        assert await ledger.start_scoring(MEMBER, "w", 1, alone=True) is not None
    await ledger.advance([Advance(claim.member, claim.fence, due_ms=claim.now_ms, heed_holds=False)])
    claim = await claimed(ledger)
    assert (claim.worker, claim.attempts) == ("w", 1)
    await ledger.beat("w", 5)
    assert await ledger.start_scoring(MEMBER, "other", 2, alone=True) is None


@pytest.mark.parametrize(("why", "crashes", "no_rubric"), [("crash", 1, False), ("", 0, False), ("rubric", 0, True)])
async def test_what_is_given_back_costs_no_attempt_and_only_a_crash_counts(
    ledger: Ledger, why: str, crashes: int, no_rubric: bool
) -> None:
    await now_waiting(ledger, suspect=1)
    await ledger.start_scoring(MEMBER, "w", 1, alone=True)
    await ledger.give_back(MEMBER, "other", 0.0, "crash")
    for _ in range(2):
        await ledger.give_back(MEMBER, "w", 0.0, why)
    claim = await claimed(ledger)
    assert (claim.worker, claim.attempts, claim.crashes, claim.no_rubric) == ("", 0, crashes, no_rubric)
