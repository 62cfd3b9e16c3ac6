"""From a trace, its decision and its results to the record that stays."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

from otel_scorer.conventions.read import usage_of
from otel_scorer.conventions.segments import fingerprints, input_length, segments
from otel_scorer.history.kept import pack_kept
from otel_scorer.history.record import FindingMark, Outcome, Pinned, Record, Times, Tokens, Verdict
from otel_scorer.history.storable import count, count_or_none, name, names, number
from otel_scorer.model import STATUS_ERROR, Decision, Finding, Kind, Missing, Result, Score, Span, Status, Usage
from otel_scorer.sampling.upstream import upstream_probability_of

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

__all__ = ["Record", "Times", "label_of", "outcomes_of", "pack_kept", "record_of", "rescored", "user_hash"]

_ALSO_WITH_TOKENS: tuple[Kind, ...] = ("EMBEDDING", "RERANKER", "RETRIEVER")
"""Kinds beside LLM whose tokens are their own; an agent's or chain's are a sum of what lies below."""
_ALONE: Mapping[Kind, frozenset[Kind]] = {kind: frozenset({kind}) for kind in get_args(Kind)}


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
    tokens = _tokens(view.usage)
    return Record(
        tenant=name(trace.tenant),
        trace_id=trace.trace_id,
        kind=kind,
        revision=revision,
        ended_at_ms=ended_at_ms,
        started_at_ms=root.start_ns // 1_000_000 if root is not None else None,
        status=status,
        label=label_of(results),
        rule=name(decision.rule) if decision is not None else "",
        probability=decision.probability if decision is not None else None,
        upstream_probability=upstream_probability_of(view),
        rubrics=_pinned(decision),
        outcomes=outcomes_of(results),
        signals=tuple(map(name, decision.signals)) if decision is not None else (),
        segments=names(segments(view, segment_attributes)),
        fingerprints=fingerprints(view, salt),
        conversation_id=name(view.conversation_id),
        response_id=name(view.response_id),
        user_hash=user_hash(trace.tenant, view.user_id, salt),
        root_span_id=root.span_id if root is not None else "",
        input_length=input_length(view),
        latency_s=view.duration_s,
        latency_by_kind_s=_latency_by_kind(view),
        spans_by_kind=_counted(view.kinds.values()),
        errors_by_kind=_counted(_failed_kinds(view)),
        tokens=tokens,
        tokens_by_kind=_tokens_by_kind(view, tokens),
        received_spans=received_spans,
        exported_spans=exported_spans,
        attempts=attempts,
        sealed_before_root=sealed_before_root,
        times=times,
    )


def rescored(record: Record, *, status: Status, results: Sequence[Result], scored_ms: int, attempts: int = 0) -> Record:
    """The next revision of a record, with a score that came after the trace had left; its time of ending stays."""
    return replace(
        record,
        revision=record.revision + 1,
        status=status,
        label=label_of(results),
        outcomes=outcomes_of(results),
        attempts=max(attempts, record.attempts),
        times=replace(record.times, scored_ms=scored_ms),
    )


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
        rubric=name(result.rubric.name),
        version=result.rubric.version,
        digest=result.digest,
        target_span_id=result.target_span_id,
        primary=result.primary,
        evaluator=name(result.evaluator),
        scores={name(dimension): _verdict(verdict) for dimension, verdict in result.scores.items()},
        composite=number(result.composite),
        coverage=number(result.coverage),
        label=result.label,
        metrics={name(metric): number(value) for metric, value in result.metrics.items()},
        findings=tuple(_mark(finding) for finding in result.findings),
        judge_calls=result.judge_use.calls,
        judge_input_tokens=count(result.judge_use.input_tokens),
        judge_output_tokens=count(result.judge_use.output_tokens),
        judge_cost=number(result.judge_use.cost),
        judge_cache_hits=count(result.judge_use.cache_hits),
        judge_seconds=number(result.judge_use.seconds) if result.judge_use.calls else None,
    )


def _verdict(verdict: Score | Missing) -> Verdict:
    if isinstance(verdict, Missing):
        return Verdict(missing=verdict.why)
    evidence = tuple(map(name, verdict.evidence))
    return Verdict(value=verdict.value, estimate=number(verdict.estimate), by=name(verdict.by), evidence=evidence)


def _mark(finding: Finding) -> FindingMark:
    return FindingMark(
        code=name(finding.code),
        dimension=name(finding.dimension),
        stage=name(finding.stage),
        span_ids=tuple(map(name, finding.span_ids)),
    )


def _pinned(decision: Decision | None) -> tuple[Pinned, ...]:
    rubrics = decision.rubrics if decision is not None else ()
    return tuple([Pinned(name=name(ref.name), version=ref.version, digest=ref.digest) for ref in rubrics])


def label_of(results: Sequence[Result]) -> Literal["pass", "fail", ""]:
    """`fail` when a primary result failed, else `pass` when one passed."""
    found = {result.label for result in results if result.primary}
    return "fail" if "fail" in found else "pass" if "pass" in found else ""


def _latency_by_kind(view: TraceView) -> dict[Kind, float]:
    return {kind: _busy_s(view.spans_of(_ALONE[kind])) for kind in sorted(set(view.kinds.values()))}


def _failed_kinds(view: TraceView) -> list[Kind]:
    failed = [span.span_id for span in view.trace.spans if span.status_code == STATUS_ERROR]
    return [view.kinds[span_id] for span_id in failed] if failed else []


def _counted(kinds: Iterable[Kind]) -> dict[Kind, int]:
    return dict(sorted(Counter(kinds).items()))


def _busy_s(spans: Iterable[Span]) -> float:
    """Seconds in which at least one of the spans (in order of start) ran: parallel and nested ones count once."""
    busy = until = 0
    for span in spans:
        start, end = span.start_ns, span.end_ns
        if end > until:
            busy += max(0, end - start) if start > until else end - until
            until = end
    return busy / 1e9


def _tokens(usage: Usage) -> Tokens:
    return Tokens(
        input=count_or_none(usage.input), output=count_or_none(usage.output), total=count_or_none(_total(usage))
    )


def _tokens_by_kind(view: TraceView, of_model_calls: Tokens) -> dict[Kind, Tokens]:
    """The view's own sum for model calls, in which nothing is counted twice; spans' own for the others."""
    found: dict[Kind, Tokens] = {"LLM": of_model_calls}
    present = set(view.kinds.values())
    for kind in _ALSO_WITH_TOKENS:
        if kind in present:
            found[kind] = _tokens_of(view.spans_of(_ALONE[kind]))
    return {kind: tokens for kind, tokens in found.items() if tokens != _NOT_TOLD}


def _tokens_of(spans: Iterable[Span]) -> Tokens:
    usages = [usage_of(span) for span in spans]
    return _tokens(
        Usage(
            input=_sum(usage.input for usage in usages),
            output=_sum(usage.output for usage in usages),
            total=_sum(_total(usage) for usage in usages),
        )
    )


def _total(usage: Usage) -> int | None:
    return usage.total if usage.total is not None else _sum((usage.input, usage.output))


def _sum(parts: Iterable[int | None]) -> int | None:
    told = [part for part in parts if part is not None]
    return sum(told) if told else None


_NOT_TOLD = Tokens()
