"""Agents with one span below them, in the words of several conventions."""

from __future__ import annotations

from spans_by_hand import span

from otel_scorer.model import Attributes, Span, Value

ROOT: Attributes = {"gen_ai.operation.name": "invoke_agent"}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"name": "weather", "description": "The weather.", "parameters": CITY}
OPENAI_TOOL = {"type": "function", "function": TOOL}
Spans = tuple[Span, ...]


def root(**attributes: Value) -> Spans:
    return (span("root", at=(0, 100), attributes=attributes or ROOT),)


def below(attributes: Attributes, **more: object) -> Spans:
    """An agent with one span that has these attributes."""
    return (*root(), span("child", "root", (1, 9), attributes, **more))


def called(**attributes: Value) -> Attributes:
    """A model call in OpenTelemetry's words."""
    return {"gen_ai.operation.name": "chat", **attributes}


def openinference(kind: str, **attributes: Value) -> Attributes:
    return {"openinference.span.kind": kind, **attributes}


def langfuse(kind: str, **attributes: Value) -> Attributes:
    return {"langfuse.observation.type": kind, **attributes}
