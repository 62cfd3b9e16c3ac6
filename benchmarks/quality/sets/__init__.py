"""One module for each labelled set: its records to cases, its questions to rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.case import Case
from benchmarks.quality.figures import Entry, Row
from benchmarks.quality.observe import Observation, Told, mark_of

Seen = Sequence[tuple[Case, Observation]]


def no_tables(_seen: Seen) -> Sequence[str]:
    """Rows say it all."""
    return ()


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """`files` are below the folder of labelled sets."""

    name: str
    files: tuple[str, ...]
    cases: Callable[[Path], Sequence[Case]]
    rows: Callable[[Seen], Sequence[Row]]
    tables: Callable[[Seen], Sequence[str]] = no_tables
    """Markdown of what no row can show."""

    def absent(self, folder: Path) -> list[str]:
        return [file for file in self.files if not (folder / file).is_file()]


def entries_by(by: str, seen: Seen, mark: float | None = None) -> list[Entry]:
    """The cases with a label as `by` sees them; flagged: scored under `mark` (None: the rubric's `pass_at`)."""
    wanted = mark_of(by) if mark is None else mark
    return [entry_of(case, observed.told(by), wanted) for case, observed in seen if case.bad is not None]


def entry_of(case: Case, told: Told, mark: float, *, stratum: str = "") -> Entry:
    return Entry(
        id=case.id,
        group=case.group,
        bad=bool(case.bad),
        value=told.fault,
        flagged=told.under(mark),
        told=told.estimate is not None,
        facts=case.facts,
        stratum=stratum,
        reason=told.reason,
    )


FAULT = 5.0
"""Mark under which a score is a fault at all."""
