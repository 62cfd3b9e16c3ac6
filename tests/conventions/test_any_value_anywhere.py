"""Spans are written by strangers: whatever stands under whatever key, no span is lost, and the work is bounded."""

from __future__ import annotations

import json
import math
from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from otlp_json_files import SHARED, spans_in

from otel_scorer.conventions import read as reading
from otel_scorer.conventions.kinds import kind_of
from otel_scorer.conventions.markers import EXACT_KEYS, KEY_VALUES, PREFIXES
from otel_scorer.conventions.trace_view import view
from otel_scorer.conventions.values import MAX_ITEMS, MAX_PARTS
from otel_scorer.model import Event, Kind, LogRecord, Span, Trace, Value

KINDS = frozenset(Kind.__args__)  # type: ignore[attr-defined]
TEXT = st.text(max_size=6) | st.sampled_from(
    [
        "",
        "null",
        "{",
        "[",
        '"',
        '{"a":',
        "[[",
        "\x00",
        "\ud7ff",
        "NaN",
        "1e400",
        "-",
        "9" * 400,
        "__REDACTED__",
        "{'a': '",
    ]
)


@cache
def keys() -> list[str]:
    """Every key that some module reads, every marker, and every key of the recorded traces."""
    found = {*reading.CATALOGUE.keys, *PREFIXES, *EXACT_KEYS, *KEY_VALUES}
    for path in sorted(SHARED.glob("*/*/*.json"))[::7] if SHARED.exists() else ():
        if not path.name.endswith(("logs.json", "versions.json")):
            found.update(key for span in spans_in(path) for key in span.attributes)
    ends = ("", "0", "0.message.role", "1.content", "0.message.tool_calls.0.tool_call.function.arguments")
    return sorted({f"{key}{end}" if key.endswith(".") else f"{key}.{end}".rstrip(".") for key in found for end in ends})


def nested(depth: int) -> Value:
    value: Value = "x"
    for _ in range(depth):
        value = {"content": [value]}
    return value


words = st.sampled_from(
    [
        "role",
        "content",
        "parts",
        "text",
        "type",
        "name",
        "id",
        "arguments",
        "function",
        "tool_calls",
        "message",
        "messages",
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.binary(max_size=6)
    | TEXT
    | words
    | st.sampled_from(["user", "tool", "LLM", "TOOL", "chat", "tool_use", "toolResult", "function_call"])
)
any_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | TEXT, inner, max_size=3),
    max_leaves=6,
) | st.sampled_from([nested(3), nested(40), nested(200)])
as_json = any_values.map(lambda value: json.dumps(value, default=repr))
cut_json = as_json.map(lambda text: text[: math.ceil(len(text) * 0.7)])
told = any_values | as_json | cut_json | as_json.map(json.dumps) | any_values.map(str)
attributes = st.lists(st.tuples(st.deferred(lambda: st.sampled_from(keys())), told), max_size=7).map(dict)
event_names = st.sampled_from(
    ["gen_ai.choice", "gen_ai.user.message", "gen_ai.tool.message", "gen_ai.content.prompt", "exception", "tool.output"]
)
event_keys = st.sampled_from(
    ["content", "message", "role", "gen_ai.prompt", "gen_ai.event.content", "output", "event.name"]
)
events = st.lists(
    st.builds(
        lambda name, found: Event(name, attributes=found), event_names, st.dictionaries(event_keys, told, max_size=3)
    ),
    max_size=2,
).map(tuple)
logs = st.lists(
    st.builds(lambda name, body: LogRecord("", "", name, body=body), event_names | st.just("gen_ai.evaluation"), told),
    max_size=2,
).map(tuple)
names = st.sampled_from(["", "s", "agent run", "execute_tool x", "claude_code.tool", "call_llm", "guardrails.rail"])


def made(number: int, parent: int, name: str, found: dict[str, Value], **more: tuple[object, ...]) -> Span:
    ids = f"{number:016x}", f"{parent:016x}" if parent else ""
    return Span("1" * 32, *ids, name, start_ns=number, end_ns=100 + number, attributes=found, **more)  # type: ignore[arg-type]


spans = st.builds(
    lambda found, name, some, more: made(1, 0, name, found, events=some, logs=more), attributes, names, events, logs
)


@given(spans)
@example(made(1, 0, "s", {"gen_ai.input.messages": "[" * 50_000}))
@example(made(1, 0, "s", {"gen_ai.usage.input_tokens": 10**400, "gen_ai.request.temperature": float("nan")}))
@example(made(1, 0, "s", {"openinference.span.kind": "LLM", "output.value": "{'" + "\\'" * 5000}))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_reading_never_raises_and_never_changes_the_kind(span: Span) -> None:
    found = reading.evidence(span)
    assert repr(found) == repr(reading.read(span))
    assert found.kind in KINDS
    assert (found.kind, found.raw_kind) == kind_of(span)
    json.dumps([found.tool_arguments, found.output_text, dict(found.parameters)], default=repr)
    repr(found).encode()


@given(attributes, attributes, attributes, names)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_trace_keeps_its_structure_around_a_span_that_nobody_can_read(
    top: dict[str, Value], middle: dict[str, Value], leaf: dict[str, Value], name: str
) -> None:
    tree = made(1, 0, name, top), made(2, 1, name, middle), made(3, 2, name, leaf)
    seen = view(Trace("tenant", "1" * 32, tree))
    assert [(step.span_id, step.parent_id, step.depth) for step in seen.steps] == [
        (tree[0].span_id, "", 0),
        (tree[1].span_id, tree[0].span_id, 1),
        (tree[2].span_id, tree[1].span_id, 2),
    ]
    kinds = [kind_of(span)[0] for span in tree]
    assert [step.kind for step in seen.steps][1:] == kinds[1:]
    assert seen.steps[0].kind in {kinds[0], "CHAIN" if kinds[0] == "UNKNOWN" else kinds[0]}, "over an agent's step"
    for asked in (seen.final_answer, seen.task, seen.system, seen.turns, seen.tool_uses, seen.contexts, seen.usage):
        repr(asked).encode()


@given(attributes)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_unreadable_value_does_not_take_the_others_along(found: dict[str, Value]) -> None:
    plain: dict[str, Value] = {
        "openinference.span.kind": "LLM",
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
    }
    others = {key: value for key, value in found.items() if not key.startswith("gen_ai.input.messages")}
    genai = reading.evidence(made(1, 0, "s", {**others, **plain}))
    assert genai.kind == "LLM"
    assert genai.input_messages is not None
    assert genai.input_messages[0].text == "hi"


def test_a_value_nested_deeper_than_python_recurses_costs_the_evidence_not_the_span() -> None:
    genai = reading.read(made(1, 0, "s", {"openinference.span.kind": "TOOL", "input.value": nested(5000)}))
    assert (genai.kind, genai.truncated) == ("TOOL", True)


MANY = 3 * MAX_ITEMS


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gen_ai.input.messages", [{"role": "user", "content": "x"}] * MANY),
        ("gen_ai.input.messages", [{"role": "user", "parts": [{"type": "text", "content": "x"}] * MANY}]),
        ("gen_ai.input.messages", json.dumps([{"role": "user", "content": "x"}] * MANY)),
    ],
    ids=["messages", "parts", "messages in JSON"],
)
def test_of_long_lists_the_first_are_read_and_the_rest_is_told_to_be_missing(key: str, value: Value) -> None:
    genai = reading.evidence(made(1, 0, "s", {"gen_ai.operation.name": "chat", key: value}))
    assert genai.input_messages is not None
    assert sum(message.text.count("x") for message in genai.input_messages) == MAX_ITEMS
    assert genai.truncated


@pytest.mark.parametrize(
    "text",
    [
        "[" + "{}," * MAX_PARTS + "{}]",
        "[" + '"x",' * (MAX_PARTS + 1) + "1]",
        "[" + "1," * 60_000 + "1]",
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
    ids=["objects", "texts", "numbers", "deep lists", "deep objects"],
)
def test_json_of_too_many_values_stays_text_and_is_told_to_be_missing(text: str) -> None:
    genai = reading.evidence(made(1, 0, "s", {"gen_ai.operation.name": "chat", "gen_ai.input.messages": text}))
    assert (genai.input_messages, genai.input_text, genai.truncated) == (None, text, True)


def test_texts_of_one_span_share_the_limit() -> None:
    half = "[" + "{}," * (MAX_PARTS * 2 // 3) + "{}]"
    both: dict[str, Value] = {"input.value": half, "output.value": half + " "}
    assert not reading.evidence(made(1, 0, "s", {"openinference.span.kind": "LLM", "input.value": half})).truncated
    assert reading.evidence(made(1, 0, "s", {"openinference.span.kind": "LLM", **both})).truncated


def test_of_very_many_attributes_the_first_are_read() -> None:
    flood = {f"gen_ai.input.messages.{at}.content": "x" for at in range(20_000)}
    genai = reading.evidence(made(1, 0, "s", {"openinference.span.kind": "LLM", **flood}))
    assert genai.kind == "LLM"
    assert genai.input_messages is not None
    assert len(genai.input_messages) <= MAX_ITEMS
    assert genai.truncated


def test_what_is_remembered_of_keys_is_bounded() -> None:
    for batch in range(12):
        reading.evidence(made(1, 0, "s", {f"gen_ai.request.{batch}.{at}": at for at in range(1000)}))
    assert len(reading.CATALOGUE._known) <= 8192
    assert len(reading.CATALOGUE._plans) <= 512
