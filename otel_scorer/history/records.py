"""From a trace, its decision and its results to the record that stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from otel_scorer.conventions.read import usage_of
from otel_scorer.conventions.segments import fingerprints, input_length, segments
from otel_scorer.history.kept import pack_kept
from otel_scorer.history.record import FindingMark, Outcome, Pinned, Record, Times, Tokens, Verdict
from otel_scorer.model import Decision, Finding, Kind, Missing, Result, Score, Span, Status, Usage
from otel_scorer.sampling.upstream import upstream_probability_of

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

__all__ = ["Record", "Times", "outcomes_of", "pack_kept", "record_of", "rescored", "user_hash"]

_ALSO_WITH_TOKENS: tuple[Kind, ...] = ("EMBEDDING", "RERANKER", "RETRIEVER")
"""Kinds beside LLM whose tokens are their own; an agent's or chain's are a sum of what lies below."""


def record_of(
    view: TraceView,
    *,
    status: Status,
    decision: Decision | None,
    results: Sequence[Result],
    times: Times,
    ended_at_ms: int,
    salt: bytes,
    received_spans: int = 0,
    exported_spans: int = 0,
    attempts: int = 0,
    sealed_before_root: bool = False,
    segment_attributes: Sequence[str] = (),
    revision: int = 0,
    kind: str = "trace",
) -> Record:
    """The record of one ended trace; a pure function. `salt` keys the user's hash and the fingerprints."""
    trace, root = view.trace, view.root
    return Record(
        tenant=trace.tenant,
        trace_id=trace.trace_id,
        kind=kind,
        revision=revision,
        ended_at_ms=ended_at_ms,
        started_at_ms=root.start_ns // 1_000_000 if root is not None else None,
        status=status,
        label=_label(results),
        rule=decision.rule if decision is not None else "",
        probability=decision.probability if decision is not None else None,
        upstream_probability=upstream_probability_of(view),
        rubrics=tuple(Pinned(name=r.name, version=r.version, digest=r.digest) for r in decision.rubrics)
        if decision is not None
        else (),
        outcomes=outcomes_of(results),
        signals=decision.signals if decision is not None else (),
        segments=segments(view, segment_attributes),
        fingerprints=fingerprints(view, salt),
        conversation_id=view.conversation_id,
        response_id=view.response_id,
        user_hash=user_hash(trace.tenant, view.user_id, salt),
        root_span_id=root.span_id if root is not None else "",
        input_length=input_length(view),
        latency_s=view.duration_s,
        latency_by_kind_s=_latency_by_kind(view),
        tokens=_tokens(view.usage),
        tokens_by_kind=_tokens_by_kind(view),
        received_spans=received_spans,
        exported_spans=exported_spans,
        attempts=attempts,
        sealed_before_root=sealed_before_root,
        times=times,
    )


def rescored(record: Record, *, status: Status, results: Sequence[Result], scored_ms: int, attempts: int = 0) -> Record:
    """The next revision of a record, with a score that came after the trace had left; its time of ending stays."""
    changes = {
        "revision": record.revision + 1,
        "status": status,
        "label": _label(results),
        "outcomes": outcomes_of(results),
        "attempts": max(attempts, record.attempts),
        "times": record.times.model_copy(update={"scored_ms": scored_ms}),
    }
    return record.model_copy(update=changes)


def user_hash(tenant: str, user_id: str, salt: bytes) -> str:
    """32 hex digits that stand for a user of a tenant, the same for one salt; "" for no user."""
    if not user_id:
        return ""
    key = salt if len(salt) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(salt).digest()
    said = f"{tenant}\0{user_id}".encode("utf-8", "replace")
    return hashlib.blake2b(said, digest_size=16, key=key, person=b"otel_scorer.user").hexdigest()


def outcomes_of(results: Sequence[Result]) -> tuple[Outcome, ...]:
    """Results without their texts, in their order."""
    return tuple(_outcome(result) for result in results)


def _outcome(result: Result) -> Outcome:
    return Outcome(
        rubric=result.rubric.name,
        version=result.rubric.version,
        digest=result.digest,
        target_span_id=result.target_span_id,
        primary=result.primary,
        evaluator=result.evaluator,
        scores={name: _verdict(verdict) for name, verdict in result.scores.items()},
        composite=result.composite,
        coverage=result.coverage,
        label=result.label,
        metrics=dict(result.metrics),
        findings=tuple(_mark(finding) for finding in result.findings),
        judge_calls=result.judge_use.calls,
        judge_input_tokens=result.judge_use.input_tokens,
        judge_output_tokens=result.judge_use.output_tokens,
    )


def _verdict(verdict: Score | Missing) -> Verdict:
    if isinstance(verdict, Missing):
        return Verdict(missing=verdict.why)
    return Verdict(value=verdict.value, estimate=verdict.estimate, by=verdict.by, evidence=verdict.evidence)


def _mark(finding: Finding) -> FindingMark:
    return FindingMark(code=finding.code, dimension=finding.dimension, stage=finding.stage, span_ids=finding.span_ids)


def _label(results: Sequence[Result]) -> Literal["pass", "fail", ""]:
    found = {result.label for result in results if result.primary}
    return "fail" if "fail" in found else "pass" if "pass" in found else ""


def _latency_by_kind(view: TraceView) -> dict[Kind, float]:
    kinds = sorted(set(view.kinds.values()))
    return {kind: _busy_s(view.spans_of(frozenset({kind}))) for kind in kinds}


def _busy_s(spans: Iterable[Span]) -> float:
    """Seconds in which at least one of the spans (in order of start) ran: parallel and nested ones count once."""
    busy = until = 0
    for span in spans:
        busy += max(0, span.end_ns - max(until, span.start_ns))
        until = max(until, span.end_ns)
    return busy / 1e9


def _tokens(usage: Usage) -> Tokens:
    return Tokens(input=usage.input, output=usage.output, total=_total(usage))


def _tokens_by_kind(view: TraceView) -> dict[Kind, Tokens]:
    """The view's own sum for model calls, in which nothing is counted twice; spans' own for the others."""
    found: dict[Kind, Tokens] = {"LLM": _tokens(view.usage)}
    for kind in _ALSO_WITH_TOKENS:
        usages = [usage_of(span) for span in view.spans_of(frozenset({kind}))]
        if not usages:
            continue
        found[kind] = Tokens(
            input=_sum(usage.input for usage in usages),
            output=_sum(usage.output for usage in usages),
            total=_sum(_total(usage) for usage in usages),
        )
    return {kind: tokens for kind, tokens in found.items() if tokens != Tokens()}


def _total(usage: Usage) -> int | None:
    return usage.total if usage.total is not None else _sum((usage.input, usage.output))


def _sum(parts: Iterable[int | None]) -> int | None:
    told = [part for part in parts if part is not None]
    return sum(told) if told else None
