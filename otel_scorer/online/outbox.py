"""Sends what scores beside the spans: evaluation spans and evaluation log records to the backend, scores to stores of
evaluations; from the ledger, until they have them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from types import MappingProxyType

from otel_scorer.errors import LedgerDown, LedgerError, LedgerRefuses
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.postbox import SEND_LEASE_MS
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.backend import Accepted, Backend, Outcome, Refused, Retryable, TooLarge, Unsupported
from otel_scorer.online.evaluation_stores import EvaluationStore
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.telemetry import Metrics
from otel_scorer.wire.parts import Signal

log = logging.getLogger(__name__)
_LIMIT = 256
_TELL_AGAIN_S = 0.2
_STORE_AGAIN_S = 15.0


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
        stores: Mapping[str, EvaluationStore] = MappingProxyType({}),
    ) -> None:
        """`stores` by the signal of the records that are for them."""
        self._ledger = ledger
        self._backend = backend
        self._metrics = metrics
        self._watch = watch
        self._timeout_s = timeout_s
        self._retry_s = retry_s
        self._stores = stores

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
        groups = _batches(await self._ledger.postbox.outgoing(now, _LIMIT))
        settled = 0
        for group in sorted(groups, key=_is_for_a_store):  # the backend first: a store that is away takes time
            if time.monotonic() > start_before:
                break  # its lease runs out, and somebody takes it again
            send = self._tell_store if _is_for_a_store(group) else self._send_group
            settled += await send(group, now, start_before)
        return settled

    async def _send_group(self, group: list[Outgoing], now_ms: int, start_before: float) -> int:
        outcome = await self._send(group)
        if isinstance(outcome, Accepted | Unsupported):
            self._metrics.add("outbox_exported", len(group), signal=group[0].signal)
            await self._tell(group)
            return len(group)
        if isinstance(outcome, Refused | TooLarge):
            return await self._singly(group, start_before)
        wait_s = outcome.after_s if isinstance(outcome, Retryable) and outcome.after_s else self._retry_s
        await self._ledger.postbox.postpone(group, now_ms + int(wait_s * 1000))
        return 0

    async def _tell_store(self, group: list[Outgoing], now_ms: int, start_before: float) -> int:
        """One after the other; after the first that the store does not take, the others wait too."""
        store = self._stores.get(group[0].signal)
        for place, item in enumerate(group):
            if time.monotonic() > start_before:
                return place  # its lease runs out, and somebody takes it again
            outcome = await store.send(item) if store is not None else Refused("the settings name no such store now")
            if isinstance(outcome, Accepted):
                self._metrics.add("outbox_exported", 1, signal="evaluations")
                await self._tell([item])
            elif isinstance(outcome, Refused | TooLarge):
                await self._drop(item, outcome.message)
            else:
                # all of them: a store that lets each of 256 wait for its time-out would hold up the backend's
                await self._ledger.postbox.postpone(group[place:], now_ms + int(_STORE_AGAIN_S * 1000))
                return place
        return len(group)

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


def _is_for_a_store(group: list[Outgoing]) -> bool:
    return group[0].signal not in ("traces", "logs")


def _batches(items: list[Outgoing]) -> list[list[Outgoing]]:
    groups: dict[tuple[str, str], list[Outgoing]] = {}
    for item in items:
        groups.setdefault((item.signal, repr(sorted(item.headers.items()))), []).append(item)
    return list(groups.values())
