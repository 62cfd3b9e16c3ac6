"""otel_scorer before a real backend, and what is to be seen there of what was sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from e2e.deployed import deployed
from e2e.once import SpanId
from e2e.running import Deployment, Door, Process, until
from otlp_sink import Sink
from realtools.shown import Backend, Shown

PATIENCE_S = 120.0
UNHURRIED: dict[str, Any] = {
    "complete": {"quiet_s": 3.0},
    "hold": {"span_s": 120.0, "root_s": 120.0},
    "backend": {"timeout_s": 10.0},
    "ledger": {"lease_s": 25.0},
}
"""Spans wait for their score however busy the machine is, and no export is repeated for a slow answer."""


@dataclass
class Standing:
    """A running `otel-scorer up`."""

    deployment: Deployment
    process: Process
    door: Door

    async def kill_and_restart(self) -> None:
        """SIGKILL to `up`; then the same command again."""
        self.process.kill()
        self.process.start()
        await self.deployment.ready(self.process, self.door, worker=True, timeout_s=PATIENCE_S)


@asynccontextmanager
async def scorer_before(
    port: int, backend: Mapping[str, Any] | None = None, **settings: Any
) -> AsyncIterator[Standing]:
    """`otel-scorer up` whose backend listens on that port; `backend` are settings of one that does not speak gRPC."""
    never_started = Sink(grpc_port=port)  # a deployment asks its sink for the port only
    async with deployed(never_started, **{**UNHURRIED, **settings}) as deployment:
        process, door = await deployment.up(**({"backend": backend} if backend else {}))
        yield Standing(deployment, process, door)


@dataclass(frozen=True)
class Account:
    """One combination, in spans of the client: what was sent, and what of it the backend shows."""

    client: str
    placement: str
    backend: str
    sent: int
    arrived: int
    scored: int
    """Spans with a score on them; evaluation spans where scores travel so."""
    duplicated: int
    """Bars that are shown beyond one for each span, evaluation spans included."""


def account_of(
    client: str, placement: str, backend: Backend, sent: Iterable[SpanId], shown: Sequence[Shown]
) -> Account:
    wanted = set(sent)
    copies = Counter((span.trace_id, span.span_id) for span in shown)
    return Account(
        client=client,
        placement=placement,
        backend=backend.name,
        sent=len(wanted),
        arrived=len(wanted & set(copies)),
        scored=len({span.span_id for span in shown if span.is_scored}),
        duplicated=sum(copies.values()) - len(copies),
    )


async def until_shown(backend: Backend, sent: Iterable[SpanId], *, evaluations: int = 0) -> list[Shown]:
    """Everything that the backend shows of these traces once every span is there, and so many evaluation spans.

    A moment later, so that what comes twice is seen twice.
    """
    wanted = set(sent)
    traces = {trace_id for trace_id, _ in wanted}
    shown: list[Shown] = []

    async def look() -> bool | None:
        shown[:] = [span for spans in await asyncio.gather(*map(backend.spans, traces)) for span in spans]
        there = {(span.trace_id, span.span_id) for span in shown}
        told = sum(span.is_evaluation for span in shown)
        return (wanted <= there and told >= evaluations) or None

    def missing() -> str:
        lacking = wanted - {(span.trace_id, span.span_id) for span in shown}
        return f"{backend.name} does not show {len(lacking)} of {len(wanted)} spans: {sorted(lacking)[:5]}"

    await until(look, PATIENCE_S, missing)
    await asyncio.sleep(2.0)
    await look()
    return shown
