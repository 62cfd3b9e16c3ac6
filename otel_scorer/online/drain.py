"""Moves records and kept content from the ledger's stream into the history database (design 2.8)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

from otel_scorer.errors import LedgerError, OtelScorerError
from otel_scorer.ledger.postbox import StreamedRecord
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.telemetry import Metrics

log = logging.getLogger(__name__)
_LIMIT = 500
_LOCK_S = 10.0
_IDLE_S = 0.25
_GATHER_S = 1.0
"""After some have been moved: more come now, and a transaction for each few of them would cost the most."""
_AWAY_S = 2.0

Write = Callable[[Sequence[StreamedRecord]], Awaitable[int]]
"""Stores records, at least once; answers how many it could not read. Raises OtelScorerError while the database is
away.
"""


class Drain:
    """At least once: a record leaves the stream only after the database has it; a second writing of it changes
    nothing.
    """

    def __init__(self, ledger: Ledger, write: Write, metrics: Metrics) -> None:
        self._ledger = ledger
        self._write = write
        self._metrics = metrics
        self._holder = secrets.token_hex(8)
        self.complaint: str | None = None

    async def run(self) -> None:
        """Until cancelled; then what waits is moved once more, for who looks after the end."""
        try:
            while True:
                await asyncio.sleep(await self._round())
        except asyncio.CancelledError:
            with contextlib.suppress(OtelScorerError):
                await self.move()
                await self._ledger.postbox.lock_records(self._holder, 0)  # a restarted `serve` need not wait for it
            raise

    async def _round(self) -> float:
        """Moves some; answers how long to wait before the next time."""
        try:
            moved = await self.move()
        except LedgerError:
            return _AWAY_S
        except OtelScorerError as error:
            if self.complaint is None:
                log.error("history is away, records wait in the ledger: %s", error)
            self.complaint = str(error)
            return _AWAY_S
        self.complaint = None
        return 0.0 if moved >= _LIMIT else _GATHER_S if moved else _IDLE_S

    async def move(self) -> int:
        """Moves some records; answers how many."""
        if not await self._ledger.postbox.lock_records(self._holder, _LOCK_S):
            return 0
        records = await self._ledger.postbox.records(_LIMIT)
        if records:
            unreadable = await self._write(records)
            await self._ledger.postbox.forget_records(records, lost=unreadable)
            self._metrics.add("records_written", len(records) - unreadable)
        return len(records)
