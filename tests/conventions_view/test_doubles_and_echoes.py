"""What an instrumentation tells twice, gives to the wrong span, or leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from spans_by_hand import kind, otel_llm, span, tool, trace

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Event, Scope, Span, Value

FRAMEWORK, CLIENT = Scope("framework"), Scope("client")
TOKENS: dict[str, Value] = {"gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 5}
ASKED = [("user", "Weather in Paris?")]
SAID = [("assistant", "Sunny.")]


def call(span_id: str, scope: Scope, at: tuple[int, int] = (1, 10), **more: Value) -> Span:
    return span(span_id, "agent", at, otel_llm(ASKED, SAID, **{**TOKENS, **more}), scope=scope)


def agent() -> Span:
    return span("agent", at=(0, 100), attributes=kind("AGENT"))


def test_one_call_told_by_two_siblings_counts_once() -> None:
    told_more = call("b", CLIENT, (2, 9), **{"gen_ai.response.id": "r1"})
    seen = view(trace(agent(), call("a", FRAMEWORK), told_more))
    assert (seen.usage.input, seen.usage.output) == (40, 5)
    assert seen.by_id["b"].parent_id == "a", "the later one is under the earlier"


@pytest.mark.parametrize(
    "other",
    [
        call("b", FRAMEWORK, (2, 9)),
        call("b", CLIENT, (11, 20)),
        call("b", CLIENT, (2, 9), **{"gen_ai.usage.output_tokens": 6, "gen_ai.request.model": "another"}),
        call("b", CLIENT, (2, 9), **{"gen_ai.usage.output_tokens": 6, "gen_ai.usage.input_tokens": 41}),
    ],
    ids=["by the same instrumentation", "one after the other", "other tokens of another model", "other tokens"],
)
def test_two_calls_count_twice(other: Span) -> None:
    seen = view(trace(agent(), call("a", FRAMEWORK), other))
    assert seen.usage.output in (10, 11)
    assert seen.by_id["b"].parent_id == "agent"


FAILED = {"status_code": 2, "status_message": "connection reset"}
EXCEPTION = (Event("exception", 0, {"exception.message": "connection reset"}),)


def failing(span_id: str, at: tuple[int, int], *, raised: bool) -> Span:
    attributes = tool("openinference", "get_weather", {"city": "Paris"}, None if raised else "sunny")
    return span(span_id, "agent", at, attributes, events=EXCEPTION if raised else (), **FAILED)


def test_an_error_that_later_spans_echo_is_the_first_ones_alone() -> None:
    first, later = failing("t1", (10, 20), raised=True), failing("t2", (30, 40), raised=False)
    seen = view(trace(agent(), first, later))
    assert [span_id for span_id, _ in seen.errors] == ["t1"]
    assert [bool(use.error) for use in seen.tool_uses] == [True, False]


def test_another_instrumentations_span_that_fails_with_the_same_words_did_fail() -> None:
    first = failing("t1", (10, 20), raised=True)
    later = failing("t2", (30, 40), raised=False)
    seen = view(trace(agent(), first, replace(later, scope=Scope("of my own"))))
    assert [span_id for span_id, _ in seen.errors] == ["t1", "t2"]


def test_an_error_that_goes_up_or_happens_again_is_one() -> None:
    over = span("agent", at=(0, 100), attributes=kind("AGENT"), **FAILED)
    seen = view(trace(over, failing("t1", (10, 20), raised=True), failing("t2", (30, 40), raised=True)))
    assert {span_id for span_id, _ in seen.errors} == {"agent", "t1", "t2"}


CITY = {"city": "Paris"}


def runs_of_a_tool(*executed: Span) -> list[tuple[str, bool]]:
    """(call id, whether a span tells that it ran) where the first of two equal calls failed."""
    first = ("assistant", "", [("call_1", "get_weather", CITY)])
    second = ("assistant", "", [("call_2", "get_weather", CITY)])
    so_far = [*ASKED, first, ("tool", "call_1", "Error: connection reset")]
    calls = [
        span("llm1", "agent", (1, 10), otel_llm(ASKED, [first])),
        span("llm2", "agent", (30, 40), otel_llm(so_far, [second])),
        span("llm3", "agent", (60, 70), otel_llm([*so_far, second, ("tool", "call_2", "sunny")], SAID)),
    ]
    seen = view(trace(agent(), *calls, *executed))
    return sorted((use.id, use.executed) for use in seen.tool_uses)


def test_a_failed_call_without_a_span_does_not_take_that_of_the_next() -> None:
    ran = span("t2", "agent", (45, 50), tool("otel", "get_weather", CITY, "sunny"))
    assert runs_of_a_tool(ran) == [("call_1", False), ("call_2", True)]


def test_clocks_of_milliseconds_do_not_part_a_call_and_its_span() -> None:
    ran = [
        span("t1", "agent", (30, 31), tool("otel", "get_weather", CITY, None)),
        span("t2", "agent", (60, 61), tool("otel", "get_weather", CITY, "sunny")),
    ]
    assert runs_of_a_tool(*ran) == [("call_1", True), ("call_2", True)]
