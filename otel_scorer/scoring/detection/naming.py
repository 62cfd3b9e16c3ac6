"""Names of people, places and bodies in running text: known names, and unknown ones by what stands beside them.

A capitalised word is a name here when a list knows it (`known.py`), when it goes with one that is known
(`Ellery Vance`), or when kinship, a verb of people or a legal form says so.
Names that are words as well (`Will`, `Grace`, `Bath`) need such company. Two unknown capitalised words are no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from otel_scorer.scoring.detection.bodies import GENERAL, begins, body_at, span
from otel_scorer.scoring.detection.capitals import CAPITAL, OPENERS, PARTICLES, SOFTWARE, THINGS, Word, runs
from otel_scorer.scoring.detection.hits import Hit, vocabulary
from otel_scorer.scoring.detection.known import companies, family_names, first_names, towns
from otel_scorer.scoring.detection.localities import town_at


def named_in_runs(text: str) -> Iterator[Hit]:
    """Persons, places and organizations among the capitalised words, in order."""
    for words in runs(text):
        at = 0
        while at < len(words):
            found, taken = _named_at(text, words, at)
            if found is not None:
                yield found
            at += max(1, taken)


def _named_at(text: str, words: Sequence[Word], at: int) -> tuple[Hit | None, int]:
    """What begins at this word, and how many words it takes."""
    if words[at].text.lower() in OPENERS and not words[at].is_initial and words[at].text not in _NAMES_TOO:
        found = _longer(text, words, at)
        return found or (None, 1)
    found = body_at(text, words, at) or _longer(text, words, at)
    if found:
        return found
    persons = _person_words(text, words, at)
    if persons:
        return span("person", text, words[at], words[at + persons - 1]), persons
    return town_at(text, words, at)


_NAMES_TOO = vocabulary("Will May June April August An Do So To Mark Sun Jan Di Sean")
"""Openers that are first names too."""


def _longer(text: str, words: Sequence[Word], at: int) -> tuple[Hit, int] | None:
    """A known name of several words."""
    word = words[at]
    for kind, names in (("organization", companies()), ("place", towns())):
        name = names.longest_at(text, word.start, word.text)
        if name:
            end = word.start + len(name)
            return Hit(kind, word.start, end, name), sum(one.start < end for one in words[at:])
    return None


_FAMILY_SHAPED = re.compile(
    rf"[{CAPITAL}]\w{{2,}}(?:(?<!F)(?<!G)owski|owska|ewski|ewska|iński|ińska|insky|wicz|czyk|enko|chuk|čuk"
    rf"|yuk|ović|ević|"
    r"ovic|evic|sson|dóttir|poulos|akis|idis|shvili|dze|ian(?<=[dnrs]ian)(?<!sian)(?<!dian)(?<!rian)|yan|"
    r"mann|bauer|meier|maier|mayer|meyer|huber|hauser|hofer|stein|qvist|quist|ström|gaard|gren|"
    r"elli|etti|ucci|acci|ovich|evich|skaya|skiy|skyy|ishvili|oglu|oğlu|pour|zadeh|swamy|murthy|murti|nathan"
    r"|ekar|kar(?<=[a-z]{3}kar)|"
    r"ová|cká|ská|rov|nov|kov|lov|mov|dov|tov|zov|rova|nova(?<=[a-z]{4}nova)|kova|lova|mova|dova|tova|zova"
    r"|eyev|nsen|tsen|rsen|lsen|dsen|ksen|gsen|nson|tson|kson|lson|dson"
    r"|son(?<=[^\W\d_]{4}ason)|(?<!pe)rson(?<=[^\W\d_]{3}rson)|inho|eira|ández|ínez|érez|ález|íguez|ánchez|uez)"
    rf"|(?:Mc|O['’]|D['’]|Fitz)[{CAPITAL}]\w{{2,}}|(?:Mac)[{CAPITAL}]\w{{2,}}"
)
"""Endings and beginnings that make a family name in one language or another."""
_SPEAKS = re.compile(
    r",? (?:already |also |then |just |never |has |had |will |would |who )?(?:said|says|asked|asks|wrote"
    r"|writes|told|tells|replied|replies|answered|explained"
    r"|confirmed|agreed|agrees|promised|complained|thanked|apologi[sz]ed|phoned|e-?mailed|texted|pushed"
    r"|approved|joined"
    r"|married|lives|lived|works|worked|thinks|believes|likes|loves|wants|called|moved|retired|died|laughed"
    r"|smiled|scored"
    r"|from (?:accounting|finance|legal|hr|sales|marketing|support|it|operations|engineering|Legal|Finance|Sales"
    r"|Marketing|Accounting|HR|Support|Operations|Engineering|Procurement)\b)\b"
)
_KIN = re.compile(
    r"\b(?:[Mm]y|[Hh]is|[Hh]er|[Tt]heir|[Oo]ur|[Yy]our|'s|’s)(?: (?:late|older|elder|younger|little|big|best"
    r"|new|dear|good|two|three))?"
    r" (?:mother|father|mom|mum|dad|sister|brother|son|daughter|wife|husband|partner|aunt|uncle|cousin|niece"
    r"|nephew|friend|fiancée?"
    r"|grand(?:mother|father|ma|pa|son|daughter)|step(?:mother|father|son|daughter)|kid|boyfriend|girlfriend"
    r"|neighbou?r|colleague"
    r"|co-?worker|boss|roommate|flatmate|twin|baby|child|nurse|doctor|lawyer|landlord|landlady|tenant"
    r"|assistant|kids|children)(?:,| is| was| was called| is called| named)? $|\b(?:named|called"
    r"|call) (?:him|her) $"
)
_LIVES = re.compile(
    r" (?:shouted|whispered|shrugged|nodded|sighed|smiled|laughed|lives (?:at|on|with|alone)|was born"
    r"|got married|married|passed away|died|retired|graduated)\b"
    r"|['’]s (?:birthday|wife|husband|mother|father|daughter|son|sister|brother|parents|boyfriend|girlfriend"
    r"|children|passport|wedding|funeral|childhood|home address)\b"
)
"""What only people do and have."""
_SAYS_BEFORE = re.compile(
    r"[,!?.][\"”’'] (?:says|said|asks|asked|replies|replied|answered|shouted|whispered|added|explained|wrote"
    r"|cried|sighed) $"
)
_ROLES = re.compile(
    r"\b(?:assessor|landlord|landlady|treasurer|nurse|surgeon|attorney|lawyer|solicitor|notary|plumber"
    r"|technician|neighbou?r|colleague"
    r"|manager|supervisor|director|spokes(?:man|woman|person)|chairman|chairwoman|novelist|author|actor"
    r"|actress|singer"
    r"|painter|poet|composer|president|senator|senator|minister|chancellor|physicist|mathematician|economist"
    r"|journalist"
    r"|photographer|architect|professor|teacher|coach|captain|detective|officer|inspector|defendant|plaintiff|witness"
    r"|heir|founder|co-?founder|C[EFT]O|adviser|advisor|counsell?or|therapist|dentist|caller|tenant|candidate"
    r"|speaking (?:to|with)|(?:spoke|speak|met|meet|meeting|call|lunch|dinner|interview) with|married(?: to)?"
    r"|(?:under|in) the name(?: of)?|named|nicknamed|reports? to|reported to|signed by|written by|painted by"
    r"|composed by|directed by"
    r"|played by|brought in by|sent by|assigned to|handled by|approved by|on behalf of|in care of|c/o|attn:?),? $",
    re.IGNORECASE,
)


def _person_words(text: str, words: Sequence[Word], at: int) -> int:
    """How many words from here on are one person's name; 0 if none."""
    word = words[at]
    rest = _name_ends(text, words, at)
    if word.is_initial:
        return _with_initials(words, at, rest)
    if not word.may_be_name or word.text in THINGS or word.text in SOFTWARE:
        return 0
    length = (
        _begun_by_first_name(text, words, at, rest)
        or _ended_by_family_name(text, words, at, rest)
        or _family_alone(text, words, at)
    )
    if length or word.text in towns().sure or word.text in companies().sure:
        return length
    return _by_company(text, words, at, rest)


def _name_ends(text: str, words: Sequence[Word], at: int) -> int:
    """The word after the last that can belong to a name which begins at `at`."""
    end = at + 1
    while end < len(words) and end < at + 5:
        word = words[end]
        opener = word.text.lower() in OPENERS and not (word.text in family_names() or word.text in _NAMES_TOO)
        fits = (word.may_be_name or word.is_initial) and _JOINT.fullmatch(text, words[end - 1].end, word.start)
        if opener or not fits:
            break
        end += 1
    return end


_JOINT = re.compile(rf" (?:{PARTICLES} ){{0,2}}")


def _with_initials(words: Sequence[Word], at: int, end: int) -> int:
    """`J. Smith`, `A. B. Kowalczyk`."""
    after = at
    while after < end and words[after].is_initial:
        after += 1
    is_one = after < end and after - at <= 3 and _is_family(words[after].text) and words[at].text[-1] == "."
    return after + 1 - at if is_one and words[after].text not in THINGS else 0


def _is_family(name: str) -> bool:
    return name in family_names() or is_family_shaped(name) or _is_double(name)


def is_family_shaped(name: str) -> bool:
    """Whether its ending or beginning is one of family names only (`Kowalczyk`, `McAllister`)."""
    return _FAMILY_SHAPED.fullmatch(name) is not None


def _is_double(name: str) -> bool:
    """`Cartwright-Moss`."""
    parts = name.split("-")
    return len(parts) == 2 and all(part in family_names() for part in parts)


def _is_first(name: str) -> bool:
    firsts = first_names()
    return name in firsts.sure or ("-" in name and all(part in firsts.sure for part in name.split("-")))


def _begun_by_first_name(text: str, words: Sequence[Word], at: int, end: int) -> int:
    word = words[at]
    following = words[at + 1].text if at + 1 < end else ""
    if _is_first(word.text):
        if following in THINGS and following not in family_names():
            return 0
        if not following and at + 1 < len(words) and words[at + 1].text in THINGS:
            return 0
        return _until_place(words, at, end) - at
    if word.text in first_names().doubtful:
        if following and (_is_family(following) or _is_first(following)) and following not in THINGS:
            return _until_place(words, at, end) - at
        if following and words[at + 1].is_initial and at + 2 < end:
            return _until_place(words, at, end) - at
        if not following and at + 1 == len(words) and _SPEAKS.match(text, word.end):
            return 1
    return 0


def _until_place(words: Sequence[Word], at: int, end: int) -> int:
    """A name does not run into a body or a thing."""
    for index in range(at + 1, end):
        if words[index].text in THINGS and words[index].text not in family_names():
            return index
    return end


def _ended_by_family_name(text: str, words: Sequence[Word], at: int, end: int) -> int:
    """An unknown word, then a sure family name (`Ellery Vance`); a family name, then a first name (`Nguyen Anna`)."""
    if at + 1 >= end:
        return 0
    name, following = words[at].text, words[at + 1].text
    if name in family_names() and _is_first(following) and following not in THINGS and name not in towns():
        return 2
    if text[words[at].end : words[at + 1].start] != " ":
        joint = text[words[at].end : words[at + 1].start]
        return 2 if _DUTCH.fullmatch(joint) and name not in towns() and name not in GENERAL else 0
    sure = following in family_names().sure or is_family_shaped(following) or _is_double(following)
    if sure and following not in towns().sure and following not in companies().sure and name not in GENERAL:
        return 2 if at + 2 >= end or words[at + 2].text not in THINGS else 0
    return 0


def _family_alone(text: str, words: Sequence[Word], at: int) -> int:
    """A sure family name by itself, of a person and not of a method: `Lundberg shouted`, not `Pearson
    correlation`.
    """
    word = words[at]
    others = towns(), companies(), first_names()
    if len(words) > 1 or word.text not in family_names().sure or any(word.text in names for names in others):
        return 0
    if len(word.text) < 4 or _METHOD.match(text, word.end):
        return 0
    return 1


_METHOD = re.compile(
    r"(?:['’]s)? (?:correlation|coefficient|distance|test|score|similarity|kappa|transform|filter|tree|code"
    r"|loss|method|index|curve|law|rule|number|exact"
    r"|model|algorithm|equation|theorem|sampling|interval|estimator|prior|process|noise|effect|scale"
    r"|syndrome|disease|format|syntax|style|notation"
    r"|metric|matrix|divergence|entropy|inequality|family|brothers|bros)|[ -](?:and|&) Sons|/|-[A-Za-z]"
)
_DUTCH = re.compile(r" (?:van|von|vom|van de[rn]?|von der|bin|bint|ibn|ter|ten|zu) ")


def _by_company(text: str, words: Sequence[Word], at: int, end: int) -> int:
    """By kinship (`her uncle Bernd Kallweit`) or, with two words at least, by what somebody is
    (`the assessor, …`).
    """
    start = words[at].start
    if words[at].text in GENERAL or not begins(words, at):
        return 0
    if _LIVES.match(text, words[-1].end) and not any(word.text in GENERAL for word in words[at:end]):
        return end - at if end == len(words) else 0
    if _SAYS_BEFORE.search(text, max(0, start - 24), start):
        return _until_place(words, at, end) - at
    if _KIN.search(text, max(0, start - 48), start):
        return _until_place(words, at, end) - at
    if at + 1 < end and _ROLES.search(text, max(0, start - 32), start):
        taken = _until_place(words, at, end) - at
        none_general = not any(word.text in GENERAL for word in words[at : at + taken])
        return taken if taken >= 2 and none_general else 0
    return 0
