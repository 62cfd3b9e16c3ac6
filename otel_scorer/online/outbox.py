"""Sends what scores beside the spans: evaluation spans and evaluation log records to the backend, from the ledger,
until it has them.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time

from otel_scorer.errors import LedgerDown, LedgerError, LedgerRefuses
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.postbox import SEND_LEASE_MS
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.backend import Accepted, Backend, Broken, Outcome, Refused, Retryable, TooLarge, Unsupported
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.telemetry import Metrics
from otel_scorer.wire.parts import Signal

log = logging.getLogger(__name__)
_LIMIT = 256
_TELL_AGAIN_S = 0.2


class OutboxSender:
    """One loop for each store. A record is sent as it was made, so a second sending is identical."""

    def __init__(
        self,
        ledger: Ledger,
        backend: Backend,
        metrics: Metrics,
        watch: BackendWatch,
        *,
        timeout_s: float,
        retry_s: float,
    ) -> None:
        self._ledger = ledger
        self._backend = backend
        self._metrics = metrics
        self._watch = watch
        self._timeout_s = timeout_s
        self._retry_s = retry_s

    async def run(self, poll_s: float, stopping: asyncio.Event) -> None:
        """Until told to stop: a round that has begun is finished."""
        while not stopping.is_set():
            try:
                sent = await self.send_due()
            except LedgerError as error:
                log.debug("outbox waits: %s", error)
                sent = 0
            if not sent:
                await asyncio.sleep(max(poll_s, 0.25))

    async def send_due(self) -> int:
        """Sends what is due now; answers how many records were taken or refused for good."""
        now = await self._ledger.now_ms()
        start_before = time.monotonic() + SEND_LEASE_MS / 2000
        settled = 0
        for group in _batches(await self._ledger.postbox.outgoing(now, _LIMIT)):
            if time.monotonic() > start_before:
                break  # its lease runs out, and somebody takes it again
            if group[0].lane:
                await self._ledger.postbox.to_lanes(group, now)
            else:
                settled += await self._send_group(group, now, start_before)
        return settled

    async def _send_group(self, group: list[Outgoing], now_ms: int, start_before: float) -> int:
        outcome = await self._send(group)
        if isinstance(outcome, Accepted | Unsupported):
            self._metrics.add("outbox_exported", len(group), signal=group[0].signal)
            await self._tell(group)
            return len(group)
        if isinstance(outcome, Refused | TooLarge):
            return await self._singly(group, start_before)
        if isinstance(outcome, Broken) and len(group) > 1:
            return await self._in_halves(group, now_ms, start_before)
        await self._postpone(group, outcome, now_ms)
        return 0

    async def _postpone(self, group: list[Outgoing], outcome: Outcome, now_ms: int) -> None:
        wait_s = outcome.after_s if isinstance(outcome, Retryable) and outcome.after_s else self._retry_s
        await self._ledger.postbox.postpone(group, now_ms + int(wait_s * 1000))

    async def _in_halves(self, group: list[Outgoing], now_ms: int, start_before: float) -> int:
        """Records over which the backend stumbles must not hold up their neighbours, however many they are: of the
        halves that it did not take one is halved again, down to one record, and the other waits. By lot, so that the
        next time others go together. Answers how many are settled.
        """
        settled, left = 0, list[list[Outgoing]]()
        while len(group) > 1 and time.monotonic() < start_before:
            mixed, group = random.sample(group, len(group)), []
            for half in (mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]):
                if await self._is_taken(half):
                    settled += len(half)
                elif group:
                    left.append(half)
                else:
                    group = half
        for half in [*left, group]:
            if half:
                await self._postpone(half, Broken(""), now_ms)
        return settled

    async def _is_taken(self, group: list[Outgoing]) -> bool:
        outcome = await self._send(group)
        if not isinstance(outcome, Accepted | Unsupported):
            return False
        self._metrics.add("outbox_exported", len(group), signal=group[0].signal)
        await self._tell(group)
        return True

    async def _tell(self, settled: list[Outgoing]) -> None:
        """However long the ledger is away: what it does not learn is sent again."""
        while True:
            try:
                await self._ledger.postbox.sent(settled)
            except (LedgerDown, LedgerRefuses):
                await asyncio.sleep(_TELL_AGAIN_S)
            else:
                return

    async def _send(self, group: list[Outgoing]) -> Outcome:
        signal: Signal = "logs" if group[0].signal == "logs" else "traces"
        body = b"".join(item.body for item in group)  # requests one after the other are one request
        outcome = await self._backend.send(signal, body, group[0].headers, self._timeout_s)
        self._watch.saw(signal, outcome)
        return outcome

    async def _singly(self, group: list[Outgoing], start_before: float) -> int:
        """One bad record must not hold up its neighbours: the one that is refused alone is dropped, counted and
        logged. Answers how many are settled.
        """
        if len(group) == 1:
            await self._drop(group[0], "alone too")
            return 1
        settled = 0
        for item in group:
            if time.monotonic() > start_before:
                break
            outcome = await self._send([item])
            if isinstance(outcome, Accepted | Unsupported):
                self._metrics.add("outbox_exported", 1, signal=item.signal)
                await self._tell([item])
                settled += 1
            elif isinstance(outcome, Refused | TooLarge):
                await self._drop(item, outcome.message)
                settled += 1
        return settled

    async def _drop(self, item: Outgoing, why: str) -> None:
        self._metrics.add("outbox_refused", 1)
        log.error("the evaluation %s is refused for good: %s", item.id, why)
        await self._tell([item])


def _batches(items: list[Outgoing]) -> list[list[Outgoing]]:
    groups: dict[tuple[str, str], list[Outgoing]] = {}
    for item in items:
        groups.setdefault((item.signal, repr(sorted(item.headers.items()))), []).append(item)
    return list(groups.values())
