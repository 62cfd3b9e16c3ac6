"""How a trace ended, told from its record."""

from __future__ import annotations

from rich.console import Console

from otel_scorer.history.record import FindingMark, Outcome, Pinned, Record, Times, Tokens, Verdict
from otel_scorer.inspect import why
from otel_scorer.model import STATUSES

RECORD = Record(
    tenant="default",
    trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
    ended_at_ms=1_700_000_010_000,
    status="partial",
    label="fail",
    rule="failed",
    probability=0.5,
    upstream_probability=0.1,
    signals=("error", "tool_error"),
    rubrics=(Pinned(name="agent", version=1, digest="abcdef012345"),),
    root_span_id="a" * 16,
    outcomes=(
        Outcome(
            rubric="agent",
            version=1,
            digest="abcdef012345",
            target_span_id="a" * 16,
            evaluator="gpt-x",
            scores={
                "factual_grounding": Verdict(value=2, estimate=2.1),
                "privacy_and_safety": Verdict(missing="judge_timeout"),
            },
            composite=2.0,
            label="fail",
            findings=(FindingMark(code="number_not_in_context", dimension="factual_grounding", span_ids=("b" * 16,)),)
            * 2,
            judge_calls=1,
            judge_input_tokens=900,
            judge_output_tokens=80,
        ),
    ),
    received_spans=6,
    exported_spans=6,
    attempts=2,
    latency_s=1.5,
    latency_by_kind_s={"LLM": 1.2},
    tokens=Tokens(input=100, output=20),
    conversation_id="c-1",
    segments={"service": "shop"},
    times=Times(
        first_seen_ms=1_700_000_000_000,
        last_seen_ms=1_700_000_001_000,
        sealed_ms=1_700_000_007_000,
        scored_ms=1_700_000_008_000,
        exported_ms=1_700_000_010_000,
    ),
)


def shown(record: Record) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(why.render(record))
    return capture.get()


def test_ending_decision_judge_times_and_scores_are_told() -> None:
    told = " ".join(shown(RECORD).split())
    assert "ended partial: some dimensions have a score, others have none" in told
    assert "rule failed, probability 0.5, after a sampler that kept 0.1" in told
    assert "signals error, tool_error" in told
    assert "agent@1 (abcdef012345)" in told
    assert "gpt-x: 1 calls, 900 tokens in, 80 out" in told
    assert "first span 2023-11-14 22:13:20 UTC, last span after 1.0 s, sealed after 7.0 s" in told
    assert "2 attempts at scoring" in told
    assert "│ 2 │ - judge_timeout │" in told
    assert f"number_not_in_context (2 times): lowers factual_grounding, in span {'b' * 16}" in told


def test_a_record_of_nothing_but_its_key_is_told_too() -> None:
    bare = Record(tenant="default", trace_id="f" * 32, ended_at_ms=1_700_000_000_000, status="bypassed")
    told = " ".join(shown(bare).split())
    assert "ended bypassed: the ledger was away" in told
    assert "decision none was made" in told
    assert "judge not asked" in told


def test_every_status_has_words() -> None:
    assert set(why.MEANING) == set(STATUSES)
