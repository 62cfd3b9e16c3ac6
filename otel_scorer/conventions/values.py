"""Tolerant reading of one attribute value: JSON in strings, redaction markers, numbers as strings. Never raises."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from otel_scorer.model import Value

REDACTED: frozenset[str] = frozenset(
    {"__REDACTED__", "<REDACTED>", "[REDACTED]", "REDACTED", "<elided>", "FILTERED", "[FILTERED]", "<redacted>"}
)
"""Texts that stand for content which was not captured (OpenInference, Claude Code, Vercel and others)."""

_LONGEST_MARKER = max(map(len, REDACTED))
_OPENS = frozenset({"{", "[", '"'})

MAX_DEPTH = 64
"""JSON nested deeper than this is kept as text: everything that walks a value recurses."""
MAX_PARTS = 20_000
"""JSON of more objects and lists, or of more texts, is kept as text like JSON that was cut: reading is bounded."""
MAX_ITEMS = 2000
"""Of longer lists of messages, parts, tools, documents and events the first so many are read."""
_MAX_COMMAS = 50_000

_DECODER = json.JSONDecoder()
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?\Z")


class Decoded(NamedTuple):
    """`value` is the parsed JSON, or the text itself where `ok` is False; `cut`: it looks like the front part of
    JSON.
    """

    value: Value
    ok: bool
    cut: bool = False


def decode(text: str, opened: int | None = None) -> Decoded:
    """Parse a JSON text; anything that does not parse stays the text it is. `opened`: `openings(text)`, if known."""
    opened = openings(text) if opened is None else opened
    if opened > MAX_PARTS or (len(text) > MAX_PARTS and too_many(text)):
        return Decoded(text, False, True)
    try:
        value: Value = _loaded(text)
    except json.JSONDecodeError as error:
        return Decoded(text, False, _looks_cut(text, error))
    except (ValueError, RecursionError):
        return Decoded(text, False)
    if opened > MAX_DEPTH and _too_deep(value):
        return Decoded(text, False)
    return Decoded(_mended(value) if "\\" in text and _SURROGATE.search(text) else value, True)


def _loaded(text: str) -> Value:
    """`json.loads` without its detours, where nothing stands around the value."""
    value: Value = None
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError:
        end = -1
    if end != len(text):
        value = json.loads(text)
    return value


def loosened(value: Value) -> Value:
    """A string that is a JSON object, array or quoted string becomes what it says; every other value stays."""
    if isinstance(value, str) and (value[:1] in _OPENS or value.lstrip()[:1] in _OPENS):
        return decode(value).value
    return value


def parsed(value: Value) -> Value:
    """Like `loosened`, but a bare number, true, false or null in a string is parsed too (arguments of calls)."""
    return decode(value).value if isinstance(value, str) else value


def is_cut(value: Value) -> bool:
    """Whether a value is a text that looks like the front part of JSON."""
    return isinstance(value, str) and value.lstrip()[:1] in ("{", "[") and decode(value).cut


def unquoted(text: str) -> str:
    """The text inside, where a whole text is one JSON string (MLflow, Vercel, Langfuse encode every value)."""
    if len(text) > 1 and text[0] == '"' and text[-1] == '"':
        inner = decode(text).value
        return inner if isinstance(inner, str) else text
    return text


def captured(value: Value) -> bool:
    """False for an unset value and for the markers that redaction leaves."""
    if isinstance(value, str):
        return len(value) > _LONGEST_MARKER or value not in REDACTED
    return value is not None


def text_of(value: Value) -> str | None:
    """A value as text (JSON for lists and dicts); None when it was not captured."""
    if isinstance(value, str):
        return value if captured(value) else None
    return None if value is None else dumped(value)


def dumped(value: Value) -> str:
    """Compact JSON of a value; bytes as text with replacement characters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def string(value: Value) -> str:
    """A name or id: strings and integers, "" for anything else."""
    if isinstance(value, str):
        return value if captured(value) else ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 1 << 64 else ""
    return ""


def strings(value: Value) -> tuple[str, ...]:
    """A list of names; a JSON list in a string and a single name are read too."""
    value = loosened(value)
    items = value if isinstance(value, list) else [value]
    return tuple(name for item in items if (name := string(item)))


def integer(value: Value) -> int | None:
    """A count: an int, an integral float or digits in a string; None for anything else and for what is below zero."""
    if type(value) is int and 0 <= value < 1 << 63:
        return value
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == found // 1 and found < 1 << 63 else None


def number(value: Value) -> float | None:
    """A finite number, also from a string; truth values are none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = float(value) if _NUMBER.match(value) else None
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else None
    return value if isinstance(value, float) and abs(value) < float("inf") else None


def _looks_cut(text: str, error: json.JSONDecodeError) -> bool:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return False
    return error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()) - 6


def openings(text: str) -> int:
    """At least as many as the objects and lists that a JSON text holds."""
    return text.count("{") + text.count("[")


def too_many(text: str) -> bool:
    """A guess at whether a JSON text holds more values than are read, at a fraction of what parsing costs."""
    return openings(text) > MAX_PARTS or text.count('",') > MAX_PARTS or text.count(",") > _MAX_COMMAS


def _too_deep(value: Value) -> bool:
    layer: list[Value] = [value]
    for _ in range(MAX_DEPTH):
        layer = [item for node in layer for item in _children(node)]
        if not layer:
            return False
    return True


def _children(node: Value) -> list[Value]:
    if isinstance(node, dict):
        return [item for item in node.values() if isinstance(item, dict | list)]
    if isinstance(node, list):
        return [item for item in node if isinstance(item, dict | list)]
    return []


def _mended(value: Value) -> Value:
    """Lone surrogates, which JSON can spell and UTF-8 cannot, become replacement characters."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {str(_mended(key)): _mended(item) for key, item in value.items()}
    return value


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
