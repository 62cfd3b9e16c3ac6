"""A record as a row: the columns that queries use, and the whole as JSON."""

from __future__ import annotations

from typing import Any

from otel_scorer.history.record import Outcome, Record
from otel_scorer.model import DIMENSIONS


def row_of(record: Record) -> dict[str, Any]:
    """Values for `tables.records`. Scores are those of the trace's main outcome, None where there is none."""
    main = record.main
    return {
        "trace_id": record.trace_id,
        "tenant": record.tenant,
        "kind": record.kind,
        "revision": record.revision,
        "ended_at_ms": record.ended_at_ms,
        "status": record.status,
        "label": record.label,
        "rule": record.rule,
        "probability": record.probability,
        "service": record.segments.get("service", ""),
        "agent": record.segments.get("agent", ""),
        "model": record.segments.get("model", ""),
        "conversation_id": record.conversation_id,
        "response_id": record.response_id,
        "user_hash": record.user_hash,
        "latency_s": record.latency_s,
        "total_tokens": record.tokens.total,
        "body": record.to_json(),
        **_scores(main),
    }


def _scores(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        empty = {"rubric": "", "rubric_digest": "", "evaluator": "", "composite": None, "coverage": None}
        return {**empty, **dict.fromkeys(DIMENSIONS)}
    verdicts = {name: outcome.scores.get(name) for name in DIMENSIONS}
    return {
        "rubric": f"{outcome.rubric}@{outcome.version}",
        "rubric_digest": outcome.digest,
        "evaluator": outcome.evaluator,
        "composite": outcome.composite,
        "coverage": outcome.coverage,
        **{name: verdict.value if verdict is not None else None for name, verdict in verdicts.items()},
    }
