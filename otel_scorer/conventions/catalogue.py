"""Which readers a span's keys call for, and which of its keys are lists flattened: one look at each key.

An instrumentation writes the same keys on each of its spans, so what a key means is worked out once and remembered,
in tables that are bounded (keys are written by strangers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_scorer.conventions.found import Field, Reads
from otel_scorer.conventions.unflatten import Path, path_of

if TYPE_CHECKING:
    from otel_scorer.conventions.source import Source

Plan = Mapping[Field, tuple["Callable[[Source], Any]", ...]]
"""The readers of each field that a span may tell, in order of precedence."""

_INDEX = re.compile(r"\.[0-9]{1,6}(?=\.|\Z)")
_MOST_SEGMENTS = 40
_MOST_KEYS = 8192
_MOST_PLANS = 512
_LONGEST_KEY = 200


class Key(NamedTuple):
    """`bits` of the readers that it calls for; `prefix` and `path` where it is a part of a flattened list; `start`
    where it begins as some reader's keys do.
    """

    bits: int
    prefix: str = ""
    path: Path = ()
    start: str = ""


class Look(NamedTuple):
    """What a span's keys say: all their bits, its flattened lists by prefix, each as (path, key), and the keys that
    begin alike, by how they do.
    """

    bits: int
    flattened: Mapping[str, list[tuple[Path, str]]]
    starting: Mapping[str, list[str]]


class Catalogue:
    """All readers there are, in order of precedence."""

    def __init__(self, reads: Sequence[Reads]) -> None:
        self._reads = tuple(reads)
        self._bits: dict[str, int] = {}
        for at, one in enumerate(self._reads):
            for key in one.keys:
                self._bits[key] = self._bits.get(key, 0) | 1 << at
        self._starts = tuple(key for key in self._bits if key.endswith("."))
        self._known: dict[str, Key] = {}
        self._plans: dict[int, Plan] = {}

    def look(self, keys: Iterable[str]) -> Look:
        """One look at each key of a span."""
        bits = 0
        flattened: dict[str, list[tuple[Path, str]]] = {}
        starting: dict[str, list[str]] = {}
        known = self._known
        for key in keys:
            meant = known.get(key) or self._learn(key)
            bits |= meant.bits
            if meant.path:
                flattened.setdefault(meant.prefix, []).append((meant.path, key))
            if meant.start:
                starting.setdefault(meant.start, []).append(key)
        return Look(bits, flattened, starting)

    @property
    def keys(self) -> frozenset[str]:
        """Every key that some reader is called for by."""
        return frozenset(self._bits)

    def bits_of(self, key: str) -> int:
        """The readers that this key calls for."""
        return self._bits.get(key, 0)

    def plan(self, bits: int) -> Plan:
        """The readers to ask, by field."""
        plan = self._plans.get(bits)
        if plan is None:
            plan = self._planned(bits)
            _remember(self._plans, bits, plan, _MOST_PLANS)
        return plan

    def _planned(self, bits: int) -> Plan:
        plan: dict[Field, tuple[Callable[[Source], Any], ...]] = {}
        for at, one in enumerate(self._reads):
            if bits >> at & 1:
                plan[one.field] = (*plan.get(one.field, ()), one.read)
        return plan

    def _learn(self, key: str) -> Key:
        index = _INDEX.search(key, 1)
        prefix = key[: index.start()] if index else key
        start = next((start for start in self._starts if key.startswith(start)), "")
        bits = self._bits.get(prefix, 0) | self._bits.get(start, 0)
        path = path_of(key[len(prefix) + 1 :]) if index and key.count(".") < _MOST_SEGMENTS else ()
        meant = Key(bits, prefix if path else "", path, start)
        if len(key) <= _LONGEST_KEY:
            _remember(self._known, key, meant, _MOST_KEYS)
        return meant


def _remember(table: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    if len(table) >= most:
        table.clear()
    table[key] = value
