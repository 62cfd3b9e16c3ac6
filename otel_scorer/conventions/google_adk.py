"""Google's Agent Development Kit: the model request and response as JSON, tool arguments and response of its own."""

from __future__ import annotations

from otel_scorer.conventions import exchange
from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Captured, Reads
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.tool_span import ADK_NOT_CAPTURED
from otel_scorer.model import Message, ToolDefinition, Value

_REQUEST, _RESPONSE = "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response"
_ARGUMENTS, _RESULT = "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.tool_response"


def _asked(source: Source) -> tuple[Message, ...] | None:
    asked = exchange.request(_object(source.json(_REQUEST)))
    source.cut = source.cut or asked.hidden
    return asked.messages


def _config(source: Source) -> dict[str, Value]:
    return _object(_object(source.json(_REQUEST)).get("config"))


def _system(source: Source) -> str | None:
    config = _config(source)
    value = config.get("system_instruction") or config.get("systemInstruction")  # Python's name, JavaScript's
    return shapes.texts(value.get("parts", value) if isinstance(value, dict) else value)


def _tools(source: Source) -> tuple[ToolDefinition, ...] | None:
    told = _config(source).get("tools")
    return definitions(told) if told else None


def _answer(source: Source) -> exchange.Response:
    told = _object(source.json(_RESPONSE))
    return exchange.response({"candidates": [told]}) if isinstance(told.get("content"), dict) else exchange.Response()


def _told(source: Source, key: str) -> Captured | None:
    if source.kind != "TOOL" or source.attributes.get(key) in ADK_NOT_CAPTURED:
        return None
    value = source.json(key)
    return None if value is None else Captured(value, not source.is_cut(value))


def _unread(source: Source, key: str) -> str | None:
    """The text of a request or response that was cut, which nothing can be read of."""
    value = source.json(key)
    return value if isinstance(value, str) else None


def _object(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


READS: tuple[Reads, ...] = (
    Reads("system_instructions", (_REQUEST,), _system),
    Reads("input_messages", (_REQUEST,), _asked),
    Reads("output_messages", (_RESPONSE,), lambda source: source.once(_answer).messages),
    Reads("finish_reasons", (_RESPONSE,), lambda source: source.once(_answer).finish_reasons),
    Reads("input_text", (_REQUEST,), lambda source: _unread(source, _REQUEST)),
    Reads("output_text", (_RESPONSE,), lambda source: _unread(source, _RESPONSE)),
    Reads("tool_definitions", (_REQUEST,), _tools),
    Reads("tool_arguments", (_ARGUMENTS,), lambda source: _told(source, _ARGUMENTS)),
    Reads("tool_result", (_RESULT,), lambda source: _told(source, _RESULT)),
)
