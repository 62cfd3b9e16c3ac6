"""Results as ordered attributes, evaluation spans and log records: the only writer of `otel_scorer.*` names.

The table of names and types is design section 3. Dimension scores are ints, because TraceQL compares only literals
of the same type and Jaeger only searches equality. Bytes on the wire and lines in a file are made from what is
returned here, so a trace scored online and offline carries the same keys in the same order.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from otel_scorer.model import (
    DIMENSIONS,
    STATUSES,
    Attributes,
    Decision,
    Link,
    LogRecord,
    Missing,
    MissingReason,
    Result,
    Scope,
    Score,
    Span,
    Status,
    Value,
)

Content = Literal["evaluation", "conversation"]
"""What an evaluation span is about: one scored span, or the conversation that ended in its trace."""

NAMESPACE = "otel_scorer"
REASON_BYTES = 1024

RESERVED_RUBRIC_NAMES: frozenset[str] = frozenset(
    {
        "composite",
        "coverage",
        "deployment",
        "digest",
        "evaluated_at",
        "evaluation",
        "evaluator",
        "id",
        "label",
        "lowest",
        "metric",
        "missing",
        "probability",
        "reason",
        "rubric",
        "rule",
        "sampling",
        "score",
        "signals",
        "status",
    }
)
"""A rubric's name becomes the word after `otel_scorer.` when it is not primary: words of the table are refused."""

_STATUS_OF_GAP: Mapping[MissingReason, Status] = {"undecided": "partial", "stale": "partial"}
"""Reasons that are no ending of their own: nothing failed, there is only no score."""

_FAILURES: frozenset[MissingReason] = frozenset(
    {
        "context_overflow",
        "too_large",
        "redaction_blocked",
        "judge_timeout",
        "judge_invalid_output",
        "judge_error",
        "rubric_error",
    }
)
"""Reasons that an evaluation log record reports as `error.type`: the others are gaps, not errors."""


def score_attributes(results: Sequence[Result], *, reasons: bool = True) -> list[tuple[str, Value]]:
    """The attributes that the results of *one* span put on it, keys unique, in a fixed order.

    The first primary result writes the plain keys, every other one those below `otel_scorer.<rubric name>.`. Of two
    results that would write the same key the first wins.
    """
    written: dict[str, Value] = {}
    plain_taken = False
    for result in results:
        plain = result.primary and not plain_taken
        plain_taken = plain_taken or plain
        prefix = NAMESPACE if plain else f"{NAMESPACE}.{result.rubric.name}"
        for name, value in _result_fields(result, reasons=reasons):
            written.setdefault(f"{prefix}.{name}", value)
    return list(written.items())


def ending_attributes(
    status: Status, decision: Decision | None = None, signals: Sequence[str] | None = None
) -> list[tuple[str, Value]]:
    """How the trace ended, for its root. `signals` None means those of the decision; none that held writes no key."""
    held = (decision.signals if decision else ()) if signals is None else signals
    attributes: list[tuple[str, Value]] = [(f"{NAMESPACE}.status", status)]
    if held:
        attributes.append((f"{NAMESPACE}.signals", [*held]))
    if decision is not None:
        attributes.append((f"{NAMESPACE}.sampling.rule", decision.rule))
        attributes.append((f"{NAMESPACE}.sampling.probability", float(decision.probability)))
    return attributes


def trace_status(results: Iterable[Result]) -> Status:
    """`scored`, `partial`, or without any score the worst reason, in the order of design section 5.

    Dimensions that are only `undecided` or `stale` make a trace `partial`; no result at all is `missing_evidence`.
    """
    verdicts = [verdict for result in results for verdict in result.scores.values()]
    gaps = [verdict.why for verdict in verdicts if isinstance(verdict, Missing)]
    if len(gaps) < len(verdicts):
        return "partial" if gaps else "scored"
    endings: list[Status] = [_STATUS_OF_GAP.get(why, why) for why in gaps]  # type: ignore[arg-type]
    return max(endings, key=STATUSES.index, default="missing_evidence")


def evaluation_span(
    result: Result,
    target: Span,
    *,
    deployment: str,
    evaluated_at_ns: int,
    status: Status | None = None,
    decision: Decision | None = None,
    reasons: bool = True,
    content: Content = "evaluation",
    links: Sequence[Link] = (),
    conversation_id: str = "",
    about: str = "",
) -> Span:
    """A result as a span of its own: for a scored span that has left already, and for the tap placement.

    Of `target` the ids, `end_ns`, `trace_state`, sampling flag, resource and `gen_ai.response.id` are used. The
    span is its child and ends with it (a later end would stretch the trace in Jaeger, a zero length would be
    mended there). It carries one result, so the plain keys, and a link to the target, as OpenInference's carrier
    spans do; the link says `child_of`, because Jaeger takes the kind of the relation from it where it names the
    parent, and shows `follows from` otherwise. Equal input gives an equal span: a resend is identical.

    `about` goes into the span's id, for what is said of more than the target (the traces of a conversation).
    """
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "evaluation",
        "openinference.span.kind": "EVALUATOR",
        f"{NAMESPACE}.evaluated_at": rfc3339(evaluated_at_ns),
    }
    if conversation_id:
        attributes["gen_ai.conversation.id"] = conversation_id
    attributes.update((f"{NAMESPACE}.{name}", value) for name, value in _result_fields(result, reasons=reasons))
    if status is not None:
        attributes.update(ending_attributes(status, decision))
    return Span(
        trace_id=target.trace_id,
        span_id=evaluation_span_id(target.trace_id, target.span_id, result.digest, content, about),
        parent_id=target.span_id,
        name=f"evaluation {result.rubric.name}",
        start_ns=max(0, target.end_ns - 1000),
        end_ns=target.end_ns,
        attributes=attributes,
        links=(Link(target.trace_id, target.span_id, {"opentracing.ref_type": "child_of"}), *links),
        trace_state=target.trace_state,
        flags=target.flags & 0xFF,
        resource=target.resource,
        scope=own_scope(deployment),
    )


def evaluation_span_id(
    trace_id: str, target_span_id: str, digest: str, content: Content = "evaluation", about: str = ""
) -> str:
    """16 hex digits, a function of what the span says: whoever makes it, and however often, it is the same span."""
    said = "\0".join((trace_id, target_span_id, digest, content, *filter(None, [about]))).encode()
    return hashlib.blake2b(said, digest_size=8, person=b"otel_scorer.span").hexdigest()


def own_scope(deployment: str) -> Scope:
    """The scope of everything that we write; `deployment` tells our own spans from those of a chained scorer."""
    return Scope(name=NAMESPACE, attributes={f"{NAMESPACE}.deployment": deployment})


def evaluation_logs(
    result: Result, target: Span, *, deployment: str, time_ns: int, reasons: bool = True
) -> tuple[LogRecord, ...]:
    """The optional OpenTelemetry mirror: a `gen_ai.evaluation.result` for each score and each failure to score."""
    response_id = target.attributes.get("gen_ai.response.id")
    records = []
    for name, verdict in _in_order(result.scores):
        attributes = _evaluation_fields(name, verdict, reasons=reasons)
        if attributes is None:
            continue
        if isinstance(response_id, str) and response_id:
            attributes["gen_ai.response.id"] = response_id
        records.append(
            LogRecord(
                trace_id=target.trace_id,
                span_id=target.span_id,
                event_name="gen_ai.evaluation.result",
                time_ns=time_ns,
                attributes=attributes,
                scope=own_scope(deployment),
                resource=target.resource,
            )
        )
    return tuple(records)


def openinference_evaluations(
    result: Result, present: Attributes | None = None, *, reasons: bool = True
) -> list[tuple[str, Value]]:
    """The optional OpenInference mirror: `evaluations.N.evaluation.*`, N after every index in `present`."""
    attributes: list[tuple[str, Value]] = []
    scored = [(name, v) for name, v in _in_order(result.scores) if isinstance(v, Score)]
    for index, (name, score) in enumerate(scored, start=_next_index(present or {})):
        prefix = f"evaluations.{index}.evaluation"
        attributes.append((f"{prefix}.name", name))
        attributes.append((f"{prefix}.score", float(score.value)))
        if reasons and score.reason:
            attributes.append((f"{prefix}.explanation", cut(score.reason)))
        attributes.append((f"{prefix}.annotator_kind", "CODE" if score.by == "checks" else "LLM"))
        attributes.append((f"{prefix}.identifier", f"{result.rubric}#{result.digest}"))
    return attributes


def rfc3339(time_ns: int) -> str:
    """UTC, with all nine digits: `2026-01-02T03:04:05.000000006Z`."""
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def cut(text: str, limit: int = REASON_BYTES) -> str:
    """`text` in at most `limit` bytes of UTF-8, never through a character; `...` where something is gone."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode()
    return raw[: limit - 3].decode("utf-8", "ignore") + "..."


def _result_fields(result: Result, *, reasons: bool) -> list[tuple[str, Value]]:
    """Names below the prefix, in the order of design section 3."""
    verdicts = _in_order(result.scores)
    scores = [(name, verdict) for name, verdict in verdicts if isinstance(verdict, Score)]
    gaps = [(name, verdict) for name, verdict in verdicts if isinstance(verdict, Missing)]
    fields: list[tuple[str, Value]] = [(f"score.{name}", int(score.value)) for name, score in scores]
    if scores:
        fields.append(("score.lowest", min(int(score.value) for _, score in scores)))
    if result.composite is not None:
        fields.append(("score.composite", float(result.composite)))
    fields.append(("coverage", float(result.coverage)))
    if result.label:
        fields.append(("label", result.label))
    if reasons:
        fields += [(f"reason.{name}", cut(score.reason)) for name, score in scores if score.reason]
    fields += [(f"missing.{name}", gap.why) for name, gap in gaps]
    fields += [
        (f"metric.{name}", float(value)) for name, value in sorted(result.metrics.items()) if math.isfinite(value)
    ]
    fields += [
        ("rubric.id", str(result.rubric)),
        ("rubric.digest", result.digest),
        ("evaluator", result.evaluator),
    ]
    return fields


def _in_order(scores: Mapping[str, Score | Missing]) -> list[tuple[str, Score | Missing]]:
    """The four dimensions in their usual order, then a rubric's own by name."""
    known: Sequence[str] = DIMENSIONS
    return sorted(scores.items(), key=lambda item: (known.index(item[0]) if item[0] in known else len(known), item[0]))


def _evaluation_fields(name: str, verdict: Score | Missing, *, reasons: bool) -> dict[str, Value] | None:
    attributes: dict[str, Value] = {"gen_ai.evaluation.name": name}
    if isinstance(verdict, Missing):
        return {**attributes, "error.type": verdict.why} if verdict.why in _FAILURES else None
    attributes["gen_ai.evaluation.score.value"] = float(verdict.value)
    if reasons and verdict.reason:
        attributes["gen_ai.evaluation.explanation"] = cut(verdict.reason)
    return attributes


_EVALUATION_KEY = re.compile(r"(?:evaluations|annotations)\.(\d{1,9})\.")


def _next_index(present: Attributes) -> int:
    taken = (int(match[1]) for match in map(_EVALUATION_KEY.match, present) if match)
    return max(taken, default=-1) + 1
