"""The outbox's sender against a real Valkey and a real OTLP sink."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest
from e2e.agent_traces import agent_run, request_of
from ledger.small_traces import LIMITS, claim_one, put_of, span
from otlp_sink import Sink

from otel_scorer.errors import LedgerError
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Commit, Outgoing
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.backend import Accepted, Backend, Broken, Misconfigured, Outcome, Retryable
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backends import open_backend
from otel_scorer.online.evaluation_outbox import EvaluationSender, again_s, drop_forsaken
from otel_scorer.online.evaluation_store_settings import EvaluationStoreSettings
from otel_scorer.online.evaluation_stores import EvaluationStore, signal_of
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.outbox import OutboxSender
from otel_scorer.online.telemetry import Metrics

SCORE = json.dumps({"path": "/p", "body": {}, "there": "", "until": 4e9}).encode()


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


def sender_of(ledger: Ledger, backend: Backend, metrics: Metrics) -> OutboxSender:
    return OutboxSender(ledger, backend, metrics, BackendWatch(metrics), timeout_s=2, retry_s=0.2)


async def fill(ledger: Ledger, items: list[Outgoing]) -> None:
    await ledger.put([put_of(span(1))])
    claim = await claim_one(ledger)
    assert await ledger.commit([Commit(claim.member, claim.fence, "{}", "", b"", (span(1).key,), tuple(items))]) == [
        True
    ]


def evaluations(count: int, headers: int = 1) -> list[Outgoing]:
    """So many, with so many different request headers."""
    return [
        Outgoing(f"t/{number}", "traces", request_of(agent_run()[:1]), {"x-scope-orgid": str(number % headers)})
        for number in range(count)
    ]


async def test_two_processes_send_each_evaluation_once(valkey: EmbeddedValkey, ledger: Ledger) -> None:
    await fill(ledger, evaluations(600))
    second = Ledger(StoreClient(valkey.url, 20.0), LedgerSettings(), LIMITS)
    metrics = Metrics()
    async with Sink() as sink:
        backend = open_backend(BackendSettings(endpoint=f"http://127.0.0.1:{sink.grpc_port}", protocol="grpc"))
        senders = [sender_of(each, backend, metrics) for each in (ledger, second)]
        for _ in range(5):
            await asyncio.gather(*(sender.send_due() for sender in senders))
        await backend.close()
        assert len(sink.span_copies()) == 600
        assert set(sink.span_copies().values()) == {1}
    await second.client.close()
    assert metrics.value("outbox_exported") == 600
    assert await ledger.client.redis.exists(ledger.keys.named("outbox"), ledger.keys.named("outbox_data")) == 0


class Breaking:
    """A backend that takes what it gets, and breaks the ledger with the second request."""

    name = "breaking"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.taken: list[bytes] = []

    async def send(self, signal: str, body: bytes, headers: object, timeout_s: float) -> Outcome:
        if len(self.taken) == 1:  # the outbox becomes something that no script of ours can work on
            await self._ledger.client.redis.set(self._ledger.keys.named("outbox"), "not a sorted set")
        self.taken.append(body)
        return Accepted()

    async def close(self) -> None:
        """Nothing is open."""


async def test_what_was_sent_is_told_before_the_ledger_fails(ledger: Ledger) -> None:
    await fill(ledger, evaluations(3, headers=3))
    backend = Breaking(ledger)
    with pytest.raises(LedgerError):
        await sender_of(ledger, backend, Metrics()).send_due()
    assert len(backend.taken) == 2
    assert await ledger.client.redis.hlen(ledger.keys.named("outbox_data")) == 2, "the first is forgotten"


async def test_one_that_is_refused_alone_is_dropped_and_its_neighbours_go(ledger: Ledger) -> None:
    await fill(ledger, evaluations(3))
    metrics = Metrics()
    async with Sink() as sink:
        sink.script("invalid", "ok", "invalid", "ok")
        backend = open_backend(BackendSettings(endpoint=f"http://127.0.0.1:{sink.grpc_port}", protocol="grpc"))
        assert await sender_of(ledger, backend, metrics).send_due() == 3
        await backend.close()
    assert (metrics.value("outbox_exported"), metrics.value("outbox_refused")) == (2, 1)
    assert await ledger.client.redis.exists(ledger.keys.named("outbox"), ledger.keys.named("outbox_data")) == 0


# ---- stores of evaluations -------------------------------------------------------------------------------------------


def scores(count: int, number: int = 0) -> list[Outgoing]:
    return [Outgoing(f"s/{number}/{at}", signal_of(number), SCORE) for at in range(count)]


async def waiting(ledger: Ledger, lane: str) -> int:
    return int(await ledger.client.redis.zcard(ledger.postbox._outbox_keys(lane)[0]))


async def test_a_store_of_evaluations_that_is_away_holds_up_nothing_else(ledger: Ledger) -> None:
    """However much waits for it: the backend and the other store have queues of their own."""
    await fill(ledger, [*scores(1000), *scores(3, 1), *evaluations(2)])
    metrics = Metrics()
    store = EvaluationStore(EvaluationStoreSettings(kind="phoenix", endpoint="http://127.0.0.1:9"))
    assert await EvaluationSender(ledger, signal_of(0), store.send, metrics).send_due() == 0
    await store.close()
    async with Sink() as sink:
        backend = open_backend(BackendSettings(endpoint=f"http://127.0.0.1:{sink.grpc_port}", protocol="grpc"))
        assert await sender_of(ledger, backend, metrics).send_due() == 2
        await backend.close()
    assert [await waiting(ledger, lane) for lane in ("", signal_of(0), signal_of(1))] == [0, 1000, 3]
    assert metrics.value("outbox_exported", signal="traces") == 2
    assert metrics.value("outbox_refused") == 0


class Fickle:
    """A store that takes every second score."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def send(self, item: Outgoing) -> Outcome:
        self.asked.append(item.id)
        return Accepted() if len(self.asked) % 2 else Retryable(None, "not now")


async def test_what_a_store_has_not_taken_waits_and_the_rest_is_not_told_twice(ledger: Ledger) -> None:
    await fill(ledger, scores(20))
    fickle, metrics = Fickle(), Metrics()
    await EvaluationSender(ledger, signal_of(0), fickle.send, metrics).send_due()
    assert (len(fickle.asked), await waiting(ledger, signal_of(0))) == (20, 10)
    assert metrics.value("outbox_exported", signal="evaluations") == 10
    assert await ledger.postbox.outgoing(await ledger.now_ms() + 1000, 100, signal_of(0)) == [], "all of them wait"
    assert len(await ledger.postbox.outgoing(await ledger.now_ms() + 20_000, 100, signal_of(0))) == 10


class Missing:
    """A store that does not know most spans."""

    def __init__(self, known: str) -> None:
        self.asked: list[str] = []
        self._known = known

    async def send(self, item: Outgoing) -> Outcome:
        self.asked.append(item.id)
        return Accepted() if item.id == self._known else Misconfigured("HTTP 404: no such span")


async def test_scores_of_spans_that_the_store_does_not_know_hold_up_no_other(ledger: Ledger) -> None:
    items = scores(40)
    await fill(ledger, items)
    store = Missing(f"default/{items[39].id}")
    await EvaluationSender(ledger, signal_of(0), store.send, Metrics()).send_due()
    assert (len(store.asked), await waiting(ledger, signal_of(0))) == (40, 39)


async def test_a_store_that_answers_nothing_is_not_asked_for_each_score(ledger: Ledger) -> None:
    await fill(ledger, scores(40))
    asked: list[Outgoing] = []

    async def away(item: Outgoing) -> Outcome:
        asked.append(item)
        return Retryable(None, "no answer")

    await EvaluationSender(ledger, signal_of(0), away, Metrics()).send_due()
    assert (len(asked), await waiting(ledger, signal_of(0))) == (8, 40)


def test_a_span_that_is_not_known_for_long_is_asked_for_ever_more_seldom() -> None:
    item = Outgoing("s", signal_of(0), json.dumps({"made": 1000.0}).encode())
    unknown = Misconfigured("HTTP 404")
    assert [again_s(item, unknown, 1000.0 + age) for age in (0, 600, 86_400)] == [15.0, 60.0, 1800.0]
    assert again_s(item, Retryable(None, "no answer"), 90_000.0) == 15.0


async def test_scores_that_an_older_version_queued_with_the_evaluation_spans_are_told(ledger: Ledger) -> None:
    await fill(ledger, scores(2))
    redis, keys = ledger.client.redis, ledger.keys
    await redis.rename(keys.named(f"outbox:{signal_of(0)}"), keys.named("outbox"))
    await redis.delete(keys.named("outbox:lanes"))
    async with Sink() as sink:
        backend = open_backend(BackendSettings(endpoint=f"http://127.0.0.1:{sink.grpc_port}", protocol="grpc"))
        assert await sender_of(ledger, backend, Metrics()).send_due() == 0
        await backend.close()
    assert (await waiting(ledger, ""), await ledger.postbox.lanes()) == (0, {signal_of(0)})
    assert len(await ledger.postbox.outgoing(await ledger.now_ms(), 5, signal_of(0))) == 2


async def test_scores_for_a_store_that_settings_no_longer_name_are_dropped_and_counted(ledger: Ledger) -> None:
    await fill(ledger, [*scores(1, 4), *scores(1, 0)])
    metrics, stopping = Metrics(), asyncio.Event()
    dropping = asyncio.create_task(drop_forsaken(ledger, [signal_of(0)], metrics, stopping))
    while not metrics.value("outbox_refused"):
        await asyncio.sleep(0.02)
    dropping.cancel()
    await asyncio.wait([dropping])
    assert metrics.value("outbox_refused") == 1
    assert (await waiting(ledger, signal_of(4)), await waiting(ledger, signal_of(0))) == (0, 1)


# ---- what the backend stumbles over ----------------------------------------------------------------------------------


class Stumbling:
    """Something breaks in it over one request of ours."""

    name = "stumbling"

    def __init__(self, poison: bytes) -> None:
        self.requests = 0
        self._poison = poison

    async def send(self, signal: str, body: bytes, headers: object, timeout_s: float) -> Outcome:
        self.requests += 1
        return Broken("HTTP 500") if self._poison in body else Accepted()

    async def close(self) -> None:
        """Nothing is open."""


async def test_an_evaluation_over_which_the_backend_stumbles_holds_up_no_other(ledger: Ledger) -> None:
    items = evaluations(100)
    await fill(ledger, items)
    backend = Stumbling(items[40].body)
    assert await sender_of(ledger, backend, Metrics()).send_due() == 99
    assert backend.requests <= 1 + 2 * 7
    assert await waiting(ledger, "") == 1


async def test_a_backend_that_is_broken_altogether_is_not_asked_for_each_evaluation(ledger: Ledger) -> None:
    await fill(ledger, evaluations(100))
    backend = Stumbling(b"")
    assert await sender_of(ledger, backend, Metrics()).send_due() == 0
    assert backend.requests <= 1 + 2 * 7, "two for each halving of 100"
    assert await waiting(ledger, "") == 100
