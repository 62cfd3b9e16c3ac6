"""How word lists and phrase patterns are written down: one readable block, compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from otel_scorer.scoring.detection.hits import folded, vocabulary

__all__ = ["Phrases", "Wording", "phrases", "vocabulary"]


class Wording:
    """A text as phrases are looked for in it. Made once, it serves many patterns."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = folded(text)

    @cached_property
    def words(self) -> frozenset[str]:
        """The runs of letters, digits and underscores."""
        return frozenset(_RUN.findall(self.folded) if not self.folded.isascii() else _ascii_runs(self.folded))

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The first letters of every word."""
        return frozenset([word[:_BEGINNING] for word in self.words])


_RUN = re.compile(r"\w+")
_RUN_SIGNS = bytes(
    code if code < 128 and (chr(code).isalnum() or chr(code) == "_") else ord(" ") for code in range(256)
)
_BEGINNING = 4
"""Letters of a word of which the rest may vary (`summar\\w+`) by which a pattern is told that cannot match."""


def _ascii_runs(text: str) -> list[str]:
    return text.encode("ascii").translate(_RUN_SIGNS).decode("ascii").split()


class Phrases(NamedTuple):
    """What `phrases` makes: a pattern for folded texts, and with which words its matches begin."""

    pattern: re.Pattern[str]
    words: frozenset[str] = frozenset()
    """Every match begins with one of these words,"""
    beginnings: frozenset[str] = frozenset()
    """or with a word that begins so. Neither: it is not known."""
    alone: frozenset[str] = frozenset()
    """Words that are a match by themselves."""
    holding: str = ""
    """A word that every match holds."""

    def search(self, text: str | Wording) -> re.Match[str] | None:
        """The first match in the folded text. A `Wording` is for texts in which several patterns are looked for."""
        if isinstance(text, Wording):
            return self.pattern.search(text.folded) if self.may_be_in(text) else None
        return self.pattern.search(folded(text))

    def is_in(self, text: str | Wording) -> bool:
        """Whether there is a match."""
        if isinstance(text, Wording) and not self.alone.isdisjoint(text.words):
            return True
        return self.search(text) is not None

    def match(self, text: str) -> re.Match[str] | None:
        """The match at the beginning of the folded text."""
        return self.pattern.match(folded(text))

    def may_be_in(self, wording: Wording) -> bool:
        """Whether a match is possible, in the text or in a part of it that ends between words."""
        if self.holding and self.holding not in wording.words:
            return False
        if not self.words.isdisjoint(wording.words):
            return True
        return not (self.beginnings or self.words) or self._begins_a_word(wording)

    def _begins_a_word(self, wording: Wording) -> bool:
        return bool(self.beginnings) and not self.beginnings.isdisjoint(wording.beginnings)


def phrases(block: str, *, at_start: bool = False, holding: str = "") -> Phrases:
    """A pattern that finds any line of the block as whole words, in any case; each line is a regular expression.

    `at_start` binds it to the beginning of the text, after at most three signs. `holding`: a word that each line holds
    and that is rare, where they begin with common ones. An apostrophe stands for the curly one
    as well (so keep it out of character classes). A line that begins with `|` goes on with the one before. Letters are
    small.
    """
    joined = re.sub(r"\n\s*\|", "|", block).replace("'", _APOSTROPHE)
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    head = r"^\W{0,3}" if at_start else r"(?<!\w)"
    pattern = re.compile(head + "(?:" + "|".join(lines) + r")(?!\w)")
    openings = frozenset(opening for line in lines for part in _alternatives(line) for opening in _openings(part))
    if at_start or not all(opening.letters for opening in openings):
        return Phrases(pattern)
    return Phrases(
        pattern,
        words=frozenset(opening.letters for opening in openings if opening.whole),
        beginnings=frozenset(opening.letters for opening in openings if not opening.whole),
        alone=frozenset(opening.letters for opening in openings if opening.alone),
        holding=holding,
    )


class _Opening(NamedTuple):
    """With which a match begins: a word (and may be nothing more), or at least letters of one."""

    letters: str
    """None: it is not known."""
    whole: bool = False
    alone: bool = False


_APOSTROPHE = "['’]"
_MAYBE = f"{_APOSTROPHE}?"
_LETTERS = re.compile(r"[a-z]*")
_OPTIONAL = re.compile(r"([a-z]*)([a-z -])\?")
_REPEATED = re.compile(r"[?*+]|\{(\d*),?\d*\}")


def _openings(part: str) -> Iterator[_Opening]:
    """With which a match of one alternative may begin."""
    found = _LETTERS.match(part)
    letters = found.group() if found else ""
    rest = part[len(letters) :]
    optional = _OPTIONAL.match(part)
    if optional:
        yield from _openings(optional[1] + part[optional.end() :])
        yield from _openings(optional[1] + optional[2] + part[optional.end() :])
    elif rest.startswith(_MAYBE):
        after = rest[len(_MAYBE) :]
        yield from _openings(letters + after)
        yield from _openings(letters + _APOSTROPHE + after)
    elif rest.startswith("(?:"):
        yield from _openings_of_group(letters, rest)
    elif letters and (not rest or rest.startswith((" ", "-", _APOSTROPHE, r"\."))):
        yield _Opening(letters, whole=True, alone=not rest)
    else:
        yield _Opening(letters[:_BEGINNING] if len(letters) >= _BEGINNING else "")


def _openings_of_group(letters: str, rest: str) -> Iterator[_Opening]:
    inside, after = _group(rest)
    repeated = _REPEATED.match(after)
    times = repeated.group() if repeated else ""
    after = after[len(times) :]
    next_ = after if times in ("", "?") else "("  # a second round may follow: no telling
    for part in _alternatives(inside):
        yield from _openings(letters + part + next_)
    if times[:1] in ("?", "*") or times.startswith(("{0", "{,")):
        yield from _openings(letters + after)


def _group(text: str) -> tuple[str, str]:
    """What stands inside the group with which the text begins, and what after it."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[len("(?:") : at], text[at + 1 :]
    raise ValueError(f"unbalanced: {text}")


def _alternatives(text: str) -> Iterator[str]:
    """The parts between bars that stand in no parentheses."""
    depth, start = 0, 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]
