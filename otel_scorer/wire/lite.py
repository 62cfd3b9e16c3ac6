"""A schema of our own for OTLP's wire format, in which everything that need not be read is `bytes`.

It is built here, not compiled by protoc, and parsed by upb like any other. One schema serves traces, logs and metrics:
their requests have the same shape and the same field numbers. Fields that it does not name are kept by upb, and what
could occur once is `repeated`, so that parsing and serialising again loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError

from otel_scorer.errors import BadRequest

_FEW = 64

_BYTES, _INT32, _FIXED32, _MESSAGE = Field.TYPE_BYTES, Field.TYPE_INT32, Field.TYPE_FIXED32, Field.TYPE_MESSAGE

_SCHEMA: dict[str, dict[str, tuple[int, Any, bool]]] = {
    # message: {field: (number, type or message name, repeated)}
    "Request": {"resources": (1, "Resources", True)},
    "Resources": {"resource": (1, _BYTES, True), "scopes": (2, "Scopes", True), "schema_url": (3, _BYTES, True)},
    "Scopes": {"scope": (1, _BYTES, True), "items": (2, _BYTES, True), "schema_url": (3, _BYTES, True)},
    "Span": {
        "trace_id": (1, _BYTES, False),
        "span_id": (2, _BYTES, False),
        "parent_span_id": (4, _BYTES, False),
        "name": (5, _BYTES, False),
        "kind": (6, _INT32, False),
        "attributes": (9, _BYTES, True),
        "flags": (16, _FIXED32, False),
    },
    "Ids": {
        "trace_id": (1, _BYTES, False),
        "span_id": (2, _BYTES, False),
        "parent_span_id": (4, _BYTES, False),
        "flags": (16, _FIXED32, False),
    },
    "LogRecord": {
        "attributes": (6, _BYTES, True),
        "trace_id": (9, _BYTES, False),
        "span_id": (10, _BYTES, False),
        "event_name": (12, _BYTES, False),
    },
    "Resource": {"attributes": (1, _BYTES, True)},
    "Scope": {"name": (1, _BYTES, False), "attributes": (3, _BYTES, True)},
    "KeyValue": {"key": (1, _BYTES, False), "value": (2, "AnyValue", False)},
    "AnyValue": {"string_value": (1, _BYTES, False)},
    "Metric": {
        "gauge": (5, "Points", False),
        "sum": (7, "Points", False),
        "histogram": (9, "Points", False),
        "exponential_histogram": (10, "Points", False),
        "summary": (11, "Points", False),
    },
    "Points": {"data_points": (1, _BYTES, True)},
}


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="otel_scorer/lite.proto", package="otel_scorer.lite", syntax="proto3")
    for message_name, fields in _SCHEMA.items():
        message = file.message_type.add(name=message_name)
        for name, (number, kind, repeated) in fields.items():
            label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            field = message.field.add(name=name, number=number, label=label)
            if isinstance(kind, str):
                field.type, field.type_name = _MESSAGE, f".otel_scorer.lite.{kind}"
            else:
                field.type = kind
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.AddSerializedFile(_file().SerializeToString())


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"otel_scorer.lite.{name}"))


Request = _message("Request")
Span = _message("Span")
Ids = _message("Ids")
LogRecord = _message("LogRecord")
Resource = _message("Resource")
Scope = _message("Scope")
KeyValue = _message("KeyValue")
Metric = _message("Metric")


def parse(message: Any, raw: bytes) -> Any | None:
    """`raw` as a lite message, None where it is none."""
    try:
        return message.FromString(raw)
    except DecodeError:
        return None


def parse_request(raw: bytes) -> Any:
    """The request with its items as bytes. Raises BadRequest where the framing around the items is broken."""
    request = parse(Request, raw)
    if request is None:
        raise BadRequest("the body is no OTLP request: its protobuf framing is broken")
    return request


def remove_where(repeated: Any, taken: Callable[[Any], bool]) -> bool:
    """Asks `taken` of every message in order, then removes those it is true of; True when they were all there were.

    An empty list has nothing to remove and says False: it was not emptied here.
    """
    gone = [index for index, message in enumerate(repeated) if taken(message)]
    remove_at(repeated, gone)
    return bool(gone) and not repeated


def remove_at(repeated: Any, gone: Sequence[int]) -> None:
    """Removes these places, given in order, from a repeated field or a list."""
    if len(gone) > _FEW:
        # One by one this would move the rest of the list each time; copying what stays is linear.
        left = [repeated[index] for index in sorted(set(range(len(repeated))).difference(gone))]
        del repeated[:]
        repeated.extend(left)
    else:
        for index in reversed(gone):
            del repeated[index]
