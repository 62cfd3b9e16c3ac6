"""Records and kept content of made-up traces."""

from __future__ import annotations

import json
from typing import Any

from otel_scorer.history.kept import Kept, pack_kept
from otel_scorer.history.record import FindingMark, Outcome, Pinned, Record, Times, Tokens, Verdict

NOW_MS = 1_800_000_000_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def trace_id(n: int) -> str:
    return f"{n:032x}"


def record(n: int = 1, **changes: Any) -> Record:
    """A full record; `changes` replace fields."""
    fields: dict[str, Any] = {
        "tenant": "default",
        "trace_id": trace_id(n),
        "ended_at_ms": NOW_MS,
        "started_at_ms": NOW_MS - 9000,
        "status": "partial",
        "label": "fail",
        "rule": "failed",
        "probability": 1.0,
        "rubrics": (Pinned(name="agent", version=1, digest="a" * 12),),
        "outcomes": (outcome("b" * 16, rubric="llm"), outcome("a" * 16)),
        "signals": ("error", "tool_error"),
        "segments": {"service": "shop", "agent": "helper", "model": "gpt-x"},
        "fingerprints": {"tool_schemas": "f" * 16},
        "conversation_id": "talk-1",
        "response_id": "resp-1",
        "user_hash": "e" * 32,
        "root_span_id": "a" * 16,
        "input_length": 42,
        "latency_s": 9.0,
        "latency_by_kind_s": {"LLM": 3.5, "TOOL": 1.0},
        "tokens": Tokens(input=100, output=20, total=120),
        "tokens_by_kind": {"LLM": Tokens(input=100, output=20, total=120)},
        "received_spans": 4,
        "exported_spans": 4,
        "attempts": 1,
        "times": Times(first_seen_ms=NOW_MS - 9000, sealed_ms=NOW_MS - 1000, scored_ms=NOW_MS - 500),
    }
    return Record(**{**fields, **changes})


def foreign(**changes: Any) -> Record:
    """A full record as another program could have written it: `changes` replace fields of its JSON."""
    return Record.from_json(json.dumps({**json.loads(record().to_json()), **changes}))


def outcome(span_id: str, *, rubric: str = "agent") -> Outcome:
    return Outcome(
        rubric=rubric,
        version=1,
        digest="a" * 12,
        target_span_id=span_id,
        evaluator="checks",
        scores={
            "factual_grounding": Verdict(value=2, estimate=2.25, by="checks", evidence=("c" * 16,)),
            "privacy_and_safety": Verdict(missing="undecided"),
        },
        composite=2.0,
        coverage=0.5,
        label="fail",
        metrics={"context_relevance": 0.5},
        findings=(
            FindingMark(code="tool_failed", dimension="optimal_plan_execution", stage="TOOL", span_ids=("c" * 16,)),
        ),
    )


def kept(n: int = 1, traces: bytes = b"traces", **changes: Any) -> Kept:
    fields: dict[str, Any] = {
        "tenant": "default",
        "trace_id": trace_id(n),
        "stored_at_ms": NOW_MS,
        "user_hash": "e" * 32,
    }
    return Kept(**{**fields, "packed": pack_kept(traces), **changes})
