"""Scorers for the process apart that end in the ways in which one can end. Importable there, so a module of its own."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from otel_scorer.errors import LedgerDown
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.pipeline_settings import CompleteSettings, HoldSettings
from otel_scorer.online.stores import Stores, open_stores, trace_limits


@dataclass(frozen=True)
class Ending:
    """Makes scorers that take their trace and then end as `how` says."""

    url: str
    how: str

    def __call__(self, worker: str) -> tuple[Any, Stores]:
        limits = trace_limits(CompleteSettings(), HoldSettings(), holds=True)
        stores = open_stores((self.url,), LedgerSettings(), limits)
        return _Ends(stores.ledgers[0], worker, self.how), stores


@dataclass(frozen=True)
class _Ends:
    ledger: Ledger
    worker: str
    how: str

    async def score(self, member: Member, dispatch: int) -> None:
        assert await self.ledger.start_scoring(member, self.worker, dispatch, alone=True) is not None
        match self.how:
            case "finishes":
                await self.ledger.finish_scoring(member, "[]", b"")
            case "dies":
                os._exit(1)
            case "leaves":
                sys.exit(0)
            case "ledger away":
                raise LedgerDown("away")
            case "stands still":
                time.sleep(60)
