"""The board for those who run otel_scorer: what comes in and goes out, what is held and waits, what went wrong."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from panels import board, lines, number, rows
from queries import grown, now, quantile, rate


def service() -> dashboard.Dashboard:
    """Gauges are told by every process about the one ledger, so the largest counts; counters are summed."""
    whole = board("otel-scorer-service", "otel_scorer service", "Receiving, holding, scoring, exporting.")
    parts = {"Now": _now, "The way of a span": _way, "Scoring": _scoring, "What went wrong": _wrong}
    for row, panels in parts.items():
        whole = rows(whole, row, panels())
    return whole


def _now() -> tuple[object, ...]:
    return (
        number("Ready", "Processes that are ready.", "sum(otel_scorer_ready)"),
        number("Bypass", "1: the ledger is away, spans pass unscored.", now("breaker_open"), worse_from=1),
        number("Oldest hold", "The span that is held longest.", now("hold_age_seconds"), unit="s", worse_from=90),
        number(
            "Oldest wait",
            "The trace that has waited longest for its score.",
            now("queue_age_seconds"),
            unit="s",
            worse_from=60,
        ),
        number("Quarantine", "Spans that the backend refuses for good.", now("quarantine_size"), worse_from=1),
        number(
            "Ledger",
            "Share of the memory that it may use; 0 where it has no limit.",
            "max(otel_scorer_ledger_bytes / (otel_scorer_ledger_limit_bytes > 0)) or vector(0)",
            unit="percentunit",
            worse_from=0.8,
        ),
    )


def _way() -> tuple[object, ...]:
    return (
        lines(
            "Received",
            "Spans, log records and data points per second.",
            (rate("received_items", "signal, kind"), "{{kind}} {{signal}}"),
        ),
        lines(
            "Sent to the backend",
            "Per second: passed on verbatim; agent spans with scores (annotated) or without (plain).",
            (rate("forwarded_items"), "forwarded"),
            (rate("exported_spans", "how"), "{{how}}"),
            (rate("outbox_exported", "signal"), "evaluations ({{signal}})"),
        ),
        lines(
            "Held and waiting",
            "What lies in the ledger.",
            (now("open_traces"), "open traces"),
            (now("queue_traces"), "waiting for a worker"),
            (now("held_spans"), "held spans"),
            (now("outbox_pending"), "outbox"),
            (now("records_pending"), "records to write"),
        ),
        lines(
            "Ages",
            "Workers are too few when the wait grows; the backend is away when the hold does.",
            (now("hold_age_seconds"), "held longest"),
            (now("queue_age_seconds"), "waited longest"),
            unit="s",
        ),
        lines(
            "The backend's answers",
            "Requests per second by outcome; broken: no answer came.",
            (rate("backend_outcomes", "outcome"), "{{outcome}}"),
        ),
        lines("The backend's time to answer", "p95.", (quantile("export_duration", 0.95), "p95"), unit="s"),
    )


def _scoring() -> tuple[object, ...]:
    return (
        lines(
            "From seal to score",
            "Waiting for a worker, checks and judge together.",
            (quantile("score_duration", 0.5), "p50"),
            (quantile("score_duration", 0.95), "p95"),
            unit="s",
        ),
        lines(
            "Judge calls",
            "And answers that came from the cache.",
            (grown("judge_calls", "outcome"), "{{outcome}}"),
            (grown("judge_cache_hits"), "from the cache"),
        ),
        lines(
            "The judge's time to answer",
            "From the question about a trace to its answer, all judges and samples in it.",
            (quantile("judge_duration", 0.5), "p50"),
            (quantile("judge_duration", 0.95), "p95"),
            unit="s",
        ),
        lines(
            "Judge tokens and money",
            "Money in the currency of the prices in settings; none without prices.",
            (grown("judge_tokens", "direction"), "tokens {{direction}}"),
            (f"{grown('judge_cost')} or vector(0)", "cost"),
        ),
    )


def _wrong() -> tuple[object, ...]:
    return (
        lines(
            "Not as it should be",
            "Each of these is 0 on a good day.",
            (grown("shed_traces"), "shed"),
            (grown("bypassed_spans"), "bypassed spans"),
            (grown("quarantined_spans"), "quarantined spans"),
            (grown("outbox_refused"), "evaluations refused"),
            (grown("records_dropped"), "records dropped"),
            (grown("fences_lost"), "claims lost"),
        ),
        lines(
            "Came too late or twice",
            "Spans and roots after their trace was sealed: raise the waits in `complete`.",
            (grown("late_spans"), "late spans"),
            (grown("sealed_before_root"), "sealed before the root came"),
            (grown("duplicate_spans"), "came twice"),
        ),
        lines(
            "Wake-up calls lost",
            "The ledger makes them again; only time is lost.",
            (grown("dispatches_lost", "why"), "{{why}}"),
        ),
    )
