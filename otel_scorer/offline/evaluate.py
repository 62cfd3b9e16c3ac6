"""Scores recorded traces, with the function that scores online; a table for people, JSON for programs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from otel_scorer.conventions.conversation_view import ConversationView, by_conversation
from otel_scorer.conventions.scores import trace_status
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import DIMENSIONS, Conversation, Missing, Result, Score, Status, Trace
from otel_scorer.scoring import results_json
from otel_scorer.scoring.judging.judge import Judge
from otel_scorer.scoring.reference import Expected
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.score_conversation import score_conversation

_STYLES = {1: "bold red", 2: "red", 3: "yellow", 4: "green", 5: "bold green"}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One trace (or conversation) and what the rubrics said of it. `status` is the ending that it would have online."""

    trace: Trace
    """Of a conversation the last one."""
    name: str
    """The agent's name or the root span's, for people."""
    status: Status
    results: tuple[Result, ...]
    conversation: Conversation | None = None

    @property
    def scored(self) -> bool:
        """Whether there is any score at all."""
        return any(isinstance(score, Score) for result in self.results for score in result.scores.values())


async def evaluate(
    traces: Sequence[Trace],
    rubrics: RubricSet,
    names: Sequence[str] | None,
    judge: Judge | None,
    *,
    deadline_s: float,
    at_once: int = 8,
    expected: Mapping[str, Expected] | None = None,
) -> list[Evaluation]:
    """Scores each trace by the rubrics called `names` (None: those configured for its kinds), in the given order.

    The traces are as `read_traces` gives them: without what a scorer wrote on them before. `deadline_s` holds for each
    trace, `at_once` of them are scored at a time. Evaluation traces are left out. `expected` is what
    cases say of a good run, by trace id. UserError for an unknown rubric.
    """
    slots = asyncio.Semaphore(at_once)

    async def one(seen: TraceView) -> Evaluation:
        async with slots:
            chosen = chosen_rubrics(rubrics, seen, names)
            deadline = time.monotonic() + deadline_s
            hoped = (expected or {}).get(seen.trace.trace_id)
            results = await score_trace(
                seen.trace, chosen, judge, deadline=deadline, expected=hoped, by_kind=rubrics.by_kind
            )
            return _evaluation(seen, results)

    if names and all(rubrics.get(name).level == "conversation" for name in names):
        return []  # they say nothing of a single trace
    views = [view(trace) for trace in traces]
    return list(await asyncio.gather(*(one(seen) for seen in views if not seen.own)))


async def evaluate_conversations(
    traces: Sequence[Trace],
    rubrics: RubricSet,
    names: Sequence[str] | None,
    judge: Judge | None,
    *,
    deadline_s: float,
    at_once: int = 8,
    least: tuple[int, int] = (2, 2),
) -> list[Evaluation]:
    """Scores the conversations that the traces are of, by the rubrics of conversation level called `names` (None: the
    configured one), in order of first appearance. One without such a rubric is left out, and one with less than the
    `least` traces (asked for by name, one is enough) and turns.
    """
    min_traces, min_turns = least
    slots = asyncio.Semaphore(at_once)

    async def one(talk: Conversation) -> Evaluation | None:
        async with slots:
            seen = ConversationView(talk)
            chosen = rubrics.for_conversation(seen.last, names)
            if not chosen or len(seen.views) < (1 if names else min_traces) or len(seen.turns) < min_turns:
                return None
            deadline = time.monotonic() + deadline_s
            results = await score_conversation(talk, chosen, judge, deadline=deadline, by_kind=rubrics.by_kind)
            return Evaluation(talk.traces[-1], talk.id, trace_status(results), results, talk)

    found = await asyncio.gather(*(one(talk) for talk in by_conversation(traces)))
    return [evaluation for evaluation in found if evaluation is not None]


def chosen_rubrics(rubrics: RubricSet, seen: TraceView, names: Sequence[str] | None) -> tuple[Rubric, ...]:
    """The rubrics that score this trace, as online: those whose conditions it meets, primary ones first."""
    return rubrics.resolve(rubrics.refs(seen, names)) or ()


def _evaluation(seen: TraceView, results: Sequence[Result]) -> Evaluation:
    status: Status = "incomplete" if seen.incomplete else trace_status(results)
    name = seen.agent_name or (seen.root.name if seen.root else "")
    return Evaluation(seen.trace, name, status, tuple(results))


def to_json(evaluations: Sequence[Evaluation]) -> str:
    """One object a line, results in the canonical form that the ledger holds: same trace, same bytes.

    A conversation's line has `conversation_id` and `trace_ids` as well; its `trace_id` is the last one.
    """
    lines = [
        f'{{"trace_id":{json.dumps(each.trace.trace_id)},{_of_conversation(each)}"status":{json.dumps(each.status)},'
        f'"results":{results_json.dump(each.results)}}}'
        for each in evaluations
    ]
    return "\n".join(lines) + "\n" if lines else ""


def _of_conversation(each: Evaluation) -> str:
    if each.conversation is None:
        return ""
    ids = [trace.trace_id for trace in each.conversation.traces]
    return f'"conversation_id":{json.dumps(each.conversation.id)},"trace_ids":{json.dumps(ids)},'


def table(evaluations: Sequence[Evaluation]) -> Table:
    """One row for each result at trace level, and for span-level results where there is no other."""
    talks = sum(each.conversation is not None for each in evaluations)
    told = f", {talks} conversations" if talks else ""
    shown = Table(title=f"{len(evaluations) - talks} traces{told}", title_justify="left")
    for column in ("trace", "agent", "rubric", *(name.replace("_", " ") for name in DIMENSIONS)):
        shown.add_column(column, overflow="fold")
    for column in ("composite", "label", "status"):
        shown.add_column(column)
    for each in evaluations:
        for index, result in enumerate(each.results):
            first = index == 0
            shown.add_row(each.trace.trace_id[:8] if first else "", _name(each, result), *_cells(each, result, first))
        if not each.results:
            shown.add_row(each.trace.trace_id[:8], _printable(each.name), "-", *["-"] * 6, each.status)
    return shown


def _name(each: Evaluation, result: Result) -> str:
    if each.conversation is not None:
        return _printable(f"conversation {each.conversation.id}")
    names = {span.span_id: span.name for span in each.trace.spans}
    return _printable(names.get(result.target_span_id, each.name))


def _cells(each: Evaluation, result: Result, first: bool) -> list[Text]:
    cells = [Text(str(result.rubric))]
    for name in DIMENSIONS:
        score = result.scores.get(name)
        if score is None:
            cells.append(Text(""))
        elif isinstance(score, Missing):
            cells.append(Text(score.why, style="dim"))
        else:
            cells.append(Text(str(score.value), style=_STYLES.get(score.value, "")))
    cells.append(Text("-" if result.composite is None else f"{result.composite:.2f}"))
    cells.append(Text(result.label or "-", style={"pass": "green", "fail": "bold red"}.get(result.label, "")))
    cells.append(Text(each.status if first else ""))
    return cells


def _printable(text: str) -> str:
    """A name of a span may hold anything; a terminal gets only what can be printed."""
    return "".join(char for char in text[:40] if char.isprintable())
