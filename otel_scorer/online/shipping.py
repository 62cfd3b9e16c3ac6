"""Sends held spans to the backend in small frozen batches and says, span by span, what became of them (design 2.6).

Only a positive answer ends a span's stay in the ledger. What is refused for good is bisected down to the span that is
at fault, which is put aside; what may be tried again stays as it is, byte for byte.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

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
from otel_scorer.online.telemetry import Metrics
from otel_scorer.wire import assemble

log = logging.getLogger(__name__)
_IN_FLIGHT = 8


@dataclass(frozen=True, slots=True)
class Parcel:
    """One span on its way: the bytes that go out are `raw` and the frozen appendix."""

    member: Member
    span: StoredSpan
    appended: bytes

    @property
    def bytes(self) -> bytes:
        return self.span.raw + self.appended if self.appended else self.span.raw


@dataclass(slots=True)
class Delivery:
    """What became of the parcels. A span that is in none of the sets is still to be sent, `retry_s` from now (None:
    our own wait).
    """

    done: set[tuple[Member, bytes]] = field(default_factory=set)
    quarantined: list[Quarantined] = field(default_factory=list)
    retry_s: float | None = None
    pending: int = 0
    start_before: float = float("inf")


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
    ) -> None:
        self._backend = backend
        self._settings = settings
        self._metrics = metrics
        self._watch = watch
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(_IN_FLIGHT)

    async def ship(self, parcels: Sequence[Parcel], now_ms: int, start_before: float) -> Delivery:
        """Sends all of them; returns when every batch was answered or has timed out.

        No sending begins after `start_before` (monotonic seconds): one that ends after the lease might be another's
        too.
        """
        delivery = Delivery(start_before=start_before)
        batches = [batch for group in _by_headers(parcels) for batch in self._batches(group)]
        await asyncio.gather(*(self._send(batch, delivery, now_ms) for batch in batches))
        return delivery

    def _batches(self, parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
        limits = self._settings
        batch: list[Parcel] = []
        members: set[Member] = set()
        size = 0
        for parcel in parcels:
            full = len(batch) >= limits.batch_spans or size + len(parcel.span.raw) > limits.batch_mib * 1024 * 1024
            if batch and (full or (parcel.member not in members and len(members) >= limits.batch_traces)):
                yield batch
                batch, members, size = [], set(), 0
            batch.append(parcel)
            members.add(parcel.member)
            size += len(parcel.span.raw)
        if batch:
            yield batch

    async def _send(self, batch: list[Parcel], delivery: Delivery, now_ms: int) -> None:
        body = assemble((parcel.span.stored.envelope, parcel.bytes) for parcel in batch)
        async with self._slots:
            if time.monotonic() > delivery.start_before:
                self._pending(batch, 0.0, delivery)
                return
            began = time.monotonic()
            outcome = await self._backend.send("traces", body, batch[0].span.stored.headers, self._timeout_s)
        self._metrics.observe("export_duration", time.monotonic() - began, signal="traces")
        self._watch.saw("traces", outcome)
        await self._settle(batch, outcome, delivery, now_ms)

    async def _settle(self, batch: list[Parcel], outcome: Outcome, delivery: Delivery, now_ms: int) -> None:
        match outcome:
            case Accepted(rejected=rejected, message=message):
                self._accepted(batch, rejected, message, delivery, now_ms)
            case Broken() if (
                len(alone := _by_member(batch)) > 1
            ):  # a trace it stumbles over must not hold up the others
                await asyncio.gather(*(self._send(own, delivery, now_ms) for own in alone.values()))
            case Refused() | TooLarge() if len(batch) > 1:
                middle = len(batch) // 2
                await asyncio.gather(*(self._send(half, delivery, now_ms) for half in (batch[:middle], batch[middle:])))
            case Refused(message=message) | TooLarge(message=message):
                self._put_aside(batch, f"refused: {message}", 1, delivery, now_ms)
            case Retryable(after_s=after_s):
                self._pending(batch, after_s, delivery)
            case Misconfigured() | Unsupported() | Broken():
                self._pending(batch, None, delivery)

    def _accepted(self, batch: list[Parcel], rejected: int, message: str, delivery: Delivery, now_ms: int) -> None:
        delivery.done.update((parcel.member, parcel.span.key) for parcel in batch)
        if rejected:
            # final (OTLP "Partial Success"): which ones it dropped is not said, so the whole batch is named
            self._put_aside(batch, f"partial success: {message}", rejected, delivery, now_ms)
        scored = sum(1 for parcel in batch if parcel.appended)
        self._metrics.add("exported_spans", scored, how="annotated")
        self._metrics.add("exported_spans", len(batch) - scored, how="plain")

    def _put_aside(self, batch: list[Parcel], reason: str, rejected: int, delivery: Delivery, now_ms: int) -> None:
        delivery.done.update((parcel.member, parcel.span.key) for parcel in batch)
        by_member = _by_member(batch)
        for member, parcels in by_member.items():
            ids = tuple(parcel.span.key[:8].hex() for parcel in parcels)
            name = blake2b(b"".join(parcel.span.key for parcel in parcels), digest_size=8).hexdigest()
            body = assemble((parcel.span.stored.envelope, parcel.bytes) for parcel in parcels)
            delivery.quarantined.append(
                Quarantined(
                    f"{member}/{name}", member.tenant, member.trace_id, ids, reason[:500], now_ms, body, rejected
                )
            )
        self._metrics.add("quarantined_spans", rejected)
        log.error("the backend refused %d span(s) of %d trace(s): %s", rejected, len(by_member), reason[:200])

    def _pending(self, batch: list[Parcel], after_s: float | None, delivery: Delivery) -> None:
        delivery.pending += len(batch)
        if after_s is not None:
            delivery.retry_s = max(delivery.retry_s or 0.0, after_s)


def _by_member(parcels: Iterable[Parcel]) -> dict[Member, list[Parcel]]:
    found: dict[Member, list[Parcel]] = {}
    for parcel in parcels:
        found.setdefault(parcel.member, []).append(parcel)
    return found


def _by_headers(parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
    """Parcels that may travel together: the headers kept with them are the same."""
    groups: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        groups.setdefault(_header_key(parcel.span.stored.headers), []).append(parcel)
    yield from groups.values()


def _header_key(headers: Mapping[str, str]) -> str:
    return json.dumps(headers, sort_keys=True) if headers else ""
