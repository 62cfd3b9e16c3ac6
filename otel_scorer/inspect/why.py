"""How one trace ended, told from its record: what was decided and why, what came of it, what it took."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from otel_scorer.history.record import Course, Outcome, Record, Verdict
from otel_scorer.inspect.view import duration_text, printable
from otel_scorer.model import DIMENSIONS, Status

MEANING: Mapping[Status, str] = {
    "scored": "every dimension that its rubrics ask for has a score",
    "partial": "some dimensions have a score, others have none",
    "not_sampled": "no rule or stratum took it, and neither did the random floor",
    "over_budget": "it was chosen, but the budget for scoring was used up",
    "shed": "it was chosen, but too much was waiting to be scored",
    "bypassed": "the ledger was away, so its spans were forwarded without being held or scored",
    "missing_evidence": "the content that scoring needs was not captured (`otel-scorer doctor` says what to switch on)",
    "incomplete": "the agent's own span never came",
    "deadline": "the score came after its spans had to leave; it follows as an evaluation span",
    "context_overflow": "its content does not fit the judge's context",
    "too_large": "it is larger than what is scored",
    "redaction_blocked": "its content could not be scrubbed, so it was not shown to the judge",
    "judge_timeout": "the judge did not answer in time",
    "judge_invalid_output": "the judge's answer was not of the form that was asked for",
    "judge_error": "the judge could not be reached, or refused",
    "rubric_error": "a rubric or a check failed",
    "own": "it is an evaluation itself, and left alone",
}
"""What each ending says, in words."""


def render(record: Record) -> RenderableType:
    """The record for a terminal; it holds no content of spans."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for name, text in _facts(record):
        facts.add_row(name, text)
    parts: list[RenderableType] = [facts]
    if record.outcomes:
        parts.append(_outcomes(record))
    parts += [Text(f"• {sentence}") for sentence in _findings(record)]
    return Group(*parts)


def render_conversation(record: Record) -> RenderableType:
    """The record of a conversation's last scoring."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    for name, text in _conversation_facts(record):
        facts.add_row(name, text)
    parts: list[RenderableType] = [Text(), facts]
    if record.outcomes:
        parts.append(_outcomes(record))
    parts += [Text(f"• {sentence}") for sentence in _findings(record)]
    return Group(*parts)


def _conversation_facts(record: Record) -> Iterator[tuple[str, str]]:
    course = record.course or Course()
    yield "conversation", printable(record.conversation_id, 120)
    yield "ended", f"{record.status}: {MEANING[record.status]}"
    if record.label:
        yield "label", record.label
    told = f"{course.turns} turns in {len(course.trace_ids)} of {course.known_traces} traces"
    if course.not_told:
        told += f"; of {course.not_told} nobody tells the turns, so what needs all of them has no score"
    yield "read", told
    if course.trace_ids:
        yield "result", f"in trace {course.trace_ids[-1]}, linked to the root of each"
    yield "scoring", f"number {record.revision + 1}"
    if record.rubrics:
        yield "rubrics", ", ".join(f"{each.name}@{each.version} ({each.digest})" for each in record.rubrics)
    yield "judge", _judge(record)


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    yield "trace", record.trace_id
    yield "tenant", printable(record.tenant, 80)
    yield "ended", f"{record.status}: {MEANING[record.status]}"
    if record.label:
        yield "label", record.label
    yield "decision", _decision(record)
    if record.signals:
        yield "signals", ", ".join(record.signals)
    if record.rubrics:
        yield "rubrics", ", ".join(f"{each.name}@{each.version} ({each.digest})" for each in record.rubrics)
    yield "judge", _judge(record)
    yield (
        "spans",
        f"{record.received_spans} received, {record.exported_spans} exported"
        + ("; the root came after the trace was sealed" if record.sealed_before_root else ""),
    )
    yield "times", _times(record)
    if record.latency_s is not None:
        yield "agent took", _effort(record)
    named = {"conversation": record.conversation_id, "response": record.response_id, "user (hash)": record.user_hash}
    yield from ((name, printable(text, 120)) for name, text in named.items() if text)
    if record.segments:
        yield "segments", ", ".join(f"{name} {printable(text, 60)}" for name, text in record.segments.items())


def _decision(record: Record) -> str:
    if not record.rule:
        return "none was made"
    told = f"rule {printable(record.rule, 80)}"
    if record.probability is not None:
        told += f", probability {record.probability:.4g}"
    if record.upstream_probability is not None:
        told += f", after a sampler that kept {record.upstream_probability:.4g}"
    return told


def _judge(record: Record) -> str:
    calls = sum(each.judge_calls for each in record.outcomes)
    hits = sum(each.judge_cache_hits for each in record.outcomes)
    if not calls:
        return f"not asked, {hits} answers from the cache" if hits else "not asked"
    names = dict.fromkeys(each.evaluator for each in record.outcomes if each.judge_calls)
    tokens_in = sum(each.judge_input_tokens for each in record.outcomes)
    tokens_out = sum(each.judge_output_tokens for each in record.outcomes)
    costs = [each.judge_cost for each in record.outcomes if each.judge_cost is not None]
    told = f"{', '.join(names)}: {calls} calls, {tokens_in} tokens in, {tokens_out} out"
    told += f", cost {math.fsum(costs):.4g}" if costs else ""
    return told + (f", {hits} answers from the cache" if hits else "")


def _times(record: Record) -> str:
    """The first thing as a time of day, the others as what passed since."""
    times = record.times
    told = [
        ("last span", times.last_seen_ms),
        ("sealed", times.sealed_ms),
        ("scored", times.scored_ms),
        ("exported", times.exported_ms),
    ]
    start = times.first_seen_ms if times.first_seen_ms is not None else record.ended_at_ms
    since = [f"{name} after {duration_text((at - start) / 1000)}" for name, at in told if at is not None]
    when = datetime.fromtimestamp(start / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    attempts = [f"{record.attempts} attempts at scoring"] if record.attempts > 1 else []
    first = "first span" if times.first_seen_ms is not None else "ended"
    return ", ".join([f"{first} {when}", *since, *attempts])


def _effort(record: Record) -> str:
    parts = [duration_text(record.latency_s or 0.0)]
    parts += [f"{kind} {duration_text(seconds)}" for kind, seconds in record.latency_by_kind_s.items()]
    if record.tokens.input is not None or record.tokens.output is not None:
        parts.append(f"{record.tokens.input or 0} tokens in, {record.tokens.output or 0} out")
    return ", ".join(parts)


def _outcomes(record: Record) -> Table:
    table = Table(title="Results", title_justify="left")
    for column in ("rubric", "span", *(name.replace("_", " ") for name in DIMENSIONS), "composite", "label", "by"):
        table.add_column(column, overflow="fold")
    for each in record.outcomes:
        span = "root" if each.target_span_id == record.root_span_id else each.target_span_id
        composite = "-" if each.composite is None else f"{each.composite:.2f}"
        table.add_row(_rubric(each), span, *_scores(each), composite, each.label or "-", printable(each.evaluator, 40))
    return table


def _rubric(outcome: Outcome) -> str:
    return f"{outcome.rubric}@{outcome.version}" + ("" if outcome.primary else " (not primary)")


def _scores(outcome: Outcome) -> Iterator[str]:
    for name in DIMENSIONS:
        yield _verdict(outcome.scores[name]) if name in outcome.scores else ""


def _verdict(verdict: Verdict) -> str:
    return str(verdict.value) if verdict.value is not None else f"- {verdict.missing or ''}".strip()


def _findings(record: Record) -> Iterator[str]:
    """Each kind of finding once, with how often and where."""
    counted: Counter[tuple[str, str]] = Counter()
    spans: dict[tuple[str, str], list[str]] = {}
    for mark in (mark for outcome in record.outcomes for mark in outcome.findings):
        counted[(mark.code, mark.dimension)] += 1
        spans.setdefault((mark.code, mark.dimension), []).extend(mark.span_ids)
    for (code, dimension), count in counted.items():
        where = list(dict.fromkeys(spans[(code, dimension)]))[:5]
        times = f" ({count} times)" if count > 1 else ""
        yield f"{code}{times}: lowers {dimension}" + (f", in span {', '.join(where)}" if where else "")
