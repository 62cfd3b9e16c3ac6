"""What is counted of an ended trace for boards: scores weighted back to all traffic, and what the stages took."""

from __future__ import annotations

from otel_scorer.history.record import Record
from otel_scorer.online.telemetry import Metrics


def count_estimates(metrics: Metrics, record: Record) -> None:
    """Adds the trace's own scores with the weight 1 / (inclusion probability x upstream sampler's probability).

    The mean over all traffic is then one division of two sums (Horvitz and Thompson 1952, Hajek's ratio form).
    A trace of unknown probability has no weight and is left out, and so is one that has scores on single steps only.
    """
    main, probability = record.main, record.probability
    if main is None or main.target_span_id != record.root_span_id or not probability:
        return
    weight = 1 / (probability * (record.upstream_probability or 1.0))
    values: dict[str, float] = {name: one.value for name, one in main.scores.items() if one.value is not None}
    if main.composite is not None:
        values["composite"] = main.composite
    said = {name: record.segments.get(name, "") for name in ("service", "agent", "model")}
    for dimension, value in values.items():
        metrics.add("weighted_scores", value * weight, dimension=dimension, **said)
        metrics.add("score_weights", weight, dimension=dimension, **said)


def count_run(metrics: Metrics, record: Record) -> None:
    """Adds how long the run and its stages took, which of its spans failed, and its tokens."""
    service, model = record.segments.get("service", ""), record.segments.get("model", "")
    if record.latency_s is not None and record.root_span_id:
        metrics.observe("agent_duration", record.latency_s)
    for kind, number in record.spans_by_kind.items():
        failed = record.errors_by_kind.get(kind, 0)
        metrics.add("agent_steps", number - failed, kind=kind, outcome="ok", service=service)
        metrics.add("agent_steps", failed, kind=kind, outcome="error", service=service)
    for kind, seconds in record.latency_by_kind_s.items():
        metrics.add("agent_busy", seconds, kind=kind, service=service)
    tokens = record.tokens
    metrics.add("agent_tokens", tokens.input or 0, direction="input", service=service, model=model)
    metrics.add("agent_tokens", tokens.output or 0, direction="output", service=service, model=model)
