"""Whether evidence supports a claim: said there, or following from it by the arithmetic that an answer does.

Three answers: supported, unsupported, undecided. Derived numbers (a sum, a difference, a percentage) support a claim
only where a hit is no coincidence: among many numbers nearly every small number is the difference of two of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Literal

from otel_scorer.scoring.grounds.arithmetic import (
    columns,
    combined,
    crowding,
    joined,
    lengths,
    near,
    numbers_in,
    precisions,
    rows_of,
    totals_of,
)
from otel_scorer.scoring.grounds.cells import cells_of, lines_of
from otel_scorer.scoring.grounds.claims import Claim, claims
from otel_scorer.scoring.grounds.elapsed import days_between, is_near, minutes_between, moments
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.wording.words import MAX_CHARS, MAX_EVIDENCE_CHARS, Stems, compact, parsed, words

Support = Literal["supported", "unsupported", "undecided"]

_DIGITS = re.compile(r"\d(?<!\d\d)(?<!\d[.,]\d)\d*(?!\d|[.,]\d)")
"""Whole runs of digits: the 90 of 4.90 is no number."""
_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")
_COUNTING = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
NUMBER_WORDS = {word: float(value) for value, word in enumerate(_COUNTING.split())} | {
    "thirty": 30.0,
    "forty": 40.0,
    "fifty": 50.0,
    "hundred": 100.0,
    "dozen": 12.0,
    "half": 0.5,
    "once": 1.0,
    "twice": 2.0,
}
_MAX_POOL = 80
"""Numbers that are combined in pairs: the cost is quadratic in it, and fixed by it."""
_COINCIDENCE = 0.15
"""A derived hit counts where fewer than this share of comparable numbers would have been hit as well."""
_FEW, _FEWER = 20, 6
_SMALL = 12
"""A bare whole number up to this may be a count of something that is not written as a number."""


class Evidence:
    """Texts that a claim may rest on. Computes only what is asked of it."""

    def __init__(self, texts: Sequence[str], *, documents: int | None = None, once: Once | None = None) -> None:
        """`documents`: how many of the texts an answer may have counted ("three reviews"); None for all.

        `once`: what other evidence with some of these texts has found out about them.
        """
        self._once = Once() if once is None else once
        self.cut = sum(map(len, texts)) > MAX_EVIDENCE_CHARS or any(len(text) > MAX_CHARS for text in texts)
        """Whether not all of it was looked at: what is not found may be in the rest."""
        self.texts = _within(texts)
        self._endings: dict[int, frozenset[str]] = {}
        self._documents = len(self.texts) if documents is None else documents

    @cached_property
    def text(self) -> str:
        return "\n".join(self.texts)

    @cached_property
    def folded(self) -> str:
        """Words only, lower case, one space apart: for passages."""
        return " " + " ".join(words(self.text)) + " "

    @cached_property
    def compact(self) -> str:
        """Letters and digits only, lower case: for identifiers that are written with other separators."""
        return compact(self.text)

    @cached_property
    def lowered(self) -> str:
        return self.text.casefold()

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset[str]().union(*(self._once(spoken_words, text) for text in self.texts))

    @cached_property
    def stems(self) -> list[str]:
        """Of all words, in order."""
        return [*chain.from_iterable(self._once(_stems_of, text, self._once) for text in self.texts)]

    @cached_property
    def claims(self) -> list[Claim]:
        return [claim for text in self.texts for claim in self._once(claims, text)]

    def claims_of(self, text: str) -> list[Claim]:
        """Of one of its texts, with their places in it."""
        return self._once(claims, text)

    @cached_property
    def digit_runs(self) -> frozenset[str]:
        return frozenset(_DIGITS.findall(self.text))

    def _ends_of_runs(self, length: int) -> frozenset[str]:
        """The last digits of the runs that have as many."""
        found = self._endings.get(length)
        if found is None:
            found = self._endings[length] = frozenset(run[-length:] for run in self.digit_runs if len(run) >= length)
        return found

    @cached_property
    def years(self) -> dict[tuple[int, int], set[int]]:
        """(month, day) -> the years with which it is said, 0 for none. Day 0: the month, and any day of it."""
        found: dict[tuple[int, int], set[int]] = {}
        for claim in self.claims:
            for year, month, day in claim.date:
                found.setdefault((month, day), set()).add(year)
                found.setdefault((month, 0), set()).add(year)
        return found

    @cached_property
    def times(self) -> frozenset[float]:
        """Minutes since midnight; an ISO date-time gives its time too."""
        return frozenset(value for claim in self.claims if claim.kind == "time" for value in claim.values)

    @cached_property
    def _clock_faces(self) -> frozenset[float]:
        """The times without morning or afternoon."""
        return frozenset(minutes % 720 for minutes in self.times)

    @cached_property
    def _minute_hands(self) -> frozenset[float]:
        """The times but for whole and half hours."""
        return frozenset(minutes % 30 for minutes in self.times)

    @cached_property
    def numbers(self) -> list[float]:
        """All numbers said, sorted, each once: digits, number words, lengths of lists."""
        return sorted({*self._stated, *self._structure[0], *(float(run) for run in self.digit_runs if len(run) <= 15)})

    @cached_property
    def _stated(self) -> list[float]:
        found = {value for claim in self.claims if claim.kind in _NUMERIC for value in claim.values}
        found |= self._structure[2]
        return sorted(found | {NUMBER_WORDS[word] for word in self.words & NUMBER_WORDS.keys()})

    @cached_property
    def amounts(self) -> list[float]:
        """The first amounts of money."""
        return [claim.values[0] for claim in self.claims if claim.kind == "amount"][:_FEW]

    @cached_property
    def shares(self) -> list[float]:
        """The first percentages."""
        return list(dict.fromkeys(claim.values[0] for claim in self.claims if claim.kind == "percent"))[:_FEWER]

    @cached_property
    def minutes_between(self) -> set[float]:
        """Of each two times of day."""
        return minutes_between(self.claims)

    @cached_property
    def days_between(self) -> set[float]:
        """Of each two days."""
        return days_between(self.claims)

    @cached_property
    def sums(self) -> list[float]:
        """Sums, means and spans of the columns of structured results."""
        return self._structure[1]

    @cached_property
    def _structure(self) -> tuple[list[float], list[float], set[float]]:
        """Numbers that can be counted, totals, and what stands in structured results where that is little."""
        counts: list[float] = [float(self._documents)] if self._documents else []
        totals: list[float] = []
        held: list[float] = []
        for value in (self._once(parsed, text) for text in self.texts):
            if value is not None:
                counts.extend(lengths(value))
                held.extend(numbers_in(value))
                totals.extend(total for column in (*columns(value), *rows_of(value)) for total in totals_of(column))
        counts.extend(number for text in self.texts[: self._documents] for number in lines_of(text))
        held.extend(number for text in self.texts for number in self._once(cells_of, text))
        amounts = [claim.values[0] for claim in self.claims if claim.kind == "amount"]
        few = set(held) if len(held) <= _MAX_POOL else set[float]()
        return counts + held, sorted({*totals, *totals_of(amounts[:500])}), few

    def supports(self, claim: Claim, beside: Iterable[float] = ()) -> Support:
        """`beside` are supported numbers of the answer itself: a total of shown items is no coincidence."""
        if claim.kind in ("url", "email"):
            return _yes(_address(claim.text) in self.lowered)
        if claim.kind == "identifier":
            return _yes(compact(claim.text) in self.compact or self._is_range(claim.text))
        if claim.kind == "date":
            return self._date(claim)
        if claim.kind == "time":
            return self._time(claim)
        return self._number(claim, beside)

    def _is_range(self, text: str) -> bool:
        """Two numbers that are known, the greater one last: `500-1000`."""
        match = _RANGE.fullmatch(text)
        ends = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
        return ends[0] < ends[1] and all(near(self.numbers, end, 1.0) for end in ends)

    def _date(self, claim: Claim) -> Support:
        for year, month, day in claim.date:
            known = self.years.get((month, day))
            if known and (year == 0 or year in known or 0 in known):
                return "supported"
        return "undecided" if any(is_near(reading, self._moments) for reading in claim.date) else "unsupported"

    @cached_property
    def _moments(self) -> Sequence[datetime]:
        """What may be seconds or milliseconds since 1970."""
        return moments(self.digit_runs)

    def _time(self, claim: Claim) -> Support:
        if any(value % 720 in self._clock_faces for value in claim.values) or self._is_said_so(claim.text):
            return "supported"
        shifted = any(value % 30 in self._minute_hands for value in claim.values) or bool(self._moments)
        return "undecided" if shifted else "unsupported"  # another time zone, or a sum of durations

    def _is_said_so(self, text: str) -> bool:
        """It stands there letter for letter, after no other digit."""
        at = self.lowered.find(text.casefold())
        return at == 0 or (at > 0 and not self.lowered[at - 1].isdigit())

    def _number(self, claim: Claim, beside: Iterable[float]) -> Support:
        if any(near(self.numbers, value, step) for value, step in precisions(claim)):
            return "supported"
        digits = _DIGITS.findall(claim.text)
        if len(digits) == 1 and len(digits[0]) >= 4 and digits[0] in self._ends_of_runs(len(digits[0])):
            return "supported"  # the last digits of a longer number
        if any(near(self.sums, value, step) for value, step in precisions(claim)):
            return "supported"
        return self._derived(claim, sorted(set(beside)))

    def _derived(self, claim: Claim, beside: list[float]) -> Support:
        steps = precisions(claim)
        if any(near(self._once(combined, tuple(beside[:20])), value, step) for value, step in steps):
            return "supported"
        for pool in (self._combinations, joined(beside[:20], self._pool)):
            if any(near(pool, value, step) for value, step in steps):
                crowded = min(crowding(pool, value, step) for value, step in steps)
                return "supported" if crowded < _COINCIDENCE else "undecided"
        if claim.kind == "number" and claim.step >= 1 and max(claim.values) <= _SMALL and len(self.numbers) > 3:
            return "undecided"
        return "unsupported"

    @cached_property
    def _combinations(self) -> Sequence[float]:
        return self._once(combined, tuple(self._pool))

    @cached_property
    def _pool(self) -> list[float]:
        """All numbers stated; where they are too many to combine, amounts first, then the others as they come."""
        if len(self._stated) <= _MAX_POOL:
            return self._stated
        ranked = sorted(
            (claim for claim in self.claims if claim.kind in _NUMERIC), key=lambda claim: claim.kind == "number"
        )
        return list(dict.fromkeys(value for claim in ranked for value in claim.values))[:_MAX_POOL]


_NUMERIC = ("number", "amount", "percent")


def spoken_words(text: str) -> list[str]:
    """The words of a text, those of a field's name each by itself."""
    return words(text.replace("_", " "))


def _stems_of(text: str, once: Once) -> list[str]:
    return once(Stems).of(once(spoken_words, text))


def _yes(found: bool) -> Support:
    return "supported" if found else "unsupported"


def _within(texts: Sequence[str]) -> list[str]:
    kept, left = [], MAX_EVIDENCE_CHARS
    for text in texts:
        kept.append(text[: min(left, MAX_CHARS)])
        left -= len(kept[-1])
        if left <= 0:
            break
    return kept


def _address(text: str) -> str:
    """A URL or e-mail address without what people leave out: scheme, www, trailing slash."""
    bare = re.sub(r"^https?://", "", text.casefold())
    return bare.removeprefix("www.").rstrip("/")
