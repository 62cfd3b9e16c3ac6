"""The tool calls of a trace, as cheap as they can be had: from tool spans, from messages only where settings ask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView
    from otel_scorer.model import Value

IN_MESSAGES = (
    "Look also at what only messages tell, as is needed where tools have no spans of their own. "
    "Reads the messages of every trace."
)


class Call(NamedTuple):
    """A tool that ran. `arguments` is None when not captured; `error` is "" where nobody tells one."""

    name: str
    arguments: Value
    error: str


def calls(view: TraceView, *, in_messages: bool) -> list[Call]:
    """The tools that ran, in order of start; each run once."""
    if in_messages:
        return [Call(use.name, use.arguments if use.arguments_captured else None, use.error) for use in view.tool_uses]
    return _from_spans(view)


def _from_spans(view: TraceView) -> list[Call]:
    errors = dict(view.errors)
    ran = {span.span_id for span, _ in view.tool_calls}
    found = []
    for span, call in view.tool_calls:
        # A tool span right below a tool span is the same run, told by a second instrumentation.
        if span.parent_id not in ran:
            found.append(Call(call.name, call.arguments, errors.get(span.span_id, "")))
    return found


def canonical(arguments: Value) -> str:
    """Equal arguments are equal text, whatever the order of their keys."""
    return _ENCODER.encode(arguments)


_ENCODER = json.JSONEncoder(sort_keys=True, default=repr)
