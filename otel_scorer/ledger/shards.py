"""Several stores: a trace's store is chosen by rendezvous hashing of its id, so every process chooses alike (design
2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from urllib.parse import parse_qs, urlsplit


def shard_of(trace_id: bytes, names: Sequence[str]) -> int:
    """Index into `names` (the stores' URLs, with or without passwords)."""
    if len(names) == 1:
        return 0
    return max(range(len(names)), key=lambda i: blake2b(trace_id, key=_key_of(names[i]), digest_size=8).digest())


@cache
def _key_of(url: str) -> bytes:
    """Of the place alone: roles may have users, passwords and encryption of their own for the same store."""
    return blake2b(place_of(url).encode(), digest_size=32).digest()


def place_of(url: str) -> str:
    """`host:port/database`, or the socket's path with the database."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query).get("db", [""])[0]
    if parts.scheme == "unix":
        return f"{parts.path}/{asked or 0}"
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}/{asked or parts.path.strip('/') or 0}"
