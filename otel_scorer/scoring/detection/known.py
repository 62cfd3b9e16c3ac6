"""Names that are known: first names, family names, countries, regions and towns, companies and other bodies.

The lists lie beside this file in `known/`, written down from general knowledge and taken from no other list. They are
read when names are first looked for, not at import; all of them take about 2 MB.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "known"


@dataclass(frozen=True)
class Names:
    """Of one list: those that are names by themselves, and those that are something else as often (`Grace`, `Bath`)."""

    sure: frozenset[str]
    doubtful: frozenset[str]
    rare: frozenset[str] = frozenset()
    """Those that are hardly ever meant (`Phoenix`)."""
    longer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """First word -> whole names of several words, longest first."""

    def __contains__(self, name: object) -> bool:
        return name in self.sure or name in self.doubtful

    def longest_at(self, text: str, start: int, word: str) -> str:
        """The longest known name of several words that stands at `start`, where `word` stands; else ''."""
        for name in self.longer.get(word, ()):
            if text.startswith(name, start) and not text[start + len(name) : start + len(name) + 1].isalnum():
                return name
        return ""


def _read(file: str, between: str) -> Names:
    lines = (_FOLDER / file).read_text("utf-8").splitlines()
    entries = re.split(between, "\n".join(line for line in lines if not line.startswith("#")))
    names = [entry.strip() for entry in entries if entry.strip()]
    marked: tuple[set[str], set[str], set[str]] = set(), set(), set()
    longer: dict[str, list[str]] = {}
    for name in names:
        bare = name.rstrip("?")
        marked[len(name) - len(bare)].add(bare)
        if " " in bare:
            longer.setdefault(_FIRST_WORD.findall(bare)[0], []).append(bare)
    sorted_longer = {word: tuple(sorted(found, key=len, reverse=True)) for word, found in longer.items()}
    sure, doubtful, rare = marked
    return Names(frozenset(sure - doubtful - rare), frozenset(doubtful), frozenset(rare), sorted_longer)


_FIRST_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")


@cache
def first_names() -> Names:
    return _read("first_names.txt", r"\s+")


@cache
def family_names() -> Names:
    return _read("family_names.txt", r"\s+")


@cache
def towns() -> Names:
    return _read("towns.txt", r"[,\n]")


@cache
def companies() -> Names:
    """Companies, authorities, clubs."""
    return _read("organisations.txt", r"[,\n]")
