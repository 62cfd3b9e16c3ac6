"""What is found on a span, and by which keys.

A dialect module is a table of `Reads`: a field, the keys that call for it, and the function that reads it. The tables
stand in order of precedence (`read`): for each field the first that says something wins, else the first that says it
is empty, else the field is absent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from otel_scorer.model import Attributes, Document, Feedback, GuardrailDecision, Message, ToolDefinition, Usage, Value

if TYPE_CHECKING:
    from otel_scorer.conventions.source import Source

Field = Literal[
    "system_instructions",
    "input_messages",
    "output_messages",
    "input_text",
    "output_text",
    "tool_definitions",
    "tool_arguments",
    "tool_result",
    "query",
    "documents",
    "reranked",
    "finish_reasons",
    "parameters",
    "prompt",
    "tags",
    "metadata",
    "guardrails",
    "feedback",
]

EVENTS = "(events)"
"""Stands among the keys of a span that has events or log records."""


class Captured(NamedTuple):
    """A tool's arguments or result: every value says something, also `{}`, "" and None. Not `whole`: the front part of
    JSON, by which nobody can judge arguments.
    """

    value: Value
    whole: bool = True


class Prompt(NamedTuple):
    name: str
    version: str
    template: str | None


class Found(TypedDict, total=False):
    """What dialects carry in their own ways; single-valued fields are read from key tables elsewhere."""

    system_instructions: str | None
    input_messages: tuple[Message, ...] | None
    output_messages: tuple[Message, ...] | None
    input_text: str | None
    output_text: str | None
    tool_definitions: tuple[ToolDefinition, ...] | None
    tool_arguments: Captured
    tool_result: Captured
    query: str | None
    documents: tuple[Document, ...] | None
    reranked: tuple[Document, ...] | None
    finish_reasons: tuple[str, ...]
    parameters: Attributes
    prompt: Prompt
    tags: tuple[str, ...]
    metadata: Attributes
    guardrails: tuple[GuardrailDecision, ...]
    feedback: tuple[Feedback, ...]
    response_id: str
    answered_call: tuple[str, str]
    response_model: str
    usage: Usage


class Reads(NamedTuple):
    """`keys` call for `read`: without one of them it finds nothing.

    A key stands for itself and for the flattened keys below it (`llm.input_messages` for
    `llm.input_messages.0.message.role`); one that ends in a dot for all that begin so.
    """

    field: Field
    keys: tuple[str, ...]
    read: Callable[[Source], Any]


def text(field: Field, *keys: str) -> Reads:
    """The first captured value among these keys, as text."""
    return Reads(field, keys, lambda source: source.text(*keys))
