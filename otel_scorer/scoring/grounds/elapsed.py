"""The time between two times of day or two days, and days that are written as seconds since 1970: an answer may have
worked them out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, islice

from otel_scorer.scoring.grounds.claims import Claim

_LENGTH = re.compile(r"[\s-]{0,2}(min(?:ute)?s?|h(?:ou)?rs?|h|days?|nights?|weeks?)\b", re.IGNORECASE)
_DIGITS = re.compile(r"[\d.,]{1,20}")
_DAYS = {"d": 1.0, "n": 1.0, "w": 7.0}
"""By the first letter of the unit."""
_MOST = 60
"""Times, and days, that are held against each other."""
_A_YEAR = 2024
"""For days that are said without one."""


def unit_of_time(after: str) -> str:
    """`m`, `h`, `d`, `n` (nights) or `w` where the number that `after` begins with is a length of time, else ""."""
    digits = _DIGITS.match(after)
    unit = _LENGTH.match(after, digits.end()) if digits else None
    return unit[1][0].lower() if unit else ""


def lasts(claim: Claim, unit: str, between: Collection[float]) -> bool:
    """Whether the number is one of the times `between` two that are known: "55 minutes" of 09:12 and 10:07.

    `between` are minutes for a unit of minutes or hours, else days. Of a time in hours and minutes ("1 hour 5
    minutes") each may be said.
    """
    wanted = claim.values[0]
    if unit in "mh":
        return any(_is(wanted, length, unit) for length in between)
    whole = wanted * _DAYS[unit]
    return any(abs(whole - days) < _DAYS[unit] or whole == days + 1 for days in between)


def _is(wanted: float, minutes: float, letter: str) -> bool:
    if letter == "m":
        return wanted in (minutes, minutes % 60)
    return abs(wanted - minutes / 60) < 0.26 or wanted == minutes // 60


def minutes_between(known: Iterable[Claim]) -> set[float]:
    times = {value for claim in known if claim.kind == "time" for value in claim.values}
    return {
        (later - earlier) % 1440
        for one, other in combinations(sorted(islice(times, _MOST)), 2)
        for earlier, later in ((one, other), (other, one))
    }


def days_between(known: Iterable[Claim]) -> set[float]:
    days = {day for claim in known for reading in claim.date[:1] if (day := _ordinal(*reading))}
    return {float(later - earlier) for earlier, later in combinations(sorted(islice(days, _MOST)), 2)}


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
