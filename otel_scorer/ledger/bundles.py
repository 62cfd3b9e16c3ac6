"""Spans that came together, as one string of bytes: the store keeps them in one field, for each field has its price."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

KEY_BYTES = 17
_COUNT = struct.Struct("<H")
_ENTRY = struct.Struct("<8sI")
MOST_SPANS = 128
"""Of one bundle: to let one span go, the whole bundle is read."""


def pack_bundle(keys: Sequence[bytes], envelopes: Sequence[bytes], raws: Sequence[bytes]) -> bytes:
    """How many (2 bytes), their keys, for each the name of its envelope (8 bytes) and its length (4 bytes), then their
    bytes. `put.lua` takes bundles apart, too.
    """
    entries = map(_ENTRY.pack, envelopes, map(len, raws))
    return b"".join((_COUNT.pack(len(keys)), *keys, *entries, *raws))


def count_in(packed: bytes) -> int:
    """How many spans are in a bundle."""
    return int(_COUNT.unpack_from(packed)[0])


def bundled(packed: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(key, name of the envelope, bytes) of each span, in their order."""
    (count,) = _COUNT.unpack_from(packed)
    key = _COUNT.size
    entries = key + KEY_BYTES * count
    raw = entries + _ENTRY.size * count
    for envelope, length in _ENTRY.iter_unpack(packed[entries:raw]):
        yield packed[key : key + KEY_BYTES], envelope, packed[raw : raw + length]
        key, raw = key + KEY_BYTES, raw + length
