"""Wakes workers: the state is durable before, so a message that is lost costs time only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import TypeAlias

from otel_scorer.online.broker import Dispatcher, Wake
from otel_scorer.online.telemetry import Metrics

log = logging.getLogger(__name__)
_WAITING = 10_000
_AT_ONCE = 500
_LAST_S = 3.0

Dispatch: TypeAlias = Callable[[Sequence[tuple[Wake, int]]], Awaitable[None]]
"""Has (trace or conversation, dispatch number) pairs published; neither waits nor raises."""


class DispatchQueue:
    """Publishes in the background: a broker that stands still must not keep spans from leaving. What it does not take
    is dropped and counted: the ledger dispatches it again. Make it inside the running loop."""

    def __init__(self, dispatcher: Dispatcher, metrics: Metrics) -> None:
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._waiting: dict[Wake, int] = {}
        """One call for each, the newest."""
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._publish_for_ever(), name="dispatch")

    async def dispatch(self, calls: Sequence[tuple[Wake, int]]) -> None:
        """A `Dispatch`."""
        for member, number in calls:
            if member in self._waiting or len(self._waiting) < _WAITING:
                self._waiting[member] = number
            else:
                self._metrics.add("dispatches_lost", 1, why="queue_full")
        self._wake.set()

    async def close(self) -> None:
        """What waits is published, if that is soon done."""
        self._closing = True
        self._wake.set()
        done, _ = await asyncio.wait([self._task], timeout=_LAST_S)
        self._task.cancel()
        if done:
            self._dispatcher.close()  # not under a thread that publishes: that one ends by the broker's time-outs

    async def _publish_for_ever(self) -> None:
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._publish(list(islice(self._waiting.items(), _AT_ONCE)))

    async def _publish(self, calls: Sequence[tuple[Wake, int]]) -> None:
        for member, _ in calls:
            del self._waiting[member]
        try:
            await asyncio.to_thread(self._dispatcher.publish, calls)
        except Exception as error:  # kombu raises many kinds
            self._metrics.add("dispatches_lost", len(calls), why="broker")
            log.warning("broker away, %d scorings wait: %s", len(calls), type(error).__name__)
