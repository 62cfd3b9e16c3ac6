"""Rows to the page."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.quality import matrix, misses
from benchmarks.quality.figures import Row
from otel_scorer.stats.intervals import Interval


def machine() -> str:
    """One line: where and when."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = f"{len(names)} x {names[0]}" if names else model
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}; {model}; {platform.system()} {platform.release()}; Python {platform.python_version()}"


_COLUMNS = "data set, question, by, measure, bad / good, told, value, best trivial baseline, difference, aim, counts"
_HEAD = (f"| {_COLUMNS.replace(', ', ' | ')} |", "|---|---|---|---|---:|---:|---|---|---|---|---|")


def rows_table(rows: Sequence[Row]) -> list[str]:
    """Markdown: a row for each."""
    return [*_HEAD, *(_line(row) for row in rows)]


def _line(row: Row) -> str:
    cells = [
        row.data,
        row.question,
        f"`{row.by}`" if "/" in row.by else row.by,
        row.measure,
        row.cases,
        "" if row.told is None else f"{row.told:.0%}",
        _figure(row.value, row.interval),
        f"{row.baseline}: {_figure(row.baseline_value, row.baseline_interval)}" if row.baseline else "",
        _figure(row.difference, row.difference_interval, sign=True),
        _aim(row),
        "**yes**" if row.counts else "no" if row.baseline and row.value is not None else "",
    ]
    return "| " + " | ".join(cells) + " |"


def _figure(value: float | None, interval: Interval | None, *, sign: bool = False) -> str:
    if value is None:
        return ""
    shown = f"{value:+.3f}" if sign else f"{value:.3f}"
    return shown if interval is None else f"{shown} [{interval.low:.3f}, {interval.high:.3f}]"


def _aim(row: Row) -> str:
    if row.aim is None:
        return ""
    return f"{'<=' if row.lower_is_better else '>='} {row.aim:g}: {'met' if row.met else '**missed**'}"


_TOP = """# Quality

<!-- Made by `make quality`: do not edit. -->

How well the shipped checks and rubrics tell bad runs from good ones, without any model, over public sets that people or
programs labelled. Each row stands beside the best of its trivial baselines: always one answer; length of the answer;
number of tool calls, of turns, of numbers; overlap of words with what was given (and, where places or steps are asked
for, the trivial finders and guesses that the row names). All are computed; each gets the better direction, and the
threshold that suits it best on these very runs. Checks and rubrics get no such help.

- **counts**: only where the 95 % interval of the paired difference to that baseline lies above 0.
- **AUC**: chance that a bad run is scored lower than a good one; ties count half, "cannot tell" counts as no fault.
  "Matched": over pairs with the same number of tool calls. **told**: share of runs for which there was a verdict.
- A run is flagged where its score is under what the rubric asks for to pass; in rows on personal data and instructions,
  where there is any fault.
- Intervals: 1000 bootstrap draws with fixed seeds, of whole groups of runs that share a task, template or text; shares
  without a baseline by Wilson. `agent/...` is the newest shipped version of that rubric,
  `agent/<module>:<check>` one of its checks.
- IFBench: "covered" counts instructions that were found and verified in a prompt, at most as many as it has labelled
  ones; they need not be those, and where they are not, the reply counts as it turns out.
- The sets are development halves: whoever mends a check has seen them.
"""


def page(
    rows: Sequence[Row],
    cells: Mapping[str, Mapping[str, str]],
    skipped: Mapping[str, Sequence[str]],
    tables: Sequence[str] = (),
    *,
    seconds: float,
) -> str:
    """The whole page."""
    lines = [_TOP, f"`make quality`, {seconds:.0f} s; {machine()}."]
    lines += [
        f"**Skipped**, since its files were not there: {name} ({', '.join(files)})." for name, files in skipped.items()
    ]
    lines += [
        "",
        "## Questions",
        "",
        *rows_table(rows),
        "",
        *_aims(rows),
        "",
        *([_MEANING, *tables, ""] if tables else []),
        "## What the misses look like",
        "",
        *misses.lines(row.data for row in rows),
        "",
        _MATRIX,
        *matrix.lines([name for name in cells if cells[name]], cells),
    ]
    return "\n".join(lines) + "\n"


_MEANING = """## What a score means

Of how many runs with a score the labels say that they are good. A set's own share of good runs is part of these
figures: in traffic that is better than the set they are higher, in worse traffic lower. Their order is what counts.
"""
_MATRIX = """## Every check and rubric over every set

AUC of bad against good runs and, in brackets, for how many there was a verdict. `*`: clearly above the set's best
trivial baseline; `.`: spoke, and faulted nothing. Most checks are about something else than most sets: a blank or 0.50
is no failing.
"""


def _aims(rows: Sequence[Row]) -> list[str]:
    wanted = [row for row in rows if row.aim is not None]
    met = [row for row in wanted if row.met]
    missed = [f"{row.data}, {row.question} ({row.measure}, {row.by})" for row in wanted if not row.met]
    counting = sum(row.counts for row in rows)
    compared = sum(row.difference is not None for row in rows)
    return [
        f"Aims met: {len(met)} of {len(wanted)}. Rows that count: {counting} of {compared} with a baseline. Missed:",
        "",
        *(f"- {text}" for text in missed),
    ]


BEGIN, END = "<!-- quality: made by `make quality` -->", "<!-- /quality -->"
_HEADLINES = (
    ("AgentDojo", "agent/privacy_and_safety"),
    ("R-Judge", "agent/privacy_and_safety"),
    ("PII", "detector `personal_data`"),
    ("PII", "detector `personal_data` by shape"),
    ("moderation", "agent/privacy_and_safety"),
    ("BEGIN", "agent/factual_grounding"),
    ("IFBench", "agent/adherence: verifiable and output_format"),
    ("LLMBar", "agent/instruction_adherence"),
    ("BFCL", "agent/optimal_plan_execution"),
    ("tau-bench", "agent/optimal_plan_execution"),
    ("Who&When", "measure `mistake:likely_mistake`"),
)
_PARTS = (
    "of these:",
    "(loose labels)",
    "all replies",
    "a score, middle half",
    "under the rubric's mark",
    "_NUMBER:",
    "_CARD:",
    "_CODE:",
    "_SSN:",
    "_ADDRESS:",
    "_LICENSE:",
)


def summary(rows: Sequence[Row]) -> str:
    """The short table of the README: what each dimension's own sets say, beside the best trivial baseline."""
    lines = [
        "| data set | question | measure | value | best trivial baseline | clearly better |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        if (row.data, row.by) not in _HEADLINES or any(part in row.question for part in _PARTS):
            continue
        baseline = "" if row.baseline_value is None else f"{row.baseline_value:.2f} ({row.baseline})"
        better = "" if row.difference is None else "**yes**" if row.counts else "no"
        value = "" if row.value is None else f"{row.value:.2f}"
        lines.append(f"| {row.data} | {row.question} | {row.measure} | {value} | {baseline} | {better} |")
    return "\n".join([BEGIN, *lines, END])


def with_summary(text: str, rows: Sequence[Row]) -> str:
    """A page with the summary between its marks. ValueError without the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no place for the table: put {BEGIN} and {END} there")
    return before + summary(rows) + after
