"""Bytes out: attributes to append to a span, and spans put together to a request."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache

from otel_scorer.model import Value
from otel_scorer.wire.fields import delimited, varint
from otel_scorer.wire.pieces import Envelope

_DOUBLE = struct.Struct("<d").pack
_INT64 = range(-(2**63), 2**63)


def encode_attributes(attributes: Sequence[tuple[str, Value]], tag: bytes = b"\x4a") -> bytes:
    """`Span.attributes` fields in the order given; appended to a Span's bytes they are attributes of that span.

    `tag` is the encoded tag of the field, for other messages. Text that has no UTF-8 form gets
    U+FFFD, an int outside 64 bits becomes text.
    """
    return b"".join([delimited(tag, key_value(key, value)) for key, value in attributes])


def any_value(value: Value) -> bytes:
    """An AnyValue message; b"" (no value set) for None."""
    if isinstance(value, str):
        return delimited(b"\x0a", utf8(value))
    if isinstance(value, int):
        return _int(value)
    if isinstance(value, float):
        return b"\x21" + _DOUBLE(value)
    if isinstance(value, bytes):
        return delimited(b"\x3a", value)
    if isinstance(value, list):
        return delimited(b"\x2a", b"".join([delimited(b"\x0a", any_value(item)) for item in value]))
    if isinstance(value, dict):
        return delimited(b"\x32", b"".join([delimited(b"\x0a", key_value(k, v)) for k, v in value.items()]))
    return b""


def _int(value: int) -> bytes:
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if value in _INT64:
        return b"\x18" + varint(value & 0xFFFFFFFFFFFFFFFF)
    return delimited(b"\x0a", str(value).encode())


def key_value(key: str, value: Value) -> bytes:
    """A KeyValue message."""
    return _key(key) + delimited(b"\x12", any_value(value))


def utf8(text: str) -> bytes:
    """The text's UTF-8; lone surrogates (JSON can carry them) become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


@lru_cache(maxsize=1024)
def _key(key: str) -> bytes:
    return delimited(b"\x0a", utf8(key))


def assemble(spans: Iterable[tuple[Envelope, bytes]]) -> bytes:
    """An ExportTraceServiceRequest: spans grouped by resource, then scope, each in the order of first appearance."""
    grouped: dict[tuple[bytes, bytes], dict[tuple[bytes, bytes], list[bytes]]] = {}
    for envelope, raw in spans:
        scopes = grouped.setdefault((envelope.resource, envelope.resource_schema_url), {})
        scopes.setdefault((envelope.scope, envelope.scope_schema_url), []).append(raw)
    return b"".join([delimited(b"\x0a", _group(*around, scopes)) for around, scopes in grouped.items()])


def assemble_runs(runs: Iterable[tuple[Envelope, Sequence[bytes]]]) -> bytes:
    """`assemble` of spans that come with their envelope several at a time."""
    grouped: dict[tuple[bytes, bytes], dict[tuple[bytes, bytes], list[bytes]]] = {}
    for envelope, raws in runs:
        scopes = grouped.setdefault((envelope.resource, envelope.resource_schema_url), {})
        scopes.setdefault((envelope.scope, envelope.scope_schema_url), []).extend(raws)
    return b"".join([delimited(b"\x0a", _group(*around, scopes)) for around, scopes in grouped.items()])


assemble_logs = assemble
"""An ExportLogsServiceRequest: logs lie in their request under the same field numbers as spans in theirs."""


def _group(resource: bytes, url: bytes, scopes: dict[tuple[bytes, bytes], list[bytes]]) -> bytes:
    parts = [delimited(b"\x0a", resource)] if resource else []
    for (scope, scope_url), items in scopes.items():
        parts.append(delimited(b"\x12", assemble_scope(items, scope, scope_url)))
    if url:
        parts.append(delimited(b"\x1a", url))
    return b"".join(parts)


def assemble_scope(items: Iterable[bytes], scope: bytes = b"", url: bytes = b"") -> bytes:
    """A ScopeSpans message (or ScopeLogs) of these spans."""
    parts = [delimited(b"\x0a", scope)] if scope else []
    for item in items:
        parts += (b"\x12", varint(len(item)), item)
    if url:
        parts.append(delimited(b"\x1a", url))
    return b"".join(parts)
