"""The tool calls of a trace, as cheap as they can be had: from tool spans, from messages only where settings ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_scorer.conventions.trace_view import canonical

if TYPE_CHECKING:
    from otel_scorer.conventions.tool_use import ToolUse
    from otel_scorer.conventions.trace_view import TraceView

IN_MESSAGES = (
    "Look also at what only messages tell, as is needed where tools have no spans of their own. "
    "Reads the messages of every trace."
)


class Call(NamedTuple):
    """A tool that ran. `arguments` is canonical JSON, None when not captured; `error` is "" where nobody tells one."""

    name: str
    arguments: str | None
    error: str


def calls(view: TraceView, *, in_messages: bool) -> list[Call]:
    """The tools that ran, in order of start; each run once."""
    if in_messages:
        return [Call(use.name, _arguments(use), use.error) for use in view.tool_uses]
    return _from_spans(view)


def _from_spans(view: TraceView) -> list[Call]:
    errors, texts = dict(view.errors), view.argument_texts
    ran = {span.span_id for span, _ in view.tool_calls}
    found = []
    for span, call in view.tool_calls:
        # A tool span right below a tool span is the same run, told by a second instrumentation.
        if span.parent_id not in ran:
            found.append(Call(call.name, texts.get(span.span_id), errors.get(span.span_id, "")))
    return found


def _arguments(use: ToolUse) -> str | None:
    return canonical(use.arguments) if use.arguments_captured and use.arguments is not None else None
