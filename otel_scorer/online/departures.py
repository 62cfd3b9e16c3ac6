"""Lets traces and spans go: intent into the ledger, bytes to the backend, and the ledger told what became of them
(design 2.6).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from otel_scorer.errors import LedgerDown
from otel_scorer.history.record import Record
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.contents import Advance, Commit, Outgoing, StoredSpan
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.pipeline_settings import SweepSettings
from otel_scorer.online.recording import Ended
from otel_scorer.online.shipping import Delivery, Parcel, Shipper
from otel_scorer.online.telemetry import Metrics

_TELL_AGAIN_S = 0.2


@dataclass(frozen=True, slots=True)
class End:
    """How the trace ends once its spans have gone. `record` is None for late spans: their trace has one."""

    decision: str
    record: Record | None
    kept: bytes = b""
    outbox: tuple[Outgoing, ...] = ()


@dataclass(frozen=True, slots=True)
class Departure:
    """Spans of one claimed trace that are to go now."""

    claim: Claim
    spans: Sequence[StoredSpan]
    appendices: Mapping[bytes, bytes] = field(default_factory=dict)
    meta: Mapping[str, str | bytes | int] = field(default_factory=dict)
    """Written with the intent, before anything is sent."""
    freeze_all: bool = False
    """Also the spans without an appendix are frozen: the trace is open or waits, and could be given one later."""
    end: End | None = None
    due_ms: int = 0
    """When the trace is due again, without an end."""

    def frozen(self) -> dict[bytes, bytes]:
        """What is written as intent: the first writing of a span's appendix stays."""
        if not (self.appendices or self.freeze_all):
            return {}
        keys = {span.key for span in self.spans if span.frozen is None}
        found = {key: appended for key, appended in self.appendices.items() if key in keys}
        return {**dict.fromkeys(keys, b""), **found} if self.freeze_all else found

    def parcel(self) -> Parcel:
        """What goes: of a span whose export had begun, what was frozen then."""
        before = {span.key: span.frozen for span in self.spans if span.frozen is not None}
        return Parcel(self.claim.member, self.spans, {**self.appendices, **before})


class Departures:
    """One for each store and backend."""

    def __init__(
        self,
        ledger: Ledger,
        shipper: Shipper,
        settings: SweepSettings,
        metrics: Metrics,
        *,
        lease_s: float,
        ended: Ended,
    ) -> None:
        self._ledger = ledger
        self._shipper = shipper
        self._settings = settings
        self._metrics = metrics
        self._lease_s = lease_s
        self._ended = ended

    async def let_go(self, departures: Sequence[Departure]) -> None:
        """Sends and settles. Raises LedgerError: leases then run out, and somebody goes on from what the ledger has."""
        if not departures:
            return
        leaving = await self._write_intents(departures)
        start_before = time.monotonic() + self._lease_s / 2
        now_ms = max(departure.claim.now_ms for departure in departures)
        parcels = [departure.parcel() for departure in leaving if departure.spans]
        delivery = await self._shipper.ship(parcels, now_ms, start_before) if parcels else Delivery()
        await self._tell(leaving, delivery)

    async def _tell(self, leaving: Sequence[Departure], delivery: Delivery) -> None:
        """However long the ledger is away: only we know what was sent, and it must not be sent again (rule 2).

        When it is back, nobody claims within the grace, so our fence still holds; telling twice changes nothing.
        """
        while True:
            try:
                if delivery.quarantined:
                    keep_s = self._settings.quarantine_hours * 3600
                    await self._ledger.postbox.quarantine(delivery.quarantined, keep_s)
                await self._settle(leaving, delivery)
            except LedgerDown:
                if not delivery.done:
                    raise
                await asyncio.sleep(_TELL_AGAIN_S)
            else:
                return

    async def _write_intents(self, departures: Sequence[Departure]) -> list[Departure]:
        """Those whose fence still holds."""
        steps: dict[Member, Advance] = {}
        for departure in departures:
            if departure.spans:  # also with nothing to write: the fence is asked, the lease renewed before sending
                claim, frozen = departure.claim, departure.frozen()
                steps[claim.member] = Advance(claim.member, claim.fence, meta=departure.meta, appendices=frozen)
        answers = await self._ledger.advance(list(steps.values()))
        lost = {member for member, held in zip(steps, answers, strict=True) if not held}
        if lost:
            self._metrics.add("fences_lost", len(lost))
        return [departure for departure in departures if departure.claim.member not in lost]

    async def _settle(self, departures: Sequence[Departure], delivery: Delivery) -> None:
        ends: list[tuple[Departure, Commit]] = []
        steps: list[Advance] = []
        retry_ms = int((self._settings.retry_s if delivery.retry_s is None else delivery.retry_s) * 1000)
        for departure in departures:
            claim = departure.claim
            done = delivery.done.get(claim.member, [])
            if len(done) < len(departure.spans):
                due = claim.now_ms + max(retry_ms, 200)
                steps.append(Advance(claim.member, claim.fence, due_ms=due, heed_holds=False, done=done))
            elif departure.end is None:
                steps.append(Advance(claim.member, claim.fence, due_ms=departure.due_ms, done=done))
            else:
                ends.append((departure, _commit(departure, departure.end)))
        if steps:
            await self._ledger.advance(steps)
        answers = await self._ledger.commit([commit for _, commit in ends])
        for held, (departure, _) in zip(answers, ends, strict=True):
            if not held:
                self._metrics.add("fences_lost", 1)
            elif departure.end is not None and departure.end.record is not None:
                self._ended(departure.end.record)


def _commit(departure: Departure, end: End) -> Commit:
    written = departure.meta.get("record")  # the same record, as it was written with the intent
    record = written if isinstance(written, str) else end.record.to_json() if end.record else ""
    keys = tuple([span.key for span in departure.spans])
    return Commit(departure.claim.member, departure.claim.fence, end.decision, record, end.kept, keys, end.outbox)
