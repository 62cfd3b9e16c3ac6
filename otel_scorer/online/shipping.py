"""Sends held spans to the backend in small frozen batches and says, span by span, what became of them (design 2.6).

Only a positive answer ends a span's stay in the ledger. What is refused for good is bisected down to the span that is
at fault, which is put aside; what may be tried again stays as it is, byte for byte.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter

from otel_scorer.ledger.contents import StoredSpan
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.postbox import Quarantined
from otel_scorer.online.backend import (
    Accepted,
    Backend,
    Broken,
    Misconfigured,
    Outcome,
    Refused,
    Retryable,
    TooLarge,
    Unsupported,
)
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.pipeline_settings import SweepSettings
from otel_scorer.online.stumbles import Stumbles
from otel_scorer.online.telemetry import Metrics
from otel_scorer.wire import Envelope, assemble_runs

log = logging.getLogger(__name__)
_IN_FLIGHT = 8
_APART_AFTER_S = 60.0
"""A trace that has failed for so long while the backend took others goes alone, and then in halves."""
_SURE_AFTER = 24
"""A span is given up only after failing, as this process sees it, for this part of the time that it may take."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Spans of one trace on their way: the bytes that go out are `raw` and, for some, what is appended (by key)."""

    member: Member
    spans: Sequence[StoredSpan]
    appended: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum([len(span.raw) for span in self.spans])

    @property
    def annotated(self) -> int:
        """Spans to which something is appended."""
        return sum(1 for span in self.spans if self.appended.get(span.key)) if self.appended else 0

    def halves(self) -> tuple[Parcel, Parcel]:
        middle = len(self.spans) // 2
        return replace(self, spans=self.spans[:middle]), replace(self, spans=self.spans[middle:])

    def runs(self) -> Iterator[tuple[Envelope, Sequence[bytes]]]:
        """The bytes that go out, by what they stand in."""
        for stored, spans in groupby(self.spans, attrgetter("stored")):
            if self.appended:
                yield stored.envelope, [span.raw + self.appended.get(span.key, b"") for span in spans]
            else:
                yield stored.envelope, [span.raw for span in spans]


Batch = list[Parcel]
"""What goes in one request."""


@dataclass(slots=True)
class Delivery:
    """What became of the parcels. A span that is not `done` is still to be sent, `retry_s` from now (None: our own
    wait).
    """

    done: dict[Member, list[StoredSpan]] = field(default_factory=dict)
    """Sent, or quarantined."""
    quarantined: list[Quarantined] = field(default_factory=list)
    retry_s: float | None = None
    start_before: float = float("inf")

    def add(self, batch: Batch) -> None:
        """These are done."""
        for parcel in batch:
            self.done.setdefault(parcel.member, []).extend(parcel.spans)


class Shipper:
    """Sends parcels to one backend."""

    def __init__(
        self,
        backend: Backend,
        settings: SweepSettings,
        metrics: Metrics,
        watch: BackendWatch,
        *,
        timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock`: seconds, by which is told for how long a trace fails."""
        self._backend = backend
        self._settings = settings
        self._metrics = metrics
        self._watch = watch
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        self._stumbles = Stumbles(clock)

    async def ship(self, parcels: Sequence[Parcel], now_ms: int, start_before: float) -> Delivery:
        """Sends all of them; returns when every batch was answered or has timed out.

        No sending begins after `start_before` (monotonic seconds): one that ends after the lease might be another's
        too.
        """
        delivery = Delivery(start_before=start_before)
        batches = [batch for group in _by_headers(parcels) for batch in self._batches(group)]
        await asyncio.gather(*(self._send(batch, delivery, now_ms) for batch in batches))
        return delivery

    def _batches(self, parcels: Iterable[Parcel]) -> Iterator[Batch]:
        limits = self._settings
        most_bytes = int(limits.batch_mib * 1024 * 1024)
        batch: Batch = []
        spans = size = 0
        for parcel, its_size in self._cut(parcels, most_bytes):
            full = spans + len(parcel.spans) > limits.batch_spans or size + its_size > most_bytes
            if batch and (full or len(batch) >= limits.batch_traces):
                yield batch
                batch, spans, size = [], 0, 0
            batch.append(parcel)
            spans, size = spans + len(parcel.spans), size + its_size
        if batch:
            yield batch

    def _cut(self, parcels: Iterable[Parcel], most_bytes: int) -> Iterator[tuple[Parcel, int]]:
        """Each small enough for a batch, or a single span; with its size."""
        for parcel in parcels:
            size = parcel.size
            if len(parcel.spans) == 1 or (len(parcel.spans) <= self._settings.batch_spans and size <= most_bytes):
                yield parcel, size
            else:
                yield from self._cut(parcel.halves(), most_bytes)

    async def _send(self, batch: Batch, delivery: Delivery, now_ms: int) -> None:
        body = assemble_runs(run for parcel in batch for run in parcel.runs())
        async with self._slots:
            if time.monotonic() > delivery.start_before:
                self._pending(0.0, delivery)
                return
            began = time.monotonic()
            headers = batch[0].spans[0].stored.headers
            outcome = await self._backend.send("traces", body, headers, self._timeout_s)
        self._metrics.observe("export_duration", time.monotonic() - began, signal="traces")
        self._watch.saw("traces", outcome)
        await self._settle(batch, outcome, delivery, now_ms)

    async def _settle(self, batch: Batch, outcome: Outcome, delivery: Delivery, now_ms: int) -> None:
        match outcome:
            case Accepted(rejected=rejected, message=message):
                self._stumbles.took()
                self._accepted(batch, rejected, message, delivery, now_ms)
            case Refused() | TooLarge() if len(halves := _halves(batch)) > 1:
                await asyncio.gather(*(self._send(half, delivery, now_ms) for half in halves))
            case Refused(message=message) | TooLarge(message=message):
                delivery.add(batch)
                self._put_aside(batch, f"refused: {message}", 1, delivery, now_ms)
            case Retryable() | Broken():
                await self._not_taken(batch, outcome, delivery, now_ms)
            case Misconfigured() | Unsupported():
                self._pending(None, delivery)

    async def _not_taken(self, batch: Batch, outcome: Retryable | Broken, delivery: Delivery, now_ms: int) -> None:
        """It is sent again, in smaller parts where the backend may stumble over something in it."""
        if isinstance(outcome, Retryable) and outcome.after_s is not None:  # who names a wait has too much to do
            self._pending(outcome.after_s, delivery)
            return
        parts = self._parts(batch, outcome)
        if len(parts) > 1:
            await asyncio.gather(*(self._send(part, delivery, now_ms) for part in parts))
            return
        self._stumbles.failed(parcel.member for parcel in batch)
        if self._is_given_up(batch, outcome, now_ms):
            delivery.add(batch)
            why = f"not taken for {self._settings.give_up_hours:g} hours, while others were: {outcome.message}"
            self._put_aside(batch, why, 1, delivery, now_ms)
        else:
            self._pending(None, delivery)

    def _parts(self, batch: Batch, outcome: Retryable | Broken) -> list[Batch]:
        """Traces alone where something is broken: one that the backend stumbles over must not hold up the others.

        What only was not taken goes in parts once that has lasted while others were taken: a backend that has too much
        to do is not asked more often, nor is one that is away.
        """
        lasting = any(self._stumbles.lasts_s(parcel.member) >= _APART_AFTER_S for parcel in batch)
        if len(batch) > 1:
            return [[parcel] for parcel in batch] if lasting or isinstance(outcome, Broken) else [batch]
        return _halves(batch) if lasting else [batch]

    def _is_given_up(self, batch: Batch, outcome: Retryable | Broken, now_ms: int) -> bool:
        """A single span, far beyond its time, over which the backend breaks while it takes others. One that only asks
        for time, or does not answer, may have too much to do: its spans are kept.
        """
        (first, *others) = batch
        most_s = self._settings.give_up_hours * 3600
        if others or len(first.spans) > 1 or not isinstance(outcome, Broken):
            return False
        if self._stumbles.lasts_s(first.member) < most_s / _SURE_AFTER:
            return False
        release_ms = first.spans[0].release_ms
        return release_ms is not None and now_ms - release_ms >= most_s * 1000

    def _accepted(self, batch: Batch, rejected: int, message: str, delivery: Delivery, now_ms: int) -> None:
        delivery.add(batch)
        if rejected:
            # final (OTLP "Partial Success"): which ones it dropped is not said, so the whole batch is named
            self._put_aside(batch, f"partial success: {message}", rejected, delivery, now_ms)
        scored = sum(parcel.annotated for parcel in batch)
        self._metrics.add("exported_spans", scored, how="annotated")
        self._metrics.add("exported_spans", sum(len(parcel.spans) for parcel in batch) - scored, how="plain")

    def _put_aside(self, batch: Batch, reason: str, rejected: int, delivery: Delivery, now_ms: int) -> None:
        for parcel in batch:
            member, keys = parcel.member, [span.key for span in parcel.spans]
            name = blake2b(b"".join(keys), digest_size=8).hexdigest()
            ids = tuple(key[:8].hex() for key in keys)
            body = assemble_runs(parcel.runs())
            delivery.quarantined.append(
                Quarantined(
                    f"{member}/{name}", member.tenant, member.trace_id, ids, reason[:500], now_ms, body, rejected
                )
            )
        self._metrics.add("quarantined_spans", rejected)
        log.error("put aside %d span(s) of %d trace(s): %s", rejected, len(batch), reason[:200])

    def _pending(self, after_s: float | None, delivery: Delivery) -> None:
        if after_s is not None:
            delivery.retry_s = max(delivery.retry_s or 0.0, after_s)


def _halves(batch: Batch) -> list[Batch]:
    """Two that have about as many spans; one when there is only one span."""
    if len(batch) > 1:
        middle = len(batch) // 2
        return [batch[:middle], batch[middle:]]
    return [[half] for half in batch[0].halves() if half.spans]


def _by_headers(parcels: Iterable[Parcel]) -> Iterator[Batch]:
    """Parcels that may travel together: the headers kept with their spans are the same."""
    groups: dict[str, Batch] = {}
    for parcel in parcels:
        for key, part in _same_headers(parcel):
            groups.setdefault(key, []).append(part)
    yield from groups.values()


def _same_headers(parcel: Parcel) -> Iterable[tuple[str, Parcel]]:
    kinds = {_header_key(stored.headers) for stored, _ in groupby(parcel.spans, attrgetter("stored"))}
    if len(kinds) == 1:
        return [(kinds.pop(), parcel)]
    return [
        (kind, replace(parcel, spans=[span for span in parcel.spans if _header_key(span.stored.headers) == kind]))
        for kind in kinds
    ]


def _header_key(headers: Mapping[str, str]) -> str:
    return json.dumps(headers, sort_keys=True) if headers else ""
