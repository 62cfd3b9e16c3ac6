"""What a request is cut into: spans and log records as they came, each with what stood around it."""

from __future__ import annotations

import struct
from hashlib import blake2b
from typing import Any, NamedTuple

_LENGTHS = struct.Struct(">III")


class Envelope(NamedTuple):
    """What stands around a span or log record: serialised submessages, b"" when absent."""

    resource: bytes = b""
    scope: bytes = b""
    resource_schema_url: bytes = b""
    scope_schema_url: bytes = b""

    def pack(self) -> bytes:
        """One string of bytes that `unpack` takes apart again."""
        lengths = _LENGTHS.pack(len(self.resource), len(self.scope), len(self.resource_schema_url))
        return b"".join((lengths, *self))

    @staticmethod
    def unpack(packed: bytes) -> Envelope:
        """The envelope that was packed. Raises ValueError for anything else."""
        if len(packed) < _LENGTHS.size:
            raise ValueError("not a packed envelope")
        resource, scope, url = _LENGTHS.unpack_from(packed)
        a = _LENGTHS.size + resource
        b = a + scope
        c = b + url
        if c > len(packed):
            raise ValueError("not a packed envelope")
        return Envelope(packed[_LENGTHS.size : a], packed[a:b], packed[b:c], packed[c:])

    @property
    def key(self) -> bytes:
        """8 bytes that stand for this envelope."""
        return blake2b(self.pack(), digest_size=8).digest()


class AgentSpan(NamedTuple):
    """A span to hold. Ids are 16, 8 and 0 or 8 bytes; `raw` is the Span message as it came, without forged scores."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    flags: int
    otlp_kind: int
    raw: bytes
    envelope: Envelope

    @property
    def key(self) -> bytes:
        """17 bytes, the same for a resent span: span id, kind, digest of the content."""
        return self.span_id + bytes((self.otlp_kind & 0xFF,)) + blake2b(self.raw, digest_size=8).digest()


class Head(NamedTuple):
    """What is kept of a span that only passes through: enough to follow chains of parents."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    flags: int


class Split(NamedTuple):
    """A trace request, cut.

    `rest` is the request without what was taken: the very object that came in when nothing was, None when nothing is
    left. `rejected` has one reason for each agent span that was refused alone. `own` counts discarded spans of our own,
    `forged` the spans from which `otel_scorer.*` attributes were taken away, and each resource or scope that carries
    some (those are left as they are).
    """

    agent: list[AgentSpan]
    rest: bytes | None
    rest_spans: int
    heads: list[Head]
    rejected: list[str]
    own: int
    forged: int


class JoinedLog(NamedTuple):
    """A log record with GenAI content, to be joined to its span."""

    trace_id: bytes
    span_id: bytes
    raw: bytes
    envelope: Envelope

    @property
    def key(self) -> bytes:
        """16 bytes, the same for a resent record: span id, digest of the content."""
        return self.span_id + blake2b(self.raw, digest_size=8).digest()


class LogSplit(NamedTuple):
    """What of a logs request belongs to spans, and the `count` of all its records. The request itself is forwarded."""

    joined: list[JoinedLog]
    count: int  # type: ignore[assignment]  # a field, not tuple.count


def envelope_of(resources: Any, scopes: Any) -> Envelope:
    """The envelope in a lite request. A message that occurs twice is merged by joining; of texts the last counts."""
    urls, scope_urls = resources.schema_url, scopes.schema_url
    return Envelope(
        b"".join(resources.resource),
        b"".join(scopes.scope),
        urls[-1] if urls else b"",
        scope_urls[-1] if scope_urls else b"",
    )
