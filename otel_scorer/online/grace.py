"""When the sweepers of one store may claim again after it was away (design 2.1, rule 2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from otel_scorer.errors import LedgerBusy, LedgerDown, LedgerError, LedgerFull, LedgerRefuses


class Grace:
    """One for each store, told of its failures by everybody in the process who talks to it: nothing is claimed until
    `grace_s` after the last of them, so that every receiver can first write what it has forwarded.
    """

    def __init__(self, grace_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._grace_s = grace_s
        self._clock = clock
        self._not_before = -float("inf")

    @property
    def over(self) -> bool:
        """Whether sweepers may claim."""
        return self._clock() >= self._not_before

    def begin(self) -> None:
        """The store is away, or was until this moment."""
        self._not_before = max(self._not_before, self._clock() + self._grace_s)

    def heard(self, error: LedgerError) -> bool:
        """Begins where that failure says that the store is away; whether it does."""
        away = means_away(error)
        if away:
            self.begin()
        return away

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """Is not over inside, however long that takes, and begins anew when it is left."""
        self._not_before = float("inf")
        try:
            yield
        finally:
            self._not_before = self._clock() + self._grace_s


def means_away(error: LedgerError) -> bool:
    """Whether nothing can be done in the store. Out of memory it lets traces leave, which is how it gets room again;
    an error of one script, or a wait for a connection, says nothing of the store.
    """
    return isinstance(error, LedgerDown | LedgerRefuses) and not isinstance(error, LedgerBusy | LedgerFull)
