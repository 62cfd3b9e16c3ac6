"""IFBench: replies to prompts with one or two verifiable instructions; a program said which were followed.

What the checks count of a prompt is not tied to the labelled instruction, so coverage counts at most as many as were
labelled, and a reply is right where all labelled instructions were followed and no fault is found, or the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.quality.case import Case, case_of, records
from benchmarks.quality.figures import Asking, Entry, Row, balanced_row, decided_row, share_row
from benchmarks.quality.observe import Observation, Told
from benchmarks.quality.runs import Asked, Said, Turn, trace_of
from benchmarks.quality.sets import FAULT, LabelledSet, Seen, entries_by, entry_of
from otel_scorer.stats.discrimination import accuracy

FILE = "instruction/ifbench_eval_results_strict.jsonl"
LOOSE = "instruction/ifbench_eval_results_loose.jsonl"
CHECKS = ("agent/adherence:verifiable", "agent/adherence:output_format")
SCORE = "agent/instruction_adherence"
COUNT = "verified_instructions"


def cases(folder: Path) -> list[Case]:
    loose = {record["prompt"]: record["follow_all_instructions"] for record in records(folder / LOOSE)}
    found = enumerate(records(folder / FILE))
    return [_case(number, record, loose[record["prompt"]]) for number, record in found]


def _case(number: int, record: dict[str, Any], loosely: bool) -> Case:
    name = f"ifbench {number}"
    turns: list[Turn] = [Asked(record["prompt"]), Said(record["response"])]
    followed = record["follow_instruction_list"]
    kinds = record["instruction_id_list"]
    return case_of(
        name,
        record["prompt"],
        trace_of(name, turns),
        turns,
        not all(followed),
        labelled=len(followed),
        loosely=loosely,
        kinds=kinds,
    )


def verified(observed: Observation) -> tuple[Told, int]:
    """What the checks on instructions say together (the lowest), and how many instructions they looked at."""
    told = [observed.told(by) for by in CHECKS]
    spoken = [one for one in told if one.estimate is not None]
    number = sum(int((one.metrics or {}).get(COUNT, 0)) for one in spoken)
    return min(spoken, key=lambda one: one.estimate or 0.0, default=Told(None)), number


def rows(seen: Seen) -> Sequence[Row]:
    by = " and ".join(name.rpartition(":")[2] for name in CHECKS)
    strict = [(case, *verified(observed)) for case, observed in seen]
    covered = [entry_of(case, told, FAULT) for case, told, number in strict if number]
    loosely = {case.id: not case.gold["loosely"] for case, _ in seen}
    labelled = sum(case.gold["labelled"] for case, _ in seen)
    reached = sum(min(number, case.gold["labelled"]) for case, _, number in strict)
    asked = "replies that do not follow against those that do, where covered"
    by = f"agent/adherence: {by}"
    return [
        share_row(
            Asking("IFBench", "labelled instructions that are covered", by, 0.60),
            "coverage",
            reached,
            labelled,
            f"{labelled} instructions",
        ),
        balanced_row(Asking("IFBench", asked, by, 0.90), covered),
        balanced_row(Asking("IFBench", f"{asked} (loose labels)", by), _relabelled(covered, loosely)),
        decided_row(Asking("IFBench", asked, by), "accuracy", covered, accuracy),
        balanced_row(Asking("IFBench", "all replies", SCORE), entries_by(SCORE, seen, mark=FAULT)),
    ]


def _relabelled(entries: Sequence[Entry], bad: dict[str, bool]) -> list[Entry]:
    return [replace(one, bad=bad[one.id]) for one in entries]


IFBENCH = LabelledSet("ifbench", (FILE, LOOSE), cases, rows)
