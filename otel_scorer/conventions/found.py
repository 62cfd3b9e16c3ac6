"""What one dialect found on a span: some fields of `GenAI`, absent where it says nothing; and their merge by
precedence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict, cast

from otel_scorer.model import Document, Message, ToolDefinition, Usage, Value


class Found(TypedDict, total=False):
    """The evidence fields that dialects carry in their own ways (single-valued ones are read from key tables
    elsewhere).
    """

    system_instructions: str | None
    input_messages: tuple[Message, ...] | None
    output_messages: tuple[Message, ...] | None
    input_text: str | None
    output_text: str | None
    tool_definitions: tuple[ToolDefinition, ...] | None
    tool_arguments: Value
    tool_result: Value
    tool_arguments_captured: bool
    tool_result_captured: bool
    query: str | None
    documents: tuple[Document, ...] | None
    reranked: tuple[Document, ...] | None
    finish_reasons: tuple[str, ...]
    response_id: str
    response_model: str
    usage: Usage | None


def merged(parts: Iterable[Found]) -> Found:
    """Field by field: the first that says something, else the first that says it is empty, else absent."""
    result: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if value is not None and (name not in result or (not result[name] and value)):
                result[name] = value
    return cast(Found, result)


def arguments(value: Value) -> Found:
    """A tool's arguments as captured."""
    return Found(tool_arguments=value, tool_arguments_captured=True)


def result(value: Value) -> Found:
    """A tool's result as captured."""
    return Found(tool_result=value, tool_result_captured=True)
