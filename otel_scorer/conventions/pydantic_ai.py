"""Pydantic AI and Logfire: whole conversations on agent spans, JSON lists of events, request and response of
Logfire's SDK.
"""

from __future__ import annotations

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Found, merged
from otel_scorer.conventions.otel_events import Said, of_messages
from otel_scorer.conventions.otel_genai import chat
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import string
from otel_scorer.model import ToolDefinition, Value


def read(source: Source) -> Found:
    own = Found(
        input_text=source.text("request_data"),
        output_text=source.text("final_result", "response_data"),
        tool_definitions=_tools(source),
    )
    return merged((_conversation(source), _events(source), own))


def _conversation(source: Source) -> Found:
    """An agent span holds all messages; what follows the last message that is not the assistant's is its answer."""
    found = chat(source, "pydantic_ai.all_messages", "user")
    if found is None:
        return Found()
    at = len(found)
    while at and found[at - 1].role == "assistant":
        at -= 1
    return Found(input_messages=found[:at], output_messages=found[at:] or None)


def _events(source: Source) -> Found:
    value = source.json("events", "all_messages_events")
    if not isinstance(value, list):
        return Found()
    return of_messages([Said(string(item.get("event.name")), item) for item in value if isinstance(item, dict)])


def _tools(source: Source) -> tuple[ToolDefinition, ...] | None:
    value: Value = source.json("model_request_parameters")
    return definitions([value]) if isinstance(value, dict) and value.get("function_tools") else None
