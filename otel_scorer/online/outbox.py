"""Sends what scores later than its span: evaluation spans and evaluation log records, from the ledger, until the
backend has them.
"""

from __future__ import annotations

import asyncio
import logging
import time

from otel_scorer.errors import LedgerDown, LedgerError, LedgerRefuses
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.postbox import SEND_LEASE_MS
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.backend import Accepted, Backend, Outcome, Refused, Retryable, TooLarge, Unsupported
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.telemetry import Metrics

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
        """Sends what is due now; answers how many records the backend has taken or refused for good."""
        now = await self._ledger.now_ms()
        start_before = time.monotonic() + SEND_LEASE_MS / 2000
        settled = 0
        for group in _batches(await self._ledger.postbox.outgoing(now, _LIMIT)):
            if time.monotonic() > start_before:
                break  # its lease runs out, and somebody takes it again
            outcome = await self._send(group)
            if isinstance(outcome, Accepted | Unsupported):
                self._metrics.add("outbox_exported", len(group), signal=group[0].signal)
                await self._tell(group)
                settled += len(group)
            elif isinstance(outcome, Refused | TooLarge):
                settled += await self._singly(group, start_before)
            else:
                wait_s = outcome.after_s if isinstance(outcome, Retryable) and outcome.after_s else self._retry_s
                await self._ledger.postbox.postpone(group, now + int(wait_s * 1000))
        return settled

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
        body = b"".join(item.body for item in group)  # requests one after the other are one request
        outcome = await self._backend.send(group[0].signal, body, group[0].headers, self._timeout_s)
        self._watch.saw(group[0].signal, outcome)
        return outcome

    async def _singly(self, group: list[Outgoing], start_before: float) -> int:
        """One bad record must not hold up its neighbours: the one that is refused alone is dropped, counted and
        logged. Answers how many are settled.
        """
        if len(group) == 1:
            await self._drop(group[0])
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
                await self._drop(item)
                settled += 1
        return settled

    async def _drop(self, item: Outgoing) -> None:
        self._metrics.add("outbox_refused", 1)
        log.error("the backend refused the evaluation %s", item.id)
        await self._tell([item])


def _batches(items: list[Outgoing]) -> list[list[Outgoing]]:
    groups: dict[tuple[str, str], list[Outgoing]] = {}
    for item in items:
        groups.setdefault((item.signal, repr(sorted(item.headers.items()))), []).append(item)
    return list(groups.values())
