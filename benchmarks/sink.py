"""A tracing backend that takes everything over gRPC, keeps nothing and counts: a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from typing import Any

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"
_IDS = re.compile(rb"(?s)\n\x10(.{16}\x12\x08.{8})")
"""Trace id and span id as SDKs write them, first in a span. The Collector writes fields in another order."""
OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]


class Sink:
    """`spans` that came so far (evaluation spans of ours apart), and how many different ones since `reset`."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._spans: Synchronized[int] = context.Value("Q", 0)
        self._evaluations: Synchronized[int] = context.Value("Q", 0)
        self._different: Synchronized[int] = context.Value("Q", 0)
        self._round: Synchronized[int] = context.Value("Q", 0)
        self._port: Synchronized[int] = context.Value("i", 0)
        self._ready: Event = context.Event()
        shared = (self._spans, self._evaluations, self._different, self._round, self._port, self._ready)
        self._process = context.Process(target=_main, args=shared, daemon=True)
        self._process.start()
        if not self._ready.wait(30):
            raise RuntimeError("the sink did not start")

    @property
    def spans(self) -> int:
        return int(self._spans.value) - self.evaluations

    @property
    def evaluations(self) -> int:
        return int(self._evaluations.value)

    @property
    def different(self) -> int:
        """(trace id, span id) pairs that came since `reset`."""
        return int(self._different.value)

    def reset(self) -> None:
        """From now on different spans are counted anew."""
        self._different.value = 0
        self._round.value += 1

    @property
    def port(self) -> int:
        return int(self._port.value)

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(10)


def _main(*shared: Any) -> None:
    from otel_scorer.online.runtime import prepare_runtime

    prepare_runtime()
    asyncio.run(_serve(*shared))


async def _serve(spans: Any, evaluations: Any, different: Any, number: Any, port: Any, ready: Event) -> None:
    import grpc
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from otel_scorer.wire import count_items

    def ids(body: bytes, spans_in_body: int) -> list[bytes]:
        found = _IDS.findall(body)
        if len(found) == spans_in_body:
            return found
        scopes = (s for r in ExportTraceServiceRequest.FromString(body).resource_spans for s in r.scope_spans)
        return [span.trace_id + b"\x12\x08" + span.span_id for scope in scopes for span in scope.spans]

    seen: set[bytes] = set()
    seen_in = 0

    async def export(body: bytes, _context: Any) -> bytes:
        nonlocal seen_in
        if number.value != seen_in:
            seen_in = number.value
            seen.clear()
        ours = body.count(b"otel_scorer.evaluated_at")
        came = count_items("traces", body)
        if not ours:  # evaluation spans travel in requests of their own
            seen.update(ids(body, came))
        different.value = len(seen)
        spans.value += came
        evaluations.value += ours
        return b""

    server = grpc.aio.server(options=OPTIONS)
    handler = grpc.method_handlers_generic_handler(SERVICE, {"Export": grpc.unary_unary_rpc_method_handler(export)})
    server.add_generic_rpc_handlers((handler,))
    port.value = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    ready.set()
    await server.wait_for_termination()
