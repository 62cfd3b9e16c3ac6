"""Spans that the backend refused for good: which, when and why; never what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table

from otel_scorer.inspect.view import printable
from otel_scorer.ledger.postbox import Quarantined


def render(items: Sequence[Quarantined]) -> Table:
    """One row for each entry, oldest first."""
    table = Table(title=f"{len(items)} refused by the backend", title_justify="left")
    for column in ("when (UTC)", "tenant", "trace", "spans", "rejected", "reason"):
        table.add_column(column, overflow="fold")
    for item in items:
        when = datetime.fromtimestamp(item.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        spans = ", ".join(item.span_ids[:5]) + (f" and {len(item.span_ids) - 5} more" if len(item.span_ids) > 5 else "")
        reason = printable(item.reason, 200)
        table.add_row(when, printable(item.tenant, 40), item.trace_id, spans, str(item.rejected), reason)
    return table


def to_plain(items: Sequence[Quarantined]) -> list[dict[str, object]]:
    """The entries as JSON-ready values, without the refused bytes."""
    return [
        {
            "tenant": item.tenant,
            "trace_id": item.trace_id,
            "span_ids": list(item.span_ids),
            "rejected": item.rejected,
            "reason": item.reason,
            "at_ms": item.at_ms,
        }
        for item in items
    ]
