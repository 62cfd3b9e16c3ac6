"""What goes past one store while it is away: how much of it is under way, and telling the store afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from otel_scorer.errors import LedgerError
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.journal import Journal

log = logging.getLogger(__name__)


class Bypass:
    """One for each store. `drain_s`: how long a forward may take, the backend's time-out."""

    def __init__(self, ledger: Ledger, journal: Journal, drain_s: float) -> None:
        self._ledger = ledger
        self._journal = journal
        self._drain_s = drain_s
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._telling: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Forwarded spans of which the store has not been told."""
        return len(self._journal)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Around a forward and the noting of it: the breaker does not close before it is left."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    def note(self, member: Member, keys: Iterable[bytes]) -> None:
        self._journal.note(member, keys)

    def tell_soon(self) -> None:
        """Writes the journal beside whoever asks; what fails stays for the next time."""
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self.try_to_tell(), name="journal")

    async def try_to_tell(self) -> None:
        """Writes the journal until it is empty, or keeps the rest for the next time."""
        try:
            while len(self):
                await self._tell()
        except LedgerError as error:
            log.info("%d forwarded spans are told to the ledger later: %s", len(self), error)
        except Exception:
            log.exception("%d forwarded spans cannot be told to the ledger now", len(self))

    async def _tell(self) -> None:
        await self._journal.write(self._ledger)

    async def tell_all(self) -> None:
        """When the store is back and nothing new goes past it: tells it what is done, waits for what is under way,
        tells it that too. What takes longer than a forward may tells by itself. Raises LedgerError.
        """
        await self._tell()
        try:
            async with asyncio.timeout(self._drain_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d forwarded requests are still under way after %g s", self._under_way, self._drain_s)
        await self._tell()

    async def close(self) -> None:
        """Lets a writer that is at work end; it does so at the first failure."""
        if self._telling is not None:
            await self._telling
