"""How much of what a list begins with is what another one ends with: a history that is told again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def overlap(earlier: Sequence[Hashable], later: Sequence[Hashable]) -> int:
    """The largest n for which the last n of `earlier` are the first n of `later`. Linear (Knuth, Morris, Pratt)."""
    if not later:
        return 0
    border = _borders(later)
    matched = 0
    for item in earlier[-len(later) :]:
        while matched and (matched == len(later) or later[matched] != item):
            matched = border[matched - 1]
        matched += matched < len(later) and later[matched] == item
    return matched


def _borders(items: Sequence[Hashable]) -> list[int]:
    """For each place the length of the longest beginning that ends there, and is not all of it."""
    border = [0] * len(items)
    matched = 0
    for at in range(1, len(items)):
        while matched and items[matched] != items[at]:
            matched = border[matched - 1]
        matched += items[matched] == items[at]
        border[at] = matched
    return border
