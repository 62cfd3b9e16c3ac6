"""A shop whose agent is watched by the OpenTelemetry SDK for Python: what it sent, batch by batch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from e2e.once import Sent
from e2e.running import Door, send
from e2e.sdk_traffic import InTurns
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind

TOLD = '{"city": "Paris", "temperature": 18, "sky": "sunny"}'
QUESTION = "What is the weather in Paris?"
GROUNDED = "It is 18 degrees and sunny in Paris."
MADE_UP = "It is 31 degrees in Paris, with 92 percent humidity and gusts of 77 km/h."


class Remembered(SpanExporter):
    """An exporter that keeps each request as it was sent, for sending it again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.requests: list[bytes] = []
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.requests.append(encode_spans(spans).SerializeToString())
        return self._exporter.export(spans)

    def shutdown(self) -> None:
        self._exporter.shutdown()


class Shop:
    """Sends to one door, through the SDK's batches; five spans a trace, two of them no agent spans.

    Its service name is its own, so that one backend can serve many tests.
    """

    def __init__(self, door: Door, protocol: str = "grpc") -> None:
        self.service = f"shop-{os.urandom(4).hex()}"
        self.sent = Sent()
        self._exporter = Remembered(
            GrpcExporter(endpoint=door.grpc_url, insecure=True)
            if protocol == "grpc"
            else HttpExporter(endpoint=f"{door.http_url}/v1/traces")
        )
        self._provider = TracerProvider(resource=Resource({"service.name": self.service}), shutdown_on_exit=False)
        # small batches, so that a trace is spread over several
        processor = BatchSpanProcessor(
            InTurns([self._exporter], self.sent), schedule_delay_millis=500, max_export_batch_size=7
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("shop")

    def ask(self, answer: str = GROUNDED, question: str = QUESTION) -> str:
        """One request of a customer, whose agent gives that answer; the trace's id."""
        about = {"http.request.method": "POST", "url.path": "/chat"}
        with self._tracer.start_as_current_span("POST /chat", kind=SpanKind.SERVER, attributes=about) as web:
            self._agent(question, answer)
        return f"{web.get_span_context().trace_id:032x}"

    def ask_all(self, answers: Sequence[str]) -> list[str]:
        """A request for each answer; all spans are acknowledged when it returns."""
        asked = [self.ask(answer) for answer in answers]
        self.flush()
        return asked

    def flush(self) -> None:
        """Returns when all spans are acknowledged."""
        assert self._provider.force_flush(60_000)

    async def resend(self, door: Door) -> None:
        """Every request once more, to the byte: what an exporter does that got no answer."""
        for request in self._exporter.requests:
            await send(door, request)

    def close(self) -> None:
        self._provider.shutdown()

    def _agent(self, question: str, answer: str) -> None:
        about = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "weather",
            "gen_ai.input.messages": _messages(_text("user", question)),
        }
        with self._tracer.start_as_current_span("invoke_agent weather", attributes=about) as agent:
            self._tool()
            self._model(question, answer)
            agent.set_attribute("gen_ai.output.messages", _messages(_text("assistant", answer)))

    def _tool(self) -> None:
        about = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "get_weather",
            "gen_ai.tool.call.id": "call_1",
            "gen_ai.tool.call.arguments": '{"city": "Paris"}',
            "gen_ai.tool.call.result": TOLD,
        }
        with self._tracer.start_as_current_span("execute_tool get_weather", attributes=about):
            query = {"db.system.name": "postgresql", "db.query.text": "SELECT * FROM weather WHERE city = $1"}
            with self._tracer.start_as_current_span("SELECT weather", kind=SpanKind.CLIENT, attributes=query):
                pass

    def _model(self, question: str, answer: str) -> None:
        call = {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}
        told = {"type": "tool_call_response", "id": "call_1", "response": TOLD}
        about = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "pretend",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.input.messages": _messages(
                _text("system", "You are a weather assistant. Use the tools you have."),
                _text("user", question),
                {"role": "assistant", "parts": [call]},
                {"role": "tool", "parts": [told]},
            ),
            "gen_ai.output.messages": _messages(_text("assistant", answer)),
        }
        with self._tracer.start_as_current_span("chat pretend", kind=SpanKind.CLIENT, attributes=about):
            pass


def _text(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _messages(*messages: dict[str, object]) -> str:
    return json.dumps(messages)


@contextmanager
def shop_at(door: Door, protocol: str = "grpc") -> Iterator[Shop]:
    shop = Shop(door, protocol)
    try:
        yield shop
    finally:
        shop.close()
