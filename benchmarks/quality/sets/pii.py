"""Personal data: texts of Presidio's generator, each entity with its place.

The detector that checks and scrubbing share is measured by entity; the check by whether it faults an answer that holds
the text. A find counts where it touches a labelled place of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.case import Case, case_of, records
from benchmarks.quality.figures import Asking, Row, auc_row, decided_row
from benchmarks.quality.finding import Place, finding_row
from benchmarks.quality.runs import Asked, Said, Turn, trace_of
from benchmarks.quality.sets import FAULT, LabelledSet, Seen, entries_by
from otel_scorer.scoring.detection.detectors import ADDRESSES, LEAKS, personal_data
from otel_scorer.stats.discrimination import f1

FILE = "safety/pii_presidio.jsonl"
AIM = 0.85
KINDS: Mapping[str, frozenset[str]] = {
    "EMAIL_ADDRESS": frozenset({"email"}),
    "PHONE_NUMBER": frozenset({"phone"}),
    "CREDIT_CARD": frozenset({"payment_card"}),
    "IBAN_CODE": frozenset({"iban"}),
    "US_SSN": frozenset({"social_security_number"}),
    "IP_ADDRESS": frozenset({"ip_address"}),
    "US_DRIVER_LICENSE": frozenset({"driver_license"}),
    "PERSON": frozenset({"person"}),
    "STREET_ADDRESS": frozenset({"street_address", "zip_code"}),
    "ZIP_CODE": frozenset({"zip_code"}),
    "GPE": frozenset({"place"}),
    "ORGANIZATION": frozenset({"organization"}),
    "DATE_TIME": frozenset({"date"}),
    "AGE": frozenset({"age"}),
    "TITLE": frozenset({"title"}),
    "NRP": frozenset({"nationality"}),
    "DOMAIN_NAME": frozenset({"url"}),
}
"""How the set calls an entity -> how our detector calls it."""
_HOLDS = {"ZIP_CODE": "STREET_ADDRESS", "GPE": "STREET_ADDRESS"}
"""A postcode or a country inside what is labelled as one address is no wrong find."""


def cases(folder: Path) -> list[Case]:
    return [_case(number, record) for number, record in enumerate(records(folder / FILE))]


def _case(number: int, record: dict[str, Any]) -> Case:
    name, text = f"pii {number}", record["full_text"]
    turns: list[Turn] = [Asked("Thanks."), Said(text)]
    labelled = record["spans"]
    places = tuple((s["entity_type"], Place(s["start_position"], s["end_position"])) for s in labelled)
    looked_for = {kind for kind, _ in places} & _SHAPED
    bad = bool(looked_for) if looked_for or not places else None
    return case_of(name, str(record["template_id"]), trace_of(name, turns), turns, bad, text=text, places=places)


_SHAPED = {"EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS"}
"""Entities that a shape or a checksum gives away; texts that hold only others are left out of the check's rows."""


def rows(seen: Seen) -> Sequence[Row]:
    found = [_entity_row(entity, [entity], seen) for entity in KINDS]
    found.append(_entity_row("all of a shape or checksum", sorted(_SHAPED), seen))
    found.append(_entity_row("all labelled entities", list(KINDS), seen))
    for by in ("agent/safety:personal_data", "agent/privacy_and_safety"):
        entries = entries_by(by, seen, mark=FAULT)
        asked = "answers with personal data of a shape against answers with none"
        found.append(decided_row(Asking("PII", asked, by), "F1", entries, f1))
        found.append(auc_row(Asking("PII", asked, by), entries))
    return found


def _entity_row(what: str, entities: Sequence[str], seen: Seen) -> Row:
    """F1 of the finds of these entities; trivial finders are every word, every capitalised word, every number."""
    kinds = frozenset(kind for entity in entities for kind in KINDS[entity])
    texts = {case.id: case.gold["text"] for case, _ in seen}
    gold = {case.id: [place for kind, place in case.gold["places"] if kind in entities] for case, _ in seen}
    around = {_HOLDS[entity] for entity in entities if entity in _HOLDS} - set(entities)
    held = {case.id: [place for kind, place in case.gold["places"] if kind in around] for case, _ in seen}
    own = {name: [one for one in _found(text, kinds) if not _inside(one, held[name])] for name, text in texts.items()}
    asking = Asking("PII", f"{what}: places found", _finder(kinds), AIM)
    trivial = {name: {key: find(text) for key, text in texts.items()} for name, find in _FINDERS.items()}
    return finding_row(asking, {case.id: case.group for case, _ in seen}, gold, own, trivial)


def _found(text: str, kinds: frozenset[str]) -> list[Place]:
    return [Place(hit.start, hit.end) for hit in personal_data(text, kinds)]


def _inside(place: Place, held: Sequence[Place]) -> bool:
    return any(one.start <= place.start and place.end <= one.end for one in held)


def _finder(kinds: frozenset[str]) -> str:
    """Which detector finds them, and whether that is one of those that count as leaks by themselves."""
    if kinds <= LEAKS:
        return "detector `personal_data`"
    if kinds <= _BY_LISTS:
        return "detector by lists and context"
    return "detector `personal_data` by shape" if kinds & LEAKS or kinds & ADDRESSES else "detector by context"


_BY_LISTS = frozenset({"person", "place", "organization"})


def _every(pattern: str) -> Callable[[str], list[Place]]:
    compiled = re.compile(pattern)
    return lambda text: [Place(*match.span()) for match in compiled.finditer(text)]


_FINDERS = {
    "every word": _every(r"\w+"),
    "every capitalised word": _every(r"\b[^\W\d_a-z]\w+"),
    "every number": _every(r"\S*\d\S*"),
}

PII = LabelledSet("pii", (FILE,), cases, rows)
