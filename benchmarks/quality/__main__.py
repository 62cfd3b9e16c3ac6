"""Everything over every set that is there, to one page. No model, no key, no network."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.quality import report
from benchmarks.quality.figures import Row
from benchmarks.quality.measure import measure
from benchmarks.quality.sets.every import SETS

LABELLED = Path(__file__).resolve().parents[3] / "shared" / "labelled"
SETS_FORM = "safety/, plan/, grounding/ and instruction/"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    found = measure(options.folder, options.only or list(SETS), options.processes)
    if not found.rows:
        raise SystemExit(f"no labelled set is in {options.folder}: give the folder that holds {SETS_FORM}")
    print()
    print("\n".join(report.rows_table(found.rows)))
    if options.out is not None:
        text = report.page(found.rows, found.cells, found.skipped, found.tables, seconds=time.monotonic() - started)
        options.out.write_text(text, "utf-8")
    if options.readme is not None:
        options.readme.write_text(report.with_summary(options.readme.read_text("utf-8"), found.rows), "utf-8")
    if options.misses is not None:
        _write_misses(options.misses, found.rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=LABELLED, help="folder of the labelled sets")
    parser.add_argument("--only", nargs="+", choices=list(SETS), metavar="SET", help="; ".join(SETS))
    parser.add_argument("--out", type=Path, help="write the page here")
    parser.add_argument("--readme", type=Path, help="write the short table between the marks of this page")
    parser.add_argument("--misses", type=Path, help="write the misses of each row into this folder, to be read")
    parser.add_argument("--processes", type=int, default=2)
    return parser


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
