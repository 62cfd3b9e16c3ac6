"""Did the calls of a run get anywhere: circles of several calls, and a tool that fails however it is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.said import result_text
from otel_scorer.scoring.reading.scale import PLAN, Findings, counted
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import name_words

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_MAX_USES = 1000
_NO_CALLS = CannotTell("no tool was called", not_applicable=True)
_LONGEST = 6
"""Calls of a circle."""
_ROUNDS = 3
_MOVES_ON = vocabulary(
    """
    scroll next page click press step wait sleep poll tick advance continue down up tab read status check monitor watch
    refresh ping
    """
)


def circles(target: Target) -> Verdict | CannotTell:
    """Two to six calls in a row, not all alike, made three times or more with the same arguments and results.

    Three rounds: 2; five and more: 1. Such a circle is one whatever its tools change, since each round ends where the
    one before did. Repeats of a single call are `plan:repeated_calls`; paging, waiting and clicking are none. Cannot
    tell where the arguments or the results were not captured.
    """
    uses = [use for use in _looked_at(target.view) if use.arguments_captured and use.result_captured]
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if not uses:
        return _NO_CALLS
    marks = [(use.name, use.look, (target.once(result_text, use) or "")[:2000]) for use in uses]
    found = _longest_circle(marks, [use.name for use in uses])
    if found is None:
        return Verdict(5.0, "the calls do not go in circles", weight=0.25)
    start, length, rounds = found
    names = " and ".join(dict.fromkeys(use.name for use in uses[start : start + length]))
    findings = Findings(PLAN)
    text = f"{names} were called in a circle, {counted(rounds, 'round')} with the same results"
    spans = tuple(use.span_id for use in uses[start : start + length * rounds][:10])
    findings.add("plan.circle", text, stage="AGENT", span_ids=spans)
    return Verdict(1.0 if rounds >= 5 else 2.0, text, tuple(findings.all), findings.spans)


def _looked_at(view: TraceView) -> Sequence[ToolUse]:
    return view.tool_uses[:_MAX_USES]


def _longest_circle(marks: Sequence[tuple[str, str, str]], names: Sequence[str]) -> tuple[int, int, int] | None:
    """Where a circle begins, how many calls it has and how often it is gone round."""
    best: tuple[int, int, int] | None = None
    for length in range(2, _LONGEST + 1):
        same = 0
        for at in range(length, len(marks)):
            same = same + 1 if marks[at] == marks[at - length] else 0
            rounds, start = same // length + 1, at - same - length + 1
            circle = marks[start : start + length]
            if rounds < _ROUNDS or len(set(circle)) < 2 or _is_movement(names[start : start + length]):
                continue
            if best is None or rounds > best[2]:
                best = (start, length, rounds)
    return best


def _is_movement(names: Sequence[str]) -> bool:
    return any(not _MOVES_ON.isdisjoint(re.split(r"[^a-z]+", name.lower())) for name in names)


_RUNS_ANYTHING = vocabulary("bash shell terminal python exec execute run code command interpreter sql computer")


def stuck(target: Target, *, least: int = 4) -> Verdict | CannotTell:
    """One tool failed `least` times in a row, whatever its arguments: retries that learn nothing.

    It worked in the end: 3; it never did: 2. A tool that runs any code or command has twice as many tries, since each
    may be another thing. The same call again and again is `plan:tool_errors`. Cannot tell where how the calls went
    was not captured.
    """
    uses = _looked_at(target.view)
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if not uses:
        return _NO_CALLS
    if not any(use.result_captured or use.error for use in uses):
        return CannotTell("how the calls went was not captured", missing_evidence=True)
    rows: dict[str, list[ToolUse]] = {}
    worst: list[ToolUse] = []
    for use in uses:
        row = rows.setdefault(use.name, [])
        if target.once(outcome.failed, use):
            row.append(use)
            worst = [*row] if len(row) > len(worst) else worst
        else:
            row.clear()
    if len(worst) < least * (2 if worst and not _RUNS_ANYTHING.isdisjoint(name_words(worst[0].name)) else 1):
        return Verdict(5.0, "no tool failed many times in a row", weight=0.25)
    lost = rows[worst[0].name][-1:] == worst[-1:]
    findings = Findings(PLAN)
    text = f"{worst[0].name} failed {len(worst)} times in a row{', and never worked again' if lost else ''}"
    findings.add("plan.stuck", text, stage="TOOL", span_ids=tuple(use.span_id for use in worst[:10]))
    return Verdict(2.0 if lost else 3.0, text, tuple(findings.all), findings.spans)
