"""When a store counts as away, and when it is back (design 2.1, rule 2)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from otel_scorer.errors import LedgerBusy, LedgerError, LedgerRefuses
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.bypass import Bypass
from otel_scorer.online.grace import Grace, means_away

log = logging.getLogger(__name__)
_PROBE_S = 0.25

State = Literal["closed", "doubtful", "open", "closing"]
"""`doubtful`: something failed, a probe will tell. `closing`: the store is back and is being told what was forwarded;
nothing may be written to it or forwarded past it until that is done.
"""


class Breaker:
    """Opens after `silence_s` without an answer, at once when the store refuses writes; closes when a probe write
    succeeds and the store has been told everything that went past it. A failure of that keeps the breaker open.
    """

    def __init__(
        self,
        ledger: Ledger,
        silence_s: float,
        bypass: Bypass,
        grace: Grace,
        counted: Callable[[LedgerError], None],
        clock: Callable[[], float] = time.monotonic,
        prove: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`prove`: whether a store that was away at the start may be used; until then nothing is written to it."""
        self._prove = prove
        self._ledger = ledger
        self._silence_s = silence_s
        self._bypass = bypass
        self._grace = grace
        self._counted = counted
        self._clock = clock
        self._last_answer = clock()
        self._failing_since: float | None = None
        self._opened_by: LedgerError | None = None
        self._probe: asyncio.Task[None] | None = None
        self._state: State = "closed"

    @property
    def state(self) -> State:
        return self._state

    @property
    def answers(self) -> bool:
        """False while the store is away; True also when it only refuses to take more."""
        return self._state != "open" or isinstance(self._opened_by, LedgerRefuses)

    def now(self) -> float:
        return self._clock()

    def answered(self) -> None:
        """An operation succeeded."""
        self._last_answer = self._clock()

    def failed(self, error: LedgerError, began: float) -> None:
        """An operation that began at `began` (this breaker's clock) failed."""
        self._counted(error)
        if isinstance(error, LedgerBusy):
            return  # it never came to the store, which is asked by others meanwhile
        if self._failing_since is None:
            self._failing_since = began
        if self._state == "closed":
            self._state = "doubtful"
        self._judge(error, self._failing_since)
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._watch(), name="ledger-probe")

    def _judge(self, error: LedgerError, failing_since: float) -> None:
        self._grace.heard(error)
        silent_s = self._clock() - max(failing_since, self._last_answer)
        lasting = silent_s >= self._silence_s and not isinstance(error, LedgerBusy)
        if self._prove is not None or isinstance(error, LedgerRefuses) or lasting:
            self._open(error)

    def _open(self, error: LedgerError) -> None:
        if self._state != "open":
            log.error("ledger away: %s", error)
        self._state = "open"
        self._opened_by = error

    async def _watch(self) -> None:
        while self._failing_since is not None:
            began = self._clock()
            try:
                await self._look(self._failing_since)
            except Exception:
                # without this watch nobody would ever close the breaker
                log.exception("the look at ledger %s failed and is repeated", self._ledger.name)
            if self._failing_since is not None:
                await asyncio.sleep(max(0.0, _PROBE_S - (self._clock() - began)))

    async def _look(self, failing_since: float) -> None:
        try:
            await probe_write(self._ledger)
            if self._prove is not None:
                await self._prove()
                self._prove = None
            self.answered()
            if self._state == "open":
                await self._recover()
        except LedgerError as error:
            self._judge(error, failing_since)
            if isinstance(error, LedgerRefuses):
                await self._bypass.try_to_tell()  # full, it still takes this; sweepers go on and must know
        else:
            if self._state != "open":  # a refusal may have come meanwhile
                self._close_again()

    async def _recover(self) -> None:
        self._state = "closing"
        away = self._opened_by is not None and means_away(self._opened_by)
        try:
            with self._grace.lasting() if away else contextlib.nullcontext():
                await self._bypass.tell_all()
        except BaseException:
            self._state = "open"
            raise

    def _close_again(self) -> None:
        if self._state == "closing":
            log.warning("ledger %s is back", self._ledger.name)
        self._failing_since = None
        self._state = "closed"

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probe


async def probe_write(ledger: Ledger) -> None:
    """A write that a full, read-only or silent store does not take; also hands it our scripts, which a restart
    forgets.
    """
    client = ledger.client
    await client.load_scripts()
    await client.guard(client.redis.set(ledger.keys.named("probe"), b"1"))
