"""Traces of thousands of spans: chunks, scans that are no snapshots, tombstones that stay cheap."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from ledger.small_traces import LIMITS, MEMBER, claim_one, put_of, span

from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.client import Argument, StoreClient
from otel_scorer.ledger.contents import Commit
from otel_scorer.ledger.keys import Member, unpack_heads
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.wire import Head


async def end(ledger: Ledger) -> int:
    """Ends what is due; answers how many spans went."""
    claim = await claim_one(ledger)
    (content,) = await ledger.read([claim])
    keys = tuple(one.key for one in content.held)
    assert await ledger.commit([Commit(claim.member, claim.fence, claim.decision or "{}", "", exported=keys)]) == [True]
    return len(keys)


async def test_heads_of_a_large_put_come_though_its_first_chunk_was_there(ledger: Ledger) -> None:
    await ledger.put([put_of(*(span(n) for n in range(1, 501)))])
    put = put_of(*(span(n, parent=b"parent__") for n in range(1, 1102)))
    put.add_head(Head(span(1).trace_id, b"passed_1", b"", 0))
    counts = await ledger.put([put])
    assert (counts.added, counts.duplicates) == (601, 500)
    _, heads = await ledger.read_trace(MEMBER)
    assert len(unpack_heads(heads)) == 1102
    assert not unpack_heads(heads)[b"passed_1".hex()].agent
    assert await ledger.wanted() == {}, "of the chunk that was there nothing is taken"


async def test_chunks_of_a_put_bring_every_head_and_every_unseen_parent_once(ledger: Ledger) -> None:
    spans = [span(n, parent=b"p%07d" % n) for n in range(1, 1102)]
    await ledger.put([put_of(*spans, *spans[:10])])
    _, heads = await ledger.read_trace(MEMBER)
    assert len(heads) == 1101 * 21
    assert await ledger.wanted() == {MEMBER: {one.parent_id.hex() for one in spans}}


@pytest.mark.parametrize("count", [1999, 2000, 2001, 4500])
async def test_a_tombstone_knows_every_span_of_a_huge_trace_and_late_ones_after(ledger: Ledger, count: int) -> None:
    await ledger.put([put_of(*(span(n) for n in range(1, count + 1)))])
    assert await end(ledger) == count
    again = put_of(*(span(n) for n in range(1, count + 1)))
    assert await ledger.put([again]) == (0, count, 0, 0)
    for late in (count + 1, count + 2):
        assert await ledger.put([put_of(span(1), span(count), span(late))]) == (1, 2, 0, 1)
        assert await end(ledger) == 1
    assert await ledger.put([put_of(*(span(n) for n in range(1, count + 3)))]) == (0, count + 2, 0, 0)
    name = ledger.keys.tombstone(MEMBER)
    assert await ledger.client.redis.strlen(name) == len("{}\n") + 17 * min(count + 2, 2000)
    assert await ledger.client.redis.scard(f"{name}:more") == max(0, count + 2 - 2000)
    for left in [name] if count < 1999 else [name, f"{name}:more"]:
        assert await ledger.client.redis.pttl(left) > 3_000_000


async def test_a_trace_without_end_does_not_fill_the_store(ledger: Ledger) -> None:
    redis, name = ledger.client.redis, ledger.keys.tombstone(MEMBER)
    await redis.set(name, b"{}\n" + bytes(17 * 2000))
    for at in range(0, 200_000, 10_000):
        await redis.sadd(f"{name}:more", *(b"more" + n.to_bytes(13, "big") for n in range(at, at + 10_000)))
    await redis.sadd(f"{name}:older", b"what was sent ages ago")
    for number in (1, 2):
        assert await ledger.put([put_of(span(number))]) == (1, 0, 0, 1)
        assert await end(ledger) == 1
    assert (await redis.scard(f"{name}:more"), await redis.scard(f"{name}:older")) == (2, 200_000)
    assert await redis.pttl(f"{name}:more") > 3_000_000
    assert await redis.pttl(f"{name}:older") > 3_000_000
    await redis.sadd(f"{name}:older", span(3).key)
    assert await ledger.put([put_of(span(1), span(3))]) == (0, 2, 0, 0), "those of before are known too"


async def test_a_late_span_of_a_huge_trace_costs_no_more_than_one_of_a_large_trace(ledger: Ledger) -> None:
    await ledger.client.redis.set(ledger.keys.tombstone(MEMBER), b"{}\n" + bytes(17 * 2000))
    for at in range(0, 100_000, 10_000):
        keys = [b"more" + n.to_bytes(13, "big") for n in range(at, at + 10_000)]
        await ledger.client.redis.sadd(f"{ledger.keys.tombstone(MEMBER)}:more", *keys)
    await ledger.put([put_of(span(1))])
    before = await ledger.client.redis.info("commandstats")
    for number in range(2, 12):
        await ledger.put([put_of(span(number))])
    after = await ledger.client.redis.info("commandstats")
    asked = {name: used["calls"] - before.get(name, {"calls": 0})["calls"] for name, used in after.items()}
    assert asked.get("cmdstat_smembers", 0) == 0, "the ids that are known are not read"
    assert asked["cmdstat_evalsha"] == 10
    assert sum(asked.values()) < 10 * 20


async def test_the_same_bypass_told_twice_is_remembered_once(ledger: Ledger) -> None:
    keys = [span(n).key for n in range(1, 4)]
    for part in (keys[:2], keys, keys):
        await ledger.mark_sent(MEMBER, part, "{}", '{"r":1}')
    assert await ledger.client.redis.get(ledger.keys.tombstone(MEMBER)) == b"{}\n" + b"".join(keys)
    assert len(await ledger.postbox.records(9)) == 1


async def test_a_trace_that_is_read_field_by_field_is_whole(ledger: Ledger) -> None:
    sent = [span(n, b"x" * 50_000) for n in range(1, 21)]
    await ledger.put([put_of(*sent[:12])])
    await ledger.put([put_of(*sent[10:])])
    claim = await claim_one(ledger)
    (content,) = await ledger.read([claim])
    assert [one.raw for one in content.held] == [one.raw for one in sent]
    again, heads = await ledger.read_trace(MEMBER)
    assert again == content
    assert len(unpack_heads(heads)) == 20


@pytest.mark.parametrize("known", [{1, 2, 3}, {2}, {1, 3}, set(range(1, 40)), set(range(1, 40)) - {7, 30}])
async def test_of_a_put_of_which_some_was_there_the_rest_is_stored(ledger: Ledger, known: set[int]) -> None:
    spans = {n: span(n, b"y" * n) for n in range(1, 41)}
    await ledger.put([put_of(*(spans[n] for n in known))])
    assert await ledger.put([put_of(*spans.values())]) == (40 - len(known), len(known), 0, 0)
    claim = await claim_one(ledger)
    (content,) = await ledger.read([claim])
    assert {one.key: one.raw for one in content.held} == {one.key: one.raw for one in spans.values()}
    assert {one.stored.envelope for one in content.held} == {spans[1].envelope}
    assert (claim.spans, len(content.held)) == (40, 40)


async def test_the_due_spans_of_a_trace_that_has_gone_are_none(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1))])
    claim = await claim_one(ledger)
    await ledger.client.redis.delete(ledger.keys.trace(MEMBER))
    assert (await ledger.read_due([claim], 10))[0].spans == ()


class Counting(StoreClient):
    """Counts round trips."""

    trips = 0

    async def ask(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        self.trips += 1
        return await super().ask(commands)


async def test_holds_of_many_traces_are_read_together_also_where_one_of_them_has_gone(ledger: Ledger) -> None:
    members = [Member("default", f"{number:032x}") for number in range(1, 41)]
    for number, member in enumerate(members, 1):
        await ledger.put([put_of(span(number), member=member)])
    claims: list[Claim] = []
    while len(claims) < len(members):
        claims += await ledger.claim(len(members))
        await asyncio.sleep(0.02)
    redis, names = ledger.client.redis, [ledger.keys.trace(claim.member) for claim in claims]
    await redis.delete(names[3])
    (envelope,) = [name for name in await redis.hkeys(names[7]) if name[:1] == b"e"]
    await redis.hdel(names[7], envelope)  # as it is between two looks, while somebody else ends the trace
    late = [claim._replace(now_ms=claim.now_ms + 3_600_000) for claim in claims]
    counting = Counting(ledger.client.url, 2.0)
    contents = await Ledger(counting, LedgerSettings(), LIMITS).read_due(late, 10)
    await counting.close()
    assert [len(content.spans) for content in contents] == [number not in (3, 7) for number in range(40)]
    assert counting.trips == 3
