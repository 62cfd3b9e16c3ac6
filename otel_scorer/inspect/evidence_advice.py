"""Which attribute carries what a rubric needs, as each dialect writes it."""

from __future__ import annotations

from collections.abc import Mapping

from otel_scorer.inspect.capture_switches import OPENINFERENCE, OPENLLMETRY, TRACEAI

_OTEL_ATTRIBUTES: Mapping[str, str] = {
    "context": "gen_ai.tool.call.result on tool spans, gen_ai.retrieval.documents (with `content`) on retrieval spans",
    "final_answer": "gen_ai.output.messages on the agent's span or its last LLM span",
    "task": "gen_ai.input.messages on the agent's span or its first LLM span",
    "system": "gen_ai.system_instructions on LLM spans",
    "tool_uses": "gen_ai.tool.call.arguments and gen_ai.tool.call.result on tool spans",
    "tool_definitions": "gen_ai.tool.definitions on LLM spans (with `parameters`)",
    "input": "gen_ai.input.messages",
    "output": "gen_ai.output.messages",
    "arguments": "gen_ai.tool.call.arguments",
    "result": "gen_ai.tool.call.result",
    "query": "gen_ai.retrieval.query.text",
    "documents": "gen_ai.retrieval.documents (each with `content`)",
}
_OPENINFERENCE_ATTRIBUTES: Mapping[str, str] = {
    "context": "output.value on tool spans, retrieval.documents.N.document.content on retriever spans",
    "final_answer": "output.value on the agent's span, llm.output_messages.N.message.content on LLM spans",
    "task": "input.value on the agent's span, llm.input_messages.N.message.content on LLM spans",
    "system": "llm.input_messages.N.message.* with role system",
    "tool_uses": "input.value and output.value on tool spans, llm.output_messages.N.message.tool_calls.* on LLM spans",
    "tool_definitions": "llm.tools.N.tool.json_schema on LLM spans",
    "input": "llm.input_messages.N.message.content, or input.value",
    "output": "llm.output_messages.N.message.content, or output.value",
    "arguments": "input.value",
    "result": "output.value",
    "query": "input.value",
    "documents": "retrieval.documents.N.document.content",
}
_OPENLLMETRY_ATTRIBUTES: Mapping[str, str] = {
    **_OTEL_ATTRIBUTES,
    "context": "traceloop.entity.output on tool spans (kind tool)",
    "tool_uses": "traceloop.entity.input and traceloop.entity.output on tool spans",
    "arguments": "traceloop.entity.input",
    "result": "traceloop.entity.output",
    "documents": "span events db.query.result with db.query.result.document",
}
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    OPENINFERENCE: _OPENINFERENCE_ATTRIBUTES,
    OPENLLMETRY: _OPENLLMETRY_ATTRIBUTES,
    TRACEAI: {**_OPENINFERENCE_ATTRIBUTES, **_OTEL_ATTRIBUTES},
}


def attribute_for(dialect: str, need: str) -> str:
    """The attributes that carry what a rubric needs, as this dialect writes them (else in OpenTelemetry's words)."""
    return _ATTRIBUTES.get(dialect, _OTEL_ATTRIBUTES).get(need, need)
