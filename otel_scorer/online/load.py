"""How full the ledger is, who works, whether the store keeps its promise; and what follows from that (design rule
8).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from otel_scorer.errors import LedgerError
from otel_scorer.ledger.health import Load, complaints, epoch, load
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.grace import Grace
from otel_scorer.online.intake import Wanted

log = logging.getLogger(__name__)
_SHED, _SHORTEN, _REFUSE = 0.70, 0.80, 0.90
_SETTLE = 0.05
"""A level is left only this much below where it was entered: no flapping (reliability T61)."""
_CHECK_S = 30.0
_LOAD_S = 0.5


@dataclass(frozen=True, slots=True)
class Pressure:
    """What the pipeline leaves out, in this order: scoring, waiting, receiving."""

    shed: bool = False
    shorten_waits: bool = False
    refuse: bool = False


def pressure_of(used: float, before: Pressure, *, queue_full: bool, store_refuses: bool = False) -> Pressure:
    """`used`: share of `ledger.max_mib`, or of the store's memory (0 to 1 and above).

    A store that refuses writes by itself is asked all the same: its refusal opens the breaker (design rule 2), and
    senders are not kept waiting for room that may never come.
    """

    def level(at: float, was: bool) -> bool:
        return used >= (at - _SETTLE if was else at)

    return Pressure(
        shed=queue_full or level(_SHED, before.shed and not queue_full),
        shorten_waits=level(_SHORTEN, before.shorten_waits),
        refuse=level(_REFUSE, before.refuse) and not store_refuses,
    )


class LoadMonitor:
    """Looks at one store twice a second; what it saw last is read without waiting."""

    def __init__(
        self,
        ledger: Ledger,
        settings: LedgerSettings,
        max_waiting: int,
        wanted: Wanted,
        observe: Callable[[Load], None],
        grace: Grace,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._max_waiting = max_waiting
        self._observe = observe
        self._grace = grace
        self._epoch: str | None = None
        self.pressure = Pressure()
        self.workers: set[str] | None = None
        """Those that live; None before the first look."""
        self.problems: list[str] = []
        self._wanted = wanted
        self.away: str | None = None

    async def run(self) -> None:
        """Until cancelled."""
        checked = -_CHECK_S
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self.look()
                if loop.time() - checked >= _CHECK_S:
                    await self._check()
                    checked = loop.time()
                self.away = None
            except LedgerError as error:
                self.away = str(error)
                self._grace.heard(error)
            await asyncio.sleep(_LOAD_S)

    async def look(self) -> None:
        now = await self._ledger.now_ms()
        seen = await load(self._ledger.client, self._ledger.keys, now)
        self.workers = await self._ledger.living_workers()
        self._wanted.replace(self._ledger.name, await self._ledger.wanted())
        used = seen.share_of(self._settings.max_mib * 1024 * 1024)
        before, queue_full = self.pressure, seen.waiting >= self._max_waiting
        self.pressure = pressure_of(used, before, queue_full=queue_full, store_refuses=seen.is_out_of_memory)
        if self.pressure != before:
            log.warning("ledger %.0f %% full, %d traces wait for a score: %s", 100 * used, seen.waiting, self.pressure)
        self._observe(seen)

    async def _check(self) -> None:
        """Durability, and whether the store is still the one that we knew (a wiped store is loss: loud, not silent)."""
        self.problems = await complaints(self._ledger.client, self._settings)
        found = await epoch(self._ledger.client, self._ledger.keys)
        if self._epoch is not None and found != self._epoch:
            self.problems.append(f"ledger {self._ledger.name} was emptied while we ran: spans in it are lost")
        self._epoch = self._epoch or found
        for problem in self.problems:
            log.error("%s", problem)
