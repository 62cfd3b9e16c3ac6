"""Whether a tool does what a text asks for: by kinds of deed (send, pay, delete, ...) and by what it is done to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import STOPWORDS, Stems, name_words, stem

_DEEDS: dict[str, frozenset[str]] = {
    kind: frozenset(map(stem, vocabulary(block)))
    for kind, block in {
        "send": "send email mail e-mail forward message post share reply notify text sms dm tell write publish",
        "pay": "pay transfer wire transaction payment purchase buy deposit withdraw donate refund send",
        "delete": "delete remove erase drop clear trash wipe destroy uninstall",
        "create": "create add make new schedule book reserve register insert write append invite save place set",
        "update": "update change modify edit set reset reschedule rename move replace adjust correct upgrade postpone",
        "read": "get read list search find lookup fetch retrieve view show check query see look tell what which who "
        "when where how",
        "run": "run execute install download open visit click browse launch start call load",
        "grant": "grant unlock disable enable allow share authorize approve accept invite activate deactivate turn",
        "cancel": "cancel revoke unsubscribe terminate stop abort withdraw",
    }.items()
}
_LIKE: dict[str, frozenset[str]] = {
    noun: frozenset(map(stem, vocabulary(block)))
    for noun, block in {
        "email": "email mail e-mail message inbox letter",
        "money": "money payment transaction transfer bill amount fund cash rent pay",
        "event": "event calendar appointment meeting reminder",
        "file": "file document doc folder drive attachment",
        "hotel": "hotel room stay",
        "message": "message channel chat dm email",
        "webpage": "webpage page website site url link web",
        "user": "user account profile",
        "information": "information info detail data",
    }.items()
}


_KINDS: dict[str, frozenset[str]] = {
    verb: frozenset(kind for kind, others in _DEEDS.items() if verb in others)
    for verbs in _DEEDS.values()
    for verb in verbs
}
"""By the stem of a verb."""


def deeds(stems: Iterable[str]) -> frozenset[str]:
    """The kinds of deed that words with these stems speak of."""
    return frozenset[str]().union(*(_KINDS[verb] for verb in _KINDS.keys() & stems))


_ALSO_NOUNS = vocabulary("""
    email mail e-mail message post text order book call share set payment transaction transfer place show search look
    visit view check start stop turn""")
_BEFORE_VERBS = vocabulary("""
    to and then please you also or just can could would should must i'd kindly now next first finally will need want""")


def requested_deeds(sentences: Iterable[Sequence[str]], known: Stems) -> frozenset[str]:
    """The kinds of deed that the words of sentences ask for: "the email of March" asks for none, "email Bob" does."""
    found: set[str] = set()
    for spoken in sentences:
        nouns = _ALSO_NOUNS.intersection(spoken)
        found.update(spoken[:1], nouns.symmetric_difference(spoken))
        if nouns:
            found.update(word for before, word in pairwise(spoken) if word in nouns and before in _BEFORE_VERBS)
    return deeds(known.of(found))


class Doing(NamedTuple):
    """What a tool does, by the words of its name."""

    deeds: frozenset[str]
    objects: tuple[frozenset[str], ...]
    """What it is done to: for each, the stems that mean it."""


def doing(tool: str) -> Doing:
    """What a tool of this name does."""
    own = [word for word in name_words(tool) if word not in STOPWORDS]
    objects = [stem(word) for word in own if stem(word) not in _KINDS or stem(word) in _LIKE_STEMS]
    return Doing(deeds(map(stem, own)), tuple(_LIKE_STEMS.get(noun, frozenset()) | {noun} for noun in objects))


def kinship(tool: Doing, stems: frozenset[str], asked: frozenset[str]) -> float:
    """How well a tool fits a text with these stems and deeds: 0.0 to 1.0.

    Deed and object alike: 1.0. The deed alone: 0.5. The object alone: 0.3, as a search for it may come before a deed.
    """
    done = not tool.deeds.isdisjoint(asked)
    touched = any(not meant.isdisjoint(stems) for meant in tool.objects)
    if done and (touched or not tool.objects):
        return 1.0
    return 0.5 if done else 0.3 if touched else 0.0


_LIKE_STEMS = {stem(noun): like for noun, like in _LIKE.items()}
