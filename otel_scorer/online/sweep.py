"""The pipeline's clock: claims what is due in one store and does what its state asks (design 2.3 to 2.6)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence

from otel_scorer.conventions.kinds import kind_of
from otel_scorer.errors import LedgerError
from otel_scorer.history.record import Record
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.contents import StoredSpan
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import ROOT_KINDS
from otel_scorer.online.decisions import BROKEN
from otel_scorer.online.departures import Departure, Departures, End
from otel_scorer.online.endings import load_outbox
from otel_scorer.online.grace import Grace
from otel_scorer.online.open_traces import OpenTraces
from otel_scorer.online.pipeline_settings import SweepSettings
from otel_scorer.online.recording import bare_ending
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.waiting_traces import WaitingTraces
from otel_scorer.otlp import decode_span

log = logging.getLogger(__name__)
_SLOW_S = 0.5
_AGAIN_S = 1.0
_READ_BYTES = 32 * 1024 * 1024
"""Traces are worked on in groups of at most so many span bytes."""


class Sweeper:
    """Any number may run, here and elsewhere: a trace is claimed by one at a time."""

    def __init__(
        self,
        ledger: Ledger,
        open_traces: OpenTraces,
        waiting_traces: WaitingTraces,
        departures: Departures,
        settings: SweepSettings,
        metrics: Metrics,
        grace: Grace,
    ) -> None:
        self._ledger = ledger
        self._open = open_traces
        self._waiting = waiting_traces
        self._departures = departures
        self._settings = settings
        self._metrics = metrics
        self._grace = grace

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop: a round that has begun is finished, so that what was sent is also committed.

        After the ledger was away, receivers first write what they have forwarded meanwhile.
        """
        while not stopping.is_set():
            try:
                found = await self.sweep()
                # with less than it may take at once it waits for more: small rounds cost as much as large ones
                pause = 0.0 if found >= self._settings.traces else self._settings.poll_s
            except LedgerError as error:
                first = self._grace.over  # once for each time that it is away, not ten times a second
                away = self._grace.heard(error)
                if first or not away:
                    log.info("sweeping waits for the ledger: %s", error)
                pause = self._settings.poll_s if away else _AGAIN_S
            except Exception:
                # the traces stay leased and come back; a sweeper that ends would strand all of them
                log.exception("a sweep failed; its traces are taken up again when their lease ends")
                pause = _AGAIN_S
            await asyncio.sleep(pause)

    async def sweep(self) -> int:
        """One round; answers how many traces were due."""
        if not self._grace.over:
            began = time.monotonic()
            await self._ledger.now_ms()  # still away? then the grace starts anew
            if time.monotonic() - began > _SLOW_S:  # it was, until this moment
                self._grace.begin()
            return 0
        claims = await self._ledger.claim(self._settings.traces)
        for group in _groups(claims):
            await self._work_apart(group)
        return len(claims)

    async def _work_apart(self, claims: Sequence[Claim]) -> None:
        """All together; where that fails, one by one, so that a trace that cannot be worked on strands no other."""
        try:
            await self._work(claims)
        except LedgerError:
            raise
        except Exception:
            log.exception("a round of %d traces failed: each is worked on alone", len(claims))
            for claim in claims:
                await self._work_alone(claim)

    async def _work_alone(self, claim: Claim) -> None:
        try:
            await self._work([claim])
        except LedgerError:
            raise
        except Exception:
            log.exception("trace %s cannot be judged: it goes as it came", claim.member.trace_id)
            await self._end_broken(claim)

    async def _end_broken(self, claim: Claim) -> None:
        """Ends a trace that our own code cannot handle: its spans go as they came, its record says `rubric_error`."""
        (content,) = await self._ledger.read([claim])
        if claim.state == "late":
            departure = Departure(claim, content.held, end=End(claim.decision, None))
        else:
            decision, record = bare_ending(claim.member, BROKEN, claim.now_ms)
            meta = {"state": "exporting", "decision": decision, "record": record.to_json()}
            departure = Departure(claim, content.held, meta=meta, end=End(decision, record))
        await self._departures.let_go([departure])

    async def _work(self, claims: Sequence[Claim]) -> None:
        by_state: dict[str, list[Claim]] = {}
        for claim in claims:
            by_state.setdefault(claim.state, []).append(claim)
        departures = await self._open.handle(by_state.get("open", []))
        departures += await self._waiting.handle(by_state.get("waiting", []))
        departures += await self._resume(by_state.get("exporting", []))
        departures += await self._late(by_state.get("late", []))
        await self._departures.let_go(departures)

    async def _resume(self, claims: Sequence[Claim]) -> list[Departure]:
        """Exports that had begun: what is still held goes as it was frozen."""
        contents = await self._ledger.read(claims)
        return [_resumed(claim, content.held) for claim, content in zip(claims, contents, strict=True)]

    async def _late(self, claims: Sequence[Claim]) -> list[Departure]:
        """Spans that came after their trace had ended: they inherit its decision and go at once."""
        contents = await self._ledger.read(claims)
        roots = sum(_is_root(span) for content in contents for span in content.held)
        self._metrics.add("sealed_before_root", roots)
        return [
            Departure(claim, content.held, end=End(claim.decision, None))
            for claim, content in zip(claims, contents, strict=True)
        ]


def _resumed(claim: Claim, held: Sequence[StoredSpan]) -> Departure:
    record = Record.from_json(claim.record)
    return Departure(claim, held, end=End(claim.decision, record, claim.kept, load_outbox(claim.outbox)))


def _is_root(stored: StoredSpan) -> bool:
    """An agent's own span that came after its trace was sealed."""
    span = decode_span(stored.raw, stored.stored.envelope)
    return not span.parent_id and kind_of(span)[0] in ROOT_KINDS


def _groups(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    group: list[Claim] = []
    size = 0
    for claim in claims:
        if group and size + claim.size > _READ_BYTES:
            yield group
            group, size = [], 0
        group.append(claim)
        size += claim.size
    if group:
        yield group
