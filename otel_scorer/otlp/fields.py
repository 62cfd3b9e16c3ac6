"""What OTLP/JSON says differently from protobuf's own JSON: ids are hex, enums are numbers."""

from __future__ import annotations

from functools import lru_cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor

HEX_FIELDS = frozenset({"trace_id", "span_id", "parent_span_id"})

WIDE_INTS = frozenset(
    {
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_FIXED64,
        FieldDescriptor.TYPE_SFIXED64,
        FieldDescriptor.TYPE_SINT64,
    }
)
"""Written as strings in JSON."""


@lru_cache(maxsize=256)
def by_json_name(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    """Fields by lowerCamelCase name; readers of protobuf's JSON take the name of the .proto file as well."""
    return {name: field for field in descriptor.fields for name in (field.name, field.json_name)}
