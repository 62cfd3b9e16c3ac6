"""Google's Agent Development Kit: the model request and response as JSON, tool arguments and response of its own."""

from __future__ import annotations

from otel_scorer.conventions import exchange
from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Found
from otel_scorer.conventions.found import arguments as arguments_found
from otel_scorer.conventions.found import result as result_found
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.tool_span import ADK_NOT_CAPTURED
from otel_scorer.model import Value


def read(source: Source) -> Found:
    asked, told = _object(source, "gcp.vertex.agent.llm_request"), _object(source, "gcp.vertex.agent.llm_response")
    found = Found()
    if asked:
        config = asked.get("config")
        request = exchange.request(asked)
        found["input_messages"] = request.messages
        if isinstance(config, dict):
            found["system_instructions"] = _system(config.get("system_instruction"))
            found["tool_definitions"] = definitions(config["tools"]) if config.get("tools") else None
    if told and isinstance(told.get("content"), dict):
        answer = exchange.response({"candidates": [told]})
        found["output_messages"] = answer.messages
        found["finish_reasons"] = answer.finish_reasons
    if source.kind == "TOOL":
        found.update(_tool(source))
    return found


def _object(source: Source, key: str) -> dict[str, Value]:
    value = source.json(key)
    return value if isinstance(value, dict) else {}


def _system(value: Value) -> str | None:
    return shapes.texts(value.get("parts", value) if isinstance(value, dict) else value)


def _tool(source: Source) -> Found:
    found = Found()
    if source.attributes.get("gcp.vertex.agent.tool_call_args") not in ADK_NOT_CAPTURED:
        arguments = source.json("gcp.vertex.agent.tool_call_args")
        if arguments is not None:
            found.update(arguments_found(arguments))
    if source.attributes.get("gcp.vertex.agent.tool_response") not in ADK_NOT_CAPTURED:
        result = source.json("gcp.vertex.agent.tool_response")
        if result is not None:
            found.update(result_found(result))
    return found
