"""Every metric that the service tells of itself: the one list, which the README is tested against."""

from __future__ import annotations

from itertools import product
from typing import Literal, NamedTuple, get_args

from otel_scorer.model import DIMENSIONS, STATUSES, MissingReason

MetricKind = Literal["counter", "gauge", "histogram"]


class MetricSpec(NamedTuple):
    """One metric. `name` lacks the `otel_scorer.` before it.

    Values of `open_attributes` are chosen by users: only some are told apart, the others are counted as `other`.
    `begins` are series that are told as 0 before they ever happened, so that rate() sees their first step.
    """

    name: str
    kind: MetricKind
    unit: str
    description: str
    attributes: tuple[str, ...] = ()
    open_attributes: frozenset[str] = frozenset()
    begins: tuple[tuple[str, ...], ...] = ()


_TENANT = frozenset({"tenant"})
_OUTCOMES = ("accepted", "retryable", "broken", "refused", "toolarge", "misconfigured", "unsupported")
_SEGMENT = frozenset({"service", "agent", "model"})

METRICS: tuple[MetricSpec, ...] = (
    MetricSpec(
        "received_requests", "counter", "{request}", "Export requests that were taken.", ("signal", "transport")
    ),
    MetricSpec(
        "received_items",
        "counter",
        "{item}",
        "Agent spans, other spans, log records and data points received.",
        ("signal", "kind", "tenant"),
        _TENANT,
    ),
    MetricSpec(
        "refused_requests",
        "counter",
        "{request}",
        "Export requests that were not taken, by HTTP status.",
        ("transport", "status"),
    ),
    MetricSpec(
        "rejected_items", "counter", "{item}", "Items refused alone, their neighbours being taken.", ("signal", "by")
    ),
    MetricSpec(
        "forwarded_items", "counter", "{item}", "Items passed on verbatim and taken by the backend.", ("signal",)
    ),
    MetricSpec("held_spans", "gauge", "{span}", "Agent spans held at the moment, waiting for their scores."),
    MetricSpec("bypassed_spans", "counter", "{span}", "Agent spans forwarded unscored because the ledger was away."),
    MetricSpec(
        "exported_spans",
        "counter",
        "{span}",
        "Agent spans exported, with scores or plain.",
        ("how",),
        begins=(("annotated",), ("plain",)),
    ),
    MetricSpec("duplicate_spans", "counter", "{span}", "Agent spans that had come before and were ignored."),
    MetricSpec("own_spans_discarded", "counter", "{span}", "Evaluation spans of this deployment that came back to it."),
    MetricSpec(
        "forged_spans_stripped",
        "counter",
        "{span}",
        "Spans from which otel_scorer.* attributes of a sender were taken off.",
    ),
    MetricSpec("quarantined_spans", "counter", "{span}", "Agent spans that the backend refuses for good."),
    MetricSpec("quarantine_size", "gauge", "{span}", "Agent spans lying in quarantine."),
    MetricSpec(
        "late_spans", "counter", "{span}", "Agent spans that came after their trace was sealed; exported at once."
    ),
    MetricSpec("fences_lost", "counter", "{trace}", "Claims that another sweeper had taken over meanwhile."),
    MetricSpec("joined_logs", "counter", "{record}", "GenAI log records joined to their span."),
    MetricSpec("expired_logs", "counter", "{record}", "GenAI log records whose span never came."),
    MetricSpec("sealed_before_root", "counter", "{trace}", "Traces whose root came after they were sealed."),
    MetricSpec(
        "traces",
        "counter",
        "{trace}",
        "Agent traces by how they ended (every trace has exactly one ending).",
        ("status", "tenant"),
        _TENANT,
        begins=tuple((status, "default") for status in STATUSES),
    ),
    MetricSpec(
        "conversations",
        "counter",
        "{conversation}",
        "Conversations that were scored, or given up, by how that ended.",
        ("status", "tenant"),
        _TENANT,
    ),
    MetricSpec(
        "conversation_scores",
        "counter",
        "{score}",
        "Scores of whole conversations, by value.",
        ("dimension", "value", "service"),
        frozenset({"service"}),
    ),
    MetricSpec(
        "conversation_missing_scores",
        "counter",
        "{score}",
        "Dimensions of whole conversations without a score, by reason: `missing_evidence` also where some of the traces"
        " were not sampled.",
        ("dimension", "why"),
    ),
    MetricSpec(
        "scores",
        "counter",
        "{score}",
        "Scores of traces and their spans, by value.",
        ("dimension", "value", "service"),
        frozenset({"service"}),
    ),
    MetricSpec(
        "missing_scores",
        "counter",
        "{score}",
        "Dimensions of traces and their spans without a score, by reason.",
        ("dimension", "why"),
        begins=tuple(product(DIMENSIONS, get_args(MissingReason))),
    ),
    MetricSpec(
        "weighted_scores",
        "counter",
        "1",
        "Sum of score / inclusion probability over scored traces: divided by score_weights it is the mean over all"
        " traffic. The trace's own scores (of its root), `composite` among the dimensions.",
        ("dimension", "service", "agent", "model"),
        _SEGMENT,
    ),
    MetricSpec(
        "score_weights",
        "counter",
        "1",
        "Sum of 1 / inclusion probability over the scores in weighted_scores: an estimate of how many traces they stand"
        " for.",
        ("dimension", "service", "agent", "model"),
        _SEGMENT,
    ),
    MetricSpec("agent_duration", "histogram", "s", "Seconds that an agent run took, root from start to end.", ()),
    MetricSpec(
        "agent_steps",
        "counter",
        "{span}",
        "Agent spans of ended traces by kind, and whether they ended in an error.",
        ("kind", "outcome", "service"),
        frozenset({"service"}),
    ),
    MetricSpec(
        "agent_busy",
        "counter",
        "s",
        "Seconds in which at least one span of the kind was running, over ended traces.",
        ("kind", "service"),
        frozenset({"service"}),
    ),
    MetricSpec(
        "agent_tokens",
        "counter",
        "{token}",
        "Tokens of the agents' own model calls, over ended traces.",
        ("direction", "service", "model"),
        frozenset({"service", "model"}),
    ),
    MetricSpec(
        "unknown_evaluations",
        "counter",
        "{request}",
        "Evaluations that traces ask for and that no rubric or dimension answers (scoring.requests).",
        ("evaluation",),
        frozenset({"evaluation"}),
    ),
    MetricSpec(
        "judge_calls", "counter", "{call}", "Calls of the judge.", ("outcome",), begins=(("answered",), ("failed",))
    ),
    MetricSpec(
        "judge_tokens", "counter", "{token}", "Tokens of judge calls.", ("direction",), begins=(("input",), ("output",))
    ),
    MetricSpec(
        "judge_cost",
        "counter",
        "1",
        "Cost of judge calls by the prices in settings, in their currency.",
        ("tenant",),
        _TENANT,
    ),
    MetricSpec("judge_cache_hits", "counter", "{answer}", "Answers of judges that came from the cache."),
    MetricSpec("judge_duration", "histogram", "s", "Seconds from a question to the judges to their answer."),
    MetricSpec("score_duration", "histogram", "s", "Seconds from a trace's seal to its result."),
    MetricSpec("open_traces", "gauge", "{trace}", "Traces that are not sealed yet."),
    MetricSpec("queue_traces", "gauge", "{trace}", "Sealed traces waiting for their score."),
    MetricSpec("queue_age", "gauge", "s", "Age of the trace that has waited longest for its score."),
    MetricSpec("hold_age", "gauge", "s", "Age of the span that is held longest."),
    MetricSpec("ledger_bytes", "gauge", "By", "Memory that the ledger's store uses."),
    MetricSpec("ledger_limit_bytes", "gauge", "By", "Memory that the ledger's store may use; 0 without a limit."),
    MetricSpec("ledger_errors", "counter", "{error}", "Calls of the ledger that failed.", ("kind",)),
    MetricSpec("breaker_open", "gauge", "1", "1 while the ledger is bypassed, else 0."),
    MetricSpec("in_flight_bytes", "gauge", "By", "Bodies of requests in work."),
    MetricSpec("in_flight_requests", "gauge", "{request}", "Requests in work."),
    MetricSpec(
        "backend_outcomes",
        "counter",
        "{request}",
        "Requests sent to the backend, by outcome.",
        ("signal", "outcome"),
        begins=tuple(product(("traces",), _OUTCOMES)),
    ),
    MetricSpec(
        "unsupported_by_backend", "counter", "{item}", "Items of signals that the backend does not take.", ("signal",)
    ),
    MetricSpec("export_duration", "histogram", "s", "Seconds that the backend took to answer.", ("signal",)),
    MetricSpec("outbox_pending", "gauge", "{span}", "Evaluation spans and log records that wait to be exported."),
    MetricSpec(
        "outbox_exported",
        "counter",
        "{span}",
        "Evaluation spans and log records exported, and scores that stores of evaluations have taken.",
        ("signal",),
        begins=(("traces",), ("logs",), ("evaluations",)),
    ),
    MetricSpec(
        "outbox_refused",
        "counter",
        "{span}",
        "Evaluation spans, log records and scores that the backend or a store refused for good.",
    ),
    MetricSpec("records_written", "counter", "{record}", "Trace records written to the history."),
    MetricSpec("records_pending", "gauge", "{record}", "Trace records waiting to be written to the history."),
    MetricSpec(
        "records_dropped",
        "counter",
        "{record}",
        "Trace records lost: the history was away too long, or they were unreadable.",
    ),
    MetricSpec(
        "shed_traces", "counter", "{trace}", "Traces not scored because of pressure.", ("why",), begins=(("pressure",),)
    ),
    MetricSpec(
        "dispatches_lost",
        "counter",
        "{message}",
        "Wake-up calls for workers that were not sent; the ledger makes them again.",
        ("why",),
        begins=(("queue_full",), ("broker",)),
    ),
    MetricSpec("ready", "gauge", "1", "1 when ready, else 0."),
)
"""All of them; `Metrics` refuses any other name."""

BY_NAME: dict[str, MetricSpec] = {spec.name: spec for spec in METRICS}
