"""Every check and every dimension of every rubric over every set that says which runs are bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.quality.figures import Asking, Row, auc_row
from benchmarks.quality.observe import check_names, score_names
from benchmarks.quality.sets import Seen, entries_by

NEVER = "."
"""It spoke, and found no fault in any run."""


def names() -> list[str]:
    """The rows of the matrix."""
    return [*check_names(), *score_names()]


def cells(seen: Seen) -> dict[str, str]:
    """AUC of bad against good runs, `*` where clearly above the set's best trivial baseline; by check or dimension."""
    if not any(case.bad is not None for case, _ in seen):
        return {}
    found = {}
    for name in names():
        entries = entries_by(name, seen, mark=5.0)
        told = sum(one.told for one in entries)
        if told:
            faulted = any(one.value > 0 for one in entries)
            row = auc_row(Asking("", "", name), entries) if faulted else None
            found[name] = f"{_cell(row)} ({told / len(entries):.0%})"
    return found


def _cell(row: Row | None) -> str:
    if row is None or row.value is None:
        return NEVER
    return f"{row.value:.2f}{'*' if row.counts else ''}"


def lines(columns: Sequence[str], by_set: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Markdown: a row for each name that spoke anywhere, a column for each set."""
    found = ["| by | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in names():
        shown = [by_set[column].get(name, "") for column in columns]
        found.append(f"| `{name}` | " + " | ".join(shown) + " |")
    return found
