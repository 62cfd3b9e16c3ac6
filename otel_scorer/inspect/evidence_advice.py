"""What to switch on, and which attribute to write, for evidence that an instrumentation does not capture."""

from __future__ import annotations

from collections.abc import Mapping

OTEL, OPENINFERENCE, OPENLLMETRY, TRACEAI = "otel_genai", "openinference", "openllmetry", "traceai"
"""Dialects as `conventions.read` names them; any other captures content unless it was told not to."""

_SWITCHES: Mapping[str, str] = {
    OTEL: "set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY and "
    "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental (older instrumentations: CAPTURE_MESSAGE_CONTENT=true, "
    "and send logs here too: their content travels in log records)",
    OPENINFERENCE: "unset OPENINFERENCE_HIDE_INPUTS, OPENINFERENCE_HIDE_OUTPUTS and their _MESSAGES and _TEXT forms",
    OPENLLMETRY: "set TRACELOOP_TRACE_CONTENT=true",
    TRACEAI: "unset FI_HIDE_INPUTS and FI_HIDE_OUTPUTS",
    "pydantic_ai": "set InstrumentationSettings(include_content=True)",
    "claude_code": "set OTEL_LOG_USER_PROMPTS=1, OTEL_LOG_TOOL_DETAILS=1 and OTEL_LOG_TOOL_CONTENT=1",
}

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


def switch_for(dialect: str) -> str:
    """How content capture is switched on in instrumentations of this dialect."""
    return _SWITCHES.get(dialect, "switch on content capture in your instrumentation")


def attribute_for(dialect: str, need: str) -> str:
    """The attributes that carry what a rubric needs, as this dialect writes them (else in OpenTelemetry's words)."""
    return _ATTRIBUTES.get(dialect, _OTEL_ATTRIBUTES).get(need, need)
