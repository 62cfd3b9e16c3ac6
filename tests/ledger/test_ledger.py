"""The ledger's scripts against a real Valkey."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from ledger.small_traces import MEMBER, TRACE, claim_one, put_of, span

from otel_scorer.errors import LedgerRefuses, UserError
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, Commit, Outgoing
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.health import complaints, load, require_durable
from otel_scorer.ledger.keys import Member, pack_heads, unpack_heads
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.wire import AgentSpan, Envelope


async def test_a_resent_span_is_stored_once_and_a_changed_one_twice(ledger: Ledger) -> None:
    assert await ledger.put([put_of(span(1), span(2))]) == (2, 0, 0, 0)
    assert await ledger.put([put_of(span(1), span(3))]) == (1, 1, 0, 0)
    assert await ledger.put([put_of(span(1, b"other"))]) == (1, 0, 0, 0)
    claim = await claim_one(ledger)
    (content,) = await ledger.read([claim])
    assert sorted(one.raw for one in content.held) == sorted([b"span 1 x", b"span 2 x", b"span 3 x", b"span 1 other"])
    assert {one.stored.envelope for one in content.spans} == {Envelope(b"res", b"scope", b"", b"")}
    assert content.spans[0].stored.headers == {"x-scope-orgid": "a"}


async def test_every_first_byte_of_a_span_id_is_kept_apart_from_meta_data(ledger: Ledger) -> None:
    spans = [
        AgentSpan(TRACE, bytes([first]) + bytes(7), b"", 0, 1, b"raw%d" % first, Envelope(b"", b"", b"", b""))
        for first in range(1, 50)
    ]
    await ledger.put([put_of(*spans)])
    content, heads = await ledger.read_trace(MEMBER)
    assert len(content.held) == 49
    assert len(unpack_heads(heads)) == 49


async def test_a_claimed_trace_is_claimed_by_one_only_and_a_new_span_makes_it_due_again(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1))])
    claim = await claim_one(ledger)
    await ledger.put([put_of(span(2))])
    await asyncio.sleep(0.1)
    assert await ledger.claim(10) == []
    assert await ledger.advance([Advance(claim.member, claim.fence, due_ms=claim.now_ms + 60_000)]) == [True]
    again = await claim_one(ledger)
    assert again.fence > claim.fence
    assert again.spans == 2
    assert await ledger.advance([Advance(claim.member, claim.fence, meta={"state": "late"})]) == [False]


async def test_commit_deletes_what_was_exported_and_what_came_meanwhile_is_late(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1))])
    claim = await claim_one(ledger)
    (content,) = await ledger.read([claim])
    meta = {"state": "exporting", "decision": "{}"}
    assert await ledger.advance([Advance(claim.member, claim.fence, meta=meta)]) == [True]
    await ledger.put([put_of(span(1), span(2))])
    outgoing = Outgoing("id", "traces", b"body", {"a": "b"})
    end = Commit(claim.member, claim.fence, "{}", '{"r":1}', b"kept", tuple(s.key for s in content.held), (outgoing,))
    assert await ledger.commit([end]) == [True]
    late = await claim_one(ledger)
    assert late.state == "late"
    (rest,) = await ledger.read([late])
    assert [one.raw for one in rest.held] == [b"span 2 x"]
    assert await ledger.commit([Commit(late.member, late.fence, late.decision, "", exported=(rest.held[0].key,))]) == [
        True
    ]
    assert await ledger.put([put_of(span(1), span(2))]) == (0, 2, 0, 0)
    assert await ledger.put([put_of(span(3))]) == (1, 0, 0, 1)
    now = await ledger.now_ms()
    assert await ledger.postbox.outgoing(now, 5) == [replace(outgoing, id="default/id")]
    assert await ledger.postbox.outgoing(now, 5) == []
    (record,) = await ledger.postbox.records(5)
    assert (record.record, record.kept) == ('{"r":1}', b"kept")
    third = await claim_one(ledger)
    (rest,) = await ledger.read([third])
    assert [one.raw for one in rest.held] == [b"span 3 x"]
    await ledger.commit([Commit(third.member, third.fence, third.decision, "", exported=(rest.held[0].key,))])
    assert (await load(ledger.client, ledger.keys, now)).bytes == 0
    assert len(await ledger.client.redis.keys("*t:default*")) == 0


async def test_the_first_appendix_stays_so_that_a_resend_is_identical(ledger: Ledger) -> None:
    one = span(1)
    await ledger.put([put_of(one)])
    claim = await claim_one(ledger)
    for appended in (b"first", b"second"):
        await ledger.advance([Advance(claim.member, claim.fence, appendices={one.key: appended})])
    (content,) = await ledger.read([claim])
    assert content.held[0].frozen == b"first"


async def test_only_one_result_counts_and_a_doubled_dispatch_finds_nothing(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1))])
    claim = await claim_one(ledger)
    meta = {"state": "waiting", "decision": "{}", "dispatch": 2}
    due = claim.now_ms + 60_000
    await ledger.advance([Advance(claim.member, claim.fence, due_ms=due, heed_holds=False, meta=meta)])
    start = await ledger.start_scoring(MEMBER, "w1", 1)
    assert start is not None, "an old message will do while nobody is at it: a long queue holds no others"
    assert await ledger.start_scoring(MEMBER, "w1", 2) is None, "w1 itself is at it"
    assert (start.decision, start.suspect) == ("{}", False)
    await ledger.beat("w1", 5)
    assert await ledger.start_scoring(MEMBER, "w2", 2) is None, "w1 lives and has it"
    assert await ledger.finish_scoring(MEMBER, "[1]", b"")
    assert not await ledger.finish_scoring(MEMBER, "[2]", b"")
    done = await claim_one(ledger)
    assert (done.state, done.result, done.attempts) == ("waiting", "[1]", 1)


async def test_spans_forwarded_in_a_bypass_are_not_held_any_more(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1), span(2))])
    assert await ledger.mark_sent(MEMBER, [span(1).key, span(9).key], '{"d":1}', '{"r":1}') == 1
    assert await ledger.put([put_of(span(9))]) == (0, 1, 0, 0)
    claim = await claim_one(ledger)
    assert claim.bypassed
    other = Member("default", "ff" * 16)
    assert await ledger.mark_sent(other, [span(1).key], '{"d":1}', '{"r":2}') == 0
    assert await ledger.mark_sent(other, [span(2).key], '{"d":1}', '{"r":2}') == 0
    assert [one.record for one in await ledger.postbox.records(5)] == ['{"r":2}']


async def test_heads_that_were_wanted_make_the_trace_due(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1, parent=b"parent__"))])
    claim = await claim_one(ledger)
    step = Advance(claim.member, claim.fence, due_ms=claim.now_ms + 60_000, heed_holds=False)
    wanted = {b"parent__".hex(): claim.now_ms + 60_000}
    await ledger.advance([Advance(step.member, step.fence, step.due_ms, step.heed_holds, wanted=wanted)])
    assert await ledger.wanted() == {MEMBER: {b"parent__".hex()}}
    await ledger.add_heads(MEMBER, pack_heads([(b"parent__", b"", 0, False)]), [b"parent__".hex()])
    assert await ledger.wanted() == {}
    assert b"parent__".hex() in unpack_heads((await claim_one(ledger)).heads)


async def test_a_large_trace_is_over_its_limit_and_read_in_chunks(ledger: Ledger) -> None:
    await ledger.put([put_of(*(span(n) for n in range(1, 1301)))])
    claim = await claim_one(ledger)
    assert claim.over_limit
    (content,) = await ledger.read([claim])
    assert len(content.held) == 1300


async def test_a_store_that_forgets_is_refused_with_the_remedy(valkey: EmbeddedValkey) -> None:
    client = StoreClient(valkey.url, 20.0)
    await require_durable(client, LedgerSettings())
    await client.redis.config_set("appendfsync", "everysec")
    try:
        with pytest.raises(UserError, match=r"appendfsync is 'everysec'.*set it to 'always'"):
            await require_durable(client, LedgerSettings())
        assert await complaints(client, LedgerSettings(durability="best_effort")) == []
    finally:
        await client.redis.config_set("appendfsync", "always")
        await client.close()


async def test_a_full_store_refuses_writes_but_lets_traces_leave(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1))])
    claim = await claim_one(ledger)
    await ledger.client.redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(LedgerRefuses):
            await ledger.put([put_of(span(2))])
        assert await ledger.commit([Commit(claim.member, claim.fence, "{}", "{}", exported=(span(1).key,))]) == [True]
    finally:
        await ledger.client.redis.config_set("maxmemory", "0")


async def test_scripts_come_back_after_the_store_forgot_them(ledger: Ledger) -> None:
    await ledger.put([put_of(span(1))])
    await ledger.client.redis.script_flush()
    assert await ledger.put([put_of(span(1))]) == (0, 1, 0, 0)


def test_a_second_server_in_the_same_folder_is_refused(valkey: EmbeddedValkey) -> None:
    folder: Path = valkey.socket.parent.parent
    with pytest.raises(UserError, match="in use by another otel-scorer"):
        start_valkey(folder)


def test_a_url_that_is_no_store_is_refused_without_its_password() -> None:
    with pytest.raises(UserError, match="http://user:\\*\\*\\*\\*@host"):
        StoreClient("http://user:secret@host", 1.0)


def test_a_data_folder_with_a_long_path_has_its_socket_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 15) / ("er" * 20)
    server = start_valkey(folder)
    try:
        assert len(str(server.socket)) < 100
        assert (folder / "ledger" / "valkey.log").exists()
    finally:
        server.stop()
