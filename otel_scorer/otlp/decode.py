"""Bytes to nouns: spans and log records decoded once, for judging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as LogMessage
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from otel_scorer import wire
from otel_scorer.errors import BadRequest
from otel_scorer.model import Event, Head, Link, LogRecord, Resource, Scope, Span, Trace, Value

_CACHED_UP_TO = 16_384
"""Bytes of an envelope that is remembered: the next spans of a process say the same again."""
_BY_START, _BY_TIME = attrgetter("start_ns"), attrgetter("time_ns")


class _Draft(Span):
    """A span that is being filled in and then made a Span: setting the fields of a frozen one costs ten times more."""

    __slots__ = ()
    __init__ = object.__init__
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__


def decode_span(raw: bytes, envelope: wire.Envelope, logs: Sequence[LogRecord] = ()) -> Span:
    """One Span message with what stood around it. Of a key that occurs twice the last counts. Raises BadRequest."""
    message = _parsed(SpanMessage, raw)
    span = _Draft()
    span.trace_id = message.trace_id.hex()
    span.span_id = message.span_id.hex()
    span.parent_id = _parent(message.parent_span_id)
    span.name = message.name
    span.otlp_kind = message.kind
    span.start_ns = message.start_time_unix_nano
    span.end_ns = message.end_time_unix_nano
    span.attributes = _attributes(message.attributes)
    span.events = _events(message.events) if message.events else ()
    span.links = _links(message.links) if message.links else ()
    status = message.status
    span.status_code = status.code
    span.status_message = status.message
    span.trace_state = message.trace_state
    span.flags = message.flags
    span.dropped_attributes = message.dropped_attributes_count
    span.resource, span.scope = _around(envelope)
    span.logs = tuple(logs)
    span.__class__ = Span
    return span  # type: ignore[no-any-return]


def decode_log(raw: bytes, envelope: wire.Envelope) -> LogRecord:
    """One LogRecord message. An event's name that an older SDK wrote as attribute is found there. Raises BadRequest."""
    record = _parsed(LogMessage, raw)
    attributes = _attributes(record.attributes)
    resource, scope = _around(envelope)
    older_name = attributes.get("event.name")
    return LogRecord(
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
        event_name=record.event_name or (older_name if isinstance(older_name, str) else ""),
        time_ns=record.time_unix_nano or record.observed_time_unix_nano,
        body=_value(record.body),
        attributes=attributes,
        scope=scope,
        resource=resource,
    )


def model_head(head: wire.Head) -> Head:
    """The head of a span that only passes through, as the nouns have it."""
    return Head(head.span_id.hex(), _parent(head.parent_id), head.flags)


def trace_of(
    tenant: str,
    trace_id: str,
    spans: Iterable[tuple[bytes, wire.Envelope]],
    logs: Iterable[tuple[bytes, wire.Envelope]] = (),
    heads: Mapping[str, Head] | None = None,
    truncated: bool = False,
) -> Trace:
    """A trace from its stored parts: spans by start, each with its log records by time; never raises.

    `heads` are those of its other spans, by span id. A span or record that does not decode is left out, and the trace
    is `truncated` then. A record goes to the first span of its id.
    """
    records, lost_records = _decoded(decode_log, logs)
    decoded, lost_spans = _decoded(decode_span, spans)
    ordered = sorted(decoded, key=_BY_START)
    if records:
        by_span: dict[str, list[LogRecord]] = defaultdict(list)
        for record in sorted(records, key=_BY_TIME):
            by_span[record.span_id].append(record)
        ordered = [_with_logs(span, by_span) for span in ordered]
    known = dict(heads or ())
    for span in ordered:
        head = (span.span_id, span.parent_id, span.flags, True)
        if known.get(span.span_id) != head:
            known[span.span_id] = Head(*head)
    return Trace(tenant, trace_id, tuple(ordered), known, truncated or lost_records or lost_spans)


def _decoded(decode: Callable[..., Any], parts: Iterable[tuple[bytes, wire.Envelope]]) -> tuple[list[Any], bool]:
    """What decodes, and whether something did not."""
    found, lost = [], False
    for raw, envelope in parts:
        try:
            found.append(decode(raw, envelope))
        except BadRequest:
            lost = True
    return found, lost


def _with_logs(span: Span, by_span: dict[str, list[LogRecord]]) -> Span:
    logs = by_span.pop(span.span_id, None)
    return span if logs is None else replace(span, logs=tuple(logs))


def _parsed(message: Any, raw: bytes) -> Any:
    try:
        return message.FromString(raw)
    except DecodeError as error:
        raise BadRequest(f"these bytes are no OTLP {message.DESCRIPTOR.name}: {error}") from None


def _parent(parent_id: bytes) -> str:
    return parent_id.hex() if any(parent_id) else ""


def _events(events: Any) -> tuple[Event, ...]:
    return tuple([Event(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in events])


def _links(links: Any) -> tuple[Link, ...]:
    return tuple([Link(link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes)) for link in links])


def _attributes(pairs: Any) -> dict[str, Value]:
    # Most values are text that is not empty or ints that are not 0; an AnyValue has one value only, so that whatever of
    # the two is there is it. Asking which one it is, then for it, costs three times as much.
    return {
        pair.key: value.string_value or value.int_value or _value(value) for pair in pairs for value in (pair.value,)
    }


def _value(value: Any) -> Value:
    which = value.WhichOneof("value")
    if which is None:
        return None
    if which == "array_value":
        return [item.string_value or item.int_value or _value(item) for item in value.array_value.values]
    if which == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    found: Value = getattr(value, which)
    return found


def _around(envelope: wire.Envelope) -> tuple[Resource, Scope]:
    small = sum(map(len, envelope)) < _CACHED_UP_TO
    return _known_envelope(envelope) if small else _envelope(envelope)


def _envelope(envelope: wire.Envelope) -> tuple[Resource, Scope]:
    raw, scope_raw, url, scope_url = envelope
    resource, scope = _parsed(ResourceMessage, raw), _parsed(InstrumentationScope, scope_raw)
    return (
        Resource(_attributes(resource.attributes), url.decode("utf-8", "replace")),
        Scope(scope.name, scope.version, _attributes(scope.attributes), scope_url.decode("utf-8", "replace")),
    )


_known_envelope = lru_cache(maxsize=256)(_envelope)
