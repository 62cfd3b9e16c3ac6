"""Tells stores of evaluations what waits for them in the ledger: each in a loop of its own, so that one that is slow or
away holds up neither the backend's evaluation spans nor another store's scores.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeAlias

from otel_scorer.errors import LedgerDown, LedgerError, LedgerRefuses
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.postbox import SEND_LEASE_MS
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.backend import Accepted, Broken, Outcome, Refused, Retryable, TooLarge
from otel_scorer.online.evaluation_stores import made_s
from otel_scorer.online.telemetry import Metrics

log = logging.getLogger(__name__)
_LIMIT = 256
_AT_ONCE = 8
_AGAIN_S = 15.0
_LONGEST_S = 1800.0
_TELL_AGAIN_S = 0.2
_LOOK_S = 60.0


Tell: TypeAlias = Callable[[Outgoing], Awaitable[Outcome]]
"""Tells a store one record (`EvaluationStore.send`). Never raises."""


class EvaluationSender:
    """One loop for each store of evaluations and ledger."""

    def __init__(self, ledger: Ledger, lane: str, tell: Tell, metrics: Metrics) -> None:
        self._ledger = ledger
        self._lane = lane
        self._tell = tell
        self._metrics = metrics

    async def run(self, poll_s: float, stopping: asyncio.Event) -> None:
        """Until told to stop: a round that has begun is finished."""
        while not stopping.is_set():
            try:
                settled = await self.send_due()
            except LedgerError as error:
                log.debug("scores wait: %s", error)
                settled = 0
            if not settled:
                await asyncio.sleep(max(poll_s, 0.25))

    async def send_due(self) -> int:
        """Tells what is due now; answers how many records were taken or refused for good."""
        now_ms = await self._ledger.now_ms()
        start_before = time.monotonic() + SEND_LEASE_MS / 2000
        items = await self._ledger.postbox.outgoing(now_ms, _LIMIT, self._lane)
        for at in range(0, len(items), _AT_ONCE):
            if time.monotonic() > start_before:
                return at  # the others' lease runs out, and somebody takes them again
            if await self._tell_some(items[at : at + _AT_ONCE]):
                # the others wait too: a store that is away would let each wait for its time-out
                await self._postpone(items[at + _AT_ONCE :], _AGAIN_S)
                return at
        return len(items)

    async def _tell_some(self, items: Sequence[Outgoing]) -> bool:
        """Whether the store seems away: it has settled none of them, and not only for not knowing their spans. Each
        that it has not settled waits by itself: one that it never takes is in no other's way.
        """
        outcomes = await asyncio.gather(*(self._tell(item) for item in items))
        answered = list(zip(items, outcomes, strict=True))
        taken = [item for item, outcome in answered if isinstance(outcome, Accepted)]
        refused = [(item, outcome) for item, outcome in answered if isinstance(outcome, Refused | TooLarge)]
        for item, why in refused:
            log.error("the evaluation %s is refused for good: %s", item.id, why.message)
        self._metrics.add("outbox_exported", len(taken), signal="evaluations")
        self._metrics.add("outbox_refused", len(refused))
        settled = [*taken, *(item for item, _ in refused)]
        await self._forget(settled)
        for item, outcome in answered:
            if item not in settled:
                await self._postpone([item], again_s(item, outcome))
        return not settled and any(isinstance(outcome, Retryable | Broken) for outcome in outcomes)

    async def _postpone(self, items: Sequence[Outgoing], for_s: float) -> None:
        if items:
            at_ms = await self._ledger.now_ms() + int(for_s * 1000)
            await self._ledger.postbox.postpone(items, at_ms, self._lane)

    async def _forget(self, items: Sequence[Outgoing]) -> None:
        """However long the ledger is away: what it does not learn is sent again."""
        while items:
            try:
                await self._ledger.postbox.sent(items, self._lane)
            except (LedgerDown, LedgerRefuses):
                await asyncio.sleep(_TELL_AGAIN_S)
            else:
                return


def again_s(item: Outgoing, outcome: Outcome, now_s: float | None = None) -> float:
    """Seconds until it is asked again. A span that the store does not know may come soon, and after hours it hardly
    will: the longer it has waited, the longer the next wait, so that many of them are no load.
    """
    if isinstance(outcome, Retryable | Broken):
        return _AGAIN_S
    waited_s = (time.time() if now_s is None else now_s) - made_s(item)
    return min(max(_AGAIN_S, waited_s / 10), _LONGEST_S)


async def drop_forsaken(ledger: Ledger, known: Collection[str], metrics: Metrics, stopping: asyncio.Event) -> None:
    """Drops, counted and logged, what waits for stores that the settings do not name any more; until told to stop."""
    while not stopping.is_set():
        try:
            for lane in await ledger.postbox.lanes() - set(known):
                sender = EvaluationSender(ledger, lane, _refuse, metrics)
                while await sender.send_due():
                    pass
        except LedgerError as error:
            log.debug("scores for no store wait: %s", error)
        await asyncio.sleep(_LOOK_S)


async def _refuse(_item: Outgoing) -> Outcome:
    return Refused("the settings name no such store now")
