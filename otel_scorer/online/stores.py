"""The stores of the ledger as one: which one has a trace, and its breaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.shards import shard_of
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.online.pipeline_settings import CompleteSettings, HoldSettings


@dataclass(frozen=True)
class Stores:
    """All stores, in the order of the settings."""

    ledgers: tuple[Ledger, ...]

    @property
    def names(self) -> Sequence[str]:
        return [ledger.name for ledger in self.ledgers]

    def index_of(self, trace_id: bytes) -> int:
        return shard_of(trace_id, self.names)

    def of(self, trace_id: bytes) -> Ledger:
        return self.ledgers[self.index_of(trace_id)]

    async def close(self) -> None:
        for ledger in self.ledgers:
            await ledger.client.close()


def trace_limits(complete: CompleteSettings, hold: HoldSettings, *, holds: bool) -> TraceLimits:
    """`holds` is False in tap, where nothing is sent on."""
    return TraceLimits(
        hold_ms=int(hold.span_s * 1000),
        quiet_ms=int(complete.quiet_s * 1000),
        max_age_ms=int(complete.max_age_s * 1000),
        max_spans=complete.max_spans,
        max_bytes=int(complete.max_mib * 1024 * 1024),
        holds=holds,
    )


def open_stores(urls: Sequence[str], settings: LedgerSettings, limits: TraceLimits) -> Stores:
    """Connections are made when they are first used."""
    return Stores(
        tuple(Ledger(StoreClient(url, settings.silence_s), settings, limits) for url in urls),
    )
