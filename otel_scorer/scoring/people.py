"""Who is meant, by what stands beside: names after a title or "my name is", ages, licences, nationalities, employers.

Without a model a name is known by its company only; `named.py` finds the others where the extra `presidio` is
installed. Dates and titles are no personal data by themselves; they are found for those who want them gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.first_names import FIRST_NAMES
from otel_scorer.scoring.hits import Hit, vocabulary
from otel_scorer.scoring.places import STREET_KINDS

_LETTER = "A-ZÀ-ÖØ-ÞĀŁŚŠŽŹŻČĆŐŰ"
_NAME = rf"[{_LETTER}][\w'’-]{{1,30}}"
_FULL_NAME = rf"{_NAME}(?: (?:[{_LETTER}]\.? )?(?:(?:van|von|de|der|den|da|di|del|la|bin|al) ){{0,2}}{_NAME}){{0,2}}"
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Herr|Frau|Mme|Monsieur|Señora?|Sra?)"
_TITLED = re.compile(rf"\b{_TITLE}\.? ({_FULL_NAME})")
_INTRODUCED = re.compile(
    r"\b(?i:(?:my|his|her|their|your|full|the customer's|the patient's) name(?: is|['’]s)|this is|name:"
    r"|sincerely,?|regards,?"
    r"|(?:customer|patient|passenger|employee|contact|attn|signed|cardholder|recipient)(?: name)?:)"
    rf"[ \n]{{1,3}}({_FULL_NAME})"
)
_NO_NAMES = vocabulary(
    """
    a an the this that it your our my his her their we you i he she they in on at for of to is are was not and or yes no
    customer support service team order account monday tuesday wednesday thursday friday saturday sunday
    """
)


_INITIAL = re.compile(rf"\b([{_LETTER}][a-zà-ÿ]\w{{0,30}} [{_LETTER}]\.? [{_LETTER}][a-zà-ÿ][\w'’-]{{0,30}})\b")
_IS_STREET = re.compile(rf" (?:{STREET_KINDS}|Bypass|Pass|Bridge|Park|School|Hospital|University|Airport|Station)$")
_WITH_FAMILY = re.compile(rf"\b({_NAME})(?: (?:van|von|de|der|den|da|di|del|la|bin|al)){{0,2}} {_NAME}")
_GREETED = re.compile(rf"(?:^|\n)[ \t>]{{0,4}}(?:Dear|Hi|Hello|Hey) ({_NAME}(?: {_NAME})?)(?=[,!:\n])")


def names(text: str, _lowered: str) -> Iterator[Hit]:
    """Names after a title, an introduction, a label or a greeting, with an initial in the middle, and those that begin
    with a common first name.
    """
    yield from _beside(text)
    for match in _WITH_FAMILY.finditer(text):
        if match.group(1) in FIRST_NAMES and not _IS_STREET.search(match.group()):
            yield Hit("person", *match.span(), match.group())


def _beside(text: str) -> Iterator[Hit]:
    for pattern in (_TITLED, _INTRODUCED, _INITIAL, _GREETED):
        for match in pattern.finditer(text):
            if match.group(1).split()[0].lower() not in _NO_NAMES:
                yield Hit("person", *match.span(1), match.group(1))


_TITLES = re.compile(rf"\b{_TITLE}\b\.?(?= [{_LETTER}])")


def titles(text: str, _lowered: str) -> Iterator[Hit]:
    for match in _TITLES.finditer(text):
        yield Hit("title", *match.span(), match.group())


_AGES = re.compile(
    r"\b(?i:age[ds]?|(?:at the )?age(?: is|:| of)|when (?:he|she|i) was|turn(?:ed|s|ing)|['’]ll turn|i(?:['’]m| am)"
    r"|(?:he|she)(?:['’]s| is))[ :]{1,2}([1-9][0-9]?|1[01][0-9])\b(?![.,:/-][0-9])"
    r"(?! ?(?:[%$€£°:]|(?i:percent|minutes?|hours?|days?|weeks?|months?|km|miles?|of|in|and|or|out|th)\b))"
    r"|\b([1-9][0-9]?|1[01][0-9])(?=[ -](?i:years?[ -]old|y/?o\b|yrs?\.? old))"
)


def ages(text: str, _lowered: str) -> Iterator[Hit]:
    """`aged 61`, `a 38 year old`, `I just turned 47`."""
    for match in _AGES.finditer(text):
        group = 1 if match.group(1) else 2
        yield Hit("age", *match.span(group), match.group(group))


_LICENCE = re.compile(
    r"\b(?i:driv(?:er|ing|er['’]?s)(?:['’]s)? ?licen[cs]e(?: (?:no|number|nr|id))?|dl (?:no|number)"
    r"|licen[cs]e number)\b"
    r"\.?[\s:#]{1,4}(?i:is |was )?[\s:]{0,2}([A-Z]{0,3}[0-9][A-Z0-9]{0,4}(?:[- ]?[A-Z0-9]{2,5}){1,4})\b"
)


def driver_licences(text: str, lowered: str) -> Iterator[Hit]:
    """Numbers of at least five digits after "driver's license"."""
    if "licen" not in lowered and "dl n" not in lowered:
        return
    for match in _LICENCE.finditer(text):
        if sum(character.isdigit() for character in match.group(1)) >= 5:
            yield Hit("driver_license", *match.span(1), match.group(1))


_NATIONALITY = re.compile(
    r"\b(?i:Afghan|Albanian|Algerian|American|Argentin(?:e|ian)|Armenian|Australian|Austrian|Belgian|Bolivian|Bosnian|Brazilian"
    r"|British|Bulgarian|Cambodian|Canadian|Chilean|Chinese|Colombian|Croatian|Cuban|Czech|Danish|Dutch|Egyptian|English"
    r"|Estonian|Ethiopian|Filipino|Finnish|French|Georgian|German|Ghanaian|Greek|Greenlander|Hungarian|Icelandic|Indian"
    r"|Indonesian|Iranian|Iraqi|Irish|Israeli|Italian|Jamaican|Japanese|Jordanian|Kenyan|Korean|Latvian|Lebanese|Lithuanian"
    r"|Malaysian|Mexican|Moroccan|Nepalese|Nigerian|Norwegian|Pakistani|Palestinian|Peruvian|Portuguese|Romanian|Russian"
    r"|Saudi|Scottish|Serbian|Slovak(?:ian)?|Slovenian|Somali|Spanish|Sudanese|Swedish|Swiss|Syrian|Taiwanese|Thai|Tunisian"
    r"|Turkish|Ukrainian|Venezuelan|Vietnamese|Welsh|Christian|Catholic|Protestant|Muslim|Jewish|Hindu|Buddhist|Sikh"
    r"|Republican|Democrat)s?\b"
)


def nationalities(text: str, _lowered: str) -> Iterator[Hit]:
    """Nationalities and religions by name, whatever they say there: "Italian food" too."""
    for match in _NATIONALITY.finditer(text):
        if not match.group().islower() or match.group() not in ("polish", "swiss"):
            yield Hit("nationality", *match.span(), match.group())


_COMPANY = re.compile(
    rf"\b(?:[{_LETTER}][\w'’&-]{{0,30}} (?:& |and )?){{1,3}}"
    r"(?:Inc|Corp|Corporation|Ltd|LLC|LLP|PLC|GmbH|AG|S\.?A|Company|Group|Holdings|Bank|University|Institute|Foundation"
    r"|Associates|Partners|Industries|Technologies|Systems|Solutions|Software|Global|International)\b\.?"
)


def organisations(text: str, _lowered: str) -> Iterator[Hit]:
    """Names with a legal form or another word that makes a company of them."""
    for match in _COMPANY.finditer(text):
        yield Hit("organization", *match.span(), match.group())


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:,? [0-9]{4})?\b"
_DATES = re.compile(
    r"(?<![\w./-])(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4})(?![\w/-])"
    rf"|\b{_MONTH} {_DAY}{_YEAR}|\b{_DAY} (?:of )?{_MONTH}{_YEAR}"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|\b(?:in|since|during|of|a|by|from|until|In|Since|During) ((?:19|20)[0-9]{2})\b(?!-[0-9])"
)


def dates(text: str, _lowered: str) -> Iterator[Hit]:
    """Days, weekdays, and years after "in" or "since"."""
    for match in _DATES.finditer(text):
        group = 1 if match.group(1) else 0
        yield Hit("date", *match.span(group), match.group(group))
