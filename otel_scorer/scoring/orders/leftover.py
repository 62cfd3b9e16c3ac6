"""What a request gives that no call took up: the other half of the proof that a call's value is the wrong one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from otel_scorer.scoring.grounds.claims import claims, names
from otel_scorer.scoring.grounds.origin import digits_of, literal, numbers_in, scalars
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.wording.words import clip, compact, stem, words

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_MARKED = re.compile(r"(?<![\w'])['\"`]([A-Za-z0-9][^'\"`\n]{1,60})['\"`](?!\w)")
_SPELLED = {
    word: float(value)
    for value, word in enumerate(["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 2)
}
_COUNT = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten) (?:nights?|days?|weeks?|months?|years?|hours?|minutes?|people"
    r"|persons?|adults?|children|guests?|passengers?|tickets?|rooms?|seats?|bags?|copies|pieces)\b",
    re.IGNORECASE,
)
_NUMERIC = ("number", "amount", "percent")


class Leftover:
    """What the request gives that no call took up."""

    def __init__(self, view: TraceView, once: Once) -> None:
        self._once = once
        self.task = clip(view.task or "", 20_000)
        values = [value for use in view.tool_uses[:500] for _, value in scalars(use.arguments)]
        self._text = "\n".join(str(value) for value in values)[:200_000]
        self._compact = compact(self._text)
        self._digits = digits_of(numbers_in(self._text, once))
        self._stems = frozenset(stem(word) for word in words(self._text.replace("_", " ")))

    @cached_property
    def given(self) -> list[float]:
        """Every number of the request, however it is read."""
        return numbers_in(self.task, self._once)

    @cached_property
    def digits(self) -> frozenset[str]:
        return digits_of(self.given)

    @cached_property
    def numbers(self) -> list[float]:
        """Those of the request that no call takes up, in any unit that only moves the decimal point: 0 and 1 are always
        taken up, and a number that can be read in two ways is none.
        """
        stated = [
            c.values[0]
            for c in self._once(claims, self.task)
            if c.kind in _NUMERIC and len(c.values) == 1 and "," not in c.text
        ]
        counts = [_SPELLED[word.lower()] for word in _COUNT.findall(self.task)]
        return [value for value in dict.fromkeys((*stated, *counts)) if not literal(value, self._digits)]

    @cached_property
    def dates(self) -> list[str]:
        used = {reading for claim in self._once(claims, self._text) for reading in days_of(claim.date)}
        return [
            c.text
            for c in self._once(claims, self.task)
            if c.kind == "date" and days_of(c.date) and used.isdisjoint(days_of(c.date))
        ]

    @cached_property
    def names(self) -> list[str]:
        """Names and what stands between quotation marks, that no call takes up."""
        return [*(name for name in dict.fromkeys(names(self.task)) if self.is_unused(name)), *self.marked]

    @cached_property
    def marked(self) -> list[str]:
        """What stands between quotation marks, and no call takes up."""
        told = dict.fromkeys(one.strip() for one in _MARKED.findall(self.task))
        return [one for one in told if one and self.is_unused(one)]

    def is_unused(self, name: str) -> bool:
        own = {stem(word) for word in words(name)}
        return compact(name) not in self._compact and own.isdisjoint(self._stems) and not self._is_short(name)

    def _is_short(self, name: str) -> bool:
        """NYC stands for New York City, CA for California, Rob for Robert."""
        initials = "".join(word[0] for word in words(name))
        return any(
            short and (short in initials or initials.startswith(short) or _within(short, compact(name)))
            for short in (compact(word) for word in re.split(r"[\s,]+", self._text[:20_000]) if 2 <= len(word) <= 6)
        )


def _within(short: str, long: str) -> bool:
    """The letters of `short` stand in `long` in this order, the first in front."""
    if not long.startswith(short[:1]):
        return False
    rest = iter(long)
    return all(letter in rest for letter in short)


def days_of(readings: Sequence[tuple[int, int, int]]) -> set[tuple[int, int]]:
    return {(month, day) for _, month, day in readings if day}  # a month as a whole has no day
