"""Days of the calendar: does a weekday belong to its date, and may a date follow from "tomorrow" or "in three days"?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from otel_scorer.scoring.grounds.claims import Claim, claims
from otel_scorer.scoring.grounds.ground import ground_of
from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading.scale import GROUNDING, Findings
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.words import clip

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = r"mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs?|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_COUNTS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_SPAN = re.compile(
    rf"\b(\d{{1,3}}|an?|{'|'.join(_COUNTS)}|next|last|this|coming|following|past)"
    r" ((?:business |working |calendar )?(?:hour|day|night|week|weekend|fortnight|month|quarter|year)s?)\b"
)
_NAMED_DAY = re.compile(
    rf"\b(?:on|by|until|till|from|next|this|coming|last|past|following|for|every) ({'|'.join(_WEEKDAYS)})\b"
)
_DAYS = {"week": 7, "fortnight": 14, "month": 31, "quarter": 93, "year": 366}
_WHOLE = ("month", "quarter", "year")
"""Spans after which a day is not exact: every day until then may be meant."""
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_WEEKS_AHEAD = 14
_LONGEST = 400
_MAX_REFERENCES = 200
_BEFORE = re.compile(rf"\b({_SHORT})[*_]{{0,3}}\.?,? {{0,2}}(?:the )?[(*_]{{0,3}}\Z", re.IGNORECASE)
_AFTER = re.compile(rf"[)*_]{{0,3}} ?(?:[(]|, ?(?:an? )?(?=\w+day\b))({_SHORT})\b", re.IGNORECASE)
_RELATED = re.compile(r"\b(today|tomorrow|yesterday)(?:,|,? \(|, which is| is|:)? ?(?:the )?[*_]{0,3}\Z", re.IGNORECASE)
_NOW = re.compile(
    r"\b(?:today(?:['’]s date)?|(?:the )?current (?:date|time|datetime|date and time|day))"
    r"[\"'*_]{0,3} ?(?:is|:|=)? ?[\"'*_]{0,3}(?:now )?(?:\w{6,9}, ?)?",
    re.IGNORECASE,
)
_BESIDE = 40
"""Characters beside a date in which a weekday, or what it is to today, is said."""
_OFFSETS = {"today": 0, "tomorrow": 1, "yesterday": -1}


class _Odd(NamedTuple):
    text: str
    why: str


def dates_agree(target: Target) -> Verdict | CannotTell:
    """Weekdays, "today" and "tomorrow" of the answer that do not belong to the date beside them.

    "Friday, May 20, 2024" is a Monday; "tomorrow (May 20)" is wrong where what was read or told says that today is
    May 15.

    Looks only where the year is said with the date, or with the same day in what was read; what was read so itself is
    no fault of the answer. 3.0 for any: one of the two is wrong, and it cannot tell which. Else it cannot tell.
    English names of days and months.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    answer = clip(spoken.answer, 20_000)
    findings = Findings(GROUNDING)
    stated = [claim for claim in target.once(claims, answer) if claim.kind == "date"]
    for odd in _odd(answer, stated, read, told, target.once):
        findings.add("grounding.wrong_weekday", f"{odd.text!r}: {odd.why}", stage="LLM", span_ids=(spoken.answer_span,))
    if not findings.all:
        return CannotTell("no date of the answer disagrees with the weekday beside it")
    return Verdict(3.0, findings.all[0].text, tuple(findings.all), findings.spans)


def _odd(answer: str, stated: Sequence[Claim], read: Evidence, told: Evidence, once: Once) -> Iterator[_Odd]:
    today = once(_today, (*told.texts, *read.texts)) if stated else None
    for claim in stated[:200]:
        day = _day_of(claim, read, told)
        if day is None:
            continue
        before = answer[max(0, claim.start - _BESIDE) : claim.start]
        end = claim.start + len(claim.text)
        named = _BEFORE.search(before) or _AFTER.match(answer[end : end + _BESIDE])
        if named and not _WEEKDAYS[day.weekday()].startswith(named[1].lower()[:3]):
            said = f"{named[1]}, {claim.text}"
            if not _is_read_so(named[1], claim, (read, told)):
                yield _Odd(said, f"it is a {_WEEKDAYS[day.weekday()].title()}")
        related = _RELATED.search(before)
        if related and today and day != today + timedelta(_OFFSETS[related[1].lower()]):
            yield _Odd(f"{related[1]} {claim.text}", f"today is {today.isoformat()}")


def _day_of(claim: Claim, read: Evidence, told: Evidence) -> date | None:
    """The day that is meant, None where there are two readings or the year is not known."""
    found: set[date] = set()
    for year, month, day in claim.date:
        years = {year} if year else (read.years.get((month, day), set()) | told.years.get((month, day), set())) - {0}
        found.update(filter(None, (_date(one, month, day) for one in years)))
        if not years:
            return None
    return found.pop() if len(found) == 1 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_read_so(weekday: str, claim: Claim, given: Sequence[Evidence]) -> bool:
    """The same weekday stands beside the same day in what was read or told."""
    wanted = {(month, day) for _, month, day in claim.date}
    for evidence in given:
        for text in evidence.texts:
            for other in evidence.claims_of(text):
                if other.kind == "date" and wanted & {(month, day) for _, month, day in other.date}:
                    end = other.start + len(other.text)
                    beside = text[max(0, other.start - _BESIDE) : end + _BESIDE].lower()
                    if weekday.lower()[:3] in beside:
                        return True
    return False


def _today(texts: tuple[str, ...]) -> date | None:
    """The one day of which the texts say that it is today's."""
    found: set[date | None] = set()
    for text in map(clip, texts):
        for match in _NOW.finditer(text):
            claim = next((one for one in claims(text[match.end() : match.end() + _BESIDE]) if one.kind == "date"), None)
            if claim is not None and claim.start <= 1 and len(claim.date) == 1 and all(claim.date[0]):
                found.add(_date(*claim.date[0]))
    return found.pop() if len(found) == 1 else None


def may_follow(claim: Claim, given: Sequence[Evidence], started_ns: int, once: Once) -> bool:
    """Whether a date may follow from a relative one that was read or told ("tomorrow", "in three days", "next Friday"),
    counted from any day that was named, or from the day of the run.
    """
    offsets, terms, weekdays = frozenset[int](), frozenset[int](), frozenset[str]()
    for text in (text for one in given for text in one.texts):
        more, months, named = once(_said_relatively, text)
        offsets, terms, weekdays = offsets | more, terms | months, weekdays | named
    if not (offsets or weekdays):
        return False
    run = datetime.fromtimestamp(started_ns / 1e9, UTC).date()
    known = {run, *(day for one in given for reading in _readings(one) if (day := _date(*reading)))}
    return any(
        (day - other).days in offsets
        or _months_between(other, day) in terms
        or (_WEEKDAYS[day.weekday()] in weekdays and abs((day - other).days) <= _WEEKS_AHEAD)
        for year, month, number in claim.date
        for other in sorted(known)[:_MAX_REFERENCES]
        for day in filter(None, [_date(year or other.year, month, number or 1)])
    )


def _months_between(one: date, other: date) -> int:
    """Whole months from day to day, or to the day before it ("for a year from 1 May": until 30 April); else 0."""
    for last in (other, other + timedelta(other < date.max)):
        if last.day == one.day:
            return abs(12 * (last.year - one.year) + last.month - one.month)
    return 0


def _said_relatively(text: str) -> tuple[frozenset[int], frozenset[int], frozenset[str]]:
    """Days and months to and from a day that is not named, and days of the week."""
    lowered = clip(text).lower()
    found = {1, 2} if "tomorrow" in lowered else set[int]()
    if "yesterday" in lowered:
        found.update((-1, -2))
    months = set[int]()
    for match in _SPAN.finditer(lowered):
        found.update(_days_of(match[1], match[2]))
        months.add(_number(match[1]) * _MONTHS.get(match[2].removesuffix("s"), 0))
    return frozenset(found), frozenset(months - {0}), frozenset(_NAMED_DAY.findall(lowered))


def _days_of(count: str, unit: str) -> Iterator[int]:
    """`three days`: 3 and -3; `two business days`: up to 6; `next month`: every day until then, and as many back."""
    number = _number(count)
    bare = unit.removesuffix("s").rpartition(" ")[2].replace("weekend", "week")
    days = math.ceil(number / 24) if bare == "hour" else number * _DAYS.get(bare, 1)
    inexact = bare in _WHOLE or " " in unit or not count.isalnum() or count in ("next", "last", "this", "coming")
    longest = min(2 * days + 2 if " " in unit else days, _LONGEST)
    for day in range(0 if inexact else max(0, days - 1), longest + 1):
        yield from (day, -day)


def _number(count: str) -> int:
    return int(count) if count.isdigit() else _COUNTS.index(count) + 1 if count in _COUNTS else 1


def _readings(evidence: Evidence) -> Iterator[tuple[int, int, int]]:
    for claim in evidence.claims:
        for year, month, day in claim.date:
            if year and day:
                yield year, month, day
