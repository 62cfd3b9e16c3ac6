"""What several transport tests use: requests of known size, a pipeline that remembers, receivers on free ports."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_scorer.online.admission import Admission
from otel_scorer.online.backend_grpc import METHODS
from otel_scorer.online.exchange import ExportAnswer, ExportRequest
from otel_scorer.online.receive_settings import ReceiveSettings
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.transport_grpc import GrpcReceiver
from otel_scorer.online.transport_http import HttpReceiver

FREE_PORTS = {"grpc": "127.0.0.1:0", "http": "127.0.0.1:0"}


def traces(count: int = 1, name: str = "GET /") -> bytes:
    """A serialised trace request of `count` spans."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope_spans = resource_spans.scope_spans.add()
    for number in range(1, count + 1):
        scope_spans.spans.add(
            trace_id=number.to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            name=name,
            start_time_unix_nano=1,
            end_time_unix_nano=2,
        )
    return request.SerializeToString()


def logs(count: int = 1) -> bytes:
    request = ExportLogsServiceRequest()
    scope_logs = request.resource_logs.add().scope_logs.add()
    for number in range(count):
        scope_logs.log_records.add().body.string_value = f"line {number}"
    return request.SerializeToString()


def metrics(count: int = 1) -> bytes:
    request = ExportMetricsServiceRequest()
    scope_metrics = request.resource_metrics.add().scope_metrics.add()
    gauge = scope_metrics.metrics.add(name="cpu").gauge
    for number in range(count):
        gauge.data_points.add(as_double=number)
    return request.SerializeToString()


def traces_of_size(size: int) -> bytes:
    """A valid trace request of exactly `size` bytes (more than 200)."""
    name_length = size - 100
    while True:
        body = traces(1, "n" * name_length)
        if len(body) == size:
            return body
        name_length += size - len(body)


class Pipeline:
    """Stands where the pipeline stands: remembers requests, answers or raises what it is told."""

    def __init__(self, answer: ExportAnswer | Exception | None = None) -> None:
        self.requests: list[ExportRequest] = []
        self.answer = answer or ExportAnswer()
        self.wait: Callable[[], Awaitable[Any]] | None = None

    async def __call__(self, request: ExportRequest) -> ExportAnswer:
        self.requests.append(request)
        if self.wait is not None:
            await self.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@contextlib.asynccontextmanager
async def grpc_receiver(
    pipeline: Pipeline, admission: Admission | None = None, counted: Metrics | None = None, **settings: Any
) -> AsyncIterator[GrpcReceiver]:
    receiver = GrpcReceiver(ReceiveSettings(**{**FREE_PORTS, **settings}), pipeline, admission, counted)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop(0.1)


@contextlib.asynccontextmanager
async def http_receiver(
    pipeline: Pipeline, admission: Admission | None = None, counted: Metrics | None = None, **settings: Any
) -> AsyncIterator[HttpReceiver]:
    receiver = HttpReceiver(ReceiveSettings(**{**FREE_PORTS, **settings}), pipeline, admission, counted)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop(1)


async def call(
    port: int, body: bytes, signal: str = "traces", *, metadata: tuple[tuple[str, str], ...] = (), timeout: float = 5
) -> bytes:
    """One raw gRPC Export call over a channel of its own."""
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        return await channel.unary_unary(METHODS[signal])(body, timeout=timeout, metadata=metadata)


def spans_exported(tracer_provider: Any) -> Any:
    """Make one span with the SDK and wait until its processor has exported it."""
    with tracer_provider.get_tracer("test").start_as_current_span("work") as span:
        span.set_attribute("number", 1)
    return tracer_provider.force_flush(5_000)
