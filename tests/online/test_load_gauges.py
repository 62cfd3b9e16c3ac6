"""Gauges over several stores."""

from __future__ import annotations

from dataclasses import replace

from otel_scorer.ledger.health import Load
from otel_scorer.online.load_gauges import LoadGauges
from otel_scorer.online.telemetry import Metrics

LOAD = Load(
    bytes=100,
    due=1,
    leased=2,
    waiting=5,
    oldest_waiting_s=7.0,
    oldest_due_s=3.0,
    outbox=1,
    records=4,
    lost_records=0,
    held=9,
    quarantined=1,
)


def test_of_several_stores_counts_are_summed_and_the_oldest_age_is_told() -> None:
    metrics = Metrics()
    gauges = LoadGauges(metrics, 1000)
    gauges.saw("one", LOAD)
    gauges.saw("two", replace(LOAD, waiting=1, oldest_waiting_s=2.0, oldest_due_s=8.0))
    assert metrics.value("queue_traces") == 6
    assert metrics.value("queue_age") == 7.0
    assert metrics.value("hold_age") == 8.0
    assert metrics.value("open_traces") == 6
    assert metrics.value("ledger_limit_bytes") == 2000
    gauges.saw("one", replace(LOAD, waiting=0, oldest_waiting_s=0.0))
    assert metrics.value("queue_traces") == 1
    assert metrics.value("queue_age") == 2.0
