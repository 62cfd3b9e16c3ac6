"""Where the value of an argument came from: the request, the prompts, an earlier result, the tool's own definition.

What a call's own result says, and what calls of the same moment returned, is no origin: a result often repeats the
invented value that it was asked with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from otel_scorer.model import Value
from otel_scorer.scoring.grounds.claims import Claim, claims
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading.said import result_text
from otel_scorer.scoring.wording.words import MAX_CHARS, compact, leaves, stem, words

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_MAX_SOURCES = 400
_MAX_ALL_CHARS = 1_000_000
_MAX_NUMBERS = 40
_NUMBER_WORDS = {
    "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten":
    10.0, "eleven": 11.0, "twelve": 12.0, "thirteen": 13.0, "fourteen": 14.0, "fifteen": 15.0, "sixteen": 16.0,
    "twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "seventy": 70.0, "eighty": 80.0,
    "ninety": 90.0, "hundred": 100.0, "thousand": 1000.0, "twice": 2.0, "second": 2.0, "third": 3.0, "fourth": 4.0,
    "fifth": 5.0, "couple": 2.0, "pair": 2.0, "double": 2.0, "triple": 3.0, "dozen": 12.0, "half": 0.5, "quarter":
    0.25, "quarterly": 4.0, "monthly": 12.0, "weekly": 52.0, "daily": 365.0,
}  # fmt: skip
_TIMES = (*map(float, range(2, 13)), 24.0, 30.0, 52.0, 60.0, 365.0, 3600.0, 1440.0, 86400.0)
_UNITS = (
    0.3048,
    30.48,
    2.54,
    0.0254,
    0.9144,
    1.609344,
    1609.344,
    0.45359,
    453.59,
    28.3495,
    3.78541,
    1.852,
    3.6,
    0.0174533,
)
"""By which a number changes that is given in another unit."""


@dataclass(frozen=True)
class Source:
    """One text that was there before a call.

    `at_ns`: from when on; `asked_by`: the model call that asked for it; `read`: a tool or a retrieval gave it.
    """

    text: str
    at_ns: int = 0
    asked_by: str = ""
    read: bool = False
    once: Once = field(default_factory=Once, repr=False, compare=False)

    @cached_property
    def compact(self) -> str:
        return compact(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem(word) for word in words(self.text.replace("_", " ")))

    @cached_property
    def claims(self) -> list[Claim]:
        return self.once(claims, self.text)

    @cached_property
    def numbers(self) -> list[float]:
        return numbers_in(self.text, self.once)

    @cached_property
    def digits(self) -> frozenset[str]:
        return digits_of(self.numbers)


class Origins:
    """All that a run's calls could take their values from."""

    def __init__(self, view: TraceView, once: Once) -> None:
        self.cut = False
        self._sources: list[Source] = []
        self._known: set[str] = set()
        self._left = _MAX_ALL_CHARS
        for text in (view.system, view.user_text, view.task):
            self._add(Source(text or "", once=once))
        for use in view.tool_uses[:_MAX_SOURCES]:
            self._add(Source(once(result_text, use) or "", use.end_ns or use.start_ns, use.requested_by, True, once))
            self._add(Source(use.look if use.arguments_captured else "", use.end_ns, use.requested_by, once=once))
        for context in view.contexts[:_MAX_SOURCES]:
            step = view.by_id.get(context.span_id) if context.source == "retrieval" else None
            read = context.source in ("tool", "retrieval")
            self._add(Source(context.text, step.span.start_ns if step is not None else 0, read=read, once=once))
        for turn in (view.turns or ())[:_MAX_SOURCES]:
            if turn.role == "assistant" and turn.text != view.final_answer:
                self._add(Source(turn.text, once=once))

    def _add(self, source: Source) -> None:
        """Each text once, from when it was first there."""
        text = source.text.strip()
        if not text or text in self._known:
            return
        self.cut = self.cut or len(text) > min(MAX_CHARS, self._left) or len(self._sources) >= _MAX_SOURCES
        if not self.cut:
            self._known.add(text)
            self._sources.append(source)
            self._left -= len(text)

    def before(self, use: ToolUse) -> list[Source]:
        """What was there when the call was asked for."""
        return [
            source
            for source in self._sources
            if source.at_ns <= use.start_ns and not (source.asked_by and source.asked_by == use.requested_by)
        ]


def numbers_in(text: str, once: Once) -> list[float]:
    """The numbers of a text, written in digits or as words, at most some hundred."""
    found = [value for claim in once(claims, text) for value in claim.values if claim.kind not in ("time", "date")]
    found += [float(digits) for digits in _DIGITS.findall(text)[:200]]
    found += [_NUMBER_WORDS[word] for word in words(text[:20_000]) if word in _NUMBER_WORDS]
    return list(dict.fromkeys(found))[:300]


_DIGITS = re.compile(r"\d{1,15}(?:\.\d{1,9})?")


def derived(value: float, known: list[float], beside: list[float] | None = None) -> bool:
    """Whether a number is one of the known ones, one of them in another unit, or a plain sum, difference, product or
    quotient of one of them and one of `beside` (None: of two of them).
    """
    value, known = abs(value), known[:_MAX_NUMBERS]
    if literal(value, digits_of(known)) or any(converted(value, one) for one in known):
        return True
    others = known if beside is None else beside[:_MAX_NUMBERS]
    return any(_of_two(value, one, other) for one in known for other in others if one != other)


def literal(value: float, known: frozenset[str]) -> bool:
    """Whether the number is one of those whose `digits_of` are known, or one with the decimal point moved.

    So 5 % is 0.05, and 3 thousand 3000. 0 and 1 are always given.
    """
    return value in (0, 1, -1) or _digits(value) in known


def digits_of(numbers: Iterable[float]) -> frozenset[str]:
    """The first six digits of each."""
    return frozenset(map(_digits, numbers))


def _digits(value: float) -> str:
    return f"{abs(value):.5e}"[:7]


def converted(value: float, one: float) -> bool:
    """Whether it is the other number in another unit of time, length, weight, angle or temperature."""
    if any(_equal(value, one * times) or _equal(value * times, one) for times in _TIMES):
        return True
    if any(_near(value, one * unit) or _near(value * unit, one) for unit in _UNITS):
        return True
    return _near(value, (one - 32) / 1.8) or _near(value, one * 1.8 + 32) or _near(value, one + 273.15)


def _of_two(value: float, one: float, other: float) -> bool:
    made = [one + other, abs(one - other), one * other, one * other / 100, one * (1 - other / 100)]
    made += [one / other] if other else []
    made += [other / one] if one else []
    made += [one * 60 + other, other * 60 + one, one * 12 + other, other * 12 + one]
    feet = [(a + b / 12) * factor for a, b in ((one, other), (other, one)) for factor in (0.3048, 30.48)]
    return any(_equal(value, each) for each in made) or any(_near(value, each) for each in feet)


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1e-9, abs(other))


def _near(one: float, other: float) -> bool:
    """Converted numbers are rounded."""
    return abs(one - other) <= 0.006 * abs(other)


def scalars(arguments: Value) -> Iterator[tuple[str, Value]]:
    """Parameter (the nearest name) and value of each scalar of a call's arguments, at most two hundred."""
    if isinstance(arguments, dict):
        yield from leaves(arguments, 200)
