"""Whatever value stands under whatever known key, reading gives evidence and never raises."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otel_scorer.conventions import read as reading
from otel_scorer.conventions.markers import EXACT_KEYS, PREFIXES, is_agent
from otel_scorer.model import Event, LogRecord, Span, Value

WORDS = [
    "system",
    "user",
    "assistant",
    "tool",
    "LLM",
    "TOOL",
    "RETRIEVER",
    "AGENT",
    "RERANKER",
    "chat",
    "text",
    "content",
    "tool_call",
    "function",
    "__REDACTED__",
    "null",
    "{}",
    "[]",
    "[{}]",
    "stop",
    "AIMessage",
    "ai",
    "constructor",
    "1e999",
    "-1",
    "NaN",
    "\ud7ff",
    '"',
    '{"a":',
]
KEYS = sorted(
    {
        *(f"{prefix}{rest}" for prefix in PREFIXES for rest in ("", "0", "0.message.role", "x.1.y")),
        *EXACT_KEYS,
        *[
            "openinference.span.kind",
            "gen_ai.span.kind",
            "gen_ai.operation.name",
            "langfuse.observation.type",
            "mlflow.spanType",
            "input.value",
            "output.value",
            "gen_ai.input.messages",
            "gen_ai.output.messages",
            "gen_ai.system_instructions",
            "gen_ai.tool.definitions",
            "gen_ai.tool.call.arguments",
            "gen_ai.tool.call.result",
            "gen_ai.retrieval.documents",
            "gen_ai.input.messages.0.message.content",
            "gen_ai.input.messages.0.message.contents.0.message_content",
            "gen_ai.input.messages.0.message.tool_calls.0.tool_call.function.name",
            "gen_ai.prompt",
            "gen_ai.completion",
            "gen_ai.prompt.0.content",
            "gen_ai.prompt.0.role",
            "gen_ai.completion.0.tool_calls",
            "llm.input_messages",
            "llm.input_messages.0.message",
            "llm.input_messages.1.message.content.0",
            "llm.output_messages.0.message.tool_calls",
            "llm.tools.0.tool.json_schema",
            "llm.prompts",
            "llm.choices.0.completion",
            "llm.invocation_parameters",
            "llm.token_count.prompt",
            "retrieval.documents.0.document.metadata",
            "reranker.output_documents.0.document",
            "traceloop.entity.input",
            "traceloop.entity.output",
            "langfuse.observation.input",
            "langfuse.observation.output",
            "langfuse.observation.usage_details",
            "langfuse.trace.tags",
            "mlflow.spanInputs",
            "mlflow.spanOutputs",
            "mlflow.chat.tools",
            "mlflow.chat.tokenUsage",
            "pydantic_ai.all_messages",
            "events",
            "all_messages_events",
            "model_request_parameters",
            "final_result",
            "ai.operationId",
            "ai.prompt",
            "ai.prompt.messages",
            "ai.prompt.tools",
            "ai.response.text",
            "ai.response.toolCalls",
            "ai.ranking",
            "gcp.vertex.agent.llm_request",
            "gcp.vertex.agent.llm_response",
            "gcp.vertex.agent.tool_call_args",
            "span.type",
            "tool_input",
            "input_tokens",
            "raw.input",
            "raw.output",
            "annotations.0.annotation",
            "annotations.0.annotation.name",
            "evaluations.0.x",
            "gen_ai.evaluation.name",
            "logfire.feedback.name",
            "rail.stop",
            "gen_ai.response.finish_reasons",
            "error.type",
            "metadata",
            "tag.tags",
            "session.id",
            "user.id",
            "db.system",
        ],
    }
)
SHAPES = [
    {"role": "user", "content": "x"},
    {"role": "tool", "content": [{"type": "tool_result", "tool_use_id": 1, "content": None}]},
    {"messages": [[{"lc": 1, "id": [], "kwargs": {"content": {"": 1}}}]]},
    {"choices": [{"message": None, "finish_reason": []}]},
    {"choices": [[], 1, {"delta": {"content": 3}}]},
    {"output": [{"type": "message", "role": 7, "content": [{"type": "output_text"}]}]},
    {"content": {"parts": [{"function_call": "x"}, {"functionResponse": []}, {"text": None, "thought": True}]}},
    {"type": "tool_call", "name": {}, "arguments": "{"},
    {"tool_call": {"function": {"arguments": "1"}}},
    [{"toolUse": 1}, {"toolResult": {"content": [{"json": {}}]}}, {"image": {"source": {"bytes": "x"}}}],
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(WORDS),
    st.binary(max_size=8),
)
names = st.sampled_from(
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
        "kwargs",
        "data",
        "tool",
        "query",
    ]
)
values = st.recursive(
    scalars | st.sampled_from(SHAPES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
jsons = values.map(lambda value: json.dumps(value, default=str))
attributes = st.dictionaries(st.sampled_from(KEYS), values | jsons | jsons.map(lambda text: text[:-2]), max_size=8)
event_names = st.sampled_from(
    [
        "gen_ai.choice",
        "gen_ai.user.message",
        "gen_ai.tool.message",
        "gen_ai.content.prompt",
        "gen_ai.evaluation.result",
        "exception",
        "gen_ai.client.inference.operation.details",
        "db.query.result",
        "tool.output",
        "guard.evaluation",
    ]
)
event_attributes = st.dictionaries(
    st.sampled_from(
        [
            "content",
            "message",
            "role",
            "finish_reason",
            "gen_ai.prompt",
            "gen_ai.event.content",
            "gen_ai.input.messages",
            "output",
            "guard.name",
            "db.query.result.metadata",
            "exception.type",
            "gen_ai.evaluation.name",
        ]
    ),
    values | jsons,
    max_size=3,
)
spans = st.builds(
    lambda attributes, events, logs, name: Span(
        "0" * 32, "1" * 16, "", name, attributes=attributes, events=events, logs=logs
    ),
    attributes,
    st.lists(st.builds(lambda name, at: Event(name, attributes=at), event_names, event_attributes), max_size=2).map(
        tuple
    ),
    st.lists(
        st.builds(
            lambda name, body, at: LogRecord("", "", name, body=body, attributes=at),
            event_names,
            values,
            event_attributes,
        ),
        max_size=2,
    ).map(tuple),
    st.sampled_from(["", "agent run", "execute_tool x", "claude_code.tool", "call_llm"]),
)


@given(spans)
@example(Span("", "", "", "x", attributes={"gen_ai.input.messages": "[" * 100_000}))
@example(Span("", "", "", "x", attributes={"input.value": '{"a":' * 900 + "1" + "}" * 900, "fi.span.kind": "TOOL"}))
@example(
    Span("", "", "", "x", attributes={"gen_ai.usage.input_tokens": "9" * 5000, "gen_ai.prompt.9999999999.role": "x"})
)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_under_any_known_key(span: Span) -> None:
    found = reading.evidence(span)
    assert repr(found) == repr(reading.read(span))
    is_agent(span.attributes, span.name)
    for cheap in (
        reading.usage_of,
        reading.finish_reasons_of,
        reading.tool_call_of,
        reading.feedback_of,
        reading.guardrails_of,
        reading.conversation_of,
        reading.models_of,
        reading.provider_of,
    ):
        cheap(span)
    repr(found).encode()


def test_lone_surrogates_in_json_become_replacement_characters() -> None:
    messages: Value = '[{"role":"user","content":"a\\ud800b"}]'
    found = reading.evidence(
        Span("", "", "", "x", attributes={"gen_ai.operation.name": "chat", "gen_ai.input.messages": messages})
    )
    assert found.input_messages is not None
    assert found.input_messages[0].text.encode()


def test_reading_a_misread_span_is_cut_short_not_fatal() -> None:
    class Odd(dict[str, Value]):
        def __iter__(self) -> object:  # type: ignore[override]
            raise RuntimeError("a mapping that breaks while it is read")

    broken = Span("", "", "", "x", attributes=Odd({"openinference.span.kind": "LLM"}))
    found = reading.read(broken)
    assert (found.kind, found.truncated) == ("LLM", True)
