"""The protobuf wire format by hand: varints, length-delimited fields, and a walk over the records of one message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, DELIMITED, GROUP, GROUP_END, FIXED32 = range(6)

_ONE_BYTE = tuple(bytes((n,)) for n in range(128))


class BrokenWireError(ValueError):
    """These bytes are no protobuf message."""


class Record(NamedTuple):
    """One field as it lies in a message: `raw[start:end]` with its tag, `raw[body:end]` without tag and length."""

    number: int
    wire_type: int
    start: int
    body: int
    end: int


def varint(n: int) -> bytes:
    """The varint of a non-negative `n`."""
    if n < 128:
        return _ONE_BYTE[n]
    out = bytearray()
    while n > 127:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def delimited(tag: bytes, body: bytes) -> bytes:
    """A length-delimited field; `tag` is its encoded tag."""
    return tag + varint(len(body)) + body


def read_varint(raw: bytes, at: int) -> tuple[int, int]:
    """The varint at `at` and the place behind it. Raises BrokenWireError."""
    value = shift = 0
    try:
        while True:
            byte = raw[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 128:
                return value, at
            shift += 7
            if shift > 63:
                raise BrokenWireError("a varint of more than ten bytes")
    except IndexError:
        raise BrokenWireError("cut inside a varint") from None


def records(raw: bytes) -> Iterator[Record]:
    """The records of a message in their order; a group is one record. Raises BrokenWireError where the framing ends."""
    at, size = 0, len(raw)
    while at < size:
        tag, body = read_varint(raw, at)
        number, wire_type = tag >> 3, tag & 7
        body, end = _extent(raw, wire_type, number, body)
        if end > size or not number:
            raise BrokenWireError(f"field {number} reaches past the end of its message")
        yield Record(number, wire_type, at, body, end)
        at = end


def _extent(raw: bytes, wire_type: int, number: int, at: int) -> tuple[int, int]:
    """Where the body of a field begins and ends; the end may lie behind the message."""
    if wire_type == DELIMITED:
        length, at = read_varint(raw, at)
        return at, at + length
    if wire_type == VARINT:
        return at, read_varint(raw, at)[1]
    if wire_type in (FIXED64, FIXED32):
        return at, at + (8 if wire_type == FIXED64 else 4)
    if wire_type == GROUP:
        return at, _group_end(raw, number, at)
    raise BrokenWireError(f"wire type {wire_type} does not exist here")


def _group_end(raw: bytes, number: int, at: int) -> int:
    """The place behind the end of a group that began before `at`; groups nest, so a stack and no recursion."""
    open_groups = [number]
    while open_groups:
        tag, at = read_varint(raw, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == GROUP:
            open_groups.append(number)
        elif wire_type == GROUP_END:
            if open_groups.pop() != number:
                raise BrokenWireError("a group ends that did not begin")
        else:
            at = _extent(raw, wire_type, number, at)[1]
    return at
