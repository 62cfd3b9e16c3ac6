"""The SDK for Python sends to otel_scorer, a real backend shows what comes out: each span once, scored, to be found."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from backends.conftest import Book
from backends.shop import GROUNDED, MADE_UP, Shop, shop_at
from backends.standing import PATIENCE_S, Standing, scorer_before, until_shown
from e2e.deployed import write_rubric
from e2e.judge_server import JudgeServer
from e2e.once import SpanId
from e2e.running import until
from realtools.jaeger import Jaeger
from realtools.phoenix import Phoenix
from realtools.shown import Backend, Shown
from realtools.tempo import Tempo

pytestmark = [pytest.mark.e2e, pytest.mark.backends]

ANSWERS = (GROUNDED, MADE_UP, GROUNDED, MADE_UP)
GROUNDING = "otel_scorer.score.factual_grounding"


def agent_spans(shown: list[Shown]) -> dict[str, Shown]:
    return {span.trace_id: span for span in shown if span.name == "invoke_agent weather"}


def assert_scores_are_on_the_spans(shown: list[Shown], answers: dict[str, str]) -> None:
    found = agent_spans(shown)
    for trace_id, answer in answers.items():
        told = found[trace_id].attributes
        assert told["otel_scorer.status"] == "scored"
        assert isinstance(told[GROUNDING], int)
        assert (told[GROUNDING] <= 2) == (answer == MADE_UP)
        assert told["otel_scorer.label"] == ("fail" if answer == MADE_UP else "pass")
    assert not [span for span in shown if span.is_evaluation], "all scores came in time"


def made_up(answers: dict[str, str]) -> set[str]:
    return {trace_id for trace_id, answer in answers.items() if answer == MADE_UP}


async def asked(standing: Standing, shop: Shop) -> dict[str, str]:
    """Answer by trace id, once every trace has ended."""
    traces = await asyncio.to_thread(shop.ask_all, ANSWERS)
    await standing.deployment.until_ended(traces, PATIENCE_S)
    return dict(zip(traces, ANSWERS, strict=True))


async def asked_in_spite_of_everything(standing: Standing, shop: Shop) -> dict[str, str]:
    """The same, but every batch is sent four times, and otel_scorer is killed in between."""
    traces = await asyncio.to_thread(shop.ask_all, ANSWERS)
    await shop.resend(standing.door)
    await standing.kill_and_restart()
    await shop.resend(standing.door)
    await standing.deployment.until_ended(traces, PATIENCE_S)
    await shop.resend(standing.door)
    return dict(zip(traces, ANSWERS, strict=True))


# ---- scores on spans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
async def test_jaeger_shows_each_span_once_and_finds_it_by_its_scores(
    jaeger: Jaeger, book: Book, protocol: str
) -> None:
    async with scorer_before(jaeger.grpc) as standing:
        with shop_at(standing.door, protocol) as shop:
            answers = await asked(standing, shop)
            shown = await until_shown(jaeger, shop.sent.times)
        account = book(f"Python SDK, {protocol}", "inline", jaeger, shop.sent.times, shown)
        assert (account.arrived, account.duplicated) == (account.sent, 0)
        assert {warning for span in shown for warning in span.warnings} == set()
        assert_scores_are_on_the_spans(shown, answers)
        bad = made_up(answers)
        lowest = agent_spans(shown)[min(bad)].attributes[GROUNDING]
        assert await jaeger.search(shop.service, {"otel_scorer.label": "fail"}) == bad
        assert await jaeger.search(shop.service, {GROUNDING: str(lowest)}) == bad
        assert await jaeger.search(shop.service, {"otel_scorer.label": "pass", GROUNDING: "5"}) == set(answers) - bad


async def test_jaeger_shows_each_span_once_after_resends_and_kill_9(jaeger: Jaeger, book: Book) -> None:
    async with scorer_before(jaeger.grpc) as standing:
        with shop_at(standing.door) as shop:
            answers = await asked_in_spite_of_everything(standing, shop)
            shown = await until_shown(jaeger, shop.sent.times)
        account = book("Python SDK, resent, kill -9", "inline", jaeger, shop.sent.times, shown)
        assert (account.arrived, account.duplicated) == (account.sent, 0)
        assert {warning for span in shown for warning in span.warnings} == set()
        assert_scores_are_on_the_spans(shown, answers)
        assert await jaeger.search(shop.service, {"otel_scorer.label": "fail"}) == made_up(answers)


async def test_tempo_shows_each_span_once_and_finds_it_by_its_scores(tempo: Tempo, book: Book) -> None:
    async with scorer_before(tempo.grpc) as standing:
        with shop_at(standing.door) as shop:
            answers = await asked(standing, shop)
            shown = await until_shown(tempo, shop.sent.times)
        account = book("Python SDK, grpc", "inline", tempo, shop.sent.times, shown)
        assert (account.arrived, account.duplicated) == (account.sent, 0)
        assert_scores_are_on_the_spans(shown, answers)
    await assert_tempo_finds(tempo, answers)


async def test_tempo_shows_each_agent_span_once_after_resends_and_kill_9(tempo: Tempo, book: Book) -> None:
    async with scorer_before(tempo.grpc) as standing:
        with shop_at(standing.door) as shop:
            answers = await asked_in_spite_of_everything(standing, shop)
            shown = await until_shown(tempo, shop.sent.times)
        # spans that only pass through come out as often as they were sent; Tempo shows copies while in one block
        account = book("Python SDK, resent, kill -9", "inline", tempo, shop.sent.agent, _only(shop.sent.agent, shown))
        assert (account.arrived, account.duplicated) == (account.sent, 0)
        assert set(shop.sent.other) <= {_id(span) for span in shown}
        assert_scores_are_on_the_spans(shown, answers)
    await assert_tempo_finds(tempo, answers)


async def assert_tempo_finds(tempo: Tempo, answers: dict[str, str]) -> None:
    """By the queries that people type; what other tests sent is left aside."""

    async def bad_ones() -> set[str] | None:
        found[:] = [await tempo.search("{ span.otel_scorer.score.factual_grounding <= 2 }") & set(answers)]
        return found[0] if found[0] == made_up(answers) else None

    found: list[set[str]] = []
    await until(bad_ones, PATIENCE_S, lambda: f"Tempo finds {found} and not {made_up(answers)}")
    for query, expected in (
        ("{ span.otel_scorer.score.composite < 3.0 }", made_up(answers)),
        ('{ span.otel_scorer.label = "fail" }', made_up(answers)),
        ("{ span.otel_scorer.score.factual_grounding >= 4 }", set(answers) - made_up(answers)),
    ):
        assert await tempo.search(query) & set(answers) == expected, query


def _only(spans: Any, shown: list[Shown]) -> list[Shown]:
    return [span for span in shown if _id(span) in spans]


async def test_phoenix_shows_each_span_once_with_its_scores(phoenix: Phoenix, book: Book) -> None:
    async with scorer_before(phoenix.grpc) as standing:
        with shop_at(standing.door) as shop:
            answers = await asked_in_spite_of_everything(standing, shop)
            shown = await until_shown(phoenix, shop.sent.times)
        account = book("Python SDK, resent, kill -9", "inline", phoenix, shop.sent.times, shown)
        assert (account.arrived, account.duplicated) == (account.sent, 0)
        assert_scores_are_on_the_spans(shown, answers)


# ---- scores that come late -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jaeger", "tempo"])
async def test_a_late_score_stands_under_its_span_and_does_not_stretch_the_trace(
    name: str, request: pytest.FixtureRequest, book: Book, tmp_path: Path
) -> None:
    backend: Backend = request.getfixturevalue(name)
    write_rubric(tmp_path, "judged", kind="AGENT", ask="How good was it?")
    async with JudgeServer(slow_s=8.0) as judge:
        scoring = {
            "rubrics_dir": str(tmp_path),
            "by_kind": {"AGENT": "judged"},
            "judge": {"model": "test-judge", "base_url": judge.url, "timeout_s": 60.0},
        }
        quickly = {"complete": {"quiet_s": 1.0}, "hold": {"span_s": 2.0, "root_s": 4.0}}
        async with scorer_before(backend.grpc, scoring=scoring, **quickly) as standing:
            with shop_at(standing.door) as shop:
                trace_id = await asyncio.to_thread(shop.ask, GROUNDED, "mode-slow What is the weather in Paris?")
                await asyncio.to_thread(shop.flush)
                before = await until_shown(backend, shop.sent.times, evaluations=1)
                await standing.kill_and_restart()
                await shop.resend(standing.door)
                after = await until_shown(backend, shop.sent.times, evaluations=1)
    # Tempo shows a span that only passes through as often as it was sent; the others are shown once everywhere
    for shown in (before, [span for span in after if _id(span) not in shop.sent.other]):
        assert set(Counter(map(_id, shown)).values()) == {1}
    book("Python SDK, late score, kill -9", "inline", backend, shop.sent.times, before)
    assert_late_score(before, trace_id)
    assert {_id(span) for span in after} == {_id(span) for span in before}
    assert {warning for span in [*before, *after] for warning in span.warnings} == set()


def assert_late_score(shown: list[Shown], trace_id: str) -> None:
    own = {span.span_id: span for span in shown if not span.is_evaluation}
    (judged,) = [span for span in shown if span.attributes.get("otel_scorer.rubric.id") == "judged@1"]
    assert own[judged.parent_id].name == "invoke_agent weather"
    assert own[judged.parent_id].attributes["otel_scorer.status"] == "deadline"
    assert judged.attributes[GROUNDING] == 4
    for span in shown:
        assert span.trace_id == trace_id
        assert not span.is_evaluation or span.is_within(own[span.parent_id])
    (web,) = [span for span in own.values() if span.name == "POST /chat"]
    assert all(span.is_within(web) for span in shown), "the trace is as long as before"


def _id(span: Shown) -> SpanId:
    return span.trace_id, span.span_id
