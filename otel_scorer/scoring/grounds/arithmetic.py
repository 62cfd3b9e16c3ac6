"""The arithmetic that an answer does with what it read: rounding, sums, differences, percentages, units, totals."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from typing import Any

from otel_scorer.model import Value
from otel_scorer.scoring.grounds.claims import Claim
from otel_scorer.scoring.wording.words import leaves

_FACTORS = (100.0, 1000.0, 1e6, 60.0, 24.0, 7.0, 12.0)
_PRICE = re.compile(r"[$€£]? ?\d{1,12}(?:\.\d{1,6})?")
_UNITS = (
    *(1.609344, 0.45359237, 0.3048, 2.54, 28.349523, 3.785412),
    *(1609.344, 453.59237, 30.48, 0.0254, 0.9144, 3.6, 2.236936, 1.852, 0.404686, 0.092903, 29.57353, 0.473176),
    *(1e6, 1e9, 1e12, 1024.0, 1024.0**2, 1024.0**3, 1024.0**4),
    *(3600.0, 86400.0, 60_000.0, 3_600_000.0, 1440.0, 168.0, 365.0),
)
"""Miles, pounds, feet, inches, ounces and gallons in metric units, and the like: the smaller unit for the greater,
yards, speeds, areas, cups. Then bytes, and seconds, milliseconds, minutes, hours and days.
"""
_HUGE = 1e15
_MAX_CONVERTED = 500
_UNIT = re.compile(
    r"\s{0,2}(?:°|degrees?|celsius|fahrenheit|[cf]\b|k?m\b|kms?\b|kilomet|mi\b|miles?|mph|km/h|met(?:er|re)s?|feet|ft|inch|cm\b"
    r"|kgs?\b|kilo|lbs?\b|pounds?|oz\b|ounces?|lit(?:er|re)s?|gal|yards?|yd|knots?|acres?|hectares?|ha\b|sq\b|square|cups?"
    r"|grams?|g\b|mm\b|m/s|ml\b|[kmgtp]i?b\b|bytes|hours?\b|hrs?\b|h\b|min(?:ute)?s?\b|sec(?:ond)?s?\b|s\b|days?\b"
    r"|weeks?\b|years?\b)"
)


def precisions(claim: Claim) -> list[tuple[float, float]]:
    """(value, worth of its last stated digit): 1,200 may be rounded to hundreds, 1,234.5 is exact to a tenth."""
    found = []
    for value in claim.values:
        step = claim.step
        while step < 1000 and value >= 100 * step and step >= 1 and value % (10 * step) == 0:
            step *= 10
        found.append((value, step if value % 1 == 0 else min(step, 1.0)))
    return found


def near(ordered: Sequence[float], value: float, step: float) -> bool:
    """Whether a number of the sorted list rounds to the value."""
    slack = step / 2 + 1e-9 * max(1.0, abs(value))
    at = bisect.bisect_left(ordered, value - slack)
    return at < len(ordered) and ordered[at] <= value + slack


def crowding(ordered: Sequence[float], value: float, step: float) -> float:
    """Share of numbers of this size and precision that the list would hit: the odds of a coincidence."""
    low, high = value / 2, value * 2
    inside = bisect.bisect_right(ordered, high) - bisect.bisect_left(ordered, low)
    return min(1.0, inside * step / max(high - low, step))


class _Rounded(Sequence[float]):
    """Sorted numbers as they are rounded to six places, which keeps their order: only those looked at are rounded."""

    def __init__(self, ordered: Sequence[float]) -> None:
        self._ordered = ordered

    def __len__(self) -> int:
        return len(self._ordered)

    def __getitem__(self, place: Any) -> Any:
        return round(self._ordered[place], 6)


def combined(numbers: Sequence[float]) -> Sequence[float]:
    """Sums, differences, products, quotients and percentages of pairs, and changes of unit; sorted, each once."""
    found: set[float] = set()
    for i, a in enumerate(numbers):
        for factor in _FACTORS:
            found.update((a * factor, a / factor))
        for b in numbers[i + 1 :]:
            found.update((a + b, abs(a - b), a * b, a * b / 100))
            if a and b:
                found.update((a / b, b / a, 100 * a / b, 100 * b / a, 100 * abs(a - b) / a, 100 * abs(a - b) / b))
    total = sum(numbers)
    found.update((total, total / len(numbers)) if numbers else ())
    return _Rounded(sorted(found))


def joined(some: Sequence[float], others: Sequence[float]) -> list[float]:
    """Sums and differences of each of the one with each of the others; sorted, each once."""
    return sorted({round(found, 6) for a in some for b in others for found in (a + b, abs(a - b))})


def lengths(value: Value) -> list[float]:
    """Lengths of the lists inside: "3 flights" of a list of three."""
    found: list[float] = []
    stack = [value]
    while stack and len(found) < 500:
        item = stack.pop()
        if isinstance(item, list):
            found.append(float(len(item)))
            stack.extend(item[:200])
        elif isinstance(item, dict):
            found.append(float(len(item)))
            stack.extend(list(item.values())[:200])
    return found


def numbers_in(value: Value) -> list[float]:
    """All numbers of a structured result: without blanks after its commas, a list of them reads like one number."""
    found = (leaf for _, leaf in leaves(value))
    return [float(leaf) for leaf in found if isinstance(leaf, (int, float)) and abs(leaf) < _HUGE]


def columns(value: Value) -> list[list[float]]:
    """Numbers under one key."""
    by_key: dict[str, list[float]] = {}
    for key, leaf in leaves(value):
        if isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
            by_key.setdefault(key, []).append(float(leaf))
        elif isinstance(leaf, str) and _PRICE.fullmatch(leaf[:24]):
            by_key.setdefault(key, []).append(float(leaf.lstrip("$€£ ")))
    return list(by_key.values())


def rows_of(value: Value) -> list[list[float]]:
    """Numbers beside each other in one object: `{"rent": 1150, "food": 412.35}`."""
    found: list[list[float]] = []
    stack = [value]
    while stack and len(found) < _MAX_ROWS:
        item = stack.pop()
        if isinstance(item, dict):
            beside = list(item.values())[:_MAX_BESIDE]
            numeric = [float(one) for one in beside if isinstance(one, int | float) and not isinstance(one, bool)]
            found.append(numeric)
            stack.extend(one for one in beside if isinstance(one, dict | list))
        elif isinstance(item, list):
            stack.extend(one for one in item[:_MAX_BESIDE] if isinstance(one, dict | list))
    return found


_MAX_ROWS, _MAX_BESIDE = 200, 200


def totals_of(column: Sequence[float]) -> list[float]:
    if len(column) < 2:
        return []
    total = sum(column)
    return [total, total / len(column), max(column) - min(column)]


def raised(claim: Claim, numbers: Sequence[float], shares: Sequence[float]) -> bool:
    """Whether it is one of the numbers with one of the shares (of 100) put on or taken off: a discount, a tax."""
    if not shares:
        return False
    found = sorted(number * (1 + sign * share / 100) for number in numbers for share in shares for sign in (1, -1))
    return any(near(found, value, step) for value, step in precisions(claim))


def has_unit(claim: Claim, answer: str) -> bool:
    """Whether a unit of measure follows the number."""
    end = claim.start + len(claim.text)
    last = claim.text.lower().lstrip("0123456789.,- ")
    return bool(_UNIT.match(" " + last) if last else _UNIT.match(answer[end : end + 20].lower()))


def converted(claim: Claim, numbers: Iterable[float]) -> bool:
    """Whether it is one of the numbers in another unit."""
    every = list(numbers)[:_MAX_CONVERTED]
    other = [*(value * 9 / 5 + 32 for value in every), *((value - 32) * 5 / 9 for value in every)]
    other += [found for value in every for unit in _UNITS for found in (value * unit, value / unit)]
    other.sort()
    return any(near(other, value, step) for value, step in precisions(claim))
