"""Each signal on the same trace with and without the one thing that it looks for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydantic import TypeAdapter, ValidationError
from sampled_traces import agent, llm, openinference_llm, openinference_tool, retriever, span, tool, trace_of

from otel_scorer.conventions.trace_view import TraceView
from otel_scorer.model import Event, Span
from otel_scorer.sampling.signals import ALWAYS, SIGNALS, AnySignal

SIGNAL: TypeAdapter[AnySignal] = TypeAdapter(AnySignal)
PLAIN = trace_of(agent(), llm())
EXCEPTION = Event("exception", attributes={"exception.type": "KeyError", "exception.message": "'id'"})

FEEDBACK = {
    "annotations.0.annotation.name": "user_feedback",
    "annotations.0.annotation.score": 0.0,
    "annotations.0.annotation.annotator_kind": "HUMAN",
}
GUARDRAIL = {
    "traceloop.span.kind": "guardrail",
    "gen_ai.guardrail.name": "toxicity",
    "gen_ai.guardrail.status": "FAILED",
}


def confident(one: Span, confidence: float) -> Span:
    return replace(one, attributes={**one.attributes, "app.confidence": confidence})


def with_logprobs(*each: float) -> Span:
    """A call whose response was recorded as the provider wrote it."""
    tokens = [{"token": "a", "logprob": one, "top_logprobs": [{"token": "b", "logprob": -9.0}]} for one in each]
    response = json.dumps({"choices": [{"logprobs": {"content": tokens}}]})
    return replace(llm(), attributes={**llm().attributes, "output.value": response})


def answering(text: str) -> Span:
    return span("a", "run", {"openinference.span.kind": "AGENT", "input.value": "hello", "output.value": text})


TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"}
EMPTY = span("d", "search", {"openinference.span.kind": "RETRIEVER", "output.value": "[]"}, parent="a")
HELD: list[tuple[object, TraceView, TraceView]] = [
    ("error", trace_of(agent(), llm(status=2)), PLAIN),
    ("error", trace_of(agent(), llm(events=[EXCEPTION])), PLAIN),
    ({"signal": "error", "where": "root"}, trace_of(agent(status=2), llm()), trace_of(agent(), llm(status=2))),
    ("tool_error", trace_of(agent(), tool("c", status=2)), trace_of(agent(), tool("c"))),
    ("tool_error", trace_of(agent(), openinference_tool("c", events=[EXCEPTION])), trace_of(agent(), llm(status=2))),
    (
        "tool_timeout",
        trace_of(agent(), tool("c", status=2, message="Read timed out.")),
        trace_of(agent(), tool("c", status=2, message="no such order")),
    ),
    (
        "tool_timeout",
        trace_of(agent(), span("c", "f", {**TOOL, "error.type": "TimeoutError"}, status=2, message="oh")),
        trace_of(agent(), llm(status=2, message="timed out"), tool("c")),
    ),
    (
        {"signal": "tool_timeout", "over_s": 5},
        trace_of(agent(), openinference_tool("c", took_s=6)),
        trace_of(agent(), openinference_tool("c", took_s=5), llm(took_s=9)),
    ),
    (
        "rate_limited",
        trace_of(agent(), llm(status=2, message="429 Too Many Requests")),
        trace_of(agent(), llm(status=2)),
    ),
    ("finish_reason", trace_of(agent(), llm(finish="max_tokens")), PLAIN),
    ("finish_reason", trace_of(agent(), openinference_llm(finish="SAFETY")), trace_of(agent(), openinference_llm())),
    ({"signal": "finish_reason", "in": ["content_filter"]}, trace_of(agent(), llm(finish="refusal")), PLAIN),
    ("truncation", trace_of(agent(), llm(), truncated=True), PLAIN),
    ({"signal": "latency", "over_s": 9}, PLAIN, trace_of(llm())),
    ({"signal": "latency", "over_s": 2, "of": "LLM"}, trace_of(agent(), llm(took_s=3)), PLAIN),
    ({"signal": "tokens", "over": 119}, PLAIN, trace_of(agent(), llm(tokens=(99, 20)))),
    ({"signal": "tokens", "over": 50, "of": "output"}, trace_of(agent(), llm(tokens=(1, 51))), PLAIN),
    ({"signal": "tokens", "over": 0, "of": "input"}, PLAIN, trace_of(agent(), openinference_llm())),
    (
        {"signal": "steps", "over": 2},
        trace_of(agent(), llm(), tool("c"), tool("d")),
        trace_of(agent(), llm(), tool("c")),
    ),
    (
        "loop",
        trace_of(agent(), *(tool(at, {"x": 1, "y": 2}, at_s=n) for n, at in enumerate("cde"))),
        trace_of(agent(), *(tool(at, {"x": n}, at_s=n) for n, at in enumerate("cde"))),
    ),
    (
        {"signal": "loop", "times": 2},
        trace_of(agent(), openinference_tool("c", {"x": 1, "y": 2}), openinference_tool("d", {"y": 2, "x": 1}, at_s=2)),
        trace_of(agent(), openinference_tool("c"), openinference_tool("d", at_s=2)),
    ),
    (
        "loop",
        trace_of(agent(), *(tool(at, {"x": n % 2, "y": [{"z": 1}]}, at_s=n) for n, at in enumerate("cdefb"))),
        trace_of(agent(), *(tool(at, {"x": [1, True, 1.0][n % 3]}, at_s=n) for n, at in enumerate("cdef"))),
    ),
    (
        "retry",
        trace_of(agent(), tool("c", {"x": 1}, status=2), tool("d", {"x": 2}, at_s=2)),
        trace_of(agent(), tool("c", {"x": 1}), tool("d", {"x": 2}, at_s=2, status=2)),
    ),
    ("feedback_negative", trace_of(span("a", "run", {"openinference.span.kind": "AGENT", **FEEDBACK})), PLAIN),
    (
        {"signal": "feedback_negative", "by_users_only": False},
        trace_of(span("a", "run", {"openinference.span.kind": "AGENT", **FEEDBACK})),
        trace_of(
            span("a", "run", {"openinference.span.kind": "AGENT", **FEEDBACK, "annotations.0.annotation.score": 1.0})
        ),
    ),
    (
        {"signal": "empty_retrieval", "min_score": 0.4},
        trace_of(agent(), retriever("a", "b", scores=[0.1, 0.39])),
        trace_of(agent(), retriever("a", "b", scores=[0.1, 0.4])),
    ),
    ("empty_retrieval", trace_of(agent(), EMPTY), trace_of(agent(), retriever("a"))),
    (
        "guardrail",
        trace_of(agent(), span("e", "guard", GUARDRAIL, parent="a")),
        trace_of(agent(), span("e", "guard", {**GUARDRAIL, "gen_ai.guardrail.status": "PASSED"}, parent="a")),
    ),
    (
        {"signal": "attribute", "key": "tier", "equals": "gold"},
        trace_of(agent(resource={"tier": "gold"})),
        trace_of(agent(resource={"tier": "silver"})),
    ),
    (
        {"signal": "attribute", "key": "gen_ai.request.model", "in": ["gpt-y", "gpt-x"], "of": "span"},
        PLAIN,
        trace_of(agent(resource={"gen_ai.request.model": "gpt-x"})),
    ),
    (
        {"signal": "attribute", "key": "gen_ai.response.finish_reasons", "equals": "stop"},
        PLAIN,
        trace_of(agent(), llm(finish="length")),
    ),
    (
        {"signal": "attribute", "key": "gen_ai.agent.name", "regex": "^hel", "where": "root"},
        PLAIN,
        trace_of(span("a", "run", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "shel"})),
    ),
    ("low_confidence", trace_of(agent(), confident(llm(), 0.3)), trace_of(agent(), confident(llm(), 0.5))),
    ("low_confidence", trace_of(agent(), confident(llm(), 0.3)), trace_of(agent(), confident(llm(), 30))),
    (
        {"signal": "low_confidence", "below": 0.9, "among": ["tokens"]},
        trace_of(agent(), with_logprobs(-0.05, -0.4)),
        trace_of(agent(), with_logprobs(-0.05, -0.06)),
    ),
    (
        {"signal": "low_confidence", "among": ["tokens"]},
        trace_of(agent(), replace(llm(), attributes={**llm().attributes, "llm.response.avg_logprob": -0.9})),
        trace_of(agent(), confident(llm(), 0.1)),
    ),
    (
        {"signal": "low_confidence", "among": ["retrieval"]},
        trace_of(agent(), retriever("a", "b", scores=[0.1, 0.4])),
        trace_of(agent(), retriever("a", "b", scores=[0.1, 12.0])),
    ),
    (
        "low_confidence",
        trace_of(answering('{"answer": "7", "confidence": 0.2}')),
        trace_of(answering("confidence 0.2")),
    ),
    ({"signal": "attribute", "key": "tier", "exists": False}, PLAIN, trace_of(agent(resource={"tier": "gold"}))),
    (
        {"signal": "attribute", "key": "n", "equals": 1},
        trace_of(agent(resource={"n": 1.0})),
        trace_of(agent(resource={"n": True})),
    ),
]


@pytest.mark.parametrize(("setting", "shows", "does_not"), HELD, ids=[str(case[0]) for case in HELD])
def test_a_signal_holds_with_the_fault_and_not_without_it(
    setting: object, shows: TraceView, does_not: TraceView
) -> None:
    signal = SIGNAL.validate_python(setting)
    assert (signal.holds(shows), signal.holds(does_not)) == (True, False)


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_says_no_where_nothing_was_captured(name: str) -> None:
    needs = {"latency": {"over_s": 60}, "tokens": {"over": 1}, "steps": {"over": 1}}
    settings = {"attribute": {"key": "x", "exists": True}, **needs}.get(name, {})
    bare = trace_of(span("a", "run", {"openinference.span.kind": "AGENT"}))
    assert not SIGNAL.validate_python({"signal": name, **settings}).holds(bare)
    assert not SIGNAL.validate_python({"signal": name, **settings}).holds(trace_of())


@pytest.mark.parametrize(("name", "signal"), SIGNALS.items())
def test_every_signal_is_documented_and_can_be_named_in_settings(name: str, signal: type) -> None:
    assert signal.__doc__
    assert signal.model_fields["signal"].default == name
    assert all(field.description for key, field in signal.model_fields.items() if key != "signal")
    assert name in str(SIGNAL.json_schema())


def test_an_empty_answer_is_one_that_was_captured() -> None:
    def asks(answer: dict[str, str]) -> TraceView:
        return trace_of(span("a", "run", {"openinference.span.kind": "AGENT", "input.value": "hello", **answer}))

    signal = SIGNAL.validate_python("empty_answer")
    assert not signal.holds(asks({}))
    assert not signal.holds(asks({"output.value": "hi"}))
    assert signal.holds(asks({"output.value": ""}))


def test_signals_of_every_trace_read_no_messages() -> None:
    looked = trace_of(agent(), llm(), tool("c"))
    for signal in ALWAYS:
        signal.holds(looked)
    assert not {"tool_uses", "steps", "genai", "turns"} & vars(looked).keys()


def test_a_run_that_two_instrumentations_tell_is_one_call() -> None:
    def nested(n: int, at: str, below: str) -> list[Span]:
        inner = span(below, "lookup", {"openinference.span.kind": "TOOL", "input.value": '{"x": 1}'}, parent=at, at_s=n)
        return [tool(at, {"x": 1}, at_s=n), inner]

    twice = trace_of(agent(), *nested(1, "c", "1"), *nested(3, "d", "2"))
    assert not SIGNAL.validate_python("loop").holds(twice)
    assert SIGNAL.validate_python({"signal": "loop", "times": 2}).holds(twice)


@pytest.mark.parametrize("name", ["tool_error", "tool_timeout", "loop", "retry"])
def test_tools_without_spans_are_seen_in_messages_where_settings_ask(name: str) -> None:
    def asks(n: int) -> dict[str, object]:
        call = {"type": "tool_call", "id": f"call_{n}", "name": "lookup", "arguments": {"x": 1}}
        return {"role": "assistant", "parts": [call], "finish_reason": "tool_call"}

    def says(n: int) -> dict[str, object]:
        response = {"type": "tool_call_response", "id": f"call_{n}", "response": "timed out", "status": "error"}
        return {"role": "tool", "parts": [response]}

    history = [message for n in range(3) for message in (asks(n), says(n))]
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "go"}]}, *history]),
    }
    view = trace_of(agent(), span("b", "chat", attributes, parent="a"))
    assert not SIGNAL.validate_python(name).holds(view)
    assert SIGNAL.validate_python({"signal": name, "in_messages": True}).holds(view)


def test_true_and_one_are_two_signals() -> None:
    one, true = (SIGNAL.validate_python({"signal": "attribute", "key": "n", "equals": v}) for v in (1, True))
    assert len({one, true}) == 2
    assert one == SIGNAL.validate_python({"signal": "attribute", "key": "n", "equals": 1})


@pytest.mark.parametrize(
    ("setting", "place", "says"),
    [
        ("nope", (), "'tool_error'"),
        ({"signal": "latency", "over": 3}, ("latency", "over_s"), "required"),
        ({"signal": "attribute", "key": "x", "regex": "("}, ("attribute", "regex"), "not a regular expression"),
        ({"signal": "attribute", "key": "x"}, ("attribute",), "exactly one of"),
        ({"signal": "attribute", "key": "x", "equals": 1, "exists": True}, ("attribute",), "exactly one of"),
        ({"signal": "finish_reason", "in": []}, ("finish_reason", "in"), "at least 1"),
        ({"signal": "latency", "over_s": float("nan")}, ("latency", "over_s"), "finite"),
    ],
)
def test_a_mistake_is_told_of_one_signal_and_its_place(setting: object, place: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SIGNAL.validate_python(setting)
    first = raised.value.errors()[0]
    assert (first["loc"], says in first["msg"]) == (place, True), first
