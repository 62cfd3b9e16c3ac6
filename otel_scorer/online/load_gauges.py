"""What the stores hold, told as gauges: of several stores the sums, and of ages the oldest."""

from __future__ import annotations

from otel_scorer.ledger.health import Load
from otel_scorer.online.telemetry import Metrics


class LoadGauges:
    """One for a process; `limit_bytes` is what each store may hold."""

    def __init__(self, metrics: Metrics, limit_bytes: int) -> None:
        self._metrics = metrics
        self._limit_bytes = limit_bytes
        self._last: dict[str, Load] = {}

    def saw(self, store: str, load: Load) -> None:
        """Call with every look at a store."""
        self._last[store] = load
        loads = self._last.values()
        gauges: dict[str, float] = {
            "queue_traces": sum(one.waiting for one in loads),
            "queue_age": max(one.oldest_waiting_s for one in loads),
            "hold_age": max(one.oldest_due_s for one in loads),
            "ledger_bytes": sum(one.bytes for one in loads),
            "ledger_limit_bytes": self._limit_bytes * len(self._last),
            "open_traces": sum(one.due + one.leased for one in loads),
            "outbox_pending": sum(one.outbox for one in loads),
            "records_pending": sum(one.records for one in loads),
            "records_dropped": sum(one.lost_records for one in loads),
            "held_spans": sum(one.held for one in loads),
            "quarantine_size": sum(one.quarantined for one in loads),
        }
        for name, value in gauges.items():
            self._metrics.set(name, value)
