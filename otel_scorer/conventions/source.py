"""One span's attributes while they are read: each JSON value parsed once, each flattened list put together once."""

from __future__ import annotations

from otel_scorer.conventions.unflatten import grouped
from otel_scorer.conventions.values import captured, decode, string, text_of
from otel_scorer.model import Attributes, Kind, Span, Value


class Source:
    """What the dialect modules read from. `cut` turns True when some JSON was found to be cut off, or content to be
    hidden.
    """

    __slots__ = ("_parsed", "_rows", "attributes", "cut", "kind", "span")

    def __init__(self, span: Span, kind: Kind) -> None:
        self.span = span
        self.kind = kind
        self.attributes: Attributes = span.attributes
        self.cut = span.dropped_attributes > 0
        self._parsed: dict[str, Value] = {}
        self._rows: dict[str, list[Value]] | None = None

    def value(self, *keys: str) -> Value:
        """The first captured value among these keys, as it came."""
        for key in keys:
            value = self.attributes.get(key)
            if captured(value):
                return value
        return None

    def text(self, *keys: str) -> str | None:
        """The first captured value among these keys, as text."""
        return text_of(self.value(*keys))

    def string(self, *keys: str) -> str:
        """The first name or id among these keys that is not empty, else ""."""
        for key in keys:
            name = string(self.attributes.get(key))
            if name:
                return name
        return ""

    def json(self, *keys: str) -> Value:
        """The first captured value among these keys, parsed where it is JSON in a string.

        Cut JSON stays the text it is and sets `cut`; "null" counts as not captured.
        """
        for key in keys:
            value = self._parse(key)
            if captured(value):
                return value
        return None

    def rows(self, prefix: str) -> list[Value]:
        """The list that is flattened under `prefix.<index>...`, [] when there is none."""
        if self._rows is None:
            self._rows = grouped(self.attributes)
        return self._rows.get(prefix, [])

    def reparsed(self, text: str) -> Value:
        """Parse a text that is no attribute of its own (an event's, a nested string's); sets `cut` like `json`."""
        if text == "null":
            return None
        if text.lstrip()[:1] not in ("{", "[", '"'):
            return text
        decoded = decode(text)
        self.cut = self.cut or decoded.cut
        return decoded.value

    def _parse(self, key: str) -> Value:
        if key not in self._parsed:
            value = self.attributes.get(key)
            self._parsed[key] = self.reparsed(value) if isinstance(value, str) else value
        return self._parsed[key]
