"""Names in the store, and how a stored span, head and tombstone look.

One hash for each (tenant, trace) with typed field prefixes (reliability T30): `b` bundles of spans, `e` envelopes, `l`
log records, `x` frozen appendices, `p` prolonged holds, `d` spans that have left, `k` and `g` the first keys and heads,
`m:` meta.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from otel_scorer.model import Head
from otel_scorer.wire import Envelope

_CACHED_BYTES = 4096
"""Nothing larger is remembered."""
_HEAD = struct.Struct("<8s8sIB")
_NO_PARENT = b"\0" * 8


class Member(NamedTuple):
    """A trace in the store: `tenant/hex trace id`."""

    tenant: str
    trace_id: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.trace_id}"

    @staticmethod
    def parse(text: bytes | str) -> Member:
        tenant, _, trace_id = (text.decode() if isinstance(text, bytes) else text).rpartition("/")
        return Member(tenant, trace_id)


@dataclass(frozen=True, slots=True)
class Keys:
    """Every key of one deployment."""

    prefix: str

    def trace(self, member: object) -> str:
        return f"{self.prefix}t:{member}"

    def held(self, member: object) -> str:
        return f"{self.prefix}a:{member}"

    def heads(self, member: object) -> str:
        """Heads that came after the first ones."""
        return f"{self.prefix}g:{member}"

    def index(self, member: object) -> str:
        """Keys of spans that came after the first ones."""
        return f"{self.prefix}k:{member}"

    def tombstone(self, member: object) -> str:
        return f"{self.prefix}d:{member}"

    def named(self, name: str) -> str:
        """due, lease, fence, bytes, wanted, records, lost_records, outbox, outbox_data, workers, epoch, quarantine,
        ...
        """
        return f"{self.prefix}{name}"


class StoredEnvelope(NamedTuple):
    """What stands around a span, and the request headers that travel with it."""

    envelope: Envelope
    headers: Mapping[str, str]

    def pack(self) -> bytes:
        headers = json.dumps(dict(self.headers), sort_keys=True).encode() if self.headers else b""
        return struct.pack("<H", len(headers)) + headers + self.envelope.pack()

    @staticmethod
    def unpack(packed: bytes) -> StoredEnvelope:
        """The very same object for the same bytes, mostly: traces of one service share theirs."""
        return _unpacked(packed) if len(packed) <= _CACHED_BYTES else _unpack(packed)


def _unpack(packed: bytes) -> StoredEnvelope:
    (size,) = struct.unpack_from("<H", packed)
    headers = json.loads(packed[2 : 2 + size]) if size else {}
    return StoredEnvelope(Envelope.unpack(packed[2 + size :]), headers)


_unpacked = lru_cache(maxsize=512)(_unpack)


def named_envelope(envelope: Envelope, headers: Mapping[str, str]) -> tuple[bytes, bytes]:
    """8 bytes that name an envelope within its trace, and what is stored of it."""
    small = sum(map(len, envelope)) + sum(map(len, headers.values())) <= _CACHED_BYTES
    return (_named_before if small else _named)(envelope, tuple(headers.items()))


def _named(envelope: Envelope, headers: tuple[tuple[str, str], ...]) -> tuple[bytes, bytes]:
    packed = StoredEnvelope(envelope, dict(headers)).pack()
    return blake2b(packed, digest_size=8).digest(), packed


_named_before = lru_cache(maxsize=512)(_named)


def pack_heads(heads: Iterable[tuple[bytes, bytes, int, bool]]) -> bytes:
    """(span id, parent id or b"", flags, is an agent span) -> 21 bytes each."""
    return b"".join(_HEAD.pack(span_id, parent or _NO_PARENT, flags, agent) for span_id, parent, flags, agent in heads)


def unpack_heads(packed: bytes) -> Mapping[str, Head]:
    """Heads by span id; an agent span's head wins over a non-agent one of the same id."""
    return _heads_before(packed) if len(packed) <= _CACHED_BYTES else _unpack_heads(packed)


def _unpack_heads(packed: bytes) -> Mapping[str, Head]:
    heads: dict[str, Head] = {}
    for span_id, parent, flags, agent in _HEAD.iter_unpack(packed[: len(packed) - len(packed) % _HEAD.size]):
        key = span_id.hex()
        if agent or key not in heads:
            heads[key] = Head(key, "" if parent == _NO_PARENT else parent.hex(), flags, bool(agent))
    return heads


# asked when a trace is looked at, and again when it is decoded
_heads_before = lru_cache(maxsize=256)(_unpack_heads)
