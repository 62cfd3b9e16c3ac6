"""Decompression of a request body while it comes, with limits on what it may become."""

from __future__ import annotations

import zlib
from typing import Protocol

from otel_scorer.errors import BadRequest, TooLarge, UnsupportedMedia

RATIO_LIMIT = 100
RATIO_FREE_BYTES = 1 << 20
"""Up to here any ratio is taken: a small batch of like spans compresses far better than a large one."""
_STEP = 256 << 10
_WBITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Inflate(Protocol):
    """Turns what came into what was meant, piece by piece."""

    def feed(self, data: bytes) -> list[bytes]:
        """What `data` becomes. TooLarge, BadRequest."""
        ...

    def finish(self) -> None:
        """BadRequest when the body ended too early."""
        ...


def open_inflate(encoding: str, limit: int) -> Inflate:
    """For a Content-Encoding header ("" for none). UnsupportedMedia for what OTLP does not name."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _Identity(limit)
    if name not in _WBITS:
        raise UnsupportedMedia("content-encoding must be gzip, deflate or identity")
    return _Zlib(_WBITS[name], limit)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the request is over the limit of {limit} bytes (receive.max_message_mib); send smaller batches")


class _Identity:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        self._size += len(data)
        if self._size > self._limit:
            raise _too_large(self._limit)
        return [data] if data else []

    def finish(self) -> None:
        """A body without compression may end anywhere."""


class _Zlib:
    """gzip (several members too) or deflate, in steps that never produce more than the limit."""

    def __init__(self, wbits: int, limit: int) -> None:
        self._wbits = wbits
        self._limit = limit
        self._stream = zlib.decompressobj(wbits)
        self._read = 0
        self._made = 0

    def feed(self, data: bytes) -> list[bytes]:
        self._read += len(data)
        if self._read > self._limit:
            raise _too_large(self._limit)
        pieces: list[bytes] = []
        while data:
            if self._stream.eof:
                if not data.strip(b"\0"):
                    break  # gzip may be padded with zeros
                self._stream = zlib.decompressobj(self._wbits)
            pieces.append(self._step(data))
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        return pieces

    def finish(self) -> None:
        if self._read and not self._stream.eof:
            raise BadRequest("the compressed body ends too early")

    def _step(self, data: bytes) -> bytes:
        try:
            piece = self._stream.decompress(data, _STEP)
        except zlib.error:
            raise BadRequest("the body is not what its content-encoding says") from None
        self._made += len(piece)
        if self._made > self._limit:
            raise _too_large(self._limit)
        if self._made > RATIO_FREE_BYTES and self._made > RATIO_LIMIT * self._read:
            raise TooLarge(f"the body inflates to more than {RATIO_LIMIT} times its size; send it without compression")
        return piece
