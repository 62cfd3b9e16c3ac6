"""Web requests with agents under them, made and sent by the OpenTelemetry SDK: its batches, exporters, flags."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from e2e.once import Sent
from e2e.running import Door
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from otlp_bytes import raw_spans_of

_KINDS = trace.SpanKind


class InTurns(SpanExporter):
    """Sends each batch through the next exporter, as a load balancer would have it, and notes what was acknowledged."""

    def __init__(self, exporters: Sequence[SpanExporter], sent: Sent) -> None:
        self._exporters = exporters
        self._turns = itertools.cycle(exporters)
        self._sent = sent
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = next(self._turns).export(spans)
        assert result is SpanExportResult.SUCCESS
        agents = {(f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"): _is_agent(span) for span in spans}
        with self._lock:
            for span in raw_spans_of(encode_spans(spans).SerializeToString()):
                agent = agents[span.trace_id, span.span_id]
                self._sent.add(span.trace_id, span.span_id, span.raw, agent=agent)
        return result

    def shutdown(self) -> None:
        for exporter in self._exporters:
            exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return all(exporter.force_flush(timeout_millis) for exporter in self._exporters)


class Traffic:
    """A shop whose agent runs in the web process (gRPC), and a gateway (HTTP) before an agent service (gRPC)."""

    def __init__(self, doors: Sequence[Door], *, batch_s: float, lasts_s: float) -> None:
        self.sent = Sent()
        self._doors = doors
        self._batch_s = batch_s
        self._lasts_s = lasts_s

    async def run(self, in_one_process: int, in_two: int) -> tuple[dict[str, str], dict[str, str]]:
        """So many traces of both sorts at the same time; trace id -> agent span id, once all is acknowledged."""
        providers = [
            self._provider("shop", "grpc"),
            self._provider("gateway", "http"),
            self._provider("agents", "grpc"),
        ]
        shop, gateway, agents = (provider.get_tracer("tests") for provider in providers)
        try:
            found = await asyncio.gather(
                *(self._request(shop, shop, seed, remote=False) for seed in range(in_one_process)),
                *(self._request(gateway, agents, 1000 + seed, remote=True) for seed in range(in_two)),
            )
        finally:
            await asyncio.gather(*(asyncio.to_thread(provider.shutdown) for provider in providers))
        return dict(found[:in_one_process]), dict(found[in_one_process:])

    def _provider(self, service: str, protocol: str) -> TracerProvider:
        exporters: list[SpanExporter] = [
            GrpcExporter(endpoint=door.grpc_url, insecure=True)
            if protocol == "grpc"
            else HttpExporter(endpoint=f"{door.http_url}/v1/traces")
            for door in self._doors
        ]
        provider = TracerProvider(resource=Resource({"service.name": service}), shutdown_on_exit=False)
        delay_ms = self._batch_s * 1000
        provider.add_span_processor(
            BatchSpanProcessor(InTurns(exporters, self.sent), schedule_delay_millis=delay_ms, max_export_batch_size=20)
        )
        return provider

    async def _request(self, web: Any, agents: Any, seed: int, *, remote: bool) -> tuple[str, str]:
        draw = random.Random(seed)
        await asyncio.sleep(draw.random() * self._batch_s)
        end = time.monotonic() + self._lasts_s
        request = web.start_span("POST /chat", kind=_KINDS.SERVER, attributes={"http.request.method": "POST"})
        middleware = web.start_span("middleware", trace.set_span_in_context(request), attributes={"code.lineno": 7})
        above = trace.set_span_in_context(middleware)
        agent_id = await self._agent(agents, _as_remote(above) if remote else above, end, draw)
        middleware.end()
        request.end()
        return f"{request.get_span_context().trace_id:032x}", agent_id

    async def _agent(self, tracer: Any, above: Context, end: float, draw: random.Random) -> str:
        question = "Where is order 17?"
        agent = tracer.start_span(
            "invoke_agent orders",
            above,
            attributes={
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": "orders",
                "gen_ai.input.messages": _message("user", question),
            },
        )
        inside = trace.set_span_in_context(agent)
        while time.monotonic() < end:
            await self._tool(tracer, inside, draw)
            await asyncio.sleep(draw.uniform(0.5, 3.0))
        answer = "Order 17 has been shipped."
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "test-model"}
        with tracer.start_as_current_span("chat test-model", inside, attributes=attributes) as llm:
            llm.set_attribute("gen_ai.input.messages", _message("user", question))
            llm.set_attribute("gen_ai.output.messages", _message("assistant", answer))
        agent.set_attribute("gen_ai.output.messages", _message("assistant", answer))
        agent.end()
        return f"{agent.get_span_context().span_id:016x}"

    async def _tool(self, tracer: Any, inside: Context, draw: random.Random) -> None:
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "order_status",
            "gen_ai.tool.call.arguments": json.dumps({"order": draw.randint(1, 99)}),
            "gen_ai.tool.call.result": '{"status": "shipped"}',
        }
        tool = tracer.start_span("execute_tool order_status", inside, attributes=attributes)
        below = trace.set_span_in_context(tool)
        for name, kind, plain in (
            ("SELECT orders", _KINDS.CLIENT, {"db.system.name": "postgresql", "db.query.text": "SELECT 1"}),
            ("GET", _KINDS.CLIENT, {"http.request.method": "GET", "url.full": "http://carrier/17"}),
        ):
            span = tracer.start_span(name, below, kind=kind, attributes=plain)
            await asyncio.sleep(0.02)
            span.end()
        tool.end()


def _as_remote(above: Context) -> Context:
    """What the next process makes of it: the parent is a remote one there."""
    carrier: dict[str, str] = {}
    propagator = TraceContextTextMapPropagator()
    propagator.inject(carrier, above)
    return propagator.extract(carrier)


def _is_agent(span: ReadableSpan) -> bool:
    return any(key.startswith("gen_ai.") for key in span.attributes or {})


def _message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])
