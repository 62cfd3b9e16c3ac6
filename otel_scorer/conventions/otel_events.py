"""GenAI content in log records and span events: message events (1.28 to 1.36), operation details (1.37 on), and the
variants of Strands, OpenLIT, Azure and Spring AI, which write the same names as span events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.content import result_content
from otel_scorer.conventions.found import EVENTS, Captured, Field, Found, Reads
from otel_scorer.conventions.otel_genai import chat_of
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import MAX_ITEMS, captured, loosened, string
from otel_scorer.model import Attributes, Message, Span, Value

DETAILS = "gen_ai.client.inference.operation.details"
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_LINE = re.compile(r"^(system|developer|user|assistant|tool): ", re.MULTILINE)
_PROMPT, _COMPLETION = "gen_ai.content.prompt", "gen_ai.content.completion"
_PROMPT_KEYS = ("gen_ai.prompt", "gen_ai.input.messages", _PROMPT, "prompt")
_COMPLETION_KEYS = ("gen_ai.completion", "gen_ai.output.messages", _COMPLETION, "completion")


class Said(NamedTuple):
    """One message event: its name and its body (the attributes, for a span event)."""

    name: str
    body: Value


def of_messages(source: Source, said: list[Said]) -> Found:
    """Message events in their order; content that capture left out (a body without content or calls) is not
    captured, and beside messages that were, `cut`.
    """
    found = Found()
    for field, messages in (
        ("input_messages", [_asked(one) for one in said if one.name in _ROLES]),
        ("output_messages", [_told(one) for one in said if one.name == "gen_ai.choice"]),
    ):
        there = tuple(message for message in messages if message is not None)
        if there:
            found[field] = there  # type: ignore[literal-required]
            source.cut = source.cut or len(there) < len(messages)
    return found


def of_tool(said: list[Said]) -> Found:
    """Strands' tool spans: the call in `gen_ai.tool.message`, its result in `gen_ai.choice`."""
    found = Found()
    for one in said:
        body = one.body if isinstance(one.body, dict) else {}
        if one.name == "gen_ai.tool.message" and captured(body.get("content")):
            found["tool_arguments"] = Captured(loosened(body["content"]))
        elif one.name == "gen_ai.choice" and captured(body.get("message")):
            found["tool_result"] = Captured(result_content(body["message"]))
    return found


def _events(source: Source) -> Found:
    said = [*_logged(source.span), *_span_events(source.span)]
    return of_tool(said) if source.kind == "TOOL" else of_messages(source, said)


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
    if not isinstance(one.body, dict):
        return None
    return _message({**one.body, "content": _content(one.body.get("content"))}, _ROLES[one.name])


def _told(one: Said) -> Message | None:
    if not isinstance(one.body, dict):
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


def _carriers(source: Source) -> list[Source]:
    """Operation details: the same attributes as the span's, on an event or a log record."""
    return [source.carrier(attributes) for attributes in _detailed(source.span)]


def _detailed(span: Span) -> Iterator[Attributes]:
    for record in span.logs:
        if DETAILS in (record.event_name, record.attributes.get("event.name")):
            yield record.attributes if not isinstance(record.body, dict) else {**record.body, **record.attributes}
    for event in span.events:
        if event.name == DETAILS:
            yield event.attributes


def _contents(source: Source) -> Found:
    """`gen_ai.content.prompt` and `.completion` (1.26, OpenLIT, Spring AI): the whole prompt or answer in one
    attribute.
    """
    found = Found()
    for name, attributes in _named(source.span):
        keys, role = (_PROMPT_KEYS, "user") if name == _PROMPT else (_COMPLETION_KEYS, "assistant")
        value = next((attributes[key] for key in keys if captured(attributes.get(key))), None)
        read = chat_of(source, _in_lines(source.reparsed(value)) if isinstance(value, str) else value, role)
        if read is not None:
            found["input_messages" if role == "user" else "output_messages"] = read
    return found


def _in_lines(value: Value) -> Value:
    """OpenLIT's older prompts are one text, in which each message begins a line with its role."""
    if not isinstance(value, str) or _LINE.match(value) is None:
        return value
    _, *told = _LINE.split(value, MAX_ITEMS)
    pairs = zip(told[::2], told[1::2], strict=True)
    return [{"role": role, "content": text.removesuffix("\n")} for role, text in pairs]


def _named(span: Span) -> Iterator[tuple[str, Attributes]]:
    for event in span.events:
        if event.name in (_PROMPT, _COMPLETION):
            yield event.name, event.attributes
    for record in span.logs:
        if record.event_name in (_PROMPT, _COMPLETION):
            yield record.event_name, record.attributes


def _from_carriers(field: Field, source: Source) -> Any:
    nothing = None
    for carrier in source.once(_carriers):
        found = carrier.first(field)
        source.cut = source.cut or carrier.cut
        if found:
            return found
        nothing = found if nothing is None else nothing
    return nothing


def _from_events(field: Field, source: Source) -> Any:
    return source.once(_events).get(field)


def _from_contents(field: Field, source: Source) -> Any:
    return source.once(_contents).get(field)


_MESSAGES: tuple[Field, ...] = ("input_messages", "output_messages")
_TOOL: tuple[Field, ...] = ("tool_arguments", "tool_result")
_DETAILED: tuple[Field, ...] = (
    "system_instructions",
    *_MESSAGES,
    "input_text",
    "output_text",
    "tool_definitions",
    "query",
    "documents",
)

READS: tuple[Reads, ...] = (
    *(Reads(field, (EVENTS,), partial(_from_carriers, field)) for field in _DETAILED),
    *(Reads(field, (EVENTS,), partial(_from_events, field)) for field in (*_MESSAGES, *_TOOL)),
    *(Reads(field, (EVENTS,), partial(_from_contents, field)) for field in _MESSAGES),
)
