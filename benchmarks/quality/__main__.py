"""Everything over every set that is there, to one page. No model, no key, no network."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks.quality import matrix, report
from benchmarks.quality.case import Case
from benchmarks.quality.figures import Row
from benchmarks.quality.observe import observe
from benchmarks.quality.sets import Seen
from benchmarks.quality.sets.every import SETS
from otel_scorer.model import Trace

LABELLED = Path(__file__).resolve().parents[3] / "shared" / "labelled"
SETS_FORM = "safety/, plan/, grounding/ and instruction/"
_NO_TRACE = Trace("default", "0" * 32, ())


@dataclass
class Found:
    """What came out. `skipped`: set -> files that are not there."""

    rows: list[Row] = field(default_factory=list)
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: dict[str, list[str]] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    found = measure(options.folder, options.only or list(SETS), options.processes)
    if not found.rows:
        raise SystemExit(f"no labelled set is in {options.folder}: give the folder that holds {SETS_FORM}")
    print()
    print("\n".join(report.rows_table(found.rows)))
    if options.out is not None:
        text = report.page(found.rows, found.cells, found.skipped, seconds=time.monotonic() - started)
        options.out.write_text(text, "utf-8")
    if options.misses is not None:
        _write_misses(options.misses, found.rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=LABELLED, help="folder of the labelled sets")
    parser.add_argument("--only", nargs="+", choices=list(SETS), metavar="SET", help="; ".join(SETS))
    parser.add_argument("--out", type=Path, help="write the page here")
    parser.add_argument("--misses", type=Path, help="write the misses of each row into this folder, to be read")
    parser.add_argument("--processes", type=int, default=2)
    return parser


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


def _write_misses(folder: Path, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(rows):
        name = f"{number:02}-{row.data}-{row.by}-{row.measure[:20]}".replace("/", "_").replace(" ", "_")
        (folder / f"{name}.jsonl").write_text("\n".join(_miss_lines(row)), "utf-8")


def _miss_lines(row: Row) -> Iterator[str]:
    yield json.dumps({"question": row.question, "value": row.value, "misses": len(row.misses)})
    for miss in row.misses:
        yield json.dumps(asdict(miss), ensure_ascii=False)


if __name__ == "__main__":
    main()
