"""The agent of a shop, watched by OpenTelemetry's SDK, whose spans go where the environment says.

    python readme_agent.py COUNT [PAUSE_S]

Answers so many customers, every second time with what no tool told it. Its last line is JSON: its traces, by id, with
whether the answer was made up, and the ids of all spans.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Tracer

TOLD = '{"city": "Paris", "temperature": 18, "sky": "sunny"}'
QUESTION = "What is the weather in Paris?"
GROUNDED = "It is 18 degrees and sunny in Paris."
MADE_UP = "It is 31 degrees in Paris, with 92 percent humidity and gusts of 77 km/h."


class Ids(SpanProcessor):
    """Notes what ended."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str]] = []

    def on_end(self, span: ReadableSpan) -> None:
        context = span.get_span_context()
        assert context is not None
        self.spans.append((f"{context.trace_id:032x}", f"{context.span_id:016x}"))


def main(count: int, pause_s: float) -> None:
    over_http = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc") != "grpc"
    ids = Ids()
    provider = TracerProvider(resource=Resource({"service.name": os.environ.get("OTEL_SERVICE_NAME", "shop")}))
    provider.add_span_processor(BatchSpanProcessor(HttpExporter() if over_http else GrpcExporter()))
    provider.add_span_processor(ids)
    made_up: dict[str, bool] = {}
    for number in range(count):
        made_up[answer(provider.get_tracer("shop"), MADE_UP if number % 2 else GROUNDED)] = bool(number % 2)
        time.sleep(pause_s)
    assert provider.force_flush(60_000)
    provider.shutdown()
    print(json.dumps({"made_up": made_up, "spans": ids.spans}))


def answer(tracer: Tracer, said: str) -> str:
    """One customer: a web request, the agent in it, its tool and its model; the trace's id."""
    with tracer.start_as_current_span("POST /chat", kind=SpanKind.SERVER) as web:
        web.set_attributes({"http.request.method": "POST", "url.path": "/chat"})
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "weather"}
        asked, given = messages("user", QUESTION), messages("assistant", said)
        both = {"gen_ai.input.messages": asked, "gen_ai.output.messages": given}
        with tracer.start_as_current_span("invoke_agent weather", attributes={**agent, **both}):
            with tracer.start_as_current_span("execute_tool get_weather", attributes=tool()):
                pass
            with tracer.start_as_current_span("chat pretend", attributes={**model(), "gen_ai.output.messages": given}):
                pass
    return f"{web.get_span_context().trace_id:032x}"


def tool() -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.call.arguments": '{"city": "Paris"}',
        "gen_ai.tool.call.result": TOLD,
    }


def model() -> dict[str, Any]:
    call = {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}
    result = {"type": "tool_call_response", "id": "call_1", "response": TOLD}
    turns = [
        {"role": "system", "parts": [{"type": "text", "content": "You are a weather assistant. Use your tools."}]},
        {"role": "user", "parts": [{"type": "text", "content": QUESTION}]},
        {"role": "assistant", "parts": [call]},
        {"role": "tool", "parts": [result]},
    ]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "pretend",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.input.messages": json.dumps(turns),
    }


def messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)
