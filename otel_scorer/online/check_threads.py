"""The threads in which a worker runs checks, and for how long each has been at it: no thread can be stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

log = logging.getLogger(__name__)
STUCK = 71
"""Exit code of a worker of which too many threads hang."""
_LOOK_S = 1.0

T = TypeVar("T")


class CheckThreads(ThreadPoolExecutor):
    """As many as asyncio makes by itself."""

    def __init__(self) -> None:
        self.most = min(32, (os.cpu_count() or 1) + 4)
        super().__init__(self.most, "checks")
        self._since: dict[int, float] = {}

    def submit(self, call: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        return super().submit(self._timed, call, *args, **named)

    def _timed(self, call: Callable[..., T], *args: Any, **named: Any) -> T:
        thread = threading.get_ident()
        self._since[thread] = time.monotonic()
        try:
            return call(*args, **named)
        finally:
            del self._since[thread]

    def stuck(self, for_s: float = 0.0) -> int:
        """How many have been at one call for longer."""
        before = time.monotonic() - for_s
        return sum(since < before for since in list(self._since.values()))


async def end_when_stuck(threads: CheckThreads, for_s: float) -> None:
    """Ends the process when half of its threads hang: before it only seems to live. Whoever runs it starts it again,
    and what it was scoring is dispatched again. Until cancelled.
    """
    while True:
        await asyncio.sleep(_LOOK_S)
        if 2 * threads.stuck(for_s) >= threads.most:
            log.critical("checks hang in %d of %d threads: the worker ends", threads.stuck(for_s), threads.most)
            logging.shutdown()
            os._exit(STUCK)
