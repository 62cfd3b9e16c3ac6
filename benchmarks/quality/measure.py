"""Cases through checks and rubrics, then to figures, in worker processes."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks.quality import matrix
from benchmarks.quality.case import Case
from benchmarks.quality.figures import Row
from benchmarks.quality.observe import observe
from benchmarks.quality.sets import Seen
from benchmarks.quality.sets.every import SETS
from otel_scorer.model import Trace

_NO_TRACE = Trace("default", "0" * 32, ())


@dataclass
class Found:
    """What came out. `skipped`: set -> files that are not there."""

    rows: list[Row] = field(default_factory=list)
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=dict)


def measure(folder: Path, names: Sequence[str], processes: int) -> Found:
    """Observes the sets one after the other, while figures of earlier ones are worked out beside."""
    found = Found()
    # spawned, not forked: the same on every system, and no copy of a process that has threads
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        pending: dict[str, tuple[Future[Sequence[Row]], Future[dict[str, str]]]] = {}
        for name in names:
            absent = SETS[name].absent(folder)
            if absent:
                found.skipped[name] = absent
                _say(f"{name}: SKIPPED, not in {folder}: {', '.join(absent)}")
                continue
            seen = _observed(pool, name, SETS[name].cases(folder))
            pending[name] = pool.submit(_rows, name, seen), pool.submit(matrix.cells, seen)
            found.tables += SETS[name].tables(seen)
        for name, (rows, cells) in pending.items():
            found.rows += rows.result()
            found.cells[name] = cells.result()
            _say(f"{name}: figures done")
    return found


def _observed(pool: ProcessPoolExecutor, name: str, cases: Sequence[Case]) -> Seen:
    started = time.monotonic()
    seen = [
        (replace(case, trace=_NO_TRACE), observation)
        for case, observation in zip(cases, pool.map(observe, cases, chunksize=8), strict=True)
    ]
    _say(f"{name}: {len(cases)} runs, {time.monotonic() - started:.1f} s")
    return seen


def _rows(name: str, seen: Seen) -> Sequence[Row]:
    return SETS[name].rows(seen)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
