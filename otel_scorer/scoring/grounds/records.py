"""Is a value said of the thing that it belongs to? Held against results that tell of several things of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from otel_scorer.model import Value
from otel_scorer.scoring.grounds.claims import Claim, claims
from otel_scorer.scoring.grounds.ground import ground_of
from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.reading.scale import GROUNDING, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import as_text, clip, leaves, parsed, words

_MAX_SOURCES = 50
_MAX_RECORDS = 60
_MAX_ANSWER = 20_000
_MAX_CLAUSES = 200
_PART_END = re.compile(r"[.!?;](?=[\s*_]|\Z)|\n|,(?= (?:and|but|while|whereas)\b)")
_MAX_ITEMS = 300
_MAX_TABLES = 20
_RECORD_CHARS = 5000
_LABEL_CHARS = 60
_MIXING = vocabulary(
    """
    other others another than next later earlier previous first second both each either all any every only total
    instead alternative alternatively compared versus vs respectively while whereas after before between together
    combined sum average more less fewer same like except besides plus also difference apart from to against no not
    never longer neighbour neighbours runner up cheapest lowest highest best worst top some
    """
)
"""Words of a clause that may speak of more than the one thing that it names."""


class Record(NamedTuple):
    """One of several things of a kind: the names that only it has, and all that is told of it."""

    names: tuple[tuple[str, ...], ...]
    text: str
    span_id: str


def mixed_up(target: Target) -> Verdict | CannotTell:
    """The answer says of one thing what a result says of another: "Lyon has 7" of `{"Lyon": 0, "Lille": 7}`.

    Looks at results of tools that hold a list of objects, or an object of such values, where each has a name of its
    own. Counts where a clause names just one of them, and a number, date or time in it is not among what is told of it,
    is told of just one other, and stands nowhere else in what was read or told. 2.0 for any. Without one it cannot
    tell. A clause that compares, adds up or goes on without the name is not looked at.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, _, told = ground
    tables = list(islice(_tables(spoken, target.once), _MAX_TABLES))
    if not tables:
        return CannotTell("no tool returned several things of one kind, each with a name of its own")
    findings = Findings(GROUNDING)
    for text in _PART_END.split(clip(spoken.answer, _MAX_ANSWER))[:_MAX_CLAUSES]:
        stated = [claim for claim in claims(text) if claim.kind in ("number", "amount", "percent", "date", "time")]
        if not stated or not _MIXING.isdisjoint(words(text)):
            continue
        for records, rest in tables:
            other = _of_another(text, stated, records, (rest, told), target.once)
            if other is not None:
                findings.add(
                    "grounding.of_another_thing",
                    f"the answer says {shorten(text.strip(), 80)!r}; that was read of {' '.join(other.names[0])!r}",
                    stage="LLM",
                    span_ids=(spoken.answer_span, other.span_id),
                )
                break
    if not findings.all:
        return CannotTell("no value is said of another thing than the one it was read of")
    return Verdict(2.0, findings.all[0].text, tuple(findings.all), findings.spans, doubtful=True)


def _of_another(
    text: str, stated: Sequence[Claim], records: Sequence[Record], besides: Sequence[Evidence], once: Once
) -> Record | None:
    """The record that a value of the clause is of, where it names another one."""
    spoken = " " + " ".join(words(text)) + " "
    named = [record for record in records if any(f" {' '.join(name)} " in spoken for name in record.names)]
    if len(named) != 1:
        return None
    own = Evidence([named[0].text], once=once)
    for claim in stated:
        if own.supports(claim) == "unsupported" and all(one.supports(claim) != "supported" for one in besides):
            held = [record for record in records if _holds(record, claim, once)]
            if len(held) == 1:
                return held[0]
    return None


def _holds(record: Record, claim: Claim, once: Once) -> bool:
    """It stands there as it is, not by arithmetic."""
    for own in once(claims, record.text):
        same = own.kind == claim.kind or {own.kind, claim.kind} <= {"number", "amount", "percent"}
        if same and set(own.values) & set(claim.values):
            return True
        if any(day == other for _, *day in own.date for _, *other in claim.date):
            return True
    return False


def _tables(spoken: Said, once: Once) -> Iterator[tuple[list[Record], Evidence]]:
    """Records of one kind, and all else that was read."""
    sources = spoken.sources[:_MAX_SOURCES]
    for source in sources:
        value = once(parsed, source.text) if source.kind == "tool" else None
        if value is None:
            continue
        others = [one.text for one in sources if one is not source]
        for items, around in _alike(value):
            records = _named(items, source.span_id)
            if len(records) > 1:
                yield records, Evidence([*others, around], once=once)


def _alike(value: Value) -> Iterator[tuple[list[tuple[str, Value]], str]]:
    """(key or "", item) of each list of objects and of each object of such values, and what stands around it."""
    stack: list[tuple[Value, str]] = [(value, "")]
    seen = 0
    while stack and seen < _MAX_ITEMS:
        item, around = stack.pop()
        seen += 1
        if isinstance(item, dict):
            pairs = [(str(key), one) for key, one in list(item.items())[:_MAX_RECORDS]]
            kinds = {type(one) for _, one in pairs}
            if len(pairs) > 1 and (kinds == {dict} or kinds <= {int, float}):
                yield pairs, around
            for key, one in pairs:
                if isinstance(one, dict | list):
                    beside = " ".join(f"{k} {as_text(v)}" for k, v in pairs if k != key)
                    stack.append((one, f"{around} {beside}"[:20_000]))
        elif isinstance(item, list):
            found = [one for one in item[:_MAX_RECORDS] if isinstance(one, dict)]
            if len(found) > 1 and len(found) == len(item):
                yield [("", one) for one in found], around
            stack.extend((one, around) for one in found if len(item) == 1)


def _named(items: Sequence[tuple[str, Value]], span_id: str) -> list[Record]:
    """The items as records, each with the names that no other has; none where one has no name."""
    names = [_names_of(key, item) for key, item in items]
    found = []
    for at, (key, item) in enumerate(items):
        others = set().union(*(one for place, one in enumerate(names) if place != at))
        own = tuple(name for name in sorted(names[at]) if name not in others)
        if not own:
            return []
        found.append(Record(own, f"{key} {as_text(item)}"[:_RECORD_CHARS], span_id))
    return found


def _names_of(key: str, item: Value) -> set[tuple[str, ...]]:
    texts = [key] if key else [leaf for _, leaf in leaves(item, 30) if isinstance(leaf, str)]
    return {
        name
        for text in texts
        if len(text) <= _LABEL_CHARS and (name := tuple(words(text.replace("_", " ")))) and not "".join(name).isdigit()
    }
