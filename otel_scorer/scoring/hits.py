"""Where something was found in a text, and how overlapping finds are settled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MAX_TEXT = 1_048_576
"""Characters of one text that are searched. What lies beyond is not looked at (`scrub` cuts it away instead)."""


class Hit(NamedTuple):
    """One find: `text` is `source[start:end]`. Kinds are lower snake case (`email`, `iban`, `api_key`)."""

    kind: str
    start: int
    end: int
    text: str


def holds_any(text: str, lowered: str, needles: Iterable[str]) -> bool:
    """Whether one of `needles` occurs: those in small letters in any case, others as they are."""
    return any(needle in (lowered if needle.islower() else text) for needle in needles)


def settle(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """The hits in order of appearance without overlaps: the earlier one wins, of two at one place the longer one."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, hit.kind)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return tuple(kept)
