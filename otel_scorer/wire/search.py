"""Where agent spans may be: one byte search, built from the markers; and the exact proof of a hit.

A key or string value lies in the bytes as `\\n`, its length, its text; a span name as `*`, its length, its text. The
search looks for that, wherever it may lie: it has no false negatives for what any protobuf library writes (keys up to
4,095 bytes, minimal varints, key before value), and a false hit costs a proof and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from otel_scorer.conventions import markers
from otel_scorer.wire import lite

OWN_NAME = b"otel_scorer"
"""Scope name of our own spans, and how our attributes begin."""

OWN_PREFIX = markers.OWN_PREFIX.encode()

_LONG = rb"\x01-\x1f"
"""Second byte of the length of a text of 128 to 4,095 bytes, where a shorter one has its first letter."""


def _literal(text: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in text)


def _choices() -> list[tuple[bytes, bytes]]:
    """(literal, what must follow it) of every marker that is a key."""
    keys = [*markers.PREFIXES, *sorted(markers.EXACT_KEYS)]
    plain = [(key.encode(), b"") for key in keys]
    return [*plain, (OWN_NAME, b""), *((key.encode(), _one_of(values)) for key, values in markers.KEY_VALUES.items())]


def _one_of(values: Iterable[str]) -> bytes:
    """A KeyValue's value field with one of these short texts."""
    fields = (_literal(b"\x12%c\x0a%c%s" % (len(v) + 2, len(v), v)) for v in sorted(v.encode() for v in values))
    return b"(?:" + b"|".join(fields) + b")"


def _pattern(tag: bytes, choices: list[tuple[bytes, bytes]]) -> re.Pattern[bytes]:
    """`tag`, length, and one of the choices.

    The first letter goes through a class, the rest through a branch by the second letter, and a look-behind says that
    both belong together: an alternation right behind the tag would cost twice as much.
    """
    by_second: dict[bytes, list[bytes]] = {}
    for text, tail in choices:
        for whole in (text, b"\x01" + text):
            before = _literal(text) if whole is text else b"[" + _LONG + b"]" + _literal(text)
            by_second.setdefault(whole[1:2], []).append(_literal(whole[2:]) + b"(?<=" + before + b")" + tail)
    branches = (_literal(second) + b"(?:" + b"|".join(rests) + b")" for second, rests in sorted(by_second.items()))
    firsts = b"".join(sorted({_literal(text[:1]) for text, _ in choices}))
    return re.compile(b"(?s)" + tag + b".[" + _LONG + firsts + b"](?:" + b"|".join(branches) + b")")


_key_hit = _pattern(rb"\n", _choices()).search
_name_hit = _pattern(
    rb"\*", [(name.encode(), b"") for name in (*sorted(markers.SPAN_NAMES), *markers.SPAN_NAME_PREFIXES)]
).search


def may_hold_agent_spans(raw: bytes) -> bool:
    """False only where no agent span, no attribute of ours and no span of our own scope is in these bytes."""
    return _key_hit(raw) is not None or _name_hit(raw) is not None


_prefixed = re.compile(
    rb"(?s)\n(?:[\x00-\x7f]|[\x80-\xff]+[\x00-\x7f])(?:"
    + b"|".join(_literal(prefix.encode()) for prefix in markers.PREFIXES)
    + b")"
).match


def is_agent_span(span: Any) -> bool:
    """Exact proof for a `lite.Span`; the common case, a key with a marker's prefix, is proved on bytes."""
    attributes = span.attributes
    if any(map(_prefixed, attributes)):
        return True
    return markers.is_agent(dict(map(key_and_text, attributes)), text_of(span.name))


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
