"""Sums for boards: a mean weighted back to all traffic, and what the stages of a run took."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_scorer.history.record import Outcome, Record, Tokens, Verdict
from otel_scorer.online.counting import count_estimates, count_run
from otel_scorer.online.telemetry import Metrics

ROOT = "a" * 16


def scored(value: int, probability: float | None, *, target: str = ROOT, upstream: float | None = None) -> Record:
    outcome = Outcome(
        rubric="agent",
        version=3,
        digest="d" * 12,
        target_span_id=target,
        scores={"factual_grounding": Verdict(value=value), "privacy_and_safety": Verdict(missing="undecided")},
        composite=float(value),
    )
    return Record(
        tenant="default",
        trace_id="1" * 32,
        ended_at_ms=0,
        status="partial",
        probability=probability,
        upstream_probability=upstream,
        outcomes=(outcome,),
        segments={"service": "shop", "agent": "clerk", "model": "m"},
        root_span_id=ROOT,
    )


def mean(metrics: Metrics, dimension: str = "factual_grounding") -> float:
    sums = [metrics.value(name, dimension=dimension) for name in ("weighted_scores", "score_weights")]
    return sums[0] / sums[1]


def test_the_mean_stands_for_all_traffic_and_not_for_what_was_picked() -> None:
    metrics = Metrics()
    for _ in range(10):
        count_estimates(metrics, scored(1, 1.0))  # picked by a signal, all of them
    count_estimates(metrics, scored(5, 0.02))  # of the floor: one of fifty
    assert metrics.value("score_weights", dimension="factual_grounding") == 60
    assert mean(metrics) == mean(metrics, "composite") == (10 * 1 + 50 * 5) / 60
    assert metrics.value("score_weights", dimension="privacy_and_safety") == 0


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0.001, 1)), min_size=1))
def test_the_mean_lies_among_the_scores(picked: list[tuple[int, float]]) -> None:
    metrics = Metrics()
    for value, probability in picked:
        count_estimates(metrics, scored(value, probability))
    values = [value for value, _ in picked]
    assert min(values) - 1e-9 <= mean(metrics) <= max(values) + 1e-9


def test_a_sampler_before_us_counts_too() -> None:
    metrics = Metrics()
    count_estimates(metrics, scored(4, 0.5, upstream=0.1))
    assert metrics.value("score_weights", dimension="factual_grounding", service="shop", agent="clerk", model="m") == 20


def test_what_has_no_probability_or_no_score_of_its_own_is_left_out() -> None:
    metrics = Metrics()
    count_estimates(metrics, scored(4, None))
    count_estimates(metrics, scored(4, 1.0, target="b" * 16))
    assert metrics.value("score_weights") == 0


def test_a_run_is_counted_by_stages() -> None:
    metrics = Metrics()
    record = Record(
        tenant="default",
        trace_id="1" * 32,
        ended_at_ms=0,
        status="not_sampled",
        segments={"service": "shop", "model": "m"},
        latency_by_kind_s={"TOOL": 1.5},
        spans_by_kind={"TOOL": 3, "LLM": 2},
        errors_by_kind={"TOOL": 1},
        tokens=Tokens(input=10, output=5, total=15),
    )
    count_run(metrics, record)
    assert metrics.value("agent_steps", kind="TOOL", outcome="error", service="shop") == 1
    assert metrics.value("agent_steps", kind="TOOL", outcome="ok") == 2
    assert metrics.value("agent_steps", kind="LLM") == 2
    assert metrics.value("agent_busy", kind="TOOL") == 1.5
    assert metrics.value("agent_tokens", direction="input", service="shop", model="m") == 10
