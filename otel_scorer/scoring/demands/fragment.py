"""With what a part of an answer begins or ends, as instructions name it: a phrase, a verb, a vowel, an emoji."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.demand import BARE, QUOTED
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import vocabulary

_NAMES = (
    r"(?:exact |following |same |literal |single |key)?(?:words?|phrase|term|text|string|sentence|label|letter"
    r"|line|symbol|sign|tag|marker|greeting|question|prefix|suffix|emoji|character|token|heading|title|sign-off"
    r"|closing|statement|disclaimer|message)"
)
_SORTS = (
    r"(an? (?:capital|upper-?case)(?: letter)?|an? (?:lower-?case|small)(?: letter)?|an? vowels?|an? consonants?"
    r"|an? (?:number|digit|numeral)|an? (?:action |imperative |strong )?verb|an? (?:\w+ )?emojis?|an? question mark"
    r"|an? exclamation (?:mark|point)|an? (?:period|full stop)|an? (?:question|ellipsis|semicolon|comma"
    r"|colon|hyphen|dash"
    r"|bullet(?: point)?|asterisk))"
)
THING = (
    rf"(?:the |a |an |this |its )?(?:{_NAMES}(?: like| of)?:? )?(?:{QUOTED}|(?<=word ){BARE}"
    rf"|(?<=letter )([a-z])\b|{_SORTS})"
)
"""Groups: quoted, bare word, letter, sort."""
GROUPS = 4

_VOWELS = "aeiou"
_VERBS = vocabulary(
    """
    accept achieve act add address adjust adopt aim allow analyze apply approach arrange ask assess assume avoid bake be
    become begin believe boil break bring build buy calculate call capture carry celebrate change check choose clean
    click close collect combine come compare complete compute conduct confirm connect consider construct consult
    contact continue convert cook copy count create cut decide define delete deliver describe design determine develop
    discover discuss divide do download draw drink drive eat embrace enable encourage enjoy ensure enter establish
    evaluate examine execute expand explain explore express feel find finish focus follow gather generate get give go
    grab grow guide handle have hear heat help hire hold identify ignore imagine implement improve include increase
    inform insert inspect install integrate introduce invest investigate invite join keep know launch learn leave let
    limit listen locate look maintain make manage measure meet mix monitor move multiply navigate note observe obtain
    offer open optimize order organize outline pay perform pick picture plan play post pour practice prepare present
    prevent print proceed produce promote protect prove provide pull push put raise reach read realize receive recognize
    record reduce reflect refer remember remind remove repeat replace reply report request require research reset
    resolve respond rest restart return reveal review rewrite rinse run save say schedule search see select sell send
    separate serve set share show sign simplify sit sleep solve sort speak specify spend start state stay stir stop
    store structure study submit suggest sum suppose take talk teach tell test think track train transform translate
    travel treat try turn type understand update upgrade upload use utilize validate verify view visit wait walk want
    wash watch wear work write
    """
)
_NO_VERBS = vocabulary(
    """
    a an the this that these those my your his her its our their i you he she it we they in on at by for from of to with
    as and or but if when while because although since after before here there sure certainly yes no okay ok however
    therefore thus additionally furthermore moreover overall finally first second third one two three some any every
    each all both most many several few such according unfortunately absolutely title introduction summary chapter scene
    """
)
_FINAL_SIGNS: dict[str, str | tuple[str, ...]] = {
    "question mark": "?",
    "exclamation mark": "!",
    "exclamation point": "!",
    "period": ".",
    "full stop": ".",
    "ellipsis": ("...", "…"),
    "semicolon": ";",
    "comma": ",",
    "colon": ":",
    "hyphen": "-",
    "dash": ("-", "–", "—"),
    "bullet": ("-", "*", "•"),
    "bullet point": ("-", "*", "•"),
    "asterisk": "*",
}


class Fragment(NamedTuple):
    """`begins` and `ends` tell whether a text begins or ends so; None: it cannot be told."""

    text: str
    begins: Callable[[str], bool | None]
    ends: Callable[[str], bool | None]


def fragment(match: re.Match[str], first: int) -> Fragment | None:
    """What THING matched, whose groups begin at `first`; None for a sort that is not known."""
    quoted, word, letter, sort = match.groups()[first - 1 : first - 1 + GROUPS]
    phrase = quoted or word
    if phrase:
        return _of_phrase(phrase)
    if letter:
        return _of_letter(letter)
    return _of_sort(re.sub(r"^an? ", "", folded(sort)).replace("upper-case", "uppercase"))


def _of_phrase(phrase: str) -> Fragment:
    wanted = _letters(phrase).rstrip(".!?,")

    def begins(text: str) -> bool:
        head = _letters(text.lstrip("*_#>`~ \t\n\"'“”‘’«»()[]-•"))
        raw = _letters(text.lstrip())
        return _whole_begin(head, wanted) or _whole_begin(raw, wanted) or _whole_begin(_letters(text), wanted)

    def ends(text: str) -> bool:
        tail = _letters(text).rstrip("*_`~ \t\n\"'“”‘’«»()[]").rstrip(".!?,; ").rstrip("*_`~\"'“”‘’")
        loose = wanted.rstrip("*_`~ \"'“”‘’")
        return tail.endswith(loose) and not (loose[:1].isalnum() and tail[: -len(loose)][-1:].isalnum())

    return Fragment(repr(phrase), begins, ends)


def _letters(text: str) -> str:
    """In one spelling of quotation marks and blanks."""
    return " ".join(text.casefold().replace("’", "'").replace("“", '"').replace("”", '"').split())


def _whole_begin(text: str, wanted: str) -> bool:
    return bool(wanted) and text.startswith(wanted) and not (wanted[-1].isalnum() and text[len(wanted) :][:1].isalnum())


def _of_letter(letter: str) -> Fragment:
    return Fragment(
        f"the letter {letter!r}",
        lambda text: portions.bare(text)[:1].casefold() == letter.casefold(),
        lambda text: _last_letter(text) == letter.casefold(),
    )


def _last_letter(text: str) -> str:
    return text.rstrip("*_`~ \t\n\"'“”‘’«»()[].!?,;:…")[-1:].casefold()


def _of_sort(sort: str) -> Fragment | None:
    name = sort.removesuffix(" letter")
    if "emoji" in name:
        return Fragment("an emoji", lambda text: bool(portions.EMOJI.match(text.lstrip("*_#>- "))), _ends_in_emoji)
    if name.endswith("verb"):
        return Fragment("a verb", lambda text: _is_verb(_first_word(text)), lambda _: None)
    if name == "question":
        return Fragment("a question", lambda text: _is_question(text, 0), lambda text: _is_question(text, -1))
    if name in _FINAL_SIGNS:
        signs = _FINAL_SIGNS[name]
        return Fragment(
            name, lambda text: text.strip().startswith(signs), lambda text: text.rstrip("*_ \"'”’)").endswith(signs)
        )
    if name in ("number", "digit", "numeral"):
        return Fragment(
            name, lambda text: text.lstrip("*_#>`([ ")[:1].isdigit(), lambda text: _last_letter(text).isdigit()
        )
    likes: dict[str, Callable[[str], bool]] = {
        "capital": str.isupper,
        "uppercase": str.isupper,
        "lowercase": str.islower,
        "lower-case": str.islower,
        "small": str.islower,
        "vowel": lambda sign: sign.casefold() in _VOWELS,
        "consonant": lambda sign: sign.isalpha() and sign.casefold() not in _VOWELS,
    }
    like = likes.get(name)
    if like is None:
        return None
    return Fragment(
        name,
        lambda text: bool(like(portions.bare(text)[:1] or " ")),
        lambda text: bool(like(_last_letter(text) or " ")),
    )


def _is_question(text: str, at: int) -> bool:
    found = portions.sentences_of(text)
    return bool(found) and found[at].rstrip("*_ \"'”’)").endswith(("?", "？"))


def _ends_in_emoji(text: str) -> bool:
    stripped = text.rstrip("*_ \"'”’).!?\ufe0f\u200d\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
    return bool(portions.EMOJI.match(stripped[-1:]))


def _first_word(text: str) -> str:
    head = portions.bare(text[:200]).split(maxsplit=1)
    return head[0].strip(".,:;!?*_\"'").casefold() if head else ""


def _is_verb(word: str) -> bool | None:
    """By a list of common verbs; None for a word that neither list knows."""
    if word in _VERBS:
        return True
    return False if word in _NO_VERBS or not word.isalpha() else None
