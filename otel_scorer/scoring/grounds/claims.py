"""What a text states that can be looked up: dates, times, numbers, identifiers, addresses (quotes, names: `mentions`).

Patterns are anchored on characters that occur once per find and have bounded repetition, so a text of n characters
costs O(n). Most begin with a class of signs and look back from there: the search then leaps to the digits instead of
trying every place. Each kind is cut out of the text before the next is looked for: a date is not three numbers as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Literal, NamedTuple, TypeAlias

from otel_scorer.scoring.detection.hits import folded, found_from
from otel_scorer.scoring.grounds.mentions import names, quotes
from otel_scorer.scoring.wording.words import clip

__all__ = ["Claim", "Kind", "claims", "names", "quotes"]

Kind = Literal["url", "email", "date", "time", "percent", "amount", "number", "identifier"]


class Claim(NamedTuple):
    """`values` are the readings of a number (1,234 is 1234, or 1.234 in Europe); `step` is its last digit's worth."""

    kind: Kind
    text: str
    start: int
    values: tuple[float, ...] = ()
    step: float = 1.0
    date: tuple[tuple[int, int, int], ...] = ()
    """Readings (year or 0, month, day) of a date; day 0: the month as a whole."""


_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'`)\]}|]{2,2000}", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_ISO_DATE = re.compile(r"(\d(?<!\d\d)\d{3})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_SLASH_DATE = re.compile(r"(\d(?<![\d/.-]\d)\d?)[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?![\d/-])")
_GAP = r"\s{1,20}"
"""Between the words of a date: a text that was wrapped goes on in the next line, which may be indented."""
_MONTH_FIRST = re.compile(
    _MONTH + _GAP + rf"(?:the{_GAP})?(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?{_GAP}(\d{{4}})\b)?", re.IGNORECASE
)
_DAY_FIRST = re.compile(
    rf"(\d(?<!\w\d)\d?)(?:st|nd|rd|th)?(?:{_GAP}of)?{_GAP}" + _MONTH + rf"\b(?:,?{_GAP}(\d{{4}})\b)?", re.IGNORECASE
)
_MONTH_OF_YEAR = re.compile(_MONTH + rf",?{_GAP}(?:of{_GAP})?((?:19|20)\d\d)\b", re.IGNORECASE)
_YEAR_AND_MONTH = re.compile(r"(\d(?<![\w/.-]\d)\d{3})-(0[1-9]|1[0-2])(?![\w/-])")
_TIME = re.compile(r"(\d(?<![\d:.]\d)\d?):(\d{2})(?::\d{2})?(?:\.\d+)? ?([ap]\.?m\b\.?)?(?![\d:])", re.IGNORECASE)
_HOUR = re.compile(r"(\d(?<![\d:.]\d)\d?) ?([ap]\.?m)\b\.?", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"(?<![\w/\\])(?=[A-Za-z_#-]{0,24}+\d)[#]?[A-Za-z0-9]{1,64}(?:[_-][A-Za-z0-9]{1,64}){0,8}(?![\w])"
)
_NUMBER = re.compile(
    r"(?P<digits>\d(?<![\w.,]\d)\d*(?:[.,]\d{1,40}|[ \u00a0\u2009\u202f’']\d{3}(?!\d))*)"
    r"(?P<scale> ?(?:thousand|million|billion|trillion|k|m|bn|mn)\b)?"
    r"(?P<unit> ?(?:%|percent\b|per cent\b|€|£|\$|USD\b|EUR\b|GBP\b|euros?\b|dollars?\b|pounds?\b)"
    r"|[a-zA-Z]{1,3}\b)?(?!\w)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"([$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY|CAD|AUD) ?)? ?\Z", re.IGNORECASE)
_CURRENCY_CHARS = 5
"""Characters that a currency before a number takes at most."""
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "trillion": 1e12}
_MAX_NUMBERS = 40_000
"""Bare numbers of one text: a table has as many, a text of nothing but digits and blanks more."""
_LIST_MARKER = re.compile(r"(?m)^[ \t>*_#-]{0,8}\(?\d{1,3}[.):][*_]{0,2}(?=\s|$)")
_LABEL = re.compile(
    r"\b(?:step|option|item|part|section|question|point|phase|task|day|example|figure|table) #?\d{1,2}\b", re.IGNORECASE
)
_SEPARATOR = re.compile("[.,]")
_SPACED = re.compile(r"[ \u00a0\u2009\u202f’']")


def claims(text: str) -> list[Claim]:
    """All claims of a text in order of appearance, numbers of list items and labels ("Step 2") left out."""
    rest = clip(text)
    if not (_DIGIT.search(rest) or "@" in rest or _may_hold_url(rest)):
        return []
    rest = _without_numbering(rest)
    found: list[Claim] = []
    for find, read in _KINDS:
        kept: list[tuple[int, int]] = []
        for match in find(rest):
            claim = read(match)
            if claim is not None:
                found.append(claim)
                kept.append(match.span())
        rest = _without(rest, kept) if kept else rest
    found.extend(islice(_numbers(rest), _MAX_NUMBERS))
    return sorted(found, key=lambda claim: claim.start)


_DIGIT = re.compile(r"\d")
_MARKER_END = re.compile(r"(?m)\d[.):][*_]{0,2}(?=\s|$)")
_LABELLED = re.compile(r"(?:step|option|item|part|section|question|point|phase|task|day|example|figure|table) #?\d")


def _without_numbering(text: str) -> str:
    if _MARKER_END.search(text):
        text = _LIST_MARKER.sub(_blank, text)
    return _LABEL.sub(_blank, text) if _LABELLED.search(folded(text)) else text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with the spans blanked; places stay where they are."""
    parts, end = [], 0
    for start, stop in spans:
        parts += [text[end:start], " " * (stop - start)]
        end = stop
    return "".join([*parts, text[end:]])


def _url(match: re.Match[str]) -> Claim:
    return Claim("url", match.group().rstrip(".,;:!?*_"), match.start())


def _email(match: re.Match[str]) -> Claim:
    return Claim("email", match.group().rstrip("."), match.start())


def _iso(match: re.Match[str]) -> Claim | None:
    return _date(match, [(int(match[1]), int(match[2]), int(match[3]))])


def _slashed(match: re.Match[str]) -> Claim | None:
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    return _date(match, [(year, first, second), (year, second, first)])


def _month_first(match: re.Match[str]) -> Claim | None:
    return _date(match, [(int(match[3] or 0), _MONTHS[match[1][:3].lower()], int(match[2]))])


def _day_first(match: re.Match[str]) -> Claim | None:
    return _date(match, [(int(match[3] or 0), _MONTHS[match[2][:3].lower()], int(match[1]))])


def _month_of_year(match: re.Match[str]) -> Claim:
    return Claim("date", match.group(), match.start(), date=((int(match[2]), _MONTHS[match[1][:3].lower()], 0),))


def _year_and_month(match: re.Match[str]) -> Claim | None:
    year = int(match[1])
    return Claim("date", match.group(), match.start(), date=((year, int(match[2]), 0),)) if 1900 < year < 2100 else None


def _date(match: re.Match[str], readings: list[tuple[int, int, int]]) -> Claim | None:
    valid = tuple((y, m, d) for y, m, d in readings if 1 <= m <= 12 and 1 <= d <= 31)
    return Claim("date", match.group().strip(), match.start(), date=valid) if valid else None


def _time(match: re.Match[str]) -> Claim | None:
    return _clock(match, int(match[1]), int(match[2]), match[3] or "")


def _hour(match: re.Match[str]) -> Claim | None:
    return _clock(match, int(match[1]), 0, match[2])


def _clock(match: re.Match[str], hour: int, minute: int, half: str) -> Claim | None:
    """Minutes since midnight. Without am or pm an hour up to 12 may be either."""
    if hour > 24 or minute > 59:
        return None
    half = half[:1].lower()
    hours = {hour % 12 + 12} if half == "p" else {hour % 12} if half == "a" else {hour % 24}
    return Claim("time", match.group().strip(), match.start(), tuple(float(60 * h + minute) for h in sorted(hours)))


_WITH_UNIT = re.compile(r"\d{1,6}(?:st|nd|rd|th|[a-zA-Z]{1,3})|[A-Za-z]\d|\d{1,4}-[a-zA-Z]{2,12}")


def _identifier(match: re.Match[str]) -> Claim | None:
    """Letters and digits together, or digits joined by hyphens. `20mm`, `3rd` and `2x` are numbers with a unit."""
    text = match.group()
    bare = text.lstrip("#")
    if bare.isdigit():
        return None
    if _WITH_UNIT.fullmatch(bare):
        return None
    return Claim("identifier", bare, match.start()) if any(c.isdigit() for c in bare) else None


def _numbers(text: str) -> Iterator[Claim]:
    end = 0
    for match in _NUMBER.finditer(text):
        start, currency = _currency_before(text, max(end, match.start() - _CURRENCY_CHARS), match.start())
        end = match.end()
        claim = _number(match, currency, text[start:end].strip())
        if claim is not None:
            yield claim


def _currency_before(text: str, earliest: int, number: int) -> tuple[int, str]:
    """Where the currency before a number begins (the number itself where there is none), and which it is."""
    if number == earliest or text[number - 1] not in " $€£¥₹":
        return number, ""
    match = _CURRENCY.search(text, earliest, number)
    return (match.start(), match[1] or "") if match else (number, "")


def _number(match: re.Match[str], currency: str, text: str) -> Claim | None:
    digits = match["digits"]
    readings = [(float(digits), 1.0)] if digits.isdecimal() else _readings(_SPACED.sub("", digits))
    if not readings:
        return None
    scale = _SCALES.get((match["scale"] or "").strip().lower(), 1.0)
    step = min(step for _, step in readings) * scale
    kind = _kind_of(currency, (match["unit"] or "").strip().lower())
    return Claim(kind, text, match.start(), tuple(v * scale for v, _ in readings), step)


def _kind_of(currency: str, unit: str) -> Kind:
    if unit in ("%", "percent", "per cent"):
        return "percent"
    money = currency or unit[:4] in ("€", "£", "$", "usd", "eur", "gbp", "euro", "doll", "poun")
    return "amount" if money else "number"


def _readings(digits: str) -> list[tuple[float, float]]:
    """(value, worth of the last digit) of each way to read separators; none where it is no number (1.2.3)."""
    if len(digits) > 25:
        return []
    marks = [c for c in digits if c in ".,"]
    if not marks:
        return [(float(digits), 1.0)]
    last, tail = marks[-1], len(digits) - 1 - digits.rindex(marks[-1])
    groups = _SEPARATOR.split(digits)
    grouped = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3
    if len(marks) > 1:
        if len(set(marks)) == 1:
            return [(float("".join(groups)), 1.0)] if grouped else []
        if marks.count(last) > 1 or len(set(marks[:-1])) > 1:
            return []
    decimal = float("".join(groups[:-1]) + "." + groups[-1])
    found = [(decimal, 10.0**-tail)]
    if len(marks) == 1 and grouped:
        whole = (float("".join(groups)), 1.0)
        found = [whole, found[0]] if last == "," else [found[0], whole]
    return found


# ---- where they may stand --------------------------------------------------------------------------------------------

_Matches: TypeAlias = Iterable[re.Match[str]]
_DIGIT_AFTER_BLANK = re.compile(r"\d(?<=\s\d)")
_MONTH_AND_DAY = re.compile(_MONTH + rf",?{_GAP}(?:(?:the|of){_GAP})?\d")
"""With which `_MONTH_FIRST` and `_MONTH_OF_YEAR` begin, for folded texts."""
_DIGIT_IN_A_WORD = re.compile(r"\d(?:(?<=[A-Za-z_-]\d)|(?=[A-Za-z_-]))")


def _may_hold_url(text: str) -> bool:
    return "://" in text or "www." in text.lower()


def _urls(text: str) -> _Matches:
    return _URL.finditer(text) if _may_hold_url(text) else ()


def _emails(text: str) -> _Matches:
    return _EMAIL.finditer(text) if "@" in text else ()


def _months_first(text: str) -> _Matches:
    if not _DIGIT_AFTER_BLANK.search(text):
        return ()
    return found_from(_MONTH_AND_DAY, _MONTH_FIRST, text, folded(text))


def _months(text: str) -> _Matches:
    if not _DIGIT_AFTER_BLANK.search(text):
        return ()
    return found_from(_MONTH_AND_DAY, _MONTH_OF_YEAR, text, folded(text))


def _times(text: str) -> _Matches:
    return _TIME.finditer(text) if ":" in text else ()


def _identifiers(text: str) -> _Matches:
    return _IDENTIFIER.finditer(text) if _DIGIT_IN_A_WORD.search(text) else ()


_KINDS: tuple[tuple[Callable[[str], _Matches], Callable[[re.Match[str]], Claim | None]], ...] = (
    (_urls, _url),
    (_emails, _email),
    (_ISO_DATE.finditer, _iso),
    (_SLASH_DATE.finditer, _slashed),
    (_months_first, _month_first),
    (_DAY_FIRST.finditer, _day_first),
    (_months, _month_of_year),
    (_YEAR_AND_MONTH.finditer, _year_and_month),
    (_times, _time),
    (_HOUR.finditer, _hour),
    (_identifiers, _identifier),
)
"""Where a text may state something of a kind, and what it then says."""
