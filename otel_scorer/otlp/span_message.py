"""OTLP's Span as a message whose attributes stay bytes: the generated class makes two objects of each attribute."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from opentelemetry.proto.trace.v1.trace_pb2 import Span

_PACKAGE = "otel_scorer.otlp"


def _file() -> FileDescriptorProto:
    """The generated class's own description, but for the type of one field."""
    file = FileDescriptorProto(name="otel_scorer/span.proto", package=_PACKAGE, syntax="proto3")
    file.dependency.append(Span.DESCRIPTOR.file.name)
    message = file.message_type.add()
    Span.DESCRIPTOR.CopyToProto(message)  # names the types of its fields in full, so that they need no copy
    message.ClearField("nested_type")
    message.ClearField("enum_type")
    attributes = next(field for field in message.field if field.name == "attributes")
    attributes.type = FieldDescriptorProto.TYPE_BYTES
    attributes.ClearField("type_name")
    return file


def _message() -> Any:
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(_file().SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Span"))


SpanMessage = _message()
"""Like the generated class; `attributes` are the bytes of KeyValue messages."""
