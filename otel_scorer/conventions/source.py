"""One span's attributes while they are read: each JSON value parsed once, each flattened list put together once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from otel_scorer.conventions.catalogue import Catalogue
from otel_scorer.conventions.found import EVENTS, Field, Found
from otel_scorer.conventions.unflatten import listed
from otel_scorer.conventions.values import MAX_PARTS, Decoded, captured, decode, openings, string, text_of
from otel_scorer.model import Attributes, Kind, Span, Value

_T = TypeVar("_T")


class Source:
    """What the dialect modules read from. `cut` turns True when some JSON was found to be cut off, or content to be
    hidden.
    """

    __slots__ = (
        "_catalogue",
        "_flattened",
        "_left",
        "_lists",
        "_once",
        "_parsed",
        "_plan",
        "_starting",
        "attributes",
        "cut",
        "kind",
        "span",
    )

    def __init__(self, span: Span, kind: Kind, catalogue: Catalogue) -> None:
        self.span = span
        self.kind = kind
        self.attributes: Attributes = span.attributes
        self.cut = span.dropped_attributes > 0
        bits, self._flattened, self._starting = catalogue.look(span.attributes)
        if span.logs or any(event.name.startswith(_EVENTS) for event in span.events):
            bits |= catalogue.bits_of(EVENTS)
        self._plan = catalogue.plan(bits)
        self._catalogue = catalogue
        # By identity, with the text so that it stays: to hash a long text costs as much as to look through it.
        self._parsed: dict[int, tuple[str, Decoded]] = {}
        self._lists: dict[str, list[Value]] = {}
        self._once: dict[object, Any] = {}
        self._left = MAX_PARTS

    def found(self) -> Found:
        """Every field that some dialect tells."""
        found: dict[str, Any] = {}
        for field in self._plan:
            value = self.first(field)
            if value is not None:
                found[field] = value
        return cast(Found, found)

    def first(self, field: Field) -> Any:
        """The field as the first dialect has it that says something, else as the first that says it is empty."""
        nothing = None
        for read in self._plan.get(field, ()):
            value = read(self)
            if value:
                return value
            nothing = value if nothing is None else nothing
        return nothing

    def carrier(self, attributes: Attributes) -> Source:
        """A source for attributes that an event or a log record carries for this span."""
        span = self.span
        return Source(
            Span(span.trace_id, span.span_id, "", span.name, attributes=attributes), self.kind, self._catalogue
        )

    def once(self, read: Callable[[Source], _T]) -> _T:
        """What `read` makes of this source, made once: for readers of several fields from one value."""
        if read not in self._once:
            self._once[read] = read(self)
        return cast(_T, self._once[read])

    def value(self, *keys: str) -> Value:
        """The first captured value among these keys, as it came."""
        for key in keys:
            value = self.attributes.get(key)
            if value is not None and captured(value):
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
            value = self.attributes.get(key)
            if value is None:
                continue
            if isinstance(value, str):
                value = self.reparsed(value)
            if captured(value):
                return value
        return None

    def rows(self, prefix: str) -> list[Value]:
        """The list that is flattened under `prefix.<index>...`, [] when there is none."""
        entries = self._flattened.get(prefix)
        if entries is None:
            return []
        rows = self._lists.get(prefix)
        if rows is None:
            rows = self._lists[prefix] = listed((path, self.attributes[key]) for path, key in entries)
        return rows

    def starting(self, start: str) -> list[str]:
        """The keys that begin so; `start` is one that some reader names among its keys."""
        return self._starting.get(start, [])

    def reparsed(self, text: str) -> Value:
        """Parse a text, once; also one that is no attribute of its own. Sets `cut` like `json`."""
        if text == "null":
            return None
        if text[:1] not in _OPENS and text.lstrip()[:1] not in _OPENS:
            return text
        known = self._parsed.get(id(text))
        if known is not None:
            return known[1].value
        opened = openings(text)
        self._left -= opened
        decoded = decode(text, opened) if self._left >= 0 else Decoded(text, False, True)
        self.cut = self.cut or decoded.cut
        self._parsed[id(text)] = text, decoded
        return decoded.value

    def is_cut(self, value: Value) -> bool:
        """Whether a value that was read is the front part of JSON."""
        known = self._parsed.get(id(value))
        return known is not None and known[1].cut


_OPENS = frozenset({"{", "[", '"'})
_EVENTS = ("gen_ai.", "db.", "tool.", "guard.")
"""How the names of events begin that carry evidence."""
