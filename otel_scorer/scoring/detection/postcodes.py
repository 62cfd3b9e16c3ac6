"""Postcodes: by a word, a state, a country, a national form, or by the town or street that they stand beside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.detection.capitals import CAPITAL, OPENERS, THINGS
from otel_scorer.scoring.detection.hits import Hit, holds_any, vocabulary
from otel_scorer.scoring.detection.known import first_names, towns
from otel_scorer.scoring.detection.street_shapes import STREET_KINDS

_STATES = (
    "AL|AK|AZ|AR|CA|CT|FL|GA|IL|IA|KS|KY|LA|MD|MA|MI|MN|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|PA|RI|SC|SD|TN|TX|UT|VT"
    "|VA|WA|WV|WI|WY"
)
_WORD_STATES = "CO|DC|DE|HI|ID|IN|ME|MS|OK|OR|PR"
"""Those that are words of their own too, as in `ID 12345`."""
_NAMED_POSTCODE = re.compile(
    r"(?:z(?<!\wz)ip(?: ?code)?|p(?<!\wp)(?:ost ?code|ostal code|ostnummer|lz)|c(?<!\wc)[ae]p)\b(?: is)?[\s:.#]{1,4}"
)
"""In the folded text."""
_POSTCODE_NAMES = ("zip", "post", "plz", "cap", "cep")
_POSTCODE = re.compile(r"(?=[A-Z]{0,3} ?[0-9]?[A-Z]? ?[0-9])[A-Z0-9]{2,5}(?:[ -][A-Z0-9]{2,4})?\b")
_NUMBER_AFTER = re.compile(r" ([0-9]{4,6}(?:-[0-9]{4})?)\b(?![-,.]?[0-9])")
_BEFORE = re.compile(rf"((?:[{CAPITAL}][\w.'’-]{{0,30}} ){{0,2}}[{CAPITAL}][\w.'’-]{{1,30}}),?(?: -)?$")
_STATE_BEFORE = re.compile(rf"\b(?:{_STATES}),?$|[a-z], (?:{_WORD_STATES})$|\b[AFD]PO A[AEP]$")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}$")
_SHAPED_SIGN = re.compile(r" [0-9][A-Z]")
_SHAPED_POSTCODES = (
    re.compile(r"\b([A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2})\b"),
    re.compile(r"\b([ABCEGHJ-NPRSTVXY][0-9][A-Z] [0-9][A-Z][0-9])\b"),
)


def postcodes(text: str, lowered: str) -> Iterator[Hit]:
    """Named ones, those after an American state or a country, and British and Canadian ones by their form."""
    for name in _NAMED_POSTCODE.finditer(lowered) if holds_any(lowered, _POSTCODE_NAMES) else ():
        found = _POSTCODE.match(text, name.end())
        is_weak = name.group()[:2] in ("ca", "po", "ce") and name.group()[-1] not in ":#" and " is" not in name.group()
        if found and (not is_weak or sum(map(str.isdigit, found.group())) >= 5):
            yield Hit("zip_code", *found.span(), found.group())
    for match in _NUMBER_AFTER.finditer(text):
        around = max(0, match.start() - 24), match.start()
        is_american = len(match.group(1)) in (5, 10) and _STATE_BEFORE.search(text, *around)
        abroad = len(match.group(1)) < 7 and not _YEAR.match(match.group(1)) and _names_place(text, *around)
        if is_american or abroad:
            yield Hit("zip_code", *match.span(1), match.group(1))
    for pattern in _SHAPED_POSTCODES if _SHAPED_SIGN.search(text) else ():
        for match in pattern.finditer(text):
            yield Hit("zip_code", *match.span(1), match.group(1))
    yield from _beside_towns(text)


def _names_place(text: str, start: int, end: int) -> bool:
    """A country, region or town that is sure ends here."""
    before = _BEFORE.search(text, start, end)
    if not before:
        return False
    words = before.group(1).split(" ")
    return any(" ".join(words[at:]) in towns().sure for at in range(len(words)))


_TOWN = rf"([{CAPITAL}][^\W\d_]{{1,30}}(?:['’ -][{CAPITAL}][^\W\d_]{{1,30}}){{0,2}})"
_JOINT = r"(?:^|(?<=[\n,;:>(·|])|(?<= [-–])|(?<=\b[A-Z]-))[ \t>]{0,4}"
_BEFORE_TOWN = re.compile(
    rf"{_JOINT}([0-9]{{4}} ?[A-Z]{{2}}|[0-9]{{4,5}}|[0-9]{{3}} [0-9]{{2}}|[0-9]{{2}}-[0-9]{{3}}|[0-9]{{4}}-[0-9]{{3}}"
    rf") {{1,2}}{_TOWN}(?![\w@])"
)
_STREET_BEFORE = re.compile(
    r"[^\W\d_]{3,} [0-9]{1,4}(?:[-/][0-9IVX]{1,4}){0,2} ?[a-zA-Z]?,? ?\n?$|[0-9]{1,4},? [^\n]{3,40},? ?\n?$"
)
_AFTER_TOWN = re.compile(
    r"(?<![\w.,-])([0-9]{5}-[0-9]{3}|〒?[0-9]{3}-[0-9]{4}|[0-9]{3} [0-9]{3}|[0-9]{4}-[0-9]{3}"
    r"|[0-9]{4} [A-Z]{2})(?![\w-])"
)
_AUSTRALIAN = re.compile(r"\b(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT),? ([0-9]{4})\b")

_AFTER_STREET = re.compile(rf" (?:{STREET_KINDS})\.?,[ \n]{{1,2}}{_TOWN},? ([0-9]{{4,6}})\b(?![-.,]?[0-9])")


def _beside_towns(text: str) -> Iterator[Hit]:
    """`14050 Berlin`, `44-100 Gliwice` behind a street or before a known town; `São Paulo - SP, 01310-200`."""
    for match in _BEFORE_TOWN.finditer(text):
        town = match.group(2)
        words = town.split(" ")
        known = any(" ".join(words[:count]) in towns() for count in (1, 2, 3)) and not _YEAR.match(match.group(1))
        if known or (
            _may_be_town(words)
            and not town.isupper()
            and _STREET_BEFORE.search(text, max(0, match.start() - 48), match.start(1))
        ):
            yield Hit("zip_code", *match.span(1), match.group(1))
    for match in _AFTER_TOWN.finditer(text):
        if _names_place(text, max(0, match.start() - 40), match.start() - 1) or _STATE_CODE.search(
            text, max(0, match.start() - 12), match.start()
        ):
            yield Hit("zip_code", *match.span(1), match.group(1))
    for match in _AFTER_STREET.finditer(text):
        if _may_be_town(match.group(1).split(" ")):
            yield Hit("zip_code", *match.span(2), match.group(2))
    for match in _AUSTRALIAN.finditer(text):
        yield Hit("zip_code", *match.span(1), match.group(1))


_STATE_CODE = re.compile(r"[-,] [A-Z]{2}, $")


def _may_be_town(words: list[str]) -> bool:
    lower = {word.lower() for word in words}
    return (
        lower.isdisjoint(OPENERS)
        and not any(word in THINGS or word in _UNITS for word in words)
        and words[0] not in first_names().sure
    )


_UNITS = vocabulary(
    "Suite Apt Apartment Unit Floor Flat Street Road Avenue Items Users Points EUR USD GBP MB GB KB Euro"
    " Euros Dollars Members People"
)
