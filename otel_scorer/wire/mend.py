"""Mends what protobuf libraries refuse: text that is not UTF-8, and values nested too deep.

A library that meets one such field refuses the whole request. Only the broken field is written anew, everything else of
the message is copied as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from otel_scorer.wire.encode import assemble_scope
from otel_scorer.wire.fields import DELIMITED, BrokenWireError, delimited, records, varint
from otel_scorer.wire.pieces import Envelope

MAX_DEPTH = 32
"""Levels of arrays and maps in one value that are kept; upb refuses a request from 48 on."""

CUT = "(cut: nested deeper than 32 levels)"

_CUT_VALUE = delimited(b"\x0a", CUT.encode())
_MAX_FIELDS = 200_000
_ANY_VALUE: Descriptor = AnyValue.DESCRIPTOR


class _Kind(NamedTuple):
    """What can be mended: its message, the request it will lie in, and the tags around it from the inside out."""

    descriptor: Descriptor
    request: Any
    path: tuple[bytes, ...]


_SCOPE_SPANS = _Kind(ScopeSpans.DESCRIPTOR, ExportTraceServiceRequest, (b"\x12", b"\x0a"))
_SPAN = _Kind(Span.DESCRIPTOR, ExportTraceServiceRequest, (b"\x12", b"\x12", b"\x0a"))
_LOG = _Kind(LogRecord.DESCRIPTOR, ExportLogsServiceRequest, (b"\x12", b"\x12", b"\x0a"))
_RESOURCE = _Kind(Resource.DESCRIPTOR, ExportTraceServiceRequest, (b"\x0a", b"\x0a"))
_SCOPE = _Kind(InstrumentationScope.DESCRIPTOR, ExportTraceServiceRequest, (b"\x0a", b"\x12", b"\x0a"))


class Mender:
    """Mends the spans, log records and envelopes of one request.

    Walks at most 200,000 fields in all, about 0.2 s: what is broken beyond that is refused, not mended.
    """

    def __init__(self) -> None:
        self._fields_left = _MAX_FIELDS

    def spans(self, raws: Sequence[bytes]) -> Sequence[bytes | None]:
        """The same bytes where a backend can read them, else mended ones; None where they cannot be mended."""
        # All in one request first: asking one by one costs three times as much.
        if _reads(_SCOPE_SPANS, assemble_scope(raws)):
            return raws
        return [self._part(raw, _SPAN) for raw in raws]

    def log_record(self, raw: bytes) -> bytes | None:
        """Like one of `spans`."""
        return self._part(raw, _LOG)

    def envelope(self, envelope: Envelope) -> Envelope | None:
        """Like one of `spans`."""
        resource = self._part(envelope.resource, _RESOURCE)
        scope = self._part(envelope.scope, _SCOPE)
        if resource is None or scope is None:
            return None
        return Envelope(resource, scope, _text(envelope.resource_schema_url), _text(envelope.scope_schema_url))

    def request(self, raw: bytes, message: Any) -> bytes | None:
        """A whole request of the generated class `message`."""
        return self._message(raw, message.DESCRIPTOR)

    def _part(self, raw: bytes, kind: _Kind) -> bytes | None:
        if _reads(kind, raw):
            return raw
        mended = self._message(raw, kind.descriptor)
        return mended if mended is not None and _reads(kind, mended) else None

    def _message(self, raw: bytes, descriptor: Descriptor) -> bytes | None:
        try:
            return self._mended(raw, descriptor, 0)
        except BrokenWireError:
            return None

    def _mended(self, raw: bytes, descriptor: Descriptor, depth: int) -> bytes:
        if descriptor is _ANY_VALUE:
            depth += 1
            if depth > MAX_DEPTH:
                return _CUT_VALUE
        out: list[bytes] = []
        copied = 0
        for record in records(raw):
            self._fields_left -= 1
            if self._fields_left < 0:
                raise BrokenWireError("too many fields to mend")
            field = descriptor.fields_by_number.get(record.number)
            if field is None or record.wire_type != DELIMITED:
                continue
            old = raw[record.body : record.end]
            new = self._field(old, field, depth)
            if new is not old:
                tag = varint(record.number << 3 | DELIMITED)
                out += (raw[copied : record.start], delimited(tag, new))
                copied = record.end
        return b"".join((*out, raw[copied:])) if out else raw

    def _field(self, old: bytes, field: FieldDescriptor, depth: int) -> bytes:
        if field.type == FieldDescriptor.TYPE_STRING:
            return _text(old)
        if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None:
            return self._mended(old, field.message_type, depth)
        return old


def _text(raw: bytes) -> bytes:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace").encode()
    return raw


def _reads(kind: _Kind, part: bytes) -> bool:
    """Whether the part is read where it will lie in a request: the limit on depth counts from the top."""
    heads, size = [], len(part)
    for tag in kind.path:
        head = tag + varint(size)
        size += len(head)
        heads.append(head)
    heads.reverse()
    try:
        kind.request.FromString(b"".join((*heads, part)))
    except DecodeError:
        return False
    return True
