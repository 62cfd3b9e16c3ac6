"""GenAI content in log records and span events: message events (1.28 to 1.36), operation details (1.37 on), and the
variants of
Strands, OpenLIT, Azure and Spring AI, which write the same names as span events.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions import otel_genai
from otel_scorer.conventions.content import result_content
from otel_scorer.conventions.found import Found, merged
from otel_scorer.conventions.found import arguments as arguments_found
from otel_scorer.conventions.found import result as result_found
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import captured, loosened, string
from otel_scorer.model import Attributes, Message, Span, Value

DETAILS = "gen_ai.client.inference.operation.details"
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_PROMPT_KEYS = ("gen_ai.prompt", "gen_ai.input.messages", "gen_ai.content.prompt", "prompt")
_COMPLETION_KEYS = ("gen_ai.completion", "gen_ai.output.messages", "gen_ai.content.completion", "completion")


class Said(NamedTuple):
    """One message event: its name and its body (the attributes, for a span event)."""

    name: str
    body: Value


def read(source: Source) -> Found:
    span = source.span
    if not span.logs and not span.events:
        return Found()
    said = [*_logged(span), *_span_events(span)]
    parts = [_details(source, attributes) for attributes in _detailed(span)]
    parts.append(of_tool(said) if source.kind == "TOOL" else of_messages(said))
    parts.append(_contents(source, span))
    return merged(parts)


def of_messages(said: list[Said]) -> Found:
    """Message events in their order; content that capture left out (a body without content or calls) is not
    captured.
    """
    asked = [message for one in said if (message := _asked(one)) is not None]
    told = [message for one in said if (message := _told(one)) is not None]
    found = Found()
    if asked:
        found["input_messages"] = tuple(asked)
    if told:
        found["output_messages"] = tuple(told)
    return found


def of_tool(said: list[Said]) -> Found:
    """Strands' tool spans: the call in `gen_ai.tool.message`, its result in `gen_ai.choice`."""
    found = Found()
    for one in said:
        body = one.body if isinstance(one.body, dict) else {}
        if one.name == "gen_ai.tool.message" and captured(body.get("content")):
            found.update(arguments_found(loosened(body["content"])))
        elif one.name == "gen_ai.choice" and captured(body.get("message")):
            found.update(result_found(result_content(body["message"])))
    return found


def _logged(span: Span) -> Iterator[Said]:
    for record in sorted(span.logs, key=lambda record: record.time_ns):
        name = record.event_name or string(record.attributes.get("event.name"))
        body = loosened(record.body)
        yield Said(name, body if isinstance(body, dict) else dict(record.attributes))


def _span_events(span: Span) -> Iterator[Said]:
    for event in span.events:
        if event.name in _ROLES or event.name == "gen_ai.choice":
            inner = loosened(event.attributes.get("gen_ai.event.content"))
            yield Said(event.name, inner if isinstance(inner, dict) else dict(event.attributes))


def _asked(one: Said) -> Message | None:
    role = _ROLES.get(one.name)
    if role is None or not isinstance(one.body, dict):
        return None
    return _message({**one.body, "content": _content(one.body.get("content"))}, role)


def _told(one: Said) -> Message | None:
    if one.name != "gen_ai.choice" or not isinstance(one.body, dict):
        return None
    inner = loosened(one.body.get("message"))
    if not isinstance(inner, dict):
        inner = {"role": "assistant", "content": inner if inner is not None else _content(one.body.get("content"))}
    calls = inner.get("tool_calls") or one.body.get("tool_calls")
    return _message({**inner, "tool_calls": calls, "finish_reason": one.body.get("finish_reason")}, "assistant")


def _content(value: Value) -> Value:
    """Strands writes Bedrock blocks as JSON text; a user's own JSON text stays text."""
    if isinstance(value, str) and value[:2] == "[{":
        inner = loosened(value)
        return inner if isinstance(inner, list) else value
    return value


def _message(body: dict[str, Value], role: str) -> Message | None:
    if body.get("content") is None and not body.get("tool_calls"):
        return None
    found = shapes.messages([{**body, "role": string(body.get("role")) or role}], role)
    return found.items[0] if found and found.items else None


def _detailed(span: Span) -> Iterator[Attributes]:
    for record in span.logs:
        if DETAILS in (record.event_name, record.attributes.get("event.name")):
            yield record.attributes if not isinstance(record.body, dict) else {**record.body, **record.attributes}
    for event in span.events:
        if event.name == DETAILS:
            yield event.attributes


def _details(source: Source, attributes: Attributes) -> Found:
    carrier = Source(
        Span(source.span.trace_id, source.span.span_id, "", source.span.name, attributes=attributes), source.kind
    )
    found = otel_genai.read(carrier)
    source.cut = source.cut or carrier.cut
    return found


def _contents(source: Source, span: Span) -> Found:
    """`gen_ai.content.prompt` and `.completion` (1.26, OpenLIT, Spring AI): the whole prompt or answer in one
    attribute.
    """
    found = Found()
    for name, attributes in _named(span):
        keys, role = (_PROMPT_KEYS, "user") if name == "gen_ai.content.prompt" else (_COMPLETION_KEYS, "assistant")
        value = next((attributes[key] for key in keys if captured(attributes.get(key))), None)
        read = shapes.messages(source.reparsed(value) if isinstance(value, str) else value, role)
        if read is not None and role == "user":
            found["input_messages"] = read.items
        elif read is not None:
            found["output_messages"] = read.items
    return found


def _named(span: Span) -> Iterator[tuple[str, Attributes]]:
    names = ("gen_ai.content.prompt", "gen_ai.content.completion")
    for event in span.events:
        if event.name in names:
            yield event.name, event.attributes
    for record in span.logs:
        if record.event_name in names:
            yield record.event_name, record.attributes
