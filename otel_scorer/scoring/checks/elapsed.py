"""The time between two times of day or two days, and days that are written as seconds since 1970: an answer may have
worked them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, islice

from otel_scorer.scoring.checks.claims import Claim

_LENGTH = re.compile(r"[\s-]{0,2}(min(?:ute)?s?|h(?:ou)?rs?|h|days?|nights?|weeks?)\b", re.IGNORECASE)
_MINUTES = {"m": 1.0, "h": 60.0, "d": 1.0, "n": 1.0, "w": 7.0}
"""By the first letter of the unit: minutes of it for times of day, days of it for days."""
_MOST = 60
"""Times, and days, that are held against each other."""
_A_YEAR = 2024
"""For days that are said without one."""


def lasts(claim: Claim, after: str, known: Iterable[Claim]) -> bool:
    """Whether the number is the time between two that are known: "55 minutes" of 09:12 and 10:07.

    `after` is the answer from the claim on. Of a time in hours and minutes ("1 hour 5 minutes") each may be said.
    """
    digits = re.match(r"[\d.,]{1,20}", after)
    unit = _LENGTH.match(after, digits.end()) if digits else None
    if unit is None or not claim.values:
        return False
    letter, wanted = unit[1][0].lower(), claim.values[0]
    if letter in "mh":
        return any(_is(wanted, length, letter) for length in _between_times(known))
    whole = wanted * _MINUTES[letter]
    return any(abs(whole - days) < _MINUTES[letter] or whole == days + 1 for days in _between_days(known))


def _is(wanted: float, minutes: float, letter: str) -> bool:
    if letter == "m":
        return wanted in (minutes, minutes % 60)
    return abs(wanted - minutes / 60) < 0.26 or wanted == minutes // 60


def _between_times(known: Iterable[Claim]) -> set[float]:
    times = {value for claim in known if claim.kind == "time" for value in claim.values}
    return {
        (later - earlier) % 1440
        for one, other in combinations(sorted(islice(times, _MOST)), 2)
        for earlier, later in ((one, other), (other, one))
    }


def _between_days(known: Iterable[Claim]) -> set[int]:
    days = {day for claim in known for reading in claim.date[:1] if (day := _ordinal(*reading))}
    return {later - earlier for earlier, later in combinations(sorted(islice(days, _MOST)), 2)}


def _ordinal(year: int, month: int, day: int) -> int:
    try:
        return date(year or _A_YEAR, month, day).toordinal() if day else 0
    except ValueError:
        return 0


_EPOCH = range(946_684_800, 2_145_916_800)
"""Seconds of the years 2000 to 2037."""
_MOST_MOMENTS = 200


def moments(runs: Iterable[str]) -> Sequence[datetime]:
    """Of runs of digits those that may be seconds or milliseconds since 1970, in UTC."""
    seconds = [int(run[:10]) for run in runs if len(run) in (10, 13) and int(run[:10]) in _EPOCH]
    return [datetime.fromtimestamp(one, UTC) for one in sorted(seconds)[:_MOST_MOMENTS]]


def is_near(day: tuple[int, int, int], known: Sequence[datetime]) -> bool:
    """Whether one of the moments lies on this (year or 0, month, day or 0), wherever on Earth."""
    shifted = (moment + timedelta(hours=hours) for moment in known for hours in (0, -12, 14))
    return any(
        day in ((one.year, one.month, one.day), (0, one.month, one.day), (one.year, one.month, 0)) for one in shifted
    )
