"""Towns, regions and countries: known ones, and unknown ones where somebody lives, goes, or gets mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from otel_scorer.scoring.detection.bodies import GENERAL, span
from otel_scorer.scoring.detection.capitals import CAPITAL, OPENERS, PARTICLES, THINGS, Word
from otel_scorer.scoring.detection.hits import Hit, vocabulary
from otel_scorer.scoring.detection.known import companies, first_names, towns

_PLACED = re.compile(
    r"\b(?:in|near|via|outside|visit(?:s|ed|ing)?|(?:flights?|fly|flies|flew|trains?|moved?|moving"
    r"|travel(?:l?ed|s)?|trip|drive|drove|went|go"
    r"|going|returned|relocat\w{1,4}|bus|ship(?:ped|s)?|shipping|deliver(?:ed|y)?) (?:to|from)|based in|living in"
    r"|city of|town of|capital of|nach|aus|à|em|vivo en|live in|office in|born in|people of|president of"
    r"|kingdom of|war in) $"
)
_STATES = "|".join(
    vocabulary(
        """
        AL AK AZ AR CA CO CT DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR
        PA RI SC SD TN TX UT VA VT WA WI WV WY BC ON QC AB NSW VIC QLD ACT
        """
    )
)
_REGION_AFTER = re.compile(rf",? (?:\([A-Z]{{3}}\)|(?:{_STATES}),?(?: [0-9]|[\s.]|$))")
_COMMA_REGION = re.compile(rf", ([{CAPITAL}][^\W\d_]+)")


def town_at(text: str, words: Sequence[Word], at: int) -> tuple[Hit | None, int]:
    word = words[at]
    known = towns()
    if word.text in known.sure or (len(word.text) >= 5 and word.text.isupper() and word.text.title() in known.sure):
        is_other = at + 1 < len(words) and words[at + 1].text in _NO_TOWN_BEFORE
        return (None if is_other else span("place", text, word, word)), 1
    if word.text not in known.doubtful and word.text not in known.rare:
        return None, 1
    region = _COMMA_REGION.match(text, word.end)
    if _REGION_AFTER.match(text, word.end) or (region and region.group(1) in known.sure):
        return span("place", text, word, word), 1
    alone = at + 1 == len(words)
    if alone and word.text in known.doubtful and _PLACED.search(text, max(0, word.start - 24), word.start):
        return span("place", text, word, word), 1
    return None, 1


_NO_TOWN_BEFORE = vocabulary(
    """
    Core Protocol Convention Comma Encoding DB Graphics Notation Distribution Code Manifesto Syndrome
    """
)
"""`Dublin Core`, `Geneva Convention`."""


_NAME = rf"[{CAPITAL}][^\W\d_]{{1,30}}(?:['’-][^\W\d_]{{1,20}}){{0,3}}"
_DWELLING = re.compile(
    r"(?:\b(?:[Ii] (?:am|was|live[ds]?)|I['’]m|[Ww]e(?: a|['’])re|(?:[Ss]he|[Hh]e|[Ww]ho) (?:is|was|lives)"
    r"|(?:lives?|lived|living|based|born|raised|grew up|settled|resid(?:es|ing)|staying"
    r"|stationed|vacation(?:ing)?|holidays?)(?: (?:here|back))?) in"
    r"|\b(?:moved|flew|fly|flying|flies|travel(?:l?ed|s|l?ing)?|emigrated|commutes?|drove|driving|returned"
    r"|sailed)(?: (?:here|back|over))? (?:from|to)"
    r"|\b(?:arrived?|arrives|arriving|landed|landing|lands) (?:in|at)|\boriginally from|\b(?:home ?town"
    r"|home city|native|city|town|village|municipality|suburb|county|province) of"
    r"|\bvivo en|\bwohne in|\bj['’]habite à|\bwoon in|\bmoro em|\babito a|\bbor i)"
    rf" ((?:(?:San|Santa|São|St\.|Saint|El|La|Le|Los|Las|New|Port|North|South|East|West|Fort|Mount|Bad|Upper"
    rf"|Lower) )?{_NAME}(?: {_NAME})?)(?![\w@(/]|\.\w)"
)


def dwellings(text: str) -> Iterator[Hit]:
    """Capitalised words after "lives in", "flew to", "arrived at": towns that no list knows."""
    for match in _DWELLING.finditer(text):
        words = match.group(1).split(" ")
        lower = {word.lower() for word in words}
        is_name = lower.isdisjoint(OPENERS) or words[0] in _PARTS_OF_TOWNS
        is_other = any(word in GENERAL or word in THINGS or word in companies() for word in words)
        if is_name and not is_other and words[0] not in first_names().sure:
            yield Hit("place", *match.span(1), match.group(1))


_PARTS_OF_TOWNS = vocabulary(
    """
    San Santa São St. Saint El La Le Los Las New Port North South East West Fort Mount Bad Upper Lower
    """
)
_LINE = r"[ \t>]{0,6}"
_BLOCK = re.compile(
    rf"[0-9][^\n]{{0,60}}\n{_LINE}({_NAME}"
    rf"(?:[ -](?:{PARTICLES} ){{0,2}}{_NAME}){{0,3}}),?[ \t]{{0,4}}\n[ \t]{{0,4}}\n?{_LINE}"
    rf"(?=({_NAME}(?: {_NAME})?)(?:[ ,]{{1,2}}[0-9-]{{3,10}})?[ \t]*(?:\n|$|[?.!]))"
)


def towns_in_blocks(text: str) -> Iterator[Hit]:
    """The line of an address between that of the street or the flat and that of the country."""
    for match in _BLOCK.finditer(text):
        if match.group(2) in towns():
            yield Hit("place", *match.span(1), match.group(1))


_BEFORE_STATE = re.compile(
    rf"(?:^|[\n,>] ?|[0-9] |\b(?:in|from|to|near|at|of) ){_LINE}({_NAME}(?:[ -]{_NAME}){{0,2}}),?"
    rf" ([A-Z]{{2}}),? (?=[0-9]{{4,5}}(?:-[0-9]{{4}})?\b)"
)


def towns_before_states(text: str) -> Iterator[Hit]:
    """`Fallbrook, CA 92028`: the town and the state."""
    for match in _BEFORE_STATE.finditer(text):
        yield Hit("place", *match.span(1), match.group(1))
        yield Hit("place", *match.span(2), match.group(2))


_AFTER_STREET = re.compile(
    rf"(?:,? (?:Suite|Apt\.?|Unit|Flat|Floor) ?[0-9A-Za-z-]{{1,6}})?,"
    rf" ({_NAME}(?:[ -](?:{PARTICLES} ){{0,2}}{_NAME}){{0,2}})(?=[,.;\n)]|$| [0-9]{{3}}| [A-Z]{{2}} [0-9])"
)


def towns_after_streets(text: str, streets: Iterable[Hit]) -> Iterator[Hit]:
    """`9 Wattle Grove, Fallbrook`."""
    for street in streets:
        match = _AFTER_STREET.match(text, street.end)
        words = match.group(1).split(" ") if match else []
        if (
            match
            and {word.lower() for word in words}.isdisjoint(OPENERS)
            and not any(word in THINGS or word in _FLATS for word in words)
        ):
            yield Hit("place", *match.span(1), match.group(1))


_FLATS = vocabulary("Suite Apt Apartment Unit Flat Floor Ground Box")
