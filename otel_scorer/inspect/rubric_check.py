"""Do the rubrics hold? Loaded from their folders, checks resolved, digests compared with what was released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from otel_scorer.scoring.rubrics.assigned import Assigned, ByKind
from otel_scorer.scoring.rubrics.requested import RequestedRubrics
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet, read_lock


@dataclass(frozen=True, slots=True)
class RubricLine:
    """One rubric as `otel-scorer check` tells it.

    `checks` is their number in all dimensions; `released` says that a lock file holds its digest. `named_by` are the
    settings below `scoring` that name it: where there are none, it scores only what asks for it by name.
    """

    rubric: str
    level: str
    kinds: tuple[str, ...]
    dimensions: tuple[str, ...]
    checks: int
    judge: str
    digest: str
    released: bool
    named_by: tuple[str, ...] = ()


def check_rubrics(
    folders: Sequence[Path], by_kind: Assigned | ByKind, requests: Mapping[str, str] | None = None
) -> list[RubricLine]:
    """Loads everything as scoring would. Raises UserError with file, field, value and remedy of what does not hold."""
    loaded = RubricSet.load(folders, by_kind)
    loaded.choose(loaded.by_kind.names)
    RequestedRubrics(loaded, requests)
    released = {name: digest for folder in folders for name, digest in read_lock(folder).items()}
    named = {name: loaded.get(name) for name in loaded.by_kind.names}
    return [
        _line(
            rubric,
            str(rubric) in released,
            tuple(where for where, segment in loaded.by_kind if named[segment.rubric] is rubric),
        )
        for rubric in rubrics_of(loaded)
    ]


def rubrics_of(loaded: RubricSet) -> list[Rubric]:
    """All rubrics of a set, by name and version."""
    return list(loaded.__iter__())


def render(lines: Sequence[RubricLine]) -> Table:
    """A table for a terminal."""
    table = Table(title=f"{len(lines)} rubrics", title_justify="left")
    for column in ("rubric", "level", "kinds", "dimensions", "checks", "judge", "digest", "released", "named by"):
        table.add_column(column, overflow="fold")
    for line in lines:
        kinds, dimensions = ", ".join(line.kinds), "\n".join(line.dimensions)
        released = "yes" if line.released else "no"
        table.add_row(
            line.rubric,
            line.level,
            kinds,
            dimensions,
            str(line.checks),
            line.judge,
            line.digest,
            released,
            "\n".join(line.named_by),
        )
    return table


def _line(rubric: Rubric, released: bool, named_by: tuple[str, ...]) -> RubricLine:
    return RubricLine(
        rubric=str(rubric),
        level=rubric.level,
        kinds=tuple(rubric.applies.kinds),
        dimensions=tuple(rubric.dimensions),
        checks=sum(len(rules.checks) for rules in rubric.dimensions.values()),
        judge=rubric.judge,
        digest=rubric.digest,
        released=released,
        named_by=named_by,
    )
