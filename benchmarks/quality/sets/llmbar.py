"""LLMBar: two answers to one instruction, of which people say the same one is better.

A pair is won where the better answer scores higher, ties count half. With verifiable instructions: pairs in which the
checks on instructions verified one for either answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.case import Case, case_of, records
from benchmarks.quality.figures import Asking, Entry, Row, chosen_row
from benchmarks.quality.observe import Observation, Told
from benchmarks.quality.runs import Asked, Said, Turn, trace_of
from benchmarks.quality.sets import LabelledSet, Seen
from benchmarks.quality.sets.ifbench import CHECKS, SCORE, verified

FILE = "instruction/llmbar.jsonl"


def cases(folder: Path) -> list[Case]:
    return [case for record in records(folder / FILE) for case in _pair(record)]


def _pair(record: dict[str, Any]) -> list[Case]:
    """Both answers; bad is the one that people liked less."""
    found = []
    for number in (1, 2):
        name = f"llmbar {record['id']} {number}"
        turns: list[Turn] = [Asked(record["input"]), Said(record[f"output_{number}"])]
        found.append(case_of(name, record["id"], trace_of(name, turns), turns, record["label"] != number))
    return found


Pair = tuple[tuple[Case, Observation], tuple[Case, Observation]]
"""The better answer, then the other one."""


def rows(seen: Seen) -> Sequence[Row]:
    by_pair: dict[str, list[tuple[Case, Observation]]] = {}
    for one in seen:
        by_pair.setdefault(one[0].group, []).append(one)
    pairs: dict[str, Pair] = {
        name: (found[0], found[1]) if found[1][0].bad else (found[1], found[0]) for name, found in by_pair.items()
    }
    told = {name: [verified(observed)[0] for _, observed in pair] for name, pair in pairs.items()}
    verifiable = {name: pair for name, pair in pairs.items() if any(one.estimate is not None for one in told[name])}
    scored = {name: [observed.told(SCORE) for _, observed in pair] for name, pair in pairs.items()}
    by = f"agent/adherence: {' and '.join(name.rpartition(':')[2] for name in CHECKS)}"
    asked = "the better answer of a pair with verifiable instructions scores higher"
    return [
        _row(Asking("LLMBar", asked, by), verifiable, told),
        _row(Asking("LLMBar", asked, SCORE), verifiable, scored),
        _row(Asking("LLMBar", "the better answer of any pair scores higher", SCORE), pairs, scored),
    ]


def _row(asking: Asking, pairs: Mapping[str, Pair], told: Mapping[str, Sequence[Told]]) -> Row:
    entries = [_entry(name, pair, told[name]) for name, pair in pairs.items()]
    facts = next(iter(pairs.values()))[0][0].facts if pairs else {}
    trivial = {"always one answer": dict.fromkeys(pairs, 0.5)}
    for fact in facts:
        for sign, word in ((1, "high"), (-1, "low")):
            trivial[f"{word} {fact}"] = {
                name: _won(sign * better[0].facts[fact], sign * other[0].facts[fact])
                for name, (better, other) in pairs.items()
            }
    return chosen_row(asking, "pairs won", entries, trivial)


def _entry(name: str, pair: Pair, told: Sequence[Told]) -> Entry:
    better, other = told
    value = _won(-better.fault, -other.fault)
    reason = f"better: {better.reason} | other: {other.reason}"
    spoke = any(one.estimate is not None for one in told)
    return Entry(name, pair[0][0].group, True, value, False, spoke, {}, reason=reason)


def _won(better: float, other: float) -> float:
    return 1.0 if better > other else 0.5 if better == other else 0.0


LLMBAR = LabelledSet("llmbar", (FILE,), cases, rows)
