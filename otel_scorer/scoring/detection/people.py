"""Who, where and which body a text names: what stands beside names, known names, keys and columns, put together.

Without a model no name is sure; `named.py` finds them with one, where the extra `presidio` is installed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from otel_scorer.scoring.detection.bodies import FORMS, GENERAL
from otel_scorer.scoring.detection.capitals import CAPITAL, NAME, OPENERS, PARTICLES, SOFTWARE, THINGS, runs
from otel_scorer.scoring.detection.fields import fields
from otel_scorer.scoring.detection.hits import Hit
from otel_scorer.scoring.detection.known import companies, family_names, first_names, towns
from otel_scorer.scoring.detection.lists import bodies_in_letterheads, firms_of_families, in_lists
from otel_scorer.scoring.detection.localities import (
    dwellings,
    towns_after_streets,
    towns_before_states,
    towns_in_blocks,
)
from otel_scorer.scoring.detection.naming import is_family_shaped, named_in_runs
from otel_scorer.scoring.detection.places import streets
from otel_scorer.scoring.detection.traits import RANK, TITLE, is_nationality, is_ranked

_FULL_NAME = rf"{NAME}(?: (?:[{CAPITAL}]\.? )?(?:{PARTICLES} ){{0,2}}{NAME}){{0,2}}"
_TITLED = re.compile(
    rf"\b{TITLE}\.? (?:{TITLE}\.? )?((?:(?:[Vv]an|[Vv]on|[Dd]e)(?: de[rn]?)? |[{CAPITAL}]\. ){{0,2}}{_FULL_NAME})"
)
_RANKED = re.compile(rf"\b{RANK}\.? ({_FULL_NAME})")
_INTRODUCED = re.compile(
    r"\b(?i:(?:my|his|her|their|your|full|the customer's|the patient's) name(?: is|['’]s)"
    r"|me llamo|mi nombre es|je m['’]appelle|mon nom est|ich hei(?:ß|ss)e|mein name ist|mijn naam is|ik heet"
    r"|meu nome é|me chamo|mi chiamo"
    r"|il mio nome è|jag heter|jeg heter|jeg hedder|nazywam się|mam na imię|benim adım"
    r"|(?:first|last|family|maiden|full|your|user|legal) name(?: is|['’]s|:|\?))"
    rf"[ \n]{{1,3}}({_FULL_NAME})"
)
_PRESENTED = re.compile(
    rf"\b(?:[Tt]his is|I am|I['’]m|[Ss]peaking with|[Yy]ou are|[Ii]ch bin|[Jj]e suis|[Ss]oy|[Ss]ou|[Ss]ono"
    rf"|[Ii]k ben) ({_FULL_NAME})(?! [{CAPITAL}])"
)
"""Before a name, but before much else too."""
_SPEAKING = re.compile(r",? (?:speaking|calling|here|from|at|with)\b")
_SIGNED = re.compile(
    r"(?:^|[\n.!] ?)[ \t>]{0,4}(?i:(?:(?:kind|best|warm|many)(?:est)? )?regards|best(?: wishes)?"
    r"|sincerely(?: yours)?|yours(?: sincerely| faithfully| truly)?|cheers|thanks(?: again)?"
    r"|thank you|many thanks|love|respectfully|cordially|cordialement|bien à vous|mit freundlichen grüßen"
    r"|viele grüße|liebe grüße|mfg|lg|saludos(?: cordiales)?"
    r"|un saludo|atentamente|atenciosamente|abraços?|cordiali saluti|distinti saluti"
    r"|met vriendelijke groet(?:en)?|groet(?:en|jes)?|(?:med )?vänliga? hälsning(?:ar)?"
    rf"|(?:med )?vennlig hilsen|mvh|pozdrawiam),?[ \t]{{0,3}}(?:\n[ \t>]{{0,4}}){{0,3}}"
    rf"(?<=[,\n ])({_FULL_NAME})(?=[ \t]*(?:\n|$|,|\|))"
)
_GREETED = re.compile(
    r"(?:^|\n|[\"'] ?)[ \t>]{0,4}(?:Dear|Hi|Hello|Hey|Hola|Olá|Oi|Hallo|Bonjour|Salut|Beste|Liebe[r]?|Lieve"
    r"|Geachte|Estimad[oa]|Querid[oa]|Car[oa]|Prezad[oa]|Ch(?:er|ère)|Ciao|Hej"
    r"|Hei|Kære|Kära|Good (?:morning|afternoon|evening|day)|Guten (?:Morgen|Tag|Abend)|Buenos días"
    r"|Buenas tardes|Bom dia)"
    rf" ({NAME}(?: {NAME})?)(?=[,!:\n])"
)
_INITIAL = re.compile(rf"\b([{CAPITAL}][a-zà-ÿ]\w{{0,30}} [{CAPITAL}]\.? [{CAPITAL}][a-zà-ÿ][\w'’-]{{0,30}})\b")
_MAILBOX = re.compile(
    rf"(?<![\w@])([{CAPITAL}][\w'’.-]{{0,30}}"
    rf"(?: (?:{PARTICLES} ){{0,2}}[{CAPITAL}][\w'’.-]{{0,30}}){{1,3}}),?[ \t]{{0,2}}[<(\[]?(?:mailto:"
    rf"|e-?mail: ?)?([\w.+-]{{1,64}})@"
)


def named(text: str, lowered: str) -> Iterator[Hit]:
    """Persons, places and organizations, without overlaps: what is said outright goes before what is guessed."""
    kept = _Kept()
    kept.add(streets(text, lowered))
    kept.add(towns_after_streets(text, tuple(kept.hits)))
    kept.add(_beside(text))
    kept.add(firms_of_families(text))
    kept.add(towns_before_states(text))
    guessed = list(named_in_runs(text))
    kept.add(hit for hit in guessed if hit.kind == "organization")
    kept.add(hit for hit in fields(text) if hit.kind in ("person", "place", "organization"))
    kept.add(towns_in_blocks(text))
    kept.add(guessed)
    kept.add(dwellings(text))
    kept.add(in_lists(text, kept.hits))
    kept.add(bodies_in_letterheads(text, kept.hits))
    if not any(map(str.isupper, text[:_LOWER_CHARS])):
        kept.add(_all_small(text))
    kept.add(_again(text, [hit.text for hit in kept.hits if hit.kind == "person"]))
    yield from (hit for hit in kept.hits if hit.kind != "street_address")


class _Kept:
    """Hits in order, none over another: the first to come stays."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []

    def add(self, found: Iterable[Hit]) -> None:
        fresh = sorted(found, key=lambda hit: (hit.start, -hit.end))
        starts = [hit.start for hit in self.hits]
        free: list[Hit] = []
        for hit in fresh:
            at = bisect_left(starts, hit.end)
            before_is_free = at == 0 or self.hits[at - 1].end <= hit.start
            if before_is_free and (not free or free[-1].end <= hit.start):
                free.append(hit)
        self.hits = sorted([*self.hits, *free], key=lambda hit: hit.start)


def _beside(text: str) -> Iterator[Hit]:
    """Names after a title, an introduction, a greeting, before a mailbox, below a letter, with an
    initial in the middle.
    """
    for pattern in (_TITLED, _INTRODUCED, _SIGNED, _INITIAL, _GREETED):
        for match in pattern.finditer(text):
            name = _trimmed(match.group(1))
            if name and name not in THINGS and name not in SOFTWARE and name not in GENERAL:
                yield Hit("person", match.start(1), match.start(1) + len(name), name)
    yield from _presented(text)
    for match in _RANKED.finditer(text):
        if is_ranked(match.group(1).split()[0]) and match.group(1).split()[-1] not in FORMS:
            yield Hit("person", *match.span(1), match.group(1))
    if "@" in text:
        yield from _above_mailboxes(text)


def _presented(text: str) -> Iterator[Hit]:
    """`I'm Ana Reis`, `this is Joost speaking`; not `this is London`, `I'm French`."""
    for match in _PRESENTED.finditer(text):
        name = _trimmed(match.group(1))
        first, *rest = name.split(" ")
        known = first in first_names().sure or (first in first_names().doubtful and bool(rest))
        if name and (known or (_SPEAKING.match(text, match.end()) and not _is_other(first))):
            yield Hit("person", match.start(1), match.start(1) + len(name), name)


def _is_other(word: str) -> bool:
    return any(word in words for words in (THINGS, SOFTWARE, GENERAL, towns(), companies())) or is_nationality(word)


def _trimmed(name: str) -> str:
    """The name up to a word that cannot belong to it; '' if that is the first."""
    words = name.split(" ")
    for at, word in enumerate(words):
        bare = re.sub(r"['’]s$", "", word)
        if (bare.lower() in OPENERS and at == 0 and len(words) == 1 and bare not in first_names()) or _ends_name(
            bare, at
        ):
            words = words[:at]
            break
    return re.sub(r"['’]s?$|\.$", "", " ".join(words))


def _ends_name(word: str, at: int) -> bool:
    if word in family_names() or word in first_names():
        return False
    return (word.lower() in OPENERS and not word.islower()) or (
        word in THINGS and (at > 0 or word in ("Team", "Support", "Bot", "Office", "Agent"))
    )


def _above_mailboxes(text: str) -> Iterator[Hit]:
    """`Ann Lee <ann.lee@x.org>`: an address agrees with the name before it."""
    for match in _MAILBOX.finditer(text):
        local = match.group(2).lower()
        words = match.group(1).split(" ")
        first = next((at for at, word in enumerate(words) if _agrees(word, local)), None)
        if first is not None and not any(word in THINGS for word in words[first:]):
            start = match.end(1) - len(" ".join(words[first:]))
            yield Hit("person", start, match.end(1), text[start : match.end(1)])


def _agrees(word: str, local: str) -> bool:
    bare = re.sub(r"[^a-z]", "", word.lower())
    return len(bare) >= 3 and bare in re.sub(r"[^a-z]", "", local)


def _again(text: str, names: Iterable[str]) -> Iterator[Hit]:
    """Single words of the names found so far, where they stand alone: `Salgado` after `Beatriz Salgado`."""
    known = {
        word
        for name in names
        if " " in name
        for word in name.split()
        if len(word) >= 3
        and word[0].isupper()
        and word.lower() not in OPENERS
        and word not in THINGS
        and word not in towns()
        and word not in SOFTWARE
        and word not in first_names().doubtful
        and word not in family_names().doubtful
    }
    for words in runs(text) if known else ():
        for word in words:
            if word.text in known:
                yield Hit("person", word.start, word.end, word.text)


_LOWER_CHARS = 20_000
_SMALL = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


_SMALL_INTRODUCED = re.compile(r"\b(?:my|his|her) name(?: is|['’]s) ([^\W\d_]{2,20})( [^\W\d_]{2,20})?")


def _all_small(text: str) -> Iterator[Hit]:
    """In a text without a capital: a sure first name before a sure family
    name, and towns after `in`, `from`, `to`.
    """
    for match in _SMALL_INTRODUCED.finditer(text):
        if match.group(1).title() in first_names():
            yield Hit("person", *match.span(1), match.group(1))
    before: re.Match[str] | None = None
    for match in _SMALL.finditer(text):
        word = match.group().title()
        if before is not None and match.start() == before.end() + 1:
            first = before.group().title()
            if first in first_names().sure and (word in family_names().sure or is_family_shaped(word)):
                yield Hit("person", before.start(), match.end(), text[before.start() : match.end()])
            elif before.group() in ("in", "from", "to", "near") and word in towns().sure:
                yield Hit("place", *match.span(), match.group())
        before = match
