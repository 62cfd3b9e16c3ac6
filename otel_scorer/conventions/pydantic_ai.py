"""Pydantic AI and Logfire: whole conversations on agent spans, JSON lists of events, request and response of
Logfire's SDK.
"""

from __future__ import annotations

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Found, Reads, text
from otel_scorer.conventions.otel_events import Said, of_messages
from otel_scorer.conventions.otel_genai import chat
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import string
from otel_scorer.model import ToolDefinition, Value

_CONVERSATION, _PARAMETERS = "pydantic_ai.all_messages", "model_request_parameters"
_EVENTS = ("events", "all_messages_events")


def _conversation(source: Source) -> Found:
    """An agent span holds all messages; what follows the last message that is not the assistant's is its answer."""
    found = chat(source, _CONVERSATION, "user")
    if found is None:
        return Found()
    at = len(found)
    while at and found[at - 1].role == "assistant":
        at -= 1
    return Found(input_messages=found[:at], output_messages=found[at:] or None)


def _events(source: Source) -> Found:
    value = source.json(*_EVENTS)
    if not isinstance(value, list):
        return Found()
    said = [Said(string(item.get("event.name")), item) for item in value if isinstance(item, dict)]
    return of_messages(source, said)


def _tools(source: Source) -> tuple[ToolDefinition, ...] | None:
    value: Value = source.json(_PARAMETERS)
    return definitions([value]) if isinstance(value, dict) and value.get("function_tools") else None


READS: tuple[Reads, ...] = (
    Reads("input_messages", (_CONVERSATION,), lambda source: source.once(_conversation).get("input_messages")),
    Reads("output_messages", (_CONVERSATION,), lambda source: source.once(_conversation).get("output_messages")),
    Reads("input_messages", _EVENTS, lambda source: source.once(_events).get("input_messages")),
    Reads("output_messages", _EVENTS, lambda source: source.once(_events).get("output_messages")),
    text("input_text", "request_data"),
    text("output_text", "final_result", "response_data"),
    Reads("tool_definitions", (_PARAMETERS,), _tools),
)
