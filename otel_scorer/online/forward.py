"""Sending on what only passes through: the backend's answer becomes the sender's (design 2.2)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from otel_scorer import wire
from otel_scorer.errors import BadRequest, Unavailable
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
from otel_scorer.online.telemetry import Metrics
from otel_scorer.wire.parts import Signal

logger = logging.getLogger(__name__)

_LOUD_EVERY_S = 60.0


class BackendWatch:
    """Looks at every outcome: counts it, knows whether our settings are at fault (for readiness), says so."""

    def __init__(self, metrics: Metrics, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._loud_again = 0.0
        self._told_broken = -_LOUD_EVERY_S
        self._told_unsupported: set[Signal] = set()
        self.problem: str | None = None
        """What a person must mend before the backend takes anything; None when nothing is known of the kind."""

    def saw(self, signal: Signal, outcome: Outcome) -> None:
        """Call with every outcome, of passed and of held data alike."""
        self._metrics.add("backend_outcomes", 1, signal=signal, outcome=type(outcome).__name__.lower())
        if isinstance(outcome, Misconfigured):
            self._misconfigured(outcome)
        elif isinstance(outcome, Unsupported):
            self._unsupported(signal, outcome)
        elif isinstance(outcome, Broken):
            self._broken(outcome)
        elif isinstance(outcome, Accepted):
            self.problem = None

    def _misconfigured(self, outcome: Misconfigured) -> None:
        self.problem = f"the backend refuses us because of our settings: {outcome.message}"
        if self._clock() >= self._loud_again:
            self._loud_again = self._clock() + _LOUD_EVERY_S
            logger.error("%s; spans are kept and senders wait until backend.* is mended", self.problem)

    def _broken(self, outcome: Broken) -> None:
        if self._clock() >= self._told_broken + _LOUD_EVERY_S:
            self._told_broken = self._clock()
            logger.warning(
                "something is broken in the backend (%s): what it did not take is sent again", outcome.message
            )

    def _unsupported(self, signal: Signal, outcome: Unsupported) -> None:
        if signal not in self._told_unsupported:
            self._told_unsupported.add(signal)
            logger.warning(
                "the backend takes no %s (%s): they are acknowledged, used as evidence, and not forwarded",
                signal,
                outcome.message,
            )


@dataclass(frozen=True, slots=True)
class _Job:
    """One request on its way, with the moment at which all of its parts must be done."""

    backend: Backend
    watch: BackendWatch
    metrics: Metrics
    signal: Signal
    headers: Mapping[str, str]
    deadline: float

    async def send(self, body: bytes) -> Outcome:
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            return Retryable(None, "the parts of a large request took too long")
        outcome = await self.backend.send(self.signal, body, self.headers, left_s)
        self.watch.saw(self.signal, outcome)
        return outcome


async def forward(
    backend: Backend,
    watch: BackendWatch,
    metrics: Metrics,
    signal: Signal,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
) -> Accepted:
    """Returns what the backend has, its partial success included; a request that is too large goes in halves.

    Raises BadRequest when the backend refuses all of it for good, Unavailable when the sender must send it again.
    Parts of a large request may then have been taken already: what passes through is sent at least once.
    """
    job = _Job(backend, watch, metrics, signal, headers, time.monotonic() + timeout_s)
    outcome = await job.send(body)
    if isinstance(outcome, Refused):
        raise BadRequest(f"the tracing backend refuses this request: {outcome.message}")
    return await _settle(job, body, outcome)


async def _settle(job: _Job, body: bytes, outcome: Outcome) -> Accepted:
    """An outcome as what the sender is told; only TooLarge asks for more sending."""
    if isinstance(outcome, Accepted):
        return outcome
    if isinstance(outcome, Unsupported):
        job.metrics.add("unsupported_by_backend", wire.count_items(job.signal, body), signal=job.signal)
        return Accepted()
    if isinstance(outcome, Refused):
        return Accepted(wire.count_items(job.signal, body), f"refused by the tracing backend: {outcome.message}")
    if isinstance(outcome, TooLarge):
        return await _halves(job, body, outcome)
    if isinstance(outcome, Misconfigured):
        raise Unavailable("the tracing backend does not take data with the present settings; its operator was told")
    # OTLP calls HTTP 500 final; whether the backend has it nobody knows, so the sender keeps it (rule 1)
    after_s = outcome.after_s if isinstance(outcome, Retryable) else None
    raise Unavailable(f"the tracing backend did not take the request: {outcome.message}", after_s)


async def _halves(job: _Job, body: bytes, outcome: TooLarge) -> Accepted:
    parts = wire.split_request(job.signal, body, 2)
    if len(parts) < 2:
        return Accepted(wire.count_items(job.signal, body), f"too large for the tracing backend: {outcome.message}")
    rejected, messages = 0, []
    for part in parts:
        answer = await _settle(job, part, await job.send(part))
        rejected += answer.rejected
        messages.append(answer.message)
    return Accepted(rejected, next(filter(None, messages), ""))
