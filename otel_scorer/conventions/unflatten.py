"""Flattened keys back to lists: `prefix.0.message.role`, `prefix.1.message.content` -> `[{"message": {...}}, ...]`.

Indexes may have holes (attribute limits, redaction); order is by number. Where a key is both a value and a prefix of
others, the value lies under the empty key of the subtree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from otel_scorer.model import Attributes, Value

_MAX_DIGITS = 6
_MAX_SEGMENTS = 40


def grouped(attributes: Attributes) -> dict[str, list[Value]]:
    """All lists that are flattened in these attributes, by their prefix (what stands before the first index)."""
    lists: dict[str, list[tuple[Sequence[str], Value]]] = {}
    for key, value in attributes.items():
        segments = key.split(".")
        at = _first_index(segments)
        if at and len(segments) <= _MAX_SEGMENTS:
            lists.setdefault(".".join(segments[:at]), []).append((segments[at:], value))
    return {prefix: listed(entries) for prefix, entries in lists.items()}


def listed(entries: Iterable[tuple[Sequence[str], Value]]) -> list[Value]:
    """One list out of its entries: (what stands behind the prefix, in segments, index first; the value)."""
    tree: dict[str, Value] = {}
    for segments, value in entries:
        _insert(tree, segments, value)
    return _in_order(tree)


def _first_index(segments: list[str]) -> int:
    return next((at for at, segment in enumerate(segments) if at and _is_index(segment)), 0)


def _is_index(segment: str) -> bool:
    return segment.isdigit() and segment.isascii() and len(segment) <= _MAX_DIGITS


def _insert(tree: dict[str, Value], segments: Sequence[str], value: Value) -> None:
    for segment in segments[:-1]:
        below = tree.get(segment)
        if type(below) is not _Tree:
            below = _Tree() if below is None else _Tree({"": below})
            tree[segment] = below
        tree = below
    last = tree.get(segments[-1])
    if type(last) is _Tree:
        last[""] = value
    else:
        tree[segments[-1]] = value


class _Tree(dict[str, Value]):
    """A subtree that we made, told apart from a map that was a value."""


def _in_order(tree: dict[str, Value]) -> list[Value]:
    return [_finished(tree[index]) for index in _sorted(tree)]


def _sorted(indexes: Iterable[str]) -> list[str]:
    return sorted((index for index in indexes if _is_index(index)), key=int)


def _finished(node: Value) -> Value:
    if type(node) is not _Tree:
        return node
    if all(map(_is_index, node)):
        return _in_order(node)
    return {key: _finished(item) for key, item in node.items()}
