"""Where somebody lives or can be found, by shape: street addresses.

Streets are known by the word that makes them one (`Street`, `Rue`, `-straße`) beside a number, or by the flat or the
postcode in the next line. A house that only a map knows is not found.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from otel_scorer.scoring.detection.capitals import CAPITAL
from otel_scorer.scoring.detection.hits import Hit, holds_any
from otel_scorer.scoring.detection.street_shapes import NUMBER, STREETS

_GIVING = re.compile(r"(?:address|lives? (?:at|on)|living at|reside[sd]? at|located at)\b(?: is| at| to)?[\s:]{1,4}")
"""In the folded text, before an address."""
_GIVERS = ("address", "lives at", "lives on", "live at", "living at", "reside", "located at")
_WHOSE = re.compile(r"\b(?:home|postal|mailing|shipping|delivery|billing|street|new|my|his|her|their|your|full) $")
_VALUE = re.compile(r"(?:[^\n.;:@\[\]{}<>\"]|\.(?! )){1,80}")
_CAPITALISED = re.compile(rf"[{CAPITAL}]\w")
_PLACE_SHAPED = re.compile(rf"(?:^|\s)(?:{NUMBER}|[A-Z]{{1,3}}-?[0-9]{{3,6}})(?=[\s,]|$)")


def street_addresses(text: str, lowered: str) -> Iterator[Hit]:
    """Streets with a house number, boxes, and what follows "my address is"."""
    found_by_shape = list(streets(text, lowered))
    yield from found_by_shape
    starts = sorted(hit.start for hit in found_by_shape)
    for name in _GIVING.finditer(lowered) if holds_any(lowered, _GIVERS) else ():
        value = _VALUE.match(text, name.end())
        found = value.group().rstrip() if value and _is_somebodys(lowered, name, value.group()) else ""
        known = bisect_left(starts, name.end()) < bisect_right(starts, name.end() + len(found))
        if found and not known and _PLACE_SHAPED.search(found) and _CAPITALISED.search(found):
            yield Hit("street_address", name.end(), name.end() + len(found), found)


def streets(text: str, lowered: str) -> Iterator[Hit]:
    """Streets with a house number, and boxes."""
    for shape in STREETS:
        if shape.may_be_in(text, lowered):
            yield from (
                Hit("street_address", *match.span(), match.group())
                for match in shape.pattern.finditer(text)
                if _is_street(match)
            )


def _is_street(match: re.Match[str]) -> bool:
    """Not `2 Google Drive folders` nor `the 2024 Supreme Court ruling`: a doubtful word ends a line or a clause."""
    if _YEAR_FIRST.match(match.group()):
        return False
    if not _DOUBTFUL.search(match.group()):
        return True
    return _ENDS.match(match.string, match.end()) is not None and not _NO_STREETS.search(match.group())


_YEAR_FIRST = re.compile(r"(?:19|20)[0-9]{2}, ")
_DOUBTFUL = re.compile(
    r" (?:Court|Ct|Drive|Dr|Place|Pl|Squares?|Sq|Way|Row|Close|Walk|Hill|Circle|Cir|Loop|Plaza|Trail|Pike"
    r"|Gardens|Grove"
    r"|Heights|Quay|Mews|Terrace|Alley|Pass)\.?$"
)
_ENDS = re.compile(r"[ \t]{0,2}(?:[,;\n.)]|$|(?:in|is|was|and|Apt|Suite|Unit)\b|[A-Z])")
_NO_STREETS = re.compile(
    r"(?:^(?:19|20)[0-9]{2},?|(?i:google|one|supreme|high|district|circuit|appeals?|hard|flash|usb|thumb|external"
    r"|network|test"
    r"|food|tennis|royal|federal|first|second|third|last|shared|team|new|root|green)) \w+\.?$"
)


def _is_somebodys(lowered: str, name: re.Match[str], value: str) -> bool:
    """`my address`, not `the address of the server`; `located at 12 Mill Road`, not `located at port 80`."""
    if not name.group().startswith("address"):
        return _NUMBER_FIRST.match(value) is not None
    return _WHOSE.search(lowered, max(0, name.start() - 12), name.start()) is not None


_NUMBER_FIRST = re.compile(rf"{NUMBER},? [{CAPITAL}][a-zà-ÿ]")
