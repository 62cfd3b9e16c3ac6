"""Conversations for end-to-end tests, made and sent by the OpenTelemetry SDK: one trace for each turn."""

from __future__ import annotations

import json
from collections.abc import Sequence

from e2e.running import Door
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import set_span_in_context

ASKS_AGAIN = (
    ("Where is my parcel? My order number is A-4711-B.", "Let me see. It left our warehouse on Monday."),
    ("And when will it arrive?", "Could you please provide your order number?"),
)
"""The second answer asks for what the first turn gave."""
GOES_ON = ("It is still A-4711-B.", "Thank you. It arrives on Thursday.")


def send_turns(
    door: Door, conversation_id: str, turns: Sequence[tuple[str, str]], *, before: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Sends a trace for each turn, with all turns before it in its messages; (trace id, root span id) of each."""
    provider = TracerProvider(resource=Resource({"service.name": "parcels"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=door.grpc_url, insecure=True)))
    tracer = provider.get_tracer("tests")
    told = [message for asked, answer in before for message in (_message("user", asked), _message("assistant", answer))]
    sent = []
    for asked, answer in turns:
        told.append(_message("user", asked))
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "parcels",
            "gen_ai.conversation.id": conversation_id,
        }
        root = tracer.start_span("invoke_agent parcels", attributes=attributes)
        said = json.dumps([_message("assistant", answer)])
        with tracer.start_as_current_span("chat m", set_span_in_context(root)) as call:
            call.set_attribute("gen_ai.operation.name", "chat")
            call.set_attribute("gen_ai.request.model", "m")
            call.set_attribute("gen_ai.input.messages", json.dumps(told))
            call.set_attribute("gen_ai.output.messages", said)
        root.end()
        told.append(_message("assistant", answer))
        context = root.get_span_context()
        sent.append((f"{context.trace_id:032x}", f"{context.span_id:016x}"))
    provider.shutdown()
    return sent


def _message(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}
