"""Spans that came together and do not leave together: releases, prolonged holds, bypasses, late ones."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from ledger.small_traces import MEMBER, claim_one, put_of, span

from otel_scorer.errors import LedgerError
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, Commit, StoredSpan
from otel_scorer.ledger.embedded import EmbeddedValkey
from otel_scorer.ledger.health import load
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger, TraceLimits

HASTY = TraceLimits(hold_ms=3, quiet_ms=1, max_age_ms=60_000, max_spans=1000, max_bytes=1 << 20, holds=True)


@pytest.fixture
async def hasty(valkey: EmbeddedValkey) -> AsyncIterator[Ledger]:
    """A ledger whose holds are over at once."""
    client = StoreClient(valkey.url, 20.0)
    await client.redis.flushall()
    yield Ledger(client, LedgerSettings(), HASTY)
    await client.close()


async def counted(ledger: Ledger) -> tuple[int, int]:
    """Held spans and span bytes by the store's counters."""
    seen = await load(ledger.client, ledger.keys, 0)
    return seen.held, seen.bytes


async def due_claim(ledger: Ledger) -> Claim:
    """The trace once a hold of it is over."""
    while True:
        claim = await claim_one(ledger)
        if claim.next_release_ms is not None and claim.next_release_ms <= claim.now_ms:
            return claim
        await ledger.advance([Advance(claim.member, claim.fence, due_ms=claim.now_ms)])


async def held(ledger: Ledger, claim: Claim) -> list[StoredSpan]:
    (content,) = await ledger.read([claim])
    return list(content.held)


def commit_of(claim: Claim, *spans: StoredSpan) -> Commit:
    return Commit(claim.member, claim.fence, claim.decision or "{}", "", exported=tuple(one.key for one in spans))


async def test_what_was_released_stays_as_evidence_and_is_not_held_any_more(hasty: Ledger) -> None:
    await hasty.put([put_of(span(1), span(2), span(3))])
    claim = await due_claim(hasty)
    due = (await hasty.read_due([claim], 10))[0].spans
    assert [one.raw for one in due] == [b"span 1 x", b"span 2 x", b"span 3 x"]
    for _ in range(2):  # the second: the first answer was lost
        await hasty.advance([Advance(claim.member, claim.fence, due_ms=claim.now_ms, done=due[:2])])
    assert (await counted(hasty))[0] == 1
    claim = await due_claim(hasty)
    (content,) = await hasty.read([claim])
    assert len(content.spans) == 3
    assert content.held == (due[2],)
    assert (await hasty.read_due([claim], 10))[0].spans == (due[2],)
    assert await hasty.commit([commit_of(claim, due[2])]) == [True]
    assert await counted(hasty) == (0, 0)
    assert await hasty.put([put_of(span(1), span(2), span(3))]) == (0, 3, 0, 0)


async def test_a_prolonged_hold_outlasts_those_of_its_neighbours(hasty: Ledger) -> None:
    await hasty.put([put_of(span(1), span(2))])
    claim = await due_claim(hasty)
    first, second = (await hasty.read_due([claim], 10))[0].spans
    later = claim.now_ms + 60_000
    await hasty.advance([Advance(claim.member, claim.fence, postponed=[(first, later)])])
    assert (await hasty.read_due([claim], 10))[0].spans == (second,)
    await hasty.advance([Advance(claim.member, claim.fence, due_ms=claim.now_ms, done=[second])])
    claim = await claim_one(hasty)
    assert claim.next_release_ms == later
    (left,) = await held(hasty, claim)
    assert (left.raw, left.postponed, left.release_ms) == (first.raw, True, later)
    assert (await hasty.read_due([claim], 10))[0].spans == ()


async def test_a_bypass_that_sent_some_of_what_came_together_leaves_the_others(hasty: Ledger) -> None:
    await hasty.put([put_of(span(1), span(2), span(3))])
    for _ in range(2):
        await hasty.mark_sent(MEMBER, [span(2).key, span(9).key], "{}", "{}")
    claim = await due_claim(hasty)
    assert claim.bypassed
    assert await hasty.put([put_of(span(2), span(9), span(9))]) == (0, 2, 0, 0)
    left = await held(hasty, claim)
    assert [one.raw for one in left] == [b"span 1 x", b"span 3 x"]
    assert (await counted(hasty))[0] == 2
    assert await hasty.commit([commit_of(claim, *left)]) == [True]
    assert await counted(hasty) == (0, 0)
    assert await hasty.put([put_of(*(span(n) for n in (1, 2, 3, 9)))]) == (0, 4, 0, 0)


async def test_of_spans_that_came_together_a_commit_takes_only_those_that_were_exported(hasty: Ledger) -> None:
    await hasty.put([put_of(span(1), span(2))])
    await hasty.put([put_of(span(3), span(4), span(5))])
    claim = await due_claim(hasty)
    spans = await held(hasty, claim)
    assert await hasty.commit([commit_of(claim, *spans[:2], spans[3])]) == [True]
    claim = await claim_one(hasty)
    assert (claim.state, (await counted(hasty))[0]) == ("late", 2)
    assert [one.raw for one in await held(hasty, claim)] == [b"span 3 x", b"span 5 x"]
    assert await hasty.put([put_of(*(span(n) for n in range(1, 7)))]) == (1, 5, 0, 1)
    left = await held(hasty, claim)
    assert [one.raw for one in left] == [b"span 3 x", b"span 5 x", b"span 6 x"]
    assert await hasty.commit([commit_of(claim, *left)]) == [True]
    assert await counted(hasty) == (0, 0)
    assert await hasty.client.redis.keys("*t:*") == await hasty.client.redis.keys("*k:*") == []


async def test_a_trace_that_cannot_be_worked_on_keeps_no_other_from_it(ledger: Ledger) -> None:
    broken, *others = [Member("default", f"{number:032x}") for number in range(1, 5)]
    await ledger.client.redis.set(ledger.keys.trace(broken), "somebody else's")
    with pytest.raises(LedgerError, match="WRONGTYPE"):
        await ledger.put([put_of(span(1), member=member) for member in (broken, *others)])
    await asyncio.sleep(0.1)
    claims = await ledger.claim(10)
    assert {claim.member for claim in claims} == set(others)
    await ledger.client.redis.set(ledger.keys.trace(claims[0].member), "somebody else's")
    with pytest.raises(LedgerError, match="WRONGTYPE"):
        await ledger.advance([Advance(claim.member, claim.fence, meta={"state": "exporting"}) for claim in claims])
    with pytest.raises(LedgerError, match="WRONGTYPE"):
        await ledger.commit([Commit(claim.member, claim.fence, "{}", "", exported=(span(1).key,)) for claim in claims])
    tombstones = [await ledger.client.redis.exists(ledger.keys.tombstone(claim.member)) for claim in claims]
    assert tombstones == [0, 1, 1]
    assert (await counted(ledger))[0] == 1
    await ledger.client.redis.zadd(ledger.keys.named("lease"), {str(claims[0].member): 1})
    await ledger.put([put_of(span(2), member=others[2])])
    await asyncio.sleep(0.1)
    assert [claim.member for claim in await ledger.claim(10)] == [others[2]]


class Life:
    """One trace under a random order of everything that can happen to it, and what was sent of it."""

    def __init__(self, ledger: Ledger, chance: random.Random) -> None:
        self.ledger = ledger
        self.chance = chance
        self.put: set[bytes] = set()
        self.sent: Counter[bytes] = Counter()
        self.names = {span(n).key: span(n) for n in range(1, 40)}

    async def receive(self) -> None:
        some = self.chance.sample(list(self.names), self.chance.randrange(1, 30))
        self.put.update(some)
        await self.ledger.put([put_of(*(self.names[key] for key in some))])

    async def bypass(self) -> None:
        some = [key for key in self.chance.sample(list(self.names), 3) if key not in self.put]
        self.put.update(some)
        self.sent.update(some)
        if some:
            await self.ledger.mark_sent(MEMBER, some, "{}", "{}")

    async def release(self, claim: Claim) -> None:
        due = list((await self.ledger.read_due([claim], self.chance.choice([1, 100])))[0].spans)
        later = [one for one in due if self.chance.random() < 0.2 and not one.postponed]
        await self.ledger.advance([Advance(MEMBER, claim.fence, postponed=[(one, claim.now_ms + 2) for one in later])])
        gone = [one for one in due if one not in later and self.chance.random() < 0.8]
        await self.maybe_receive()
        self.sent.update(one.key for one in gone)
        for _ in range(self.chance.choice([1, 1, 2])):
            assert await self.ledger.advance([Advance(MEMBER, claim.fence, due_ms=claim.now_ms, done=gone)]) == [True]

    async def end(self, claim: Claim) -> None:
        spans = await held(self.ledger, claim)
        state = {} if claim.state == "late" else {"state": "exporting", "decision": "{}"}
        assert await self.ledger.advance([Advance(MEMBER, claim.fence, meta=state)]) == [True]
        await self.maybe_receive()
        self.sent.update(one.key for one in spans)
        assert await self.ledger.commit([commit_of(claim, *spans)]) == [True]

    async def maybe_receive(self) -> None:
        if self.chance.random() < 0.5:
            await self.receive()

    async def live(self, steps: int) -> None:
        for _ in range(steps):
            await self.maybe_receive()
            if self.chance.random() < 0.2:
                await self.bypass()
            for claim in await self.ledger.claim(1):
                sealed = claim.state != "open" or self.chance.random() < 0.3
                await (self.end(claim) if sealed else self.release(claim))
        while (await counted(self.ledger))[0]:
            for claim in await self.ledger.claim(1):
                await self.end(claim)


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_to_a_trace_each_of_its_spans_is_sent_once(hasty: Ledger, seed: int) -> None:
    life = Life(hasty, random.Random(seed))
    await life.live(60)
    assert set(life.sent) == life.put
    assert set(life.sent.values()) <= {1}
    assert await counted(hasty) == (0, 0)
    left = await hasty.client.redis.keys("*:default/*")
    assert left in ([], [hasty.keys.tombstone(MEMBER).encode()])
