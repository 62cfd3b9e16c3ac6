"""Does the answer say the opposite of a field that a tool returned: another number or date, or a yes for a no?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from otel_scorer.model import Value
from otel_scorer.scoring.grounds.arithmetic import has_unit
from otel_scorer.scoring.grounds.claims import Claim, claims
from otel_scorer.scoring.grounds.ground import ground_of
from otel_scorer.scoring.grounds.support import Evidence, spoken_words
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.reading.scale import GROUNDING, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import (
    STOPWORDS,
    Stems,
    as_text,
    clip,
    leaves,
    name_words,
    parsed,
    sentences,
    words,
)

_MAX_SOURCES = 100
_MAX_LEAVES = 1000
_MAX_STATED = 200
"""Numbers and dates, and sentences, of the answer that are looked at."""
_MAX_VALUE = 40
"""Characters of a field that is a number or a date."""
_BEFORE = 80
"""Characters before a number in which its field is named."""
_ANSWER_CHARS = 20_000

_LAST_CLAUSE = re.compile(r"[.!?;,]\s|\n")
_LINKS = vocabulary("is was are were of at to now currently be will equals stands comes amounts")
_OPENERS = vocabulary("the your its their his her our this that a an current and with has shows")
"""Words before the name of a field that do not make another one of it (`the total`, not `the previous total`)."""
_BE = vocabulary("is are was were isn't aren't wasn't weren't it's that's")
_HAVE = vocabulary("has have had hasn't haven't hadn't")
_OWNS = vocabulary("there's has have had offers includes hasn't haven't offer include")
_NOT_HAVING = vocabulary("not doesn't don't didn't does do")
_NOT = vocabulary("not isn't aren't wasn't weren't never no longer hasn't haven't hadn't doesn't don't didn't")
_ADVERBS = vocabulary("fully currently now also already still not no longer completely never both")
_OPEN = vocabulary(
    "if whether when unless until once should would could may might can whenever provided assuming either or"
)
_SAYS = {"yes": True, "true": True, "no": False, "false": False}


class Field(NamedTuple):
    """What every result that has a field of this name says of it."""

    name: tuple[str, ...]
    value: Value
    span_id: str
    texts: tuple[str, ...]
    """Of the results that have it."""


def contradicts_results(target: Target) -> Verdict | CannotTell:
    """The answer gives a field of a tool's result another value: "the total is $54" of `{"total": 45}`.

    Or turns a yes into a no: "is refundable" of `{"refundable": false}`, "there is a pool" of `{"pool": false}`. Looks
    at fields that have one value in all results, and that the answer names as they are called. A number, date or time
    counts where nothing else that was read supports it either, so one that is right of another field is not found; a
    yes or no where its subject is in the result too. 1.5 for any. Without one it cannot tell. English wording.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    fields = _fields(spoken, target.once)
    if not fields:
        return CannotTell("no tool returned a field with one plain value")
    answer = clip(spoken.answer, _ANSWER_CHARS)
    findings = Findings(GROUNDING)
    for said, field in [*_other_values(answer, fields, read, told, target.once), *_turned(answer, fields, target.once)]:
        text = f"the answer says {shorten(said)!r}, the tool returned {' '.join(field.name)} = {as_text(field.value)}"
        findings.add("grounding.contradicts_field", text, stage="LLM", span_ids=(spoken.answer_span, field.span_id))
    if not findings.all:
        return CannotTell("the answer gives no field of a result another value")
    return Verdict(1.5, findings.all[0].text, tuple(findings.all), findings.spans)


def _fields(spoken: Said, once: Once) -> Mapping[tuple[str, ...], Field]:
    found: dict[tuple[str, ...], Field | None] = {}
    for source in spoken.sources[:_MAX_SOURCES]:
        value = once(parsed, source.text)
        if value is None:
            continue
        for key, leaf in leaves(value, _MAX_LEAVES):
            name = tuple(name_words(key))
            plain = _plain(leaf)
            if not name or plain is None:
                continue
            before = found.get(name, Field(name, plain, source.span_id, ()))
            found[name] = _joined(before, plain, source.text)
    return {name: field for name, field in found.items() if field is not None}


def _joined(before: Field | None, value: Value, text: str) -> Field | None:
    """The field with one more result that has it; None where results say different things."""
    if before is None or before.value != value or type(before.value) is not type(value):
        return None
    return before if before.texts[-1:] == (text,) else before._replace(texts=(*before.texts, text))


def _plain(leaf: Value) -> Value:
    """A yes or no, a number, or a short text; None for anything else."""
    if isinstance(leaf, str):
        return _SAYS.get(leaf.strip().lower(), leaf.strip()) if 0 < len(leaf) <= _MAX_VALUE else None
    return leaf if isinstance(leaf, bool | int | float) else None


def _other_values(
    answer: str, fields: Mapping[tuple[str, ...], Field], read: Evidence, told: Evidence, once: Once
) -> Iterator[tuple[str, Field]]:
    for claim in once(claims, answer)[:_MAX_STATED]:
        if claim.kind in ("url", "email", "identifier") or has_unit(claim, answer):
            continue
        before = answer[max(0, claim.start - _BEFORE) : claim.start]
        field = _named_before(before, fields)
        if field is None or isinstance(field.value, bool):
            continue
        given = [one for one in claims(as_text(field.value)) if _comparable(one, claim)]
        if len(given) == 1 and "unsupported" == read.supports(claim) == told.supports(claim):
            yield f"{before.rstrip(' $€£¥')[-30:].strip()} {claim.text}", field


def _comparable(one: Claim, other: Claim) -> bool:
    numeric = ("number", "amount", "percent")
    return one.kind == other.kind or (one.kind in numeric and other.kind in numeric)


def _named_before(before: str, fields: Mapping[tuple[str, ...], Field]) -> Field | None:
    """The field whose name, and nothing that qualifies it, leads up to what follows (`Your total is`, `Total:`)."""
    bare = _LAST_CLAUSE.split(before)[-1].rstrip(" $€£¥*_`")
    spoken = words(bare)
    at = len(spoken)
    while at and spoken[at - 1] in _LINKS:
        at -= 1
    if at == len(spoken) and not bare.endswith((":", "=")):
        return None
    for length in range(min(5, at), 0, -1):
        field = fields.get(tuple(spoken[at - length : at]))
        if field is not None:
            return field if at == length or spoken[at - length - 1] in _OPENERS else None
    return None


def _turned(answer: str, fields: Mapping[tuple[str, ...], Field], once: Once) -> Iterator[tuple[str, Field]]:
    switches = {name[-1]: field for name, field in fields.items() if isinstance(field.value, bool) and _is_state(name)}
    if not switches:
        return
    for sentence in sentences(answer)[:_MAX_STATED]:
        spoken = words(sentence.rpartition(": ")[2])
        if sentence.endswith("?") or not _OPEN.isdisjoint(words(sentence)) or switches.keys().isdisjoint(spoken):
            continue
        for word, field in switches.items():
            said = _said_of(spoken, word, field, once)
            if said is not None and said is not field.value:
                yield sentence, field


def _is_state(name: Sequence[str]) -> bool:
    """`refundable`, `is_active`: a word that may follow "is"."""
    return len(name) == 1 or (len(name) == 2 and name[0] in ("is", "was"))


def _said_of(spoken: Sequence[str], word: str, field: Field, once: Once) -> bool | None:
    """Whether the sentence says that its subject is so, or that it is not; None where it says neither."""
    if spoken.count(word) != 1:
        return None
    at = spoken.index(word)
    start = _verb_of_being(spoken, at)
    if start is None:
        start = _verb_of_having(spoken, at)
    if start is None:
        return None
    subject = once(Stems).of(one for one in spoken[:start] if one not in STOPWORDS)
    known = frozenset(stem for text in field.texts for stem in once(Stems).of(once(spoken_words, text)))
    if not known.issuperset(subject) or not _NOT.isdisjoint(spoken[:start]):
        return None
    return _NOT.isdisjoint(spoken[start:at])


def _verb_of_being(spoken: Sequence[str], at: int) -> int | None:
    """Where the verb begins of `is (not) refundable`, `has (not) been paid`."""
    start = at
    while start and spoken[start - 1] in _ADVERBS:
        start -= 1
    if start > 1 and spoken[start - 1] == "been":
        start -= 1
        while start and spoken[start - 1] in _ADVERBS:
            start -= 1
        return start - 1 if start and spoken[start - 1] in _HAVE else None
    return start - 1 if start and spoken[start - 1] in _BE else None


def _verb_of_having(spoken: Sequence[str], at: int) -> int | None:
    """Where the verb begins of `there is a pool`, `has no pool`; None where the word goes on (`a pool table`)."""
    if spoken[at + 1 : at + 2] and spoken[at + 1] not in STOPWORDS:
        return None
    articles = [place for place in range(max(0, at - _BETWEEN - 1), at) if spoken[place] in ("a", "an", "no", "any")]
    if not articles or not STOPWORDS.isdisjoint(spoken[articles[-1] + 1 : at]):
        return None
    start = articles[-1]
    while start and spoken[start - 1] in _ADVERBS:
        start -= 1
    if start > 1 and spoken[start - 2] == "there" and spoken[start - 1] in _BE:
        return start - 2
    if not start or spoken[start - 1] not in _OWNS:
        return None
    while start > 1 and spoken[start - 2] in _NOT_HAVING:
        start -= 1
    return start - 1


_BETWEEN = 2
"""Words between an article and what there is: `a rooftop pool`."""
