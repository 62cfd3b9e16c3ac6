"""OTLP trace requests read byte by byte, without message classes and without otel_scorer: to hold against both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class RawSpan(NamedTuple):
    """One span as bytes, with the bytes of what stands around it. Made without any message class."""

    trace_id: str
    span_id: str
    raw: bytes
    resource: bytes
    scope: bytes
    at: float


def fields(raw: bytes) -> Iterator[tuple[int, int, bytes | int]]:
    """(field number, wire type, value) of a serialised message: an int for varints, else bytes."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(raw, at)
            yield number, kind, value
            continue
        size, at = _varint(raw, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        yield number, kind, raw[at : at + size]
        at += size


def raw_spans_of(body: bytes, at: float = 0.0) -> Iterator[RawSpan]:
    """Spans of one serialised trace request."""
    for resource_spans in _submessages(body, 1):
        resource = next(_submessages(resource_spans, 1), b"")
        for scope_spans in _submessages(resource_spans, 2):
            scope = next(_submessages(scope_spans, 1), b"")
            for span in _submessages(scope_spans, 2):
                trace_id, span_id = next(_submessages(span, 1), b""), next(_submessages(span, 2), b"")
                yield RawSpan(trace_id.hex(), span_id.hex(), span, resource, scope, at)


def without_scores(span: bytes) -> bytes:
    """A serialised span without its `otel_scorer.*` attributes, all other bytes as they are and in their order."""
    kept, at = bytearray(), 0
    while at < len(span):
        start = at
        tag, at = _varint(span, at)
        kind = tag & 7
        if kind == 0:
            _, at = _varint(span, at)
        else:
            size, at = _varint(span, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            at += size
        attribute = span[at - size : at] if tag == (9 << 3 | 2) else b""
        if not (attribute and next(_submessages(attribute, 1), b"").startswith(b"otel_scorer.")):
            kept += span[start:at]
    return bytes(kept)


def _submessages(raw: bytes, number: int) -> Iterator[bytes]:
    for each, kind, value in fields(raw):
        if each == number and kind == 2 and isinstance(value, bytes):
            yield value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = raw[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
