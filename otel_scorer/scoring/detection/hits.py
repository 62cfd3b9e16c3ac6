"""Where something was found in a text, and how overlapping finds are settled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_TEXT = 1_048_576
"""Characters of one text that are searched. What lies beyond is not looked at (`scrub` cuts it away instead)."""


class Hit(NamedTuple):
    """One find: `text` is `source[start:end]`. Kinds are lower snake case (`email`, `iban`, `api_key`)."""

    kind: str
    start: int
    end: int
    text: str


def vocabulary(block: str) -> frozenset[str]:
    """The words of a block of text, blanks between them."""
    return frozenset(block.split())


def folded(text: str) -> str:
    """Lower case, each character in its place, with the three signs that a pattern without case takes for letters.

    A pattern in small ASCII letters finds in it what it would find in `text` without regard to case, at the same
    places, and faster.
    """
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").lower().replace("ſ", "s").replace("ı", "i")


def searchable(text: str) -> str:
    """The first MAX_TEXT characters, without lone surrogates, which Rust refuses."""
    text = text[:MAX_TEXT]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def holds_any(text: str, needles: Iterable[str]) -> bool:
    """Whether one of `needles` occurs."""
    return any(needle in text for needle in needles)


def found_from(starts: re.Pattern[str], pattern: re.Pattern[str], text: str, lowered: str) -> Iterator[re.Match[str]]:
    """What `pattern.finditer(text)` gives, tried only where `starts` finds a beginning in the folded text.

    For patterns that begin with words: a search without regard to case is slow at every place where none stands.
    """
    end = 0
    for start in starts.finditer(lowered):
        match = pattern.match(text, start.start()) if start.start() >= end else None
        if match:
            yield match
            end = match.end()


def settle(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """The hits in order of appearance without overlaps: the earlier one wins, of two at one place the longer one."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, hit.kind)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return tuple(kept)
