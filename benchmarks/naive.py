"""The plain way to build the same thing, as a yardstick: generated classes, redis-py, nothing clever.

    python benchmarks/naive.py PORT SINK_PORT STORE_URL QUIET_S

Receives, keeps agent spans in lists by trace, forwards the rest, and once a trace is quiet decodes it, draws, writes a
status on its root, exports it and leaves a record in a stream. It forgets what it must not: a resent request doubles
its spans, a crash between export and delete sends them twice, late spans start a trace of their own, nothing waits for
a parent. It scores nothing, which is in its favour.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    TraceServiceStub,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from redis.asyncio import Redis

PREFIXES = ("gen_ai.", "openinference.", "llm.", "traceloop.", "langfuse.", "mlflow.", "ai.", "langsmith.", "mcp.")
OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]
_MESSAGES = ("gen_ai.input.messages", "gen_ai.output.messages")


class Receiver(TraceServiceServicer):
    """Splits with the generated classes."""

    def __init__(self, store: Redis, sink: TraceServiceStub) -> None:
        self._store = store
        self._sink = sink

    async def Export(self, request: ExportTraceServiceRequest, _context: object) -> ExportTraceServiceResponse:  # noqa: N802 - protobuf's name
        traces: dict[bytes, list[bytes]] = {}
        for resource_spans in request.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                take(resource_spans, scope_spans, traces)
        if traces:
            pipe = self._store.pipeline(transaction=False)
            for trace_id, spans in traces.items():
                pipe.rpush(b"trace:" + trace_id, *spans)
                pipe.zadd("due", {trace_id: time.time()})
            await pipe.execute()
        if any(scope.spans for resource in request.resource_spans for scope in resource.scope_spans):
            await self._sink.Export(request)
        return ExportTraceServiceResponse()


def take(resource_spans: ResourceSpans, scope_spans: ScopeSpans, traces: dict[bytes, list[bytes]]) -> None:
    """Takes agent spans out, each with what stands around it."""
    rest = []
    for span in scope_spans.spans:
        if any(pair.key.startswith(PREFIXES) for pair in span.attributes):
            kept = ResourceSpans(resource=resource_spans.resource)
            kept.scope_spans.add(scope=scope_spans.scope, spans=[span])
            traces.setdefault(span.trace_id, []).append(kept.SerializeToString())
        else:
            rest.append(span)
    if len(rest) < len(scope_spans.spans):
        del scope_spans.spans[:]
        scope_spans.spans.extend(rest)


async def sweep(store: Redis, sink: TraceServiceStub, quiet_s: float) -> None:
    """Ends traces that have been quiet, five in a request."""
    while True:
        due = await store.zrangebyscore("due", "-inf", time.time() - quiet_s, start=0, num=100)
        for at in range(0, len(due), 5):
            group = due[at : at + 5]
            pipe = store.pipeline(transaction=False)
            for trace_id in group:
                pipe.lrange(b"trace:" + trace_id, 0, -1)
            request = ExportTraceServiceRequest()
            ending = store.pipeline(transaction=False)
            for trace_id, spans in zip(group, await pipe.execute(), strict=True):
                parts = [ResourceSpans.FromString(span) for span in spans]
                ending.xadd("records", {"record": json.dumps(end(trace_id, parts))})
                ending.unlink(b"trace:" + trace_id)
                ending.zrem("due", trace_id)
                request.resource_spans.extend(parts)
            await sink.Export(request)
            await ending.execute()
        if not due:
            await asyncio.sleep(0.1)


def end(trace_id: bytes, parts: list[ResourceSpans]) -> dict[str, object]:
    """Decodes the trace, decides, writes the status on its root; the record."""
    spans = [part.scope_spans[0].spans[0] for part in parts]
    ids = {span.span_id for span in spans}
    root = next((span for span in spans if span.parent_span_id not in ids), spans[0])
    tokens = 0
    for span in spans:
        attributes = {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}
        for key in _MESSAGES:
            if key in attributes:
                json.loads(attributes[key])
        tokens += attributes.get("gen_ai.usage.input_tokens", 0) + attributes.get("gen_ai.usage.output_tokens", 0)
    status = "sampled" if random.random() < 0.02 else "not_sampled"
    root.attributes.add(key="otel_scorer.status").value.string_value = status
    latency_s = (max(span.end_time_unix_nano for span in spans) - root.start_time_unix_nano) / 1e9
    return {"trace": trace_id.hex(), "status": status, "spans": len(spans), "tokens": tokens, "latency_s": latency_s}


async def main(port: str, sink_port: str, store_url: str, quiet_s: str) -> None:
    store = Redis.from_url(store_url)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{sink_port}", options=OPTIONS) as channel:
        sink = TraceServiceStub(channel)
        server = grpc.aio.server(options=OPTIONS)
        add_TraceServiceServicer_to_server(Receiver(store, sink), server)
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        await sweep(store, sink, float(quiet_s))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
