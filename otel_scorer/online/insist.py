"""Telling the ledger what nobody else knows, also when it is away for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from otel_scorer.errors import LedgerDown

_TELL_AGAIN_S = 0.5


async def insist(tell: Callable[[], Awaitable[object]], for_s: float) -> None:
    """Tells it again and again, for so long: a result is costly. Raises LedgerDown in the end, other LedgerErrors at
    once.
    """
    until = time.monotonic() + for_s
    while True:
        try:
            await tell()
        except LedgerDown:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(_TELL_AGAIN_S)
        else:
            return
