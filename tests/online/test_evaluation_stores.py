"""Scores on their way to a store of evaluations: until it has them, once, and never in the spans' way."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from otel_scorer.ledger.contents import Outgoing
from otel_scorer.model import Result, RubricId, Score, Span
from otel_scorer.online.backend import Accepted, Broken, Misconfigured, Refused, Retryable
from otel_scorer.online.evaluation_store_settings import EvaluationStoreSettings
from otel_scorer.online.evaluation_stores import EvaluationStore, signal_of, tell

TARGET = Span("1" * 32, "a" * 16, "", "agent")
RESULT = Result(RubricId("agent", 3), "d" * 12, "a" * 16, {"factual_grounding": Score(2, 1.6, "no result says so")}, {})


class Store:
    """A server that answers as it is told, and remembers what it was told."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any], str]] = []
        self.status = 200
        self.has: set[str] = set()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(status=200 if request.path in self.has else 404)
        self.posted.append((request.path, await request.json(), request.headers.get("authorization", "")))
        return web.Response(status=self.status, text="said so")


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    made = Store()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[EvaluationStoreSettings], EvaluationStore]]:
    made: list[EvaluationStore] = []

    def open_store(settings: EvaluationStoreSettings) -> EvaluationStore:
        made.append(EvaluationStore(settings))
        return made[-1]

    yield open_store
    for one in made:
        await one.close()


def settings(url: str, **given: Any) -> EvaluationStoreSettings:
    return EvaluationStoreSettings(**{"kind": "phoenix", "endpoint": url, **given})


def told(*stores: EvaluationStoreSettings, late: bool = True, at_s: float | None = None) -> list[Outgoing]:
    at_ns = int((time.time() if at_s is None else at_s) * 1e9)
    return list(tell(stores, RESULT, TARGET, late=late, is_root=True, evaluated_at_ns=at_ns, reasons=True))


async def test_a_score_comes_with_its_headers(store: Store, opened: Callable[..., EvaluationStore]) -> None:
    where = settings(store.url, headers={"authorization": "Bearer k"})
    (item,) = told(where)
    assert item.signal == signal_of(0)
    assert await opened(where).send(item) == Accepted()
    ((path, body, key),) = store.posted
    assert (path, key) == ("/v1/span_annotations", "Bearer k")
    assert body["data"][0]["name"] == "factual_grounding"


def test_late_stores_are_told_late_scores_only() -> None:
    stores = (settings("http://one:1"), settings("http://two:2", scores="late"))
    assert [item.signal for item in told(*stores, late=False)] == [signal_of(0)]
    assert [item.signal for item in told(*stores, late=True)] == [signal_of(0), signal_of(1)]
    assert len({item.id for item in told(*stores)}) == 2


@pytest.mark.parametrize(
    ("status", "outcome"), [(404, Misconfigured), (503, Retryable), (500, Broken), (401, Misconfigured), (422, Refused)]
)
async def test_what_is_not_taken_waits_unless_it_never_can_be(
    status: int, outcome: type, store: Store, opened: Callable[..., EvaluationStore]
) -> None:
    where = settings(store.url)
    store.status = status
    assert isinstance(await opened(where).send(told(where)[0]), outcome)


async def test_a_store_that_is_away_is_asked_again(opened: Callable[..., EvaluationStore]) -> None:
    where = settings("http://127.0.0.1:9")
    assert isinstance(await opened(where).send(told(where)[0]), Retryable)


async def test_a_score_that_was_not_taken_for_too_long_is_given_up(
    store: Store, opened: Callable[..., EvaluationStore]
) -> None:
    where = settings(store.url, give_up_hours=1.0)
    store.status = 404
    outcome = await opened(where).send(told(where, at_s=time.time() - 3601)[0])
    assert isinstance(outcome, Refused)
    assert "in time" in outcome.message


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"path": "/v2"}'])
async def test_what_another_version_wrote_is_refused_and_holds_up_nothing(
    body: bytes, store: Store, opened: Callable[..., EvaluationStore]
) -> None:
    assert isinstance(await opened(settings(store.url)).send(Outgoing("s", signal_of(0), body)), Refused)


async def test_what_mlflow_has_is_not_refused_for_good(store: Store, opened: Callable[..., EvaluationStore]) -> None:
    where = settings(store.url, kind="mlflow")
    (item,) = told(where)
    store.status = 400
    assert isinstance(await opened(where).send(item), Refused)
    store.has = {json.loads(item.body)["there"]}
    assert await opened(where).send(item) == Accepted()


@pytest.mark.parametrize("endpoint", ["phoenix:6006", "ftp://phoenix", "http://key:secret@host", "http://h/?a=b"])
def test_an_endpoint_that_is_no_server_s_url_is_refused_with_a_remedy(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="URL"):
        settings(endpoint)
