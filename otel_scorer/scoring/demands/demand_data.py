"""Demands on data: columns, rows and keys, a series of numbers, dates in one form, choices, things out of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.demands.amount import LIMIT, NUMBER, limited, number
from otel_scorer.scoring.demands.demand import Demand, Reader, Test
from otel_scorer.scoring.demands.demand_shape import csv_rows
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording import tongues
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply

_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties|attributes)(?: (?:named|called|of|are|should be|must be"
    r"|being))*:? ((?:[\"'`“][\w -]{1,40}[\"'`”](?:, and |, | and )?){1,12})",
    re.IGNORECASE,
)
_COLUMN_NAMES = re.compile(
    r"\bcolumns?(?: names| headers| headings)?(?: (?:are|is|named|called|should be|must be|being|for"
    r"|with))*:? \[?((?:[\"'`“]?[\w ]{1,40}[\"'`”](?:, and |, ?| and )?){2,20})\]?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[\w -]*\w")
_ROWS = re.compile(rf"\b{NUMBER}(?: data)? (?:rows|records|entries)\b", re.IGNORECASE)
_FROM_LIST = re.compile(
    rf"\b(?:mention|use|include|name|contain|pick|choose|incorporate)s? (?:exactly )?(?:{LIMIT} )?{NUMBER} "
    rf"(?:of |different |distinct |unique "
    r"|the |following |these |person |people'?s? |city |country )*[a-z]+[^:\n]{0,60}?\b(?:from|of"
    r"|in) (?:this|the|these|my)[^:\n]{0,40}: ?([^\n]{10,3000})",
    re.IGNORECASE,
)
_SERIES = re.compile(
    r"\b(?:count|list|print|write|output|give|show)\b[^.;\n]{0,40}?\b(?:from|between) (\d{1,4}) (?:to"
    r"|and|through) (\d{1,4})\b([^.\n]{0,80})",
    re.IGNORECASE,
)
_MULTIPLES = re.compile(r"\b(?:multiples of|divisible by|every multiple of) (\d{1,3})\b")
_FILTER = re.compile(r"\b(even|odd)\b")
_COUNT = re.compile(r"\bcount from\b")
_SKIPS = re.compile(r"\b(?:by|in|only|skip\w*|except|backwards?|primes?)\b")
_DATES = re.compile(
    r"\bdates?\b[^.\n]{0,60}?\b(YYYY-MM-DD|MM/DD/YYYY|DD/MM/YYYY|DD\.MM\.YYYY|YYYY/MM/DD|ISO 8601)\b", re.IGNORECASE
)
_DATE_FORMS = {
    "yyyy-mm-dd": r"\b\d{4}-[01]\d-[0-3]\d\b",
    "iso 8601": r"\b\d{4}-[01]\d-[0-3]\d",
    "mm/dd/yyyy": r"\b[01]\d/[0-3]\d/\d{4}\b",
    "dd/mm/yyyy": r"\b[0-3]\d/[01]\d/\d{4}\b",
    "dd.mm.yyyy": r"\b[0-3]\d\.[01]\d\.\d{4}\b",
    "yyyy/mm/dd": r"\b\d{4}/[01]\d/[0-3]\d\b",
}
_CHOICES = re.compile(
    rf"\b{NUMBER} (?:multiple[- ]choice )?questions? (?:\w+ ){{0,3}}?with {NUMBER} (?:answer )?(?:options"
    rf"|choices|answers|alternatives) (?:each|per question|for each)",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?m)^[ \t]{0,8}(?:[-*] )?\(?([A-Ha-h])[).:]\s")
_REVERSED = re.compile(
    r"\b(?:every character|each character|all characters|characters|letters"
    r"|letter by letter)\b[^.\n]{0,30}?\b(?:reversed|backwards?|in reverse)\b|\b(?:write|answer|respond"
    r"|reply)\b[^.\n]{0,30}?\bbackwards\b",
    re.IGNORECASE,
)
_ANY = re.compile(r"column|row|record|entries|json|list|from|between|dates?|questions?|reverse|backward", re.IGNORECASE)


def data(wording: Wording) -> Iterator[Demand]:
    """What the sentence demands of data."""
    if not _ANY.search(wording.text):
        return
    yield from _names(wording)
    for pattern, read in _READERS:
        match = pattern.search(wording.text)
        test = read(match) if match else None
        if match and test is not None:
            yield Demand("wording", match.group()[:100], test)


def _names(wording: Wording) -> Iterator[Demand]:
    text, lowered = wording.text, wording.folded
    names = []
    if "column" in lowered:
        match = _COLUMN_NAMES.search(text)
        names = _NAME.findall(match[1]) if match else []
    if names and "csv" in lowered:
        yield Demand("format", f"columns {', '.join(names)}", _csv_columns(names))
    if "json" in lowered and ("key" in lowered or "field" in lowered or "propert" in lowered or "attribut" in lowered):
        match = _KEYS.search(text)
        keys = [key.strip() for key in _NAME.findall(match[1]) if key.strip() not in ("and", "")] if match else []
        if keys and not re.search(r"\boptional\b|\bnested\b|\beach\b|\bmay\b", lowered):
            yield Demand("format", f"JSON keys {', '.join(keys)}", _json_keys(keys))


def _csv_columns(names: list[str]) -> Test:
    wanted = [name.strip().casefold() for name in names]

    def test(reply: Reply) -> float:
        rows = csv_rows(reply)
        return float(bool(rows) and [cell.strip(" \"'").casefold() for cell in rows[0]][: len(wanted)] == wanted)

    return test


def _json_keys(keys: list[str]) -> Test:
    def test(reply: Reply) -> float | None:
        is_json, value = reply.json
        if not is_json:
            return None
        rows = value if isinstance(value, list) else [value]
        if not rows or not all(isinstance(row, dict) for row in rows):
            return None
        return float(all(all(key in row for key in keys) for row in rows if isinstance(row, dict)))

    return test


def _rows(match: re.Match[str]) -> Test | None:
    """A table of values with commas, its heading counted or not. None for other forms."""
    wanted = number(match[1])
    if "csv" not in folded(match.string) and "comma" not in folded(match.string):
        return None

    def test(reply: Reply) -> float | None:
        rows = csv_rows(reply)
        return float(len(rows) - wanted in (0, 1)) if len(rows) > 1 and len(rows[0]) > 1 else None

    return test


def _from_list(match: re.Match[str]) -> Test | None:
    wanted = limited(match[1] or "exactly", number(match[2]))
    things = [part.strip(" .\"'") for part in re.split(r",(?: and | or )?|;| and ", match[3])]
    if wanted is None or len(things) < max(3, wanted.low) or any(not 0 < len(thing) <= 40 for thing in things if thing):
        return None
    patterns = [re.compile(rf"(?<!\w){re.escape(thing)}(?!\w)", re.IGNORECASE) for thing in things[:200] if thing]
    return lambda reply: float(wanted.low <= sum(bool(one.search(reply.text)) for one in patterns) <= wanted.high)


def _filter_in(text: str) -> Callable[[int], bool] | None:
    """Which of the numbers are asked for; None where that is not clear."""
    multiple, kind = _MULTIPLES.search(text), _FILTER.search(text)
    if multiple:
        by = max(1, int(multiple[1]))
        return lambda value: value % by == 0
    if kind:
        odd = kind[1] == "odd"
        return lambda value: value % 2 == odd
    return (lambda _: True) if _COUNT.search(text) and not _SKIPS.search(text) else None


def _series(match: re.Match[str]) -> Test | None:
    """Whole numbers in order; the answer may hold these only."""
    low, high, kept = int(match[1]), int(match[2]), _filter_in(folded(match.string))
    if kept is None:
        return None
    wanted = [value for value in range(min(low, high), max(low, high) + 1) if kept(value)]
    wanted = wanted if low <= high else wanted[::-1]

    def test(reply: Reply) -> float | None:
        said = [int(one) for one in re.findall(r"\d{1,6}", reply.text)]
        return float(said == wanted or sorted(set(said)) == sorted(wanted)) if said else None

    return test if 0 < len(wanted) <= 500 else None


_ANY_DATE = re.compile(
    r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
    r"|dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}\b",
    re.IGNORECASE,
)


def _dates(match: re.Match[str]) -> Test:
    form = re.compile(_DATE_FORMS[folded(match[1])])

    def test(reply: Reply) -> float | None:
        dates = _ANY_DATE.findall(reply.text)
        return float(all(form.search(date) for date in dates)) if dates else None

    return test


def _choices(match: re.Match[str]) -> Test | None:
    questions, options = number(match[1]), number(match[2])

    def test(reply: Reply) -> float | None:
        count = len(_OPTION.findall(reply.text))
        return float(count == questions * options) if count else None

    return test


def _reversed(_match: re.Match[str]) -> Test:
    """Faulted where the answer reads as a language forwards, never praised."""
    return lambda reply: 0.0 if tongues.tongue_of(reply.text) in ("english", "german", "french", "spanish") else None


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_ROWS, _rows),
    (_FROM_LIST, _from_list),
    (_SERIES, _series),
    (_DATES, _dates),
    (_CHOICES, _choices),
    (_REVERSED, _reversed),
)
