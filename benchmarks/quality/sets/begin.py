"""BEGIN: answers of dialogue models to a piece of knowledge, called attributable to it or not.

The knowledge stands as a retrieved document. Generic answers, which say nothing, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.quality import calibration
from benchmarks.quality.case import Case, case_of, records
from benchmarks.quality.figures import Asking, Entry, Row, auc_row, balanced_row, false_alarm_row
from benchmarks.quality.runs import Asked, Fetched, Said, Turn, trace_of
from benchmarks.quality.sets import LabelledSet, Seen, entries_by
from otel_scorer.conventions.trace_view import view
from otel_scorer.scoring.grounds.attributed import attributed
from otel_scorer.scoring.grounds.similar import Similarity
from otel_scorer.scoring.verdict import Target, Verdict

FILE = "grounding/begin_dev.jsonl"
CHECKS = (
    "agent/grounding:statements",
    "agent/grounding:attributed",
    "agent/grounding:shown",
    "agent/grounding:entities",
    "agent/grounding:numbers",
)
SCORE = "agent/factual_grounding"
METRICS = {"attribution": CHECKS[1], "statement_support": CHECKS[0]}
"""Numbers that checks give along, which are finer than a score and are there where it is not; and whose they are."""
WHOLE = "answers that are not attributable against those that are"
EMBEDDINGS = "otel_scorer.scoring.similarity:wordllama"
WITH_EMBEDDINGS = f"{CHECKS[1]} with embeddings"


def cases(folder: Path) -> list[Case]:
    return [_case(number, record) for number, record in enumerate(records(folder / FILE))]


def _case(number: int, record: dict[str, Any]) -> Case:
    name = f"begin {number}"
    asked = record["message"] if isinstance(record["message"], str) else "\n".join(record["message"])
    turns: list[Turn] = [Asked(asked), Fetched(asked, (record["knowledge"],)), Said(record["response"])]
    bad = None if record["begin_label"] == "Generic" else record["begin_label"] != "Fully attributable"
    return case_of(name, record["knowledge"], trace_of(name, turns), turns, bad, said=turns)


def rows(seen: Seen) -> Sequence[Row]:
    found = []
    for by in (SCORE, *CHECKS, *(f"metric/{name}" for name in METRICS)):
        metric = by.removeprefix("metric/")
        entries = _by_metric(metric, seen) if metric in METRICS else entries_by(by, seen, mark=5.0)
        found.append(auc_row(Asking("BEGIN", WHOLE, by, 0.95), entries))
        if by not in CHECKS[2:]:
            found.append(auc_row(Asking("BEGIN", f"{WHOLE}, middle half of word overlap", by), _middle_half(entries)))
    found += _as_scores(seen)
    if find_spec("wordllama") is not None:
        entries = _by_similarity(seen)
        for question, asked in ((WHOLE, entries), (f"{WHOLE}, middle half of word overlap", _middle_half(entries))):
            found.append(auc_row(Asking("BEGIN", question, WITH_EMBEDDINGS), asked))
    return found


def _as_scores(seen: Seen) -> list[Row]:
    """What AUC does not show: whether a score says what its number says."""
    entries = entries_by(SCORE, seen)
    told = [one for one in entries if one.told]
    fine = calibration.called_fine(entries)
    return [
        auc_row(Asking("BEGIN", f"{WHOLE}, where there is a score", SCORE, 0.95), told),
        auc_row(Asking("BEGIN", f"{WHOLE}, where there is a score, middle half", SCORE), _middle_half(told)),
        false_alarm_row(
            Asking("BEGIN", "answers that are not attributable and score 5 (bad: attributable)", SCORE), fine
        ),
        balanced_row(Asking("BEGIN", f"{WHOLE}: a five, or less or nothing", SCORE), calibration.under_five(entries)),
        balanced_row(Asking("BEGIN", f"{WHOLE}: under the rubric's mark", SCORE), entries),
    ]


def tables(seen: Seen) -> Sequence[str]:
    entries = entries_by(SCORE, seen)
    return calibration.table("BEGIN, `agent/factual_grounding`", "attributable", entries)


def _by_similarity(seen: Seen) -> list[Entry]:
    """By the check with the shipped embeddings beside its words: rows of their own, where the extra is installed."""
    measure = Similarity(EMBEDDINGS)
    of = {
        case.id: attributed(Target(view(trace_of(case.id, case.gold["said"]))), similarity=measure)
        for case, _ in seen
        if case.bad is not None
    }
    told = {name: answer.estimate for name, answer in of.items() if isinstance(answer, Verdict)}
    plain = entries_by(CHECKS[1], seen, mark=5.0)
    return [replace(one, value=5 - told.get(one.id, 5.0), told=one.id in told) for one in plain]


def _by_metric(name: str, seen: Seen) -> list[Entry]:
    """An answer without the number states nothing that stands in the document."""
    of = {case.id: (observed.told(METRICS[name]).metrics or {}).get(name) for case, observed in seen}
    plain = entries_by(METRICS[name], seen, mark=5.0)
    return [replace(one, value=1 - (of[one.id] or 0.0), told=of[one.id] is not None) for one in plain]


def _middle_half(entries: Sequence[Entry]) -> list[Entry]:
    overlaps = sorted(one.facts["word overlap"] for one in entries)
    low, high = overlaps[len(overlaps) // 4], overlaps[3 * len(overlaps) // 4]
    return [one for one in entries if low <= one.facts["word overlap"] <= high]


BEGIN = LabelledSet("begin", (FILE,), cases, rows, tables)
