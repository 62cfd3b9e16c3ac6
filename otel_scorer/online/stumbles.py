"""Traces that the backend does not take though it takes others: for how long, as this process has seen it.

An outage concerns all traces. What only ever fails for one is about that trace: it must neither hold up its neighbours
nor be sent for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from otel_scorer.ledger.keys import Member

_FORGOTTEN_S = 900.0
"""A trace that has not failed for so long is a new case when it fails again."""
_MOST = 10_000


@dataclass(slots=True)
class _Case:
    """`lasts_s`: the times between two failures of it in which the backend took something, together; `last_taken`: how
    many batches it had taken by then.
    """

    lasts_s: float
    last_at: float
    last_taken: int


class Stumbles:
    """One for each backend and store."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._cases: dict[Member, _Case] = {}
        self._taken = 0

    def took(self) -> None:
        """The backend has taken a batch."""
        self._taken += 1

    def failed(self, members: Iterable[Member]) -> None:
        """It has not taken one with these traces in it."""
        for member in members:
            self._note(member)

    def lasts_s(self, member: Member) -> float:
        """For how many seconds the trace has failed while others were taken; 0.0 when none was."""
        case = self._cases.get(member)
        return case.lasts_s if case is not None else 0.0

    def _note(self, member: Member) -> None:
        now, case = self._clock(), self._cases.pop(member, None)
        if case is None or now - case.last_at > _FORGOTTEN_S:
            case = _Case(0.0, now, self._taken)
        if self._taken > case.last_taken:  # an outage adds nothing: then it takes nobody
            case.lasts_s += now - case.last_at
        case.last_at, case.last_taken = now, self._taken
        self._cases[member] = case  # at the end: the first is the one that failed the longest ago
        if len(self._cases) > _MOST:
            del self._cases[next(iter(self._cases))]
