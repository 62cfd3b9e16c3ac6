"""What goes past a store while it is away, and how it is told: breaker, bypass, journal and intake with real stores."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from wire.wire_build import AGENT, HTTP, put, request, span

from otel_scorer.errors import LedgerBusy, LedgerDown, LedgerError, LedgerFull, Unavailable
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.online.breaker import Breaker
from otel_scorer.online.bypass import Bypass
from otel_scorer.online.exchange import ExportAnswer, ExportRequest
from otel_scorer.online.grace import Grace
from otel_scorer.online.intake import Intake, Shard, Wanted
from otel_scorer.online.journal import Journal
from otel_scorer.online.recording import bypassed_ending
from otel_scorer.online.stores import Stores
from otel_scorer.online.telemetry import Metrics

LIMITS = TraceLimits(hold_ms=60_000, quiet_ms=60_000, max_age_ms=90_000, max_spans=50, max_bytes=100_000, holds=True)
SILENCE_S = 0.6
SPAN = b"spanspan"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedValkey, EmbeddedValkey]]:
    one, two = (start_valkey(tmp_path_factory.mktemp("v")) for _ in range(2))
    yield one, two
    one.stop()
    two.stop()


class Receiver:
    """An intake with two stores, and a backend that keeps what it is sent; while `gate` is shut it does not answer."""

    def __init__(self, servers: tuple[EmbeddedValkey, EmbeddedValkey], drain_s: float = 5.0) -> None:
        self.full = False
        self.ending: Callable[[Member], tuple[str, str]] = bypassed_ending
        self.sent: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.errors: list[LedgerError] = []
        clients = [StoreClient(server.url, SILENCE_S) for server in servers]
        self.stores = Stores(tuple(Ledger(client, LedgerSettings(), LIMITS) for client in clients))
        self.graces = [Grace(0.5) for _ in clients]
        self.shards = tuple(
            self._shard(*parts, drain_s) for parts in zip(self.stores.ledgers, self.graces, strict=True)
        )
        self.wanted = Wanted()
        self.intake = Intake(
            self.stores,
            self.shards,
            self._forward,
            Metrics(),
            placement="inline",
            bypass=True,
            deployment="d",
            trust_upstream_scores=False,
            wanted=self.wanted,
            full=lambda: self.full,
        )

    def _shard(self, ledger: Ledger, grace: Grace, drain_s: float) -> Shard:
        bypass = Bypass(ledger, Journal(lambda member: self.ending(member)), drain_s)
        return Shard(Breaker(ledger, SILENCE_S, bypass, grace, self.errors.append), bypass)

    async def _forward(self, signal: str, body: bytes, headers: Mapping[str, str]) -> ExportAnswer:
        await self.gate.wait()
        self.sent.append(body)
        return ExportAnswer()

    async def export(self, body: bytes, signal: str = "traces") -> ExportAnswer:
        return await self.intake.export(ExportRequest(signal, body, "default", {}, False))

    async def held(self, trace_id: bytes) -> int:
        ledger = self.stores.of(trace_id)
        count: int = await ledger.client.redis.zcard(ledger.keys.held(member_of(trace_id)))
        return count

    async def told(self, trace_id: bytes) -> bool:
        """Whether the store knows the trace as bypassed, as a whole or in part."""
        ledger, member = self.stores.of(trace_id), member_of(trace_id)
        redis = ledger.client.redis
        return bool(
            await redis.get(ledger.keys.tombstone(member)) or await redis.hget(ledger.keys.trace(member), "m:bypassed")
        )

    def trace_in(self, store: int) -> bytes:
        return next(x for x in iter(lambda: os.urandom(16), None) if self.stores.index_of(x) == store)

    async def fill(self, store: int) -> None:
        """The store takes no more, and the breaker knows."""
        await self.stores.ledgers[store].client.redis.config_set("maxmemory", 1)
        with pytest.raises(Unavailable):
            await self.export(agent_request(self.trace_in(store)))
        assert self.shards[store].breaker.state == "open"

    async def make_room(self, store: int) -> None:
        await self.stores.ledgers[store].client.redis.config_set("maxmemory", 0)

    async def silence(self, store: int, for_s: float) -> None:
        """The store does not answer, and the breaker knows."""
        await self.stores.ledgers[store].client.redis.client_pause(int(for_s * 1000))
        with pytest.raises(Unavailable):
            await self.export(agent_request(self.trace_in(store)))
        assert self.shards[store].breaker.state == "open"

    async def until(self, state: str, store: int = 0) -> None:
        await until(lambda: self.shards[store].breaker.state == state)


@pytest.fixture
async def receiver(servers: tuple[EmbeddedValkey, EmbeddedValkey]) -> AsyncIterator[Receiver]:
    made = Receiver(servers)
    for ledger in made.stores.ledgers:
        await ledger.client.redis.flushall()
        await ledger.client.load_scripts()
    yield made
    for number, shard in enumerate(made.shards):
        await shard.breaker.close()
        await shard.bypass.close()
        await until(lambda number=number: answers(made.stores.ledgers[number]))
        await made.make_room(number)
    await made.stores.close()


async def answers(ledger: Ledger) -> bool:
    try:
        await ledger.now_ms()
    except LedgerDown:
        return False
    return True


async def until(holds: Callable[[], object], within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while True:
        found = holds()
        if await found if asyncio.iscoroutine(found) else found:
            return
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.01)


def member_of(trace_id: bytes) -> Member:
    return Member("default", trace_id.hex())


def agent_request(*trace_ids: bytes, others: int = 0) -> bytes:
    spans = [span(AGENT, trace_id=trace_id, span_id=SPAN) for trace_id in trace_ids]
    spans += [span(HTTP, trace_id=os.urandom(16), span_id=os.urandom(8)) for _ in range(others)]
    return request(spans).SerializeToString()


def trace_ids_of(body: bytes) -> list[bytes]:
    groups = ExportTraceServiceRequest.FromString(body).resource_spans
    return [one.trace_id for group in groups for scope in group.scope_spans for one in scope.spans]


def log_request(*trace_ids: bytes) -> bytes:
    made = ExportLogsServiceRequest()
    scope = made.resource_logs.add().scope_logs.add()
    for trace_id in trace_ids:
        record = scope.log_records.add(trace_id=trace_id, span_id=SPAN, event_name="gen_ai.user.message")
        put(record.attributes, {"gen_ai.system": "openai"})
        record.body.string_value = "hello"
    return made.SerializeToString()


# ---- several stores --------------------------------------------------------------------------------------------------


async def test_while_one_store_is_away_the_other_still_gets_its_spans(receiver: Receiver) -> None:
    away, here = receiver.trace_in(0), receiver.trace_in(1)
    await receiver.silence(0, for_s=1.0)
    await receiver.export(agent_request(away, here, others=1))
    (body,) = receiver.sent
    ids = trace_ids_of(body)
    assert away in ids
    assert here not in ids
    assert len(ids) == 2, "the span that only passes goes on too"
    assert await receiver.held(here) == 1
    assert (len(receiver.shards[0].bypass), len(receiver.shards[1].bypass)) == (1, 0)
    await receiver.until("closed")
    assert await receiver.told(away)
    assert not await receiver.told(here)


async def test_a_request_whose_store_is_away_goes_on_as_it_came(receiver: Receiver) -> None:
    body = agent_request(receiver.trace_in(0), receiver.trace_in(0), others=2)
    await receiver.silence(0, for_s=0.8)
    await receiver.export(body)
    assert receiver.sent == [body]


async def test_while_one_store_is_away_the_others_logs_are_still_joined(receiver: Receiver) -> None:
    away, here = receiver.trace_in(0), receiver.trace_in(1)
    body = log_request(away, here)
    await receiver.silence(0, for_s=0.8)
    await receiver.export(body, "logs")
    assert receiver.sent == [body]
    ledger = receiver.stores.ledgers[1]
    assert await ledger.client.redis.exists(ledger.keys.trace(member_of(here)))


async def test_logs_are_refused_for_a_retry_while_the_ledger_is_over_its_limit(receiver: Receiver) -> None:
    receiver.full = True
    with pytest.raises(Unavailable, match="full"):
        await receiver.export(log_request(receiver.trace_in(0)), "logs")
    assert receiver.sent == []


# ---- the way back ----------------------------------------------------------------------------------------------------


async def test_the_breaker_closes_only_when_the_store_knows_what_was_still_under_way(receiver: Receiver) -> None:
    body = agent_request(trace := receiver.trace_in(0))
    await receiver.silence(0, for_s=0.6)
    receiver.gate.clear()
    slow = asyncio.create_task(receiver.export(body))
    await receiver.until("closing")
    assert not receiver.graces[0].over
    with pytest.raises(Unavailable):
        await receiver.export(agent_request(receiver.trace_in(0)))
    await asyncio.sleep(0.6)
    assert receiver.shards[0].breaker.state == "closing"
    assert not receiver.graces[0].over, "the grace lasts as long as the drain"
    receiver.gate.set()
    await slow
    await receiver.until("closed")
    assert not receiver.graces[0].over
    assert await receiver.told(trace)
    await receiver.export(body)  # the sender did not hear the answer
    assert await receiver.held(trace) == 0


async def test_a_forward_that_outlives_the_drain_is_told_when_it_ends(
    servers: tuple[EmbeddedValkey, EmbeddedValkey], receiver: Receiver
) -> None:
    hasty = Receiver(servers, drain_s=0.05)
    trace = hasty.trace_in(0)
    await hasty.silence(0, for_s=0.6)
    hasty.gate.clear()
    slow = asyncio.create_task(hasty.export(agent_request(trace)))
    await hasty.until("closed")
    assert not await hasty.told(trace)
    hasty.gate.set()
    await slow
    await until(lambda: hasty.told(trace))
    await hasty.stores.close()


async def test_an_error_of_our_own_code_does_not_end_the_watch(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    def fails_once(member: Member) -> tuple[str, str]:
        receiver.ending = bypassed_ending
        raise RuntimeError("a mistake of ours")

    receiver.ending = fails_once
    await receiver.silence(0, for_s=0.6)
    await receiver.export(agent_request(trace := receiver.trace_in(0)))
    with caplog.at_level(logging.ERROR):
        await receiver.until("closed")
    assert "a mistake of ours" in caplog.text
    assert await receiver.told(trace)


async def test_two_writers_of_one_journal_tell_everything_once(receiver: Receiver) -> None:
    journal = Journal(bypassed_ending)
    traces = [receiver.trace_in(0) for _ in range(40)]
    for number, trace in enumerate(traces):
        journal.note(member_of(trace), [number.to_bytes(17, "big")])
    ledger = receiver.stores.ledgers[0]
    await asyncio.gather(journal.write(ledger), journal.write(ledger))
    assert len(journal) == 0
    assert all([await receiver.told(trace) for trace in traces])
    assert await ledger.client.redis.xlen(ledger.keys.named("records")) == 40


# ---- out of memory ---------------------------------------------------------------------------------------------------


async def test_a_full_store_is_told_at_once_because_its_sweepers_go_on(receiver: Receiver) -> None:
    body = agent_request(trace := receiver.trace_in(0))
    await receiver.export(body)  # stored; its sender did not hear the answer
    assert await receiver.held(trace) == 1
    await receiver.fill(0)
    await receiver.export(body)
    assert receiver.sent == [body]
    await until(lambda: receiver.told(trace))
    assert await receiver.held(trace) == 0
    assert receiver.shards[0].breaker.state == "open"
    assert receiver.graces[0].over, "what leaves makes room"
    await receiver.make_room(0)
    await receiver.until("closed")


# ---- what counts as away ---------------------------------------------------------------------------------------------


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_one_slow_call_among_good_ones_does_not_open_the_breaker(receiver: Receiver) -> None:
    ledger, clock = receiver.stores.ledgers[0], Clock()
    bypass = Bypass(ledger, Journal(bypassed_ending), 1.0)
    breaker = Breaker(ledger, 2.0, bypass, Grace(1.0), lambda error: None, clock)
    clock.now += 1.9
    breaker.answered()
    clock.now += 0.1
    breaker.failed(LedgerDown("no answer in time"), began=clock.now - 2.0)
    assert breaker.state == "doubtful"
    await until(lambda: breaker.state == "closed")
    clock.now += 2.0
    breaker.failed(LedgerDown("no answer in time"), began=clock.now - 2.0)
    assert breaker.state == "open"
    await until(lambda: breaker.state == "closed")
    await breaker.close()


async def test_who_waits_for_a_connection_says_nothing_of_the_store(receiver: Receiver) -> None:
    ledger = receiver.stores.ledgers[0]
    narrow = StoreClient(ledger.client.url, 0.4, connections=1)
    await ledger.client.redis.client_pause(600)
    answers = await asyncio.gather(*(narrow.guard(narrow.redis.get("x")) for _ in range(3)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["LedgerBusy", "LedgerBusy", "LedgerDown"]
    breaker = receiver.shards[0].breaker
    breaker.failed(LedgerBusy("all connections are in use"), breaker.now() - 60)
    assert breaker.state == "closed"
    assert len(receiver.errors) == 1, "it is counted"
    await narrow.close()


async def test_a_loop_that_asks_the_store_can_be_cancelled_at_any_moment(receiver: Receiver) -> None:
    ledger = receiver.stores.ledgers[0]

    async def ask_for_ever() -> None:
        while True:
            await answers(ledger)

    for number in range(100):
        task = asyncio.create_task(ask_for_ever())
        await asyncio.sleep(number * 0.00003)
        task.cancel()
        await asyncio.wait([task], timeout=1.0)
        assert task.cancelled(), "redis-py swallows some cancellations"


def test_sweepers_wait_for_the_grace_after_the_last_sign_of_absence() -> None:
    clock = Clock()
    grace = Grace(5.0, clock)
    for harmless in (LedgerError("script"), LedgerFull("OOM"), LedgerBusy("pool")):
        assert not grace.heard(harmless)
        assert grace.over
    assert grace.heard(LedgerDown("gone"))
    clock.now += 4
    assert grace.heard(LedgerDown("gone"))
    clock.now += 4
    assert not grace.over
    clock.now += 1
    assert grace.over
    with grace.lasting():
        clock.now += 60
        assert not grace.over
        grace.begin()
    clock.now += 4
    assert not grace.over
    clock.now += 1
    assert grace.over


# ---- heads -----------------------------------------------------------------------------------------------------------


def _wanted_heads(receiver: Receiver, store: int, count: int) -> bytes:
    """A request of spans that open traces look for."""
    traces = [receiver.trace_in(store) for _ in range(count)]
    for trace in traces:
        receiver.wanted.add(member_of(trace), [SPAN.hex()])
    return request([span(HTTP, trace_id=trace, span_id=SPAN) for trace in traces]).SerializeToString()


async def test_heads_of_many_traces_cost_a_silent_store_one_wait(receiver: Receiver) -> None:
    body = _wanted_heads(receiver, 0, 40)
    await receiver.stores.ledgers[0].client.redis.client_pause(1000)
    await receiver.export(body)
    assert receiver.sent == [body]
    assert len(receiver.errors) == 1, "waited once"


async def test_heads_are_not_told_while_the_store_is_in_doubt(receiver: Receiver) -> None:
    body = _wanted_heads(receiver, 0, 3)
    await receiver.silence(0, for_s=1.0)
    waits = len(receiver.errors)
    await receiver.export(body)
    assert receiver.sent == [body]
    assert len(receiver.errors) == waits, "nobody waited again"
