"""Whether a tool does what a text asks for: by kinds of deed (send, pay, delete, ...) and by what it is done to."""

from __future__ import annotations

from collections.abc import Iterable

from otel_scorer.scoring.checks.lexicon import vocabulary
from otel_scorer.scoring.checks.words import STOPWORDS, sentences, stem, words

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


def deeds(spoken: Iterable[str]) -> frozenset[str]:
    """The kinds of deed that words speak of."""
    stems = set(map(stem, spoken))
    return frozenset(kind for kind, verbs in _DEEDS.items() if verbs & stems)


_ALSO_NOUNS = vocabulary("""
    email mail e-mail message post text order book call share set payment transaction transfer place show search look
    visit view check start stop turn""")
_BEFORE_VERBS = vocabulary("""
    to and then please you also or just can could would should must i'd kindly now next first finally will need want""")


def requested_deeds(text: str) -> frozenset[str]:
    """The kinds of deed that a text asks for: "the email of March" asks for none, "email Bob" does."""
    found: list[str] = []
    for sentence in sentences(text):
        spoken = words(sentence)
        for at, word in enumerate(spoken):
            if word not in _ALSO_NOUNS or at == 0 or spoken[at - 1] in _BEFORE_VERBS:
                found.append(word)
    return deeds(found)


def kinship(tool: Iterable[str], stems: frozenset[str], asked: frozenset[str]) -> float:
    """How well a tool, by the words of its name, fits a text with these stems and deeds: 0.0 to 1.0.

    Deed and object alike: 1.0. The deed alone: 0.5. The object alone: 0.3, as a search for it may come before a deed.
    """
    own = [word for word in tool if word not in STOPWORDS]
    done = deeds(own) & asked
    objects = [stem(word) for word in own if not deeds([word]) or stem(word) in _OBJECT_STEMS]
    touched = any(noun in stems or _LIKE_STEMS.get(noun, frozenset()) & stems for noun in objects)
    if done and (touched or not objects):
        return 1.0
    return 0.5 if done else 0.3 if touched else 0.0


_LIKE_STEMS = {stem(noun): like for noun, like in _LIKE.items()}
_OBJECT_STEMS = frozenset(_LIKE_STEMS)
