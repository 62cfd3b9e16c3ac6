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
from otel_scorer.online.backend import Accepted, Backend, Outcome
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backends import open_backend
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


async def test_a_store_of_evaluations_that_is_away_holds_up_nothing_else(ledger: Ledger) -> None:
    away = EvaluationStoreSettings(kind="phoenix", endpoint="http://127.0.0.1:9")
    scores = [Outgoing(f"s/{number}", signal_of(0), SCORE) for number in range(3)]
    await fill(ledger, [*scores, *evaluations(2)])
    metrics = Metrics()
    async with Sink() as sink:
        backend = open_backend(BackendSettings(endpoint=f"http://127.0.0.1:{sink.grpc_port}", protocol="grpc"))
        store = EvaluationStore(away)
        sender = OutboxSender(
            ledger, backend, metrics, BackendWatch(metrics), timeout_s=2, retry_s=0.2, stores={signal_of(0): store}
        )
        assert await sender.send_due() == 2
        await backend.close()
        await store.close()
    assert (await ledger.client.redis.zcard(ledger.postbox._outbox_keys()[0])) == 3
    assert metrics.value("outbox_exported", signal="traces") == 2
    assert metrics.value("outbox_refused") == 0


async def test_scores_for_a_store_that_settings_no_longer_name_are_dropped_and_counted(ledger: Ledger) -> None:
    await fill(ledger, [Outgoing("s/1", signal_of(4), SCORE)])
    metrics = Metrics()
    async with Sink() as sink:
        backend = open_backend(BackendSettings(endpoint=f"http://127.0.0.1:{sink.grpc_port}", protocol="grpc"))
        assert await sender_of(ledger, backend, metrics).send_due() == 1
        await backend.close()
    assert metrics.value("outbox_refused") == 1
