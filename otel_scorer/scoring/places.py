"""Where somebody lives or can be found, by shape: street addresses, postcodes, countries, web addresses.

Streets are known by the word that makes them one (`Street`, `Rue`, `-straße`) beside a number, postcodes by a word, a
state or a national form. A house that only a map knows is not found; towns need a model (`named.py`).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from otel_scorer.scoring.hits import Hit, holds_any

_CAPITAL = "A-ZÀ-ÖØ-ÞĀŁŚŠŽŹŻČĆŐŰ"
_NAME = rf"[{_CAPITAL}][\w'’.-]{{0,30}}"
_NUMBER = r"[0-9]{1,6}[a-zA-Z]?(?:[-/][0-9]{1,4})?"
STREET_KINDS = (
    r"Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Squares|Sq|Terrace|Way|"
    r"Highway|Hwy|Parkway|Pkwy|Circle|Cir|Crescent|Cres|Close|Trail|Trl|Alley|Row|Mews|Plaza|Loop|Turnpike|Pike|"
    r"Causeway|Gardens|Grove|Hill|Heights|Quay|Walk"
)
_JOINED = (
    r"stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|damm|ufer|vej|gade|gata|gatan|vägen|gränd|veien|laan|straat|gracht"
    r"|plein"
    r"|katu|tie|kuja|vænget|stræde"
)
_JOINED_ENDS = r"aße|sse|tr\.|weg|atz|lee|amm|fer|vej|ade|ata|tan|gen|änd|ien|aan|aat|cht|ein|atu|tie|uja|get|æde"
"""Their last three signs."""
_PART = r"(?:[,\n]{0,2} {0,4}(?:Suite|Apt\.?|Apartment|Unit|Floor|Fl\.?|Room|#) ?[0-9A-Za-z-]{1,8}\b)?"


class _Shape(NamedTuple):
    """A pattern, and what a text must hold for it to be tried: one of the `needles` in the folded text, where there
    are some, and a match of `sign`. Most texts do not, and a word is found faster than a pattern.
    """

    sign: re.Pattern[str]
    pattern: re.Pattern[str]
    needles: tuple[str, ...] = ()
    also: re.Pattern[str] | None = None
    """A second sign."""

    def may_be_in(self, text: str, lowered: str) -> bool:
        if self.needles and not holds_any(lowered, self.needles):
            return False
        return self.sign.search(text) is not None and (self.also is None or self.also.search(text) is not None)


_STREETS = (
    # 12 Old Mill Road, Apt 4
    _Shape(
        re.compile(rf"[0-9][a-zA-Z]?,? [{_CAPITAL}]"),
        re.compile(
            rf"(?<![\w.,$€£-]){_NUMBER},? (?:{_NAME} ){{1,4}}(?:{STREET_KINDS})\b"
            rf"(?:\.(?= ?,? (?:Suite|Apt|Unit|#)))?{_PART}"
        ),
        also=re.compile(rf" (?<=[a-z.] )(?:{STREET_KINDS})\b"),
    ),
    # 5 rue de la Paix; Via Franscini 71; Avenida da Liberdade, 12
    _Shape(
        re.compile(r" (?i:rue|avenue|boulevard|chemin|place|quai|impasse|all[ée]e) "),
        re.compile(
            rf"(?<![\w.,-]){_NUMBER},? (?:bis,? |ter,? )?"
            rf"(?i:rue|avenue|boulevard|chemin|place|quai|impasse|all[ée]e) "
            rf"(?:(?:de|la|le|les|du|des) |[dl]['’]){{0,3}}{_NAME}"
        ),
        (" rue ", " avenue ", " boulevard ", " chemin ", " place ", " quai ", " impasse ", " allée ", " allee "),
    ),
    _Shape(
        re.compile(r"[RVCPATUu](?:ue|ia|iale|orso|iazza|alle|/|venida|v\.|ua|raça|ravessa|arrer|aseo|laza|l\.|lica) "),
        re.compile(
            rf"\b(?:Rue|Via|Viale|Corso|Piazza|Calle|C/|Avenida|Av\.|Rua|Praça|Travessa|Carrer|Paseo|Plaza|[Uu]l\."
            rf"|[Uu]lica)"
            rf" (?:(?:de|la|le|los|las|du|des|del|della|di|da|do|dos|das) ){{0,2}}"
            rf"(?:{_NAME} ){{0,3}}{_NAME},? [0-9]{{1,5}}[a-z]?\b"
        ),
    ),
    # Hauptstraße 12, Keizersgracht 241, Præstevænget 15, Erzsébet tér 19
    _Shape(
        re.compile(rf" [0-9](?<=(?:{_JOINED_ENDS}) [0-9])"),
        re.compile(rf"\b[{_CAPITAL}][\w-]{{1,30}}(?:{_JOINED}) [0-9]{{1,5}}(?: ?[a-zA-Z])?\b"),
    ),
    _Shape(
        re.compile(r" (?:u\.|utca|út|útja|tér|krt\.|körút|sokak|ulica) [0-9]"),
        re.compile(rf"\b{_NAME}(?: {_NAME}){{0,2}} (?:u\.|utca|út|útja|tér|krt\.|körút|sokak|ulica) [0-9]{{1,5}}\b"),
    ),
    # Post office boxes, and the parts of a building
    _Shape(
        re.compile("Box "),
        re.compile(
            r"\b(?:P\.? ?O\.? ?Box|(?:PSC|Unit|CMR) [0-9]{1,6},? Box) [0-9]{1,6}\b(?:\n[AFD]PO [A-Z]{2}(?: [0-9]{5})?)?"
        ),
    ),
    _Shape(
        re.compile(r"Suite |Ap(?:t|artment)\b"),
        re.compile(r"\b(?:Suite|Apt\.?|Apartment) [0-9]{1,5}[A-Z]?\b"),
        ("suite ", "apt", "apartment"),
    ),
)
_GIVING = re.compile(r"(?:address|lives? at|living at|reside[sd]? at|located at)\b(?: is| at| to)?[\s:]{1,4}")
"""In the folded text, before an address."""
_GIVERS = ("address", "lives at", "live at", "living at", "reside", "located at")
_WHOSE = re.compile(r"\b(?:home|postal|mailing|shipping|delivery|billing|street|new|my|his|her|their|your|full) $")
_VALUE = re.compile(r"(?:[^\n.;:@\[\]{}<>\"]|\.(?! )){1,80}")
_CAPITALISED = re.compile(rf"[{_CAPITAL}]\w")
_PLACE_SHAPED = re.compile(rf"(?:^|\s)(?:{_NUMBER}|[A-Z]{{1,3}}-?[0-9]{{3,6}})(?=[\s,]|$)")


def street_addresses(text: str, lowered: str) -> Iterator[Hit]:
    """Streets with a house number, boxes, and what follows "my address is"."""
    shaped = (match for shape in _STREETS if shape.may_be_in(text, lowered) for match in shape.pattern.finditer(text))
    streets = [match for match in shaped if _is_street(match)]
    yield from (Hit("street_address", *match.span(), match.group()) for match in streets)
    starts = sorted(match.start() for match in streets)
    for name in _GIVING.finditer(lowered) if holds_any(lowered, _GIVERS) else ():
        value = _VALUE.match(text, name.end())
        found = value.group().rstrip() if value and _is_somebodys(lowered, name, value.group()) else ""
        known = bisect_left(starts, name.end()) < bisect_right(starts, name.end() + len(found))
        if found and not known and _PLACE_SHAPED.search(found) and _CAPITALISED.search(found):
            yield Hit("street_address", name.end(), name.end() + len(found), found)


def _is_street(match: re.Match[str]) -> bool:
    """Not `2 Google Drive folders` nor `the 2024 Supreme Court ruling`: a doubtful word ends a line or a clause."""
    if not _DOUBTFUL.search(match.group()):
        return True
    return _ENDS.match(match.string, match.end()) is not None and not _NO_STREETS.search(match.group())


_DOUBTFUL = re.compile(
    r" (?:Court|Ct|Drive|Dr|Place|Pl|Squares?|Sq|Way|Row|Close|Walk|Hill|Circle|Cir|Loop|Plaza|Trail|Pike|Gardens|Grove"
    r"|Heights|Quay|Mews|Terrace|Alley|Pass)\.?$"
)
_ENDS = re.compile(r"[ \t]{0,2}(?:[,;\n.)]|$|(?:in|is|was|and|Apt|Suite|Unit)\b|[A-Z])")
_NO_STREETS = re.compile(
    r"(?:^(?:19|20)[0-9]{2}|(?i:google|one|supreme|high|district|circuit|appeals?|hard|flash|usb|thumb|external"
    r"|network|test"
    r"|food|tennis|royal|federal|first|second|third|last|shared|team|new|root|green)) \w+\.?$"
)


def _is_somebodys(lowered: str, name: re.Match[str], value: str) -> bool:
    """`my address`, not `the address of the server`; `located at 12 Mill Road`, not `located at port 80`."""
    if not name.group().startswith("address"):
        return _NUMBER_FIRST.match(value) is not None
    return _WHOSE.search(lowered, max(0, name.start() - 12), name.start()) is not None


_NUMBER_FIRST = re.compile(rf"{_NUMBER},? [{_CAPITAL}][a-zà-ÿ]")


_COUNTRIES = (
    "Afghanistan|Albania|Algeria|Andorra|Angola|Argentina|Armenia|Australia|Austria|Azerbaijan|Bahamas|"
    "Bahrain|Bangladesh|Barbados|Belarus|Belgium|Belize|Benin|Bhutan|Bolivia|Botswana|Brazil|Brunei|"
    "Bulgaria|Burundi|Cambodia|Cameroon|Canada|Chile|China|Colombia|Congo|Costa Rica|Croatia|Cuba|"
    "Cyprus|Czech Republic|Czechia|Denmark|Djibouti|Dominican Republic|Ecuador|Egypt|El Salvador|"
    "Eritrea|Estonia|Ethiopia|Fiji|Finland|France|Gabon|Gambia|Germany|Ghana|Greece|Greenland|"
    "Grenada|Guatemala|Guinea|Guyana|Haiti|Honduras|Hong Kong|Hungary|Iceland|India|Indonesia|Iran|"
    "Iraq|Ireland|Israel|Italy|Ivory Coast|Jamaica|Japan|Kazakhstan|Kenya|Kosovo|Kuwait|Kyrgyzstan|"
    "Laos|Latvia|Lebanon|Lesotho|Liberia|Libya|Liechtenstein|Lithuania|Luxembourg|Madagascar|Malawi|"
    "Malaysia|Maldives|Malta|Mauritius|Mexico|Moldova|Monaco|Mongolia|Montenegro|Morocco|Mozambique|"
    "Myanmar|Namibia|Nepal|Netherlands|New Zealand|Nicaragua|Nigeria|North Korea|Norway|Oman|Pakistan|"
    "Palestine|Panama|Paraguay|Peru|Philippines|Poland|Portugal|Qatar|Romania|Russia|Rwanda|"
    "Saudi Arabia|Senegal|Serbia|Sierra Leone|Singapore|Slovakia|Slovenia|Somalia|South Africa|"
    "South Korea|Spain|Sri Lanka|Sudan|Suriname|Sweden|Switzerland|Syria|Taiwan|Tajikistan|Tanzania|"
    "Thailand|Togo|Tunisia|Turkmenistan|Uganda|Ukraine|United Arab Emirates|United Kingdom|United States|"
    "Uruguay|Uzbekistan|Venezuela|Vietnam|Yemen|Zambia|Zimbabwe|UK|USA|England|Scotland|Wales"
)
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
_COUNTRY_BEFORE = re.compile(rf"\b(?:{_COUNTRIES}),?$")
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
        if found:
            yield Hit("zip_code", *found.span(), found.group())
    for match in _NUMBER_AFTER.finditer(text):
        around = max(0, match.start() - 24), match.start()
        is_american = len(match.group(1)) in (5, 10) and _STATE_BEFORE.search(text, *around)
        abroad = len(match.group(1)) < 7 and not _YEAR.match(match.group(1)) and _COUNTRY_BEFORE.search(text, *around)
        if is_american or abroad:
            yield Hit("zip_code", *match.span(1), match.group(1))
    for pattern in _SHAPED_POSTCODES if _SHAPED_SIGN.search(text) else ():
        for match in pattern.finditer(text):
            yield Hit("zip_code", *match.span(1), match.group(1))


_WEB = re.compile(
    r"\bhttps?://[^\s<>\"'\])}]{3,300}|\bwww\.[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}(?:/[^\s<>\"'\])}]{0,300})?"
    r"|(?<![\w@./-])(?:[a-z0-9][a-z0-9-]{0,60}\.){1,4}(?:com|org|net|edu|gov|info|biz|co\.uk|io|dev|eu)\b(?![\w(@-]"
    r"|\.\w)"
)


def web_addresses(text: str, _lowered: str) -> Iterator[Hit]:
    """URLs, and names of hosts under a common top level domain."""
    for match in _WEB.finditer(text):
        found = match.group().rstrip(".,;:!?")
        yield Hit("url", match.start(), match.start() + len(found), found)


_COUNTRY = re.compile(rf"\b(?:{_COUNTRIES})\b")
_DWELLING = re.compile(
    r"\b(?i:i(?:['’]m| am| live| was born)|(?:he|she) lives|lives?|living|based|located|born"
    r"|moved|flew|travel(?:l?ed|s)?) "
    rf"(?:in|to|from) ((?:{_NAME} ){{0,2}}{_NAME})"
)


def places(text: str, _lowered: str) -> Iterator[Hit]:
    """Countries by name, and what follows "I live in"."""
    for match in _COUNTRY.finditer(text):
        yield Hit("place", *match.span(), match.group())
    for match in _DWELLING.finditer(text):
        found = match.group(1).rstrip(".")
        yield Hit("place", match.start(1), match.start(1) + len(found), found)
