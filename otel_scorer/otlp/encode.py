"""Nouns to bytes, for what we write ourselves. The same noun always gives the same bytes."""

from __future__ import annotations

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as LogMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from otel_scorer.model import Attributes, Event, Link, LogRecord, Resource, Scope, Span
from otel_scorer.wire import Envelope
from otel_scorer.wire.encode import any_value, encode_attributes
from otel_scorer.wire.fields import delimited

# Tags of the fields that hold attributes, and of LogRecord.body: messages are written without them, then they follow.
_OF_SPAN, _OF_EVENT, _OF_LINK, _OF_RESOURCE, _OF_SCOPE, _OF_LOG, _BODY = (
    b"\x4a",
    b"\x1a",
    b"\x22",
    b"\x0a",
    b"\x1a",
    b"\x32",
    b"\x2a",
)
_EVENT, _LINK = b"\x5a", b"\x6a"


def encode_span(span: Span) -> tuple[bytes, Envelope]:
    """A Span message and what is to stand around it; its log records are not part of it (see `encode_log`)."""
    message = SpanMessage(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id),
        name=span.name,
        kind=span.otlp_kind,  # type: ignore[arg-type]
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        trace_state=span.trace_state,
        flags=span.flags,
        dropped_attributes_count=span.dropped_attributes,
    )
    if span.status_code or span.status_message:
        message.status.CopyFrom(Status(code=span.status_code, message=span.status_message))  # type: ignore[arg-type]
    parts = [_bytes(message), _pairs(span.attributes, _OF_SPAN)]
    parts += [delimited(_EVENT, _event(event)) for event in span.events]
    parts += [delimited(_LINK, _link(link)) for link in span.links]
    return b"".join(parts), _envelope(span.resource, span.scope)


def encode_log(record: LogRecord) -> tuple[bytes, Envelope]:
    """A LogRecord message and what is to stand around it."""
    message = LogMessage(
        trace_id=bytes.fromhex(record.trace_id),
        span_id=bytes.fromhex(record.span_id),
        event_name=record.event_name,
        time_unix_nano=record.time_ns,
        observed_time_unix_nano=record.time_ns,
    )
    body = b"" if record.body is None else delimited(_BODY, any_value(record.body))
    raw = _bytes(message) + body + _pairs(record.attributes, _OF_LOG)
    return raw, _envelope(record.resource, record.scope)


def _event(event: Event) -> bytes:
    return _bytes(SpanMessage.Event(name=event.name, time_unix_nano=event.time_ns)) + _pairs(
        event.attributes, _OF_EVENT
    )


def _link(link: Link) -> bytes:
    message = SpanMessage.Link(trace_id=bytes.fromhex(link.trace_id), span_id=bytes.fromhex(link.span_id))
    return _bytes(message) + _pairs(link.attributes, _OF_LINK)


def _envelope(resource: Resource, scope: Scope) -> Envelope:
    named = _bytes(InstrumentationScope(name=scope.name, version=scope.version))
    return Envelope(
        _pairs(resource.attributes, _OF_RESOURCE),
        named + _pairs(scope.attributes, _OF_SCOPE),
        resource.schema_url.encode(),
        scope.schema_url.encode(),
    )


def _pairs(attributes: Attributes, tag: bytes) -> bytes:
    return encode_attributes(tuple(attributes.items()), tag)


def _bytes(message: SpanMessage | SpanMessage.Event | SpanMessage.Link | LogMessage | InstrumentationScope) -> bytes:
    out: bytes = message.SerializeToString(deterministic=True)
    return out
