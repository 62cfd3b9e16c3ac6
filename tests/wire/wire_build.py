"""Requests for the tests, built with the generated classes (the truth that `wire` is compared with)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

TRACE = bytes(range(1, 17))
OTHER_TRACE = bytes(range(101, 117))

AGENT = {"gen_ai.operation.name": "chat"}
HTTP = {"http.request.method": "GET", "server.address": "example.com"}


def put(target: Any, attributes: Mapping[str, Any]) -> None:
    for key, value in attributes.items():
        pair = target.add(key=key)
        if isinstance(value, bool):
            pair.value.bool_value = value
        elif isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value


def span(
    attributes: Mapping[str, Any] = HTTP,
    name: str = "work",
    trace_id: bytes = TRACE,
    span_id: bytes = b"spanspan",
    parent: bytes = b"",
) -> Span:
    made = Span(trace_id=trace_id, span_id=span_id, parent_span_id=parent, name=name, kind=3, flags=0x101)
    made.start_time_unix_nano, made.end_time_unix_nano = 1_000, 2_000
    put(made.attributes, attributes)
    return made


def request(*groups: Iterable[Span], scope: str = "scope") -> ExportTraceServiceRequest:
    """One ResourceSpans a group."""
    made = ExportTraceServiceRequest()
    for number, group in enumerate(groups):
        resource_spans = made.resource_spans.add(schema_url="https://resource")
        put(resource_spans.resource.attributes, {"service.name": f"service {number}"})
        scope_spans = resource_spans.scope_spans.add(schema_url="https://scope")
        scope_spans.scope.name = scope
        scope_spans.spans.extend(group)
    return made


def raw_request(*spans: bytes) -> bytes:
    """A request around Span messages that no library would write."""
    scope = b"".join(b"\x12" + varint(len(s)) + s for s in spans)
    resource = b"\x12" + varint(len(scope)) + scope
    return b"\x0a" + varint(len(resource)) + resource


def varint(n: int) -> bytes:
    out = b""
    while n > 127:
        out += bytes((n & 127 | 128,))
        n >>= 7
    return out + bytes((n,))


def delimited(tag: bytes, body: bytes) -> bytes:
    return tag + varint(len(body)) + body


def turned(message: Any) -> bytes:
    """The message as OpenTelemetry Collectors write it: all its fields last to first, what repeats in its order."""
    out = b""
    for field, value in reversed(message.ListFields()):
        if field.message_type is not None:
            tag = varint(field.number << 3 | 2)
            out += b"".join(delimited(tag, turned(each)) for each in (value if hasattr(value, "add") else [value]))
        else:
            only = type(message)()
            setattr(only, field.name, value)
            out += only.SerializeToString()
    return out


def padded(tag: bytes, body: bytes) -> bytes:
    """A field whose length takes four bytes, whatever it is."""
    size = len(body)
    return tag + bytes((size & 127 | 128, size >> 7 & 127 | 128, size >> 14 & 127 | 128, size >> 21)) + body


def attribute(key: bytes, value: bytes, field: Callable[[bytes, bytes], bytes] = delimited) -> bytes:
    """A Span.attributes field; `value` is an AnyValue message, `field` writes its fields."""
    return field(b"\x4a", field(b"\x0a", key) + field(b"\x12", value))


def nested(levels: int) -> bytes:
    """An AnyValue of arrays in arrays."""
    value = b"\x0a\x04deep"
    for _ in range(levels):
        inner = b"\x0a" + varint(len(value)) + value
        value = b"\x2a" + varint(len(inner)) + inner
    return value


def logs(records: Iterable[Mapping[str, Any]], scope: str = "logger") -> ExportLogsServiceRequest:
    made = ExportLogsServiceRequest()
    scope_logs = made.resource_logs.add().scope_logs.add()
    scope_logs.scope.name = scope
    for fields in records:
        record = scope_logs.log_records.add(
            trace_id=fields.get("trace_id", TRACE),
            span_id=fields.get("span_id", b"spanspan"),
            event_name=fields.get("event_name", ""),
            time_unix_nano=fields.get("time", 5),
        )
        record.body.string_value = fields.get("body", "hello")
        put(record.attributes, fields.get("attributes", {}))
    return made


def shared_traces() -> list[Path]:
    """Every recorded trace beside the repository; skips where it is not there."""
    folder = Path(__file__).parents[3] / "shared" / "traces"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    found = sorted(folder.rglob("*.json"))
    return [path for path in found if path.name != "versions.json" and not path.name.endswith(".logs.json")]
