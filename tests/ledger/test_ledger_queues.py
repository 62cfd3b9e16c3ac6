"""What leaves the ledger beside spans, by several processes at once and when the store is full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from ledger.small_traces import LIMITS, MEMBER, claim_one, put_of, span

from otel_scorer.errors import LedgerRefuses
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Commit, Outgoing
from otel_scorer.ledger.embedded import EmbeddedValkey
from otel_scorer.ledger.health import epoch, load
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.postbox import Quarantined
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger

NOTE = Quarantined("q", "default", "t", ("s",), "refused", 1_000_000)


@pytest.fixture
async def other(valkey: EmbeddedValkey) -> AsyncIterator[Ledger]:
    """The ledger as a second process has it."""
    client = StoreClient(valkey.url, 20.0)
    yield Ledger(client, LedgerSettings(record_stream_limit=3, max_mib=1), LIMITS)
    await client.close()


async def end(ledger: Ledger, number: int = 1, *, member: Member = MEMBER, kept: bytes = b"") -> None:
    """A trace with one evaluation in the outbox and one record."""
    await ledger.put([put_of(span(number), member=member)])
    claim = await claim_one(ledger)
    outbox = (Outgoing("id", "traces", b"body of " + member.tenant.encode()),)
    record = f'{{"r":{number}}}'
    assert await ledger.commit(
        [Commit(claim.member, claim.fence, "{}", record, kept, (span(number).key,), outbox)]
    ) == [True]


async def test_an_evaluation_is_taken_by_one_sender_only(ledger: Ledger, other: Ledger) -> None:
    await end(ledger)
    await other.now_ms()  # connects
    now = await ledger.now_ms()
    both = await asyncio.gather(*(each.postbox.outgoing(now, 5) for _ in range(20) for each in (ledger, other)))
    assert sum(map(len, both)) == 1


async def test_evaluations_that_were_sent_are_forgotten_and_others_come_again(ledger: Ledger) -> None:
    await end(ledger)
    now = await ledger.now_ms()
    items = await ledger.postbox.outgoing(now, 5)
    await ledger.postbox.postpone(items, now + 10)
    assert await ledger.postbox.outgoing(now, 5) == []
    assert await ledger.postbox.outgoing(now + 10, 5) == items
    await ledger.postbox.sent(items)
    await ledger.postbox.postpone(items, now)
    assert await ledger.postbox.outgoing(now + 1_000_000, 5) == []


async def test_two_tenants_with_one_trace_id_have_evaluations_of_their_own(ledger: Ledger) -> None:
    for tenant in ("a", "b"):
        await end(ledger, member=Member(tenant, MEMBER.trace_id))
    items = await ledger.postbox.outgoing(await ledger.now_ms(), 5)
    assert {item.body for item in items} == {b"body of a", b"body of b"}


async def test_a_full_store_can_be_emptied_and_says_that_it_is_full(ledger: Ledger) -> None:
    await end(ledger, kept=b"k" * 100_000)
    mark = await epoch(ledger.client, ledger.keys)
    await ledger.client.redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(LedgerRefuses):
            await ledger.put([put_of(span(2))])
        now = await ledger.now_ms()
        items = await ledger.postbox.outgoing(now, 5)
        await ledger.postbox.postpone(items, now)
        await ledger.postbox.sent(await ledger.postbox.outgoing(now, 5))
        assert await ledger.postbox.lock_records("holder", 10)
        await ledger.postbox.forget_records(await ledger.postbox.records(5))
        await ledger.beat("w", 10)
        assert await ledger.living_workers() == {"w"}
        await ledger.postbox.quarantine([NOTE], 10)
        assert await ledger.postbox.quarantined() == [NOTE]
        assert await epoch(ledger.client, ledger.keys) == mark
        seen = await load(ledger.client, ledger.keys, now)
        assert (seen.outbox, seen.records, seen.bytes) == (0, 0, 0)
        assert seen.share_of(512 * 1024 * 1024) > 1
    finally:
        await ledger.client.redis.config_set("maxmemory", "0")
    seen = await load(ledger.client, ledger.keys, now)
    assert seen.share_of(512 * 1024 * 1024) == 0, "a store without a limit is as full as the bytes of its spans say"


async def test_what_lies_in_quarantine_too_long_goes(ledger: Ledger) -> None:
    later = Quarantined("later", "default", "t", ("s",), "refused", NOTE.at_ms + 20_000)
    await ledger.postbox.quarantine([NOTE], 10)
    await ledger.postbox.quarantine([later], 10)
    assert await ledger.postbox.quarantined() == [later]


async def test_one_process_at_a_time_drains_records(ledger: Ledger, other: Ledger) -> None:
    assert await ledger.postbox.lock_records("one", 0.2)
    assert await ledger.postbox.lock_records("one", 0.2)
    assert not await other.postbox.lock_records("other", 0.2)
    await asyncio.sleep(0.25)
    assert await other.postbox.lock_records("other", 0.2)


async def test_the_stream_of_records_loses_its_oldest_beyond_its_limits(other: Ledger) -> None:
    await other.client.redis.flushall()
    for number in range(1, 5):
        await end(other, number, member=Member("default", f"{number:032x}"))
    assert [entry.record for entry in await other.postbox.records(9)] == ['{"r":2}', '{"r":3}', '{"r":4}']
    await end(other, 5, member=Member("default", f"{5:032x}"), kept=b"k" * 200_000)
    await end(other, 6, member=Member("default", f"{6:032x}"), kept=b"k" * 200_000)
    assert [entry.record for entry in await other.postbox.records(9)] == ['{"r":6}'], "a quarter of 1 MiB"
    assert (await load(other.client, other.keys, 0)).lost_records == 5
    await other.postbox.forget_records(await other.postbox.records(9))
    assert await other.client.redis.get(other.keys.named("records_bytes")) is None


async def test_records_of_a_bypass_are_bounded_too(other: Ledger) -> None:
    await other.client.redis.flushall()
    for number in range(1, 6):
        member = Member("default", f"{number:032x}")
        for _ in range(2):
            await other.mark_sent(member, [span(1).key], "{}", f'{{"r":{number}}}')
    assert [entry.record for entry in await other.postbox.records(9)] == ['{"r":3}', '{"r":4}', '{"r":5}']


async def test_parents_wanted_by_nobody_any_more_hide_none_that_are(ledger: Ledger) -> None:
    name, now = ledger.keys.named("wanted"), await ledger.now_ms()
    past = {f"default/{number:032x}/{number:016x}": now - 60_000 - number for number in range(12_000)}
    await ledger.client.redis.zadd(name, past)
    await ledger.client.redis.zadd(name, {f"{MEMBER}/{b'parent__'.hex()}": now + 60_000})
    await ledger.client.redis.zadd(name, {f"{MEMBER}/{b'earlier_'.hex()}": now + 50_000})
    assert await ledger.wanted(limit=1) == {MEMBER: {b"parent__".hex()}}
    assert await ledger.client.redis.zcard(name) == 2
