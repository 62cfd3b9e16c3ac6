"""A provider's own request and response, in whichever form an instrumentation keeps it: whole, streamed, printed."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from spans_by_key import span

from otel_scorer.conventions.printed import printed_object
from otel_scorer.conventions.read import evidence
from otel_scorer.model import Message, ToolCall, ToolResult, Value


def test_the_items_of_one_responses_turn_are_one_message() -> None:
    items = [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking."}]},
        {"type": "function_call", "call_id": "c1", "id": "fc_1", "name": "w", "arguments": '{"city": "Rome"}'},
        {"type": "function_call", "call_id": "c2", "id": "fc_2", "name": "w", "arguments": '{"city": "Pisa"}'},
    ]
    results = [{"type": "function_call_output", "call_id": "c1", "output": "20"}]
    one = Message(
        "assistant",
        "Looking.",
        (ToolCall("w", "c1", {"city": "Rome"}), ToolCall("w", "c2", {"city": "Pisa"})),
        (),
        "hm",
    )
    answered = {"object": "response", "status": "completed", "output": items}
    asked = {"model": "m", "input": [{"role": "user", "content": "Weather?"}, *items, *results]}
    genai = evidence(
        span(
            **{"openinference.span.kind": "LLM", "input.value": json.dumps(asked), "output.value": json.dumps(answered)}
        )
    )
    assert genai.input_messages == (
        Message("user", "Weather?"),
        one,
        Message("tool", tool_results=(ToolResult("c1", "", "20"),)),
    )
    assert genai.output_messages == (Message(one.role, one.text, one.tool_calls, (), "hm", finish_reason="stop"),)


def test_alternative_answers_stay_apart() -> None:
    choices = [{"message": {"role": "assistant", "content": text}} for text in ("heads", "tails")]
    genai = evidence(span(**{"openinference.span.kind": "LLM", "output.value": json.dumps({"choices": choices})}))
    assert genai.output_messages == (Message("assistant", "heads"), Message("assistant", "tails"))


def test_a_streamed_answer_is_put_together() -> None:
    def chunk(delta: dict[str, Value], reason: str | None = None) -> dict[str, Value]:
        return {"id": "x", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    def call(**function: str) -> dict[str, Value]:
        return {"tool_calls": [{"index": 0, "id": function.pop("id", None), "function": dict(function)}]}

    chunks = [
        chunk({"role": "assistant", "content": "Look"}),
        chunk({"content": "ing."}),
        chunk(call(id="c1", name="w", arguments="")),
        chunk(call(arguments='{"city":')),
        chunk(call(arguments=' "Rome"}')),
        chunk({}, "tool_calls"),
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
    ]
    genai = evidence(span(**{"fi.span.kind": "LLM", "raw.output": json.dumps(chunks)}))
    assert genai.output_messages == (
        Message("assistant", "Looking.", (ToolCall("w", "c1", {"city": "Rome"}),), finish_reason="tool_call"),
    )
    assert (genai.response_id, genai.response_model, genai.finish_reasons) == ("x", "m", ("tool_call",))
    assert (genai.usage.input, genai.usage.output, genai.usage.total) == (5, 2, 7)


def test_a_streamed_response_ends_with_the_whole() -> None:
    output = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "yo"}]}]
    chunks = [
        {"type": "response.created", "response": {"id": "r", "output": []}},
        {"type": "response.output_text.delta", "delta": "yo"},
        {
            "type": "response.completed",
            "response": {"id": "r", "object": "response", "status": "completed", "output": output},
        },
    ]
    genai = evidence(span(**{"fi.span.kind": "LLM", "raw.output": json.dumps(chunks)}))
    assert genai.output_messages == (Message("assistant", "yo", finish_reason="stop"),)


def test_a_response_that_python_printed_is_read() -> None:
    said = {"type": "output_text", "text": 'it\'s\n"so"'}
    printed = str(
        {
            "id": "r",
            "object": "response",
            "status": "completed",
            "error": None,
            "store": True,
            "output": [{"type": "message", "role": "assistant", "content": [said]}],
            "usage": {"input_tokens": 3, "output_tokens": 1, "input_tokens_details": {"cached_tokens": 2}},
        }
    )
    genai = evidence(span(**{"gen_ai.span.kind": "LLM", "output.value": printed}))
    assert genai.output_messages == (Message("assistant", 'it\'s\n"so"', finish_reason="stop"),)
    assert (genai.response_id, genai.usage.total, genai.usage.cache_read) == ("r", 4, 2)


def test_anthropic_counts_the_cache_apart() -> None:
    told = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "yo"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "output_tokens": 2, "cache_read_input_tokens": 100},
    }
    genai = evidence(span(**{"openinference.span.kind": "LLM", "output.value": json.dumps(told)}))
    assert (genai.usage.input, genai.usage.total, genai.usage.cache_read) == (110, 112, 100)
    assert genai.output_messages == (Message("assistant", "yo", finish_reason="stop"),)


TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=6)
PRINTABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, PRINTABLE, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_whatever_plain_values_python_prints_are_read_back(value: dict[str, Value]) -> None:
    assert printed_object(str(value)) == value


@given(st.text(alphabet="{}[]'\"\\,: axTrue0", max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_is_taken_for_an_object_that_is_none(text: str) -> None:
    found = printed_object("{'" + text)
    assert found is None or isinstance(found, dict)
