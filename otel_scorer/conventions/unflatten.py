"""Flattened keys back to lists: `prefix.0.message.role`, `prefix.1.message.content` -> `[{"message": {...}}, ...]`.

Indexes may have holes (attribute limits, redaction); order is by number. Where a key is both a value and a prefix of
others, the value lies under the empty key of the subtree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from otel_scorer.model import Attributes, Value

Path: TypeAlias = tuple[str | int, ...]
"""What stands behind the prefix of a flattened key, in segments; indexes are numbers."""

_MAX_DIGITS = 6
_MAX_SEGMENTS = 40


def grouped(attributes: Attributes) -> dict[str, list[Value]]:
    """All lists that are flattened in these attributes, by their prefix (what stands before the first index)."""
    lists: dict[str, list[tuple[Path, Value]]] = {}
    for key, value in attributes.items():
        path = path_of(key)
        at = next((at for at, segment in enumerate(path) if at and isinstance(segment, int)), 0)
        if at and len(path) <= _MAX_SEGMENTS:
            lists.setdefault(".".join(map(str, path[:at])), []).append((path[at:], value))
    return {prefix: listed(entries) for prefix, entries in lists.items()}


def path_of(key: str) -> Path:
    """A key in segments."""
    return tuple(int(segment) if _is_index(segment) else segment for segment in key.split("."))


def listed(entries: Iterable[tuple[Path, Value]]) -> list[Value]:
    """One list out of its entries."""
    tree = _Tree()
    for path, value in entries:
        _insert(tree, path, value)
    return _in_order(tree)


def _is_index(segment: str) -> bool:
    return segment.isdigit() and segment.isascii() and len(segment) <= _MAX_DIGITS


class _Tree(dict[str | int, Value]):
    """A subtree that we made, told apart from a map that was a value."""


def _insert(tree: _Tree, path: Path, value: Value) -> None:
    for segment in path[:-1]:
        below = tree.get(segment)
        if type(below) is not _Tree:
            below = tree[segment] = _Tree() if below is None else _Tree({"": below})  # type: ignore[assignment]
        tree = below  # type: ignore[assignment]
    last = tree.get(path[-1])
    if type(last) is _Tree:
        last[""] = value
    else:
        tree[path[-1]] = value


def _in_order(tree: _Tree) -> list[Value]:
    indexes = sorted(index for index in tree if type(index) is int)
    return [_finished(item) if type(item := tree[index]) is _Tree else item for index in indexes]


def _finished(tree: _Tree) -> Value:
    if type(next(iter(tree))) is int and all(type(key) is int for key in tree):
        return _in_order(tree)
    return {str(key): _finished(item) if type(item) is _Tree else item for key, item in tree.items()}
