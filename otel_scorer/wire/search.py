"""Where agent spans may be: byte searches, built from the markers; and the exact proof of a hit.

An attribute lies in a span's bytes as `J`, its length, `\\n`, its key's length, its key; a span's name as `*`, its
length, its text. The searches look for that, wherever it may lie: they have no false negatives for what any protobuf
library writes (tags of one byte), and a false hit costs a proof and nothing else. SDKs write a key before its value;
OpenTelemetry Collectors write all fields last to first, so there a key stands behind a value of any length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

from otel_scorer.conventions import markers
from otel_scorer.wire import lite

OWN_NAME = b"otel_scorer"
"""Scope name of our own spans, and how our attributes begin."""

OWN_PREFIX = markers.OWN_PREFIX.encode()

Choices = Iterable[tuple[bytes, bytes]]
"""Texts, each with the pattern of what must follow it."""

_LENGTH = rb"[\x80-\xff]*+."
"""A varint of any size; possessive, for there is only one way to read it."""


def _literal(text: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in text)


def _any_of(choices: Choices) -> bytes:
    """A pattern that branches letter by letter: the engine tells most texts apart by one look at the first."""
    by_letter: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for text, tail in choices:
        by_letter.setdefault(text[:1], []).append((text[1:], tail))
    ended = [tail for _, tail in by_letter.pop(b"", ())]
    if b"" in ended:
        return b""  # whatever else begins like it is found by it
    branches = [_literal(letter) + _any_of(rests) for letter, rests in sorted(by_letter.items())] + ended
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"


def _plain(texts: Iterable[str]) -> list[tuple[bytes, bytes]]:
    return [(text.encode(), b"") for text in texts]


def _string_value(values: Iterable[str]) -> bytes:
    """A KeyValue's value field with a text that begins so."""
    return rb"\x12" + _LENGTH + rb"\n" + _LENGTH + _any_of(_plain(values))


def _compiled(*parts: bytes) -> re.Pattern[bytes]:
    return re.compile(b"(?s)" + b"".join(parts))


_KEYS = [
    *_plain(markers.PREFIXES),
    *_plain(markers.EXACT_KEYS),
    *((key.encode(), _string_value(values)) for key, values in markers.KEY_VALUES.items()),
]
_NAMES = _plain((*markers.SPAN_NAMES, *markers.SPAN_NAME_PREFIXES))

_key_hit = _compiled(b"J", _LENGTH, rb"(?:\n", _LENGTH, _any_of([*_KEYS, (OWN_PREFIX, b"")]), rb"|\x12)").search
"""A key that may be a marker, or an attribute whose value stands first: then only `_turned_hit` tells."""

_turned_hit = _compiled(
    rb"\n",
    _LENGTH,
    _any_of(_plain((*markers.PREFIXES, *markers.EXACT_KEYS, markers.OWN_PREFIX, *chain(*markers.KEY_VALUES.values())))),
).search
"""A key whatever stands before it, or a value that makes its key a marker. Twice as slow."""

_name_hit = _compiled(rb"\*", _LENGTH, _any_of(_NAMES)).search
_VALUE_TAG = b"\x12"


def may_hold_agent_spans(raw: bytes) -> bool:
    """False only where no agent span is in these bytes, and no attribute of ours."""
    hit = _key_hit(raw)
    if hit is not None and hit.group()[-1:] == _VALUE_TAG:
        hit = _turned_hit(raw)
    return hit is not None or _name_hit(raw) is not None


def suspects(spans: Iterable[bytes], *, ours: bool) -> list[int]:
    """Indexes of the spans that `may_hold_agent_spans` is true of; with `ours` also of those with our name anywhere."""
    return [index for index, raw in enumerate(spans) if may_hold_agent_spans(raw) or (ours and OWN_PREFIX in raw)]


_PROPAGATED = [
    *_plain(markers.PROPAGATED_PREFIXES),
    *((key.encode(), rb"(?:\x12|\Z)") for key in markers.PROPAGATED_KEYS),
]

_proves = _compiled(rb"\n", _LENGTH, rb"(?!", _any_of(_PROPAGATED), rb")", _any_of(_plain(markers.PREFIXES))).match
"""An attribute whose key has a marker's prefix and is not one that SDKs put on every span."""

_tells = _compiled(rb"[^\n]|\n", _LENGTH, _any_of([(key, b"") for key, _ in _KEYS])).match
"""An attribute whose key may be a marker, or does not stand first."""


def is_agent_span(span: Any) -> bool:
    """Exact proof for a `lite.Span`; the common case, a key with a marker's prefix, is proved on bytes."""
    attributes = span.attributes
    if any(map(_proves, attributes)) or any(
        _proves(pair, _behind_value(pair)) for pair in attributes if pair[:1] == _VALUE_TAG
    ):
        return True
    return markers.is_agent(dict(map(key_and_text, filter(_tells, attributes))), text_of(span.name))


def _behind_value(attribute: bytes) -> int:
    """Where the key is in an attribute whose value stands first: behind the value's tag, length and bytes."""
    length = shift = 0
    for at, byte in enumerate(attribute[1:11], start=2):
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return at + length
        shift += 7
    return len(attribute)


def key_and_text(attribute: bytes) -> tuple[str, str | None]:
    """Key of a KeyValue message and its value where that is a string, both readable whatever their bytes are."""
    pair = lite.parse(lite.KeyValue, attribute)
    if pair is None:
        return "", None
    value = pair.value.string_value
    return text_of(pair.key), text_of(value) if value else None


def text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def is_ours(attribute: bytes) -> bool:
    """Whether a KeyValue message has a key of our own namespace."""
    return OWN_PREFIX in attribute and key_and_text(attribute)[0].startswith(markers.OWN_PREFIX)
