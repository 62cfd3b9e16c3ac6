"""What was forwarded while the ledger was away: kept in memory, written to the ledger as sent when it is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import Ledger

log = logging.getLogger(__name__)
LIMIT = 1_000_000
"""Span keys kept in memory; beyond it a trace is not noted, and a span of it that the ledger holds
may be sent twice.
"""

_PER_CALL = 2000
_AT_ONCE = 16
"""Traces told together: the store syncs its file once for all of them, so that a long journal fits into the grace."""


class Journal:
    """Span keys of forwarded spans by trace. One for each store."""

    def __init__(self, ending: Callable[[Member], tuple[str, str]]) -> None:
        """`ending` makes decision and record (both JSON) of a bypassed trace."""
        self._ending = ending
        self._sent: dict[Member, list[bytes]] = {}
        self._size = 0
        self._writing = asyncio.Lock()
        self.lost = 0

    def __len__(self) -> int:
        return self._size

    def note(self, member: Member, keys: Iterable[bytes]) -> None:
        added = list(keys)
        if self._size + len(added) > LIMIT:
            if not self.lost:
                log.error(
                    "bypass journal is full at %d spans: spans that the ledger holds too may be sent twice", LIMIT
                )
            self.lost += len(added)
            return
        self._sent.setdefault(member, []).extend(added)
        self._size += len(added)

    async def write(self, ledger: Ledger) -> int:
        """Tells the ledger what was noted before the call; answers how many spans it had held. One writer at a time.

        What was told is forgotten, so after a failure (LedgerError) the next writer goes on from there.
        """
        dropped = 0
        async with self._writing:
            members = list(self._sent)
            for at in range(0, len(members), _AT_ONCE):
                part = members[at : at + _AT_ONCE]
                answers = await asyncio.gather(*(self._tell(ledger, member) for member in part), return_exceptions=True)
                for answer in answers:
                    if isinstance(answer, BaseException):
                        raise answer
                    dropped += answer
        return dropped

    async def _tell(self, ledger: Ledger, member: Member) -> int:
        keys = self._sent[member]
        decision, record = self._ending(member)
        dropped = 0
        while keys:
            part = keys[:_PER_CALL]
            dropped += await ledger.mark_sent(member, part, decision, record)
            del keys[: len(part)]
            self._size -= len(part)
        del self._sent[member]
        return dropped
