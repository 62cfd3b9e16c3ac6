"""Where the value of an argument came from: the request, the prompts, an earlier result, the tool's own definition.

What a call's own result says, and what calls of the same moment returned, is no origin: a result often repeats the
invented value that it was asked with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from otel_scorer.model import Value
from otel_scorer.scoring.checks.claims import Claim, claims
from otel_scorer.scoring.checks.said import result_text
from otel_scorer.scoring.checks.words import MAX_CHARS, as_text, clip, compact, leaves, stem, words
from otel_scorer.scoring.once import Once

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_MAX_SOURCES = 400
_MAX_ALL_CHARS = 1_000_000
_MAX_NUMBERS = 40
_NUMBER_WORDS = {
    word: float(value)
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty""".split()
    )
} | {
    "thirty": 30.0,
    "forty": 40.0,
    "fifty": 50.0,
    "sixty": 60.0,
    "seventy": 70.0,
    "eighty": 80.0,
    "ninety": 90.0,
    "hundred": 100.0,
    "thousand": 1000.0,
    "once": 1.0,
    "twice": 2.0,
    "first": 1.0,
    "second": 2.0,
    "third": 3.0,
    "single": 1.0,
    "couple": 2.0,
    "pair": 2.0,
    "double": 2.0,
    "triple": 3.0,
    "dozen": 12.0,
    "half": 0.5,
    "quarter": 0.25,
    "rest": 0.0,
}
_FACTORS = (
    *(10.0**power for power in range(-9, 10)),
    *(2.0, 4.0, 7.0, 12.0, 24.0, 30.0, 52.0, 60.0, 365.0, 3600.0, 1440.0, 86400.0, 0.5, 0.25, 0.2, 4.184, 9.81),
    *(
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
    ),
)
"""By which a number changes that is given in another unit."""
_NEAR = 0.011


@dataclass(frozen=True)
class Source:
    """One text that was there before a call. `at_ns`: from when on; `asked_by`: the model call whose answer it is."""

    text: str
    at_ns: int = 0
    asked_by: str = ""

    @cached_property
    def compact(self) -> str:
        return compact(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem(word) for word in words(self.text.replace("_", " ")))

    @cached_property
    def claims(self) -> list[Claim]:
        return claims(self.text)

    @cached_property
    def numbers(self) -> list[float]:
        return numbers_in(self.text)


class Origins:
    """All that a run's calls could take their values from."""

    def __init__(self, view: TraceView, once: Once) -> None:
        self.cut = False
        self._sources: list[Source] = []
        self._left = _MAX_ALL_CHARS
        results = set()
        for text in (view.system, view.user_text, view.task):
            self._add(text, 0, "")
        for use in view.tool_uses[:_MAX_SOURCES]:
            text = once(result_text, use)
            results.add((text or "").strip())
            self._add(text, use.end_ns or use.start_ns, use.requested_by)
            self._add(as_text(use.arguments) if use.arguments_captured else None, use.end_ns, use.requested_by)
        for context in view.contexts[:_MAX_SOURCES]:
            if context.text.strip() not in results:
                step = view.by_id.get(context.span_id)
                late = context.source == "retrieval" and step is not None
                self._add(context.text, step.span.start_ns if late and step is not None else 0, "")
        for turn in (view.turns or ())[:_MAX_SOURCES]:
            if turn.role == "assistant" and turn.text != view.final_answer:
                self._add(turn.text, 0, "")

    def _add(self, text: str | None, at_ns: int, asked_by: str) -> None:
        if not text or self._left <= 0 or len(self._sources) >= _MAX_SOURCES:
            self.cut = self.cut or bool(text)
            return
        self.cut = self.cut or len(text) > MAX_CHARS
        self._sources.append(Source(clip(text, min(MAX_CHARS, self._left)), at_ns, asked_by))
        self._left -= len(text)

    def before(self, use: ToolUse) -> list[Source]:
        """What was there when the call was asked for."""
        return [
            source
            for source in self._sources
            if source.at_ns <= use.start_ns and not (source.asked_by and source.asked_by == use.requested_by)
        ]


def numbers_in(text: str) -> list[float]:
    """The numbers of a text, written in digits or as words, at most some hundred."""
    found = [value for claim in claims(text) for value in claim.values if claim.kind not in ("time", "date")]
    found += [float(digits) for digits in _DIGITS.findall(text)[:200]]
    found += [_NUMBER_WORDS[word] for word in words(text[:20_000]) if word in _NUMBER_WORDS]
    return list(dict.fromkeys(found))[:300]


_DIGITS = re.compile(r"\d{1,15}(?:\.\d{1,9})?")


def derived(value: float, known: list[float]) -> bool:
    """Whether a number is one of the known ones, one of them in another unit, or a plain sum, difference, product or
    quotient of two.
    """
    known = known[:_MAX_NUMBERS]
    if any(_same(value, one) for one in known) or value in (0, 1):
        return True
    if any(_same(value, one * factor) or _same(value * factor, one) for one in known for factor in _FACTORS):
        return True
    if any(
        _same(value, (one - 32) / 1.8) or _same(value, one * 1.8 + 32) or _same(value, one + 273.15) for one in known
    ):
        return True
    return any(_of_two(value, one, other) for one, other in combinations(known, 2))


def _of_two(value: float, one: float, other: float) -> bool:
    made = [one + other, abs(one - other), one * other, one * other / 100]
    made += [one / other] if other else []
    made += [other / one] if one else []
    feet = [
        larger * factor + smaller * factor / 12 for larger, smaller in ((one, other), (other, one)) for factor in _FEET
    ]
    spans = [one * 60 + other, other * 60 + one, one * 12 + other, other * 12 + one, one * (1 - other / 100)]
    return any(abs(value - each) <= 1e-6 * max(1.0, abs(value)) for each in (*made, *spans)) or any(
        _same(value, each) for each in feet
    )


_FEET = (0.3048, 30.48)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _NEAR * abs(other) if other % 1 or one % 1 else one == other


def scalars(arguments: Value) -> Iterator[tuple[str, Value]]:
    """Parameter (the nearest name) and value of each scalar of a call's arguments, at most two hundred."""
    if isinstance(arguments, dict):
        yield from leaves(arguments, 200)
