"""Two instrumentations side by side on one model call, and calls that only look like that."""

from __future__ import annotations

import pytest
from spans_by_hand import kind, span, trace

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Scope, Span, Value

OUTER, CLIENT = Scope("opentelemetry.instrumentation.anthropic"), Scope("com.anthropic.sdk.python")


def call(span_id: str, at: tuple[int, int], scope: Scope, model: str = "claude", **more: Value) -> Span:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, "gen_ai.usage.input_tokens": 10}
    return span(span_id, "agent", at, {**attributes, **more}, scope=scope)


def seen(*calls: Span) -> TraceView:
    return view(trace(span("agent", "", (0, 100), kind("AGENT")), *calls))


def test_the_later_one_stands_below_the_earlier_and_its_tokens_are_counted_once() -> None:
    found = seen(call("outer", (10, 40), OUTER), call("client", (11, 39), CLIENT))
    assert found.by_id["client"].parent_id == "outer"
    assert found.usage.input == 10


def test_without_an_agent_it_is_one_call_with_one_root() -> None:
    found = view(trace(call("outer", (10, 40), OUTER), call("client", (11, 39), CLIENT)))
    assert found.root is not None
    assert (found.root.span_id, len(found.roots)) == ("outer", 1)


@pytest.mark.parametrize(
    "other",
    {
        "of one instrumentation": call("other", (11, 39), OUTER),
        "one after the other": call("other", (40, 60), CLIENT),
        "hardly at the same time": call("other", (35, 60), CLIENT),
        "of two models": call("other", (11, 39), CLIENT, "claude-mini"),
        "of an unknown model": call("other", (11, 39), CLIENT, ""),
        "with two responses": call("other", (11, 39), CLIENT, **{"gen_ai.response.id": "msg_2"}),
    }.items(),
    ids=lambda case: case[0],
)
def test_calls_that_are_two(other: tuple[str, Span]) -> None:
    found = seen(call("outer", (10, 40), OUTER, **{"gen_ai.response.id": "msg_1"}), other[1])
    assert found.by_id["other"].parent_id == "agent"
    assert found.usage.input == 20


def test_a_maker_s_name_before_the_model_s_makes_no_difference() -> None:
    found = seen(call("outer", (10, 40), OUTER, "claude"), call("client", (11, 39), CLIENT, "anthropic.claude"))
    assert found.by_id["client"].parent_id == "outer"


def test_a_log_of_logfire_s_is_the_answer_of_the_request_before_it() -> None:
    scope, answered = Scope("logfire.openai"), {"logfire.span_type": "log", "gen_ai.output.messages": "[]"}
    found = seen(call("asked", (10, 20), scope), call("told", (40, 40), scope, **answered))
    assert found.by_id["told"].parent_id == "asked"
    again = seen(call("asked", (10, 20), scope, **{"gen_ai.output.messages": "[]"}), call("told", (40, 40), scope))
    assert again.by_id["told"].parent_id == "agent"
