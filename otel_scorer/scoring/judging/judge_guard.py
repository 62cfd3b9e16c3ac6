"""One judge kept apart from the others: only so many calls at once, and none while it is known to be out of order.

    closed      calls go through; so many failures in a row open it
    open        calls fail at once for `breaker_open_s`: a trace waits for nobody who will not answer
    half open   then one call tries; it closes the breaker, or opens it for as long again

What counts as a failure is no answer or an error of the endpoint. An answer that is no valid object, evidence that is
too long or a used-up budget say nothing about whether the endpoint is there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from otel_scorer.model import JudgeUse
from otel_scorer.scoring.judging.judge import Judge, JudgeAnswer, JudgeError, JudgeFailure, JudgeTimeout, Prompt

log = logging.getLogger(__name__)
_NOTHING = JudgeUse()


class Breaker:
    """Counts failures in a row. `clock` is in seconds. Not shared between threads."""

    def __init__(self, failures: int, open_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._open_s, self._clock = failures, open_s, clock
        self._failures = 0
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls fail at once."""
        return self._failures >= self._most and self._clock() < self._until

    def try_call(self) -> bool:
        """Whether a call may be made. In the half-open state this lets one through and no other until it ended."""
        if self._failures < self._most:
            return True
        if self._clock() < self._until:
            return False
        self._until = self._clock() + self._open_s
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> bool:
        """Answers whether the breaker has just opened."""
        self._failures += 1
        if self._failures < self._most:
            return False
        self._until = self._clock() + self._open_s
        return self._failures == self._most


class GuardedJudge:
    """`judge` behind a bulkhead of `at_once` calls and a breaker. `timeout_s` includes the wait for a place."""

    def __init__(self, judge: Judge, at_once: int, breaker: Breaker, timeout_s: float) -> None:
        self._judge = judge
        self._at_once = at_once
        self._breaker = breaker
        self._timeout_s = timeout_s
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @property
    def name(self) -> str:
        return self._judge.name

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        """Raises JudgeError at once while the breaker is open, JudgeTimeout when no place became free in time."""
        deadline = min(deadline, time.monotonic() + self._timeout_s)
        if self._breaker.is_open:
            raise self._left_alone()
        places = self._places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._at_once))
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await places.acquire()
        except TimeoutError as error:
            raise JudgeTimeout(f"no call could be begun: {self._at_once} were in flight", _NOTHING) from error
        try:
            return await self._call(prompt, schema, deadline)
        finally:
            places.release()

    async def _call(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        if not self._breaker.try_call():  # it opened while this call waited for its place
            raise self._left_alone()
        try:
            answer = await self._judge(prompt, schema, deadline)
        except JudgeFailure as error:
            if error.use.calls:  # else nobody was asked
                self._learn_from(error)
            raise
        self._breaker.succeeded()
        return answer

    def _learn_from(self, failure: JudgeFailure) -> None:
        if not isinstance(failure, JudgeTimeout | JudgeError):
            self._breaker.succeeded()
        elif self._breaker.failed():
            log.warning("the judge %s is left alone for a while: %s", self.name, failure)

    def _left_alone(self) -> JudgeError:
        return JudgeError("not asked: its last calls failed one after another", _NOTHING)
