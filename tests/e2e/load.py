"""Load that is resent until it is acknowledged, and what must hold of what came out (reliability, section 3.1)."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import grpc
from e2e.agent_traces import agent_run, database_span, new_trace_id, request_of, web_span
from e2e.running import TRACE_METHOD, Door
from google.rpc import error_details_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_sink import Sink, without_scores

from otel_scorer.conventions.markers import is_agent

Key = tuple[str, str]
"""(trace id, span id), both hex."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One try that failed. `retry_s` is None where no RetryInfo came."""

    at: float
    code: grpc.StatusCode
    retry_s: float | None


@dataclass
class Load:
    """Senders in tasks of their own: `async with Load(doors) as load: ...`; leaving waits until all is acknowledged."""

    doors: Sequence[Door]
    senders: int = 3
    pause_s: float = 0.25
    patience_s: float = 60.0
    agent: dict[Key, bytes] = field(default_factory=dict)
    other: dict[Key, bytes] = field(default_factory=dict)
    acked: set[str] = field(default_factory=set)
    waits: list[tuple[float, float]] = field(default_factory=list)
    """(when the first try began, seconds until it was acknowledged)."""
    refusals: list[Refusal] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _turn: Any = field(default_factory=itertools.count)

    async def __aenter__(self) -> Load:
        self._tasks = [asyncio.create_task(self._send_for_ever()) for _ in range(self.senders)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if error is not None:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        else:
            await asyncio.gather(*self._tasks)

    @property
    def traces(self) -> list[str]:
        return sorted({trace_id for trace_id, _ in self.agent})

    async def send_one(self, spans: Sequence[Span] | None = None) -> str:
        """One trace, a web request around it and a query under its tool, in one request; its id, once acknowledged."""
        trace_id = spans[0].trace_id.hex() if spans else new_trace_id()
        if spans is None:
            web = web_span(trace_id)
            run = agent_run(trace_id, parent=web.span_id.hex())
            spans = [*run, database_span(trace_id, run[0].span_id.hex()), web]
        for span in spans:
            found = {each.key: each.value.string_value for each in span.attributes}
            into = self.agent if is_agent(found, span.name) else self.other
            into[(trace_id, span.span_id.hex())] = span.SerializeToString()
        await self._until_acked(request_of(spans))
        self.acked.add(trace_id)
        return trace_id

    async def _send_for_ever(self) -> None:
        while not self._stop.is_set():
            await self.send_one()
            await asyncio.sleep(self.pause_s)

    async def _until_acked(self, request: bytes) -> None:
        began = time.monotonic()
        while True:
            door = self.doors[next(self._turn) % len(self.doors)]
            try:
                async with grpc.aio.insecure_channel(f"127.0.0.1:{door.grpc}") as channel:
                    await channel.unary_unary(TRACE_METHOD)(request, timeout=10)
            except grpc.aio.AioRpcError as error:
                self.refusals.append(Refusal(time.monotonic(), error.code(), retry_of(error)))
                if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() - began > self.patience_s:
                    raise
                await asyncio.sleep(0.2)
            else:
                self.waits.append((began, time.monotonic() - began))
                return

    # ---- what must hold ----

    async def until_delivered(self, sink: Sink, timeout_s: float = 40.0) -> None:
        """Returns when everything that was acknowledged is at the backend."""
        end = time.monotonic() + timeout_s
        wanted = {key for key in (*self.agent, *self.other) if key[0] in self.acked}
        while missing := wanted - set(sink.span_copies()):
            assert time.monotonic() < end, f"{len(missing)} of {len(wanted)} spans did not come: {sorted(missing)[:5]}"
            await asyncio.sleep(0.2)

    def assert_unaltered(self, sink: Sink) -> None:
        """Nothing that came out is other than what went in, apart from our own attributes."""
        sent = self.agent | self.other
        for span in sink.spans():
            if (key := (span.trace_id, span.span_id)) in sent:
                assert without_scores(span.raw) == sent[key], f"altered: {key}"

    def copies(self, sink: Sink) -> dict[Key, list[bytes]]:
        """Agent spans that came out more than once, each copy as it came."""
        found: dict[Key, list[bytes]] = defaultdict(list)
        for span in sink.spans():
            if (span.trace_id, span.span_id) in self.agent:
                found[(span.trace_id, span.span_id)].append(span.raw)
        return {key: raws for key, raws in found.items() if len(raws) > 1}

    def assert_no_duplicates(self, sink: Sink) -> None:
        copies = self.copies(sink)
        assert not copies, f"{len(copies)} agent spans came twice, such as {sorted(copies)[:3]}"


def retry_of(error: grpc.aio.AioRpcError) -> float | None:
    """Seconds of the RetryInfo in the trailer that the Python exporter reads."""
    for key, value in error.trailing_metadata() or ():
        if key == "google.rpc.retryinfo-bin":
            info = error_details_pb2.RetryInfo.FromString(value)
            return info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    return None


def statuses(records: dict[str, Any]) -> Counter[str]:
    return Counter(record.status for record in records.values())
