"""Traces to sample, written as OpenTelemetry's GenAI conventions and as OpenInference would write them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Attributes, Event, Resource, Span, Trace

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SECOND = 1_000_000_000


def span(
    span_id: str,
    name: str,
    attributes: Attributes,
    *,
    parent: str = "",
    at_s: float = 0,
    took_s: float = 1,
    status: int = 0,
    message: str = "",
    events: Sequence[Event] = (),
    trace_state: str = "",
    resource: Attributes | None = None,
) -> Span:
    start = int((1_700_000_000 + at_s) * SECOND)
    return Span(
        trace_id=TRACE_ID,
        span_id=span_id * 16,
        parent_id=parent * 16,
        name=name,
        start_ns=start,
        end_ns=start + int(took_s * SECOND),
        attributes=attributes,
        status_code=status,
        status_message=message,
        events=tuple(events),
        trace_state=trace_state,
        resource=Resource(resource or {"service.name": "shop"}),
    )


def agent(**more: object) -> Span:
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
    return span("a", "invoke_agent helper", attributes, took_s=10, **more)  # type: ignore[arg-type]


def llm(at: str = "b", *, finish: str = "stop", tokens: tuple[int, int] = (100, 20), **more: object) -> Span:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-x",
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
        "gen_ai.response.finish_reasons": [finish],
    }
    return span(at, "chat gpt-x", attributes, parent="a", **more)  # type: ignore[arg-type]


def openinference_llm(at: str = "b", *, finish: str = "stop") -> Span:
    attributes = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-x", "llm.finish_reason": finish}
    return span(at, "ChatOpenAI", attributes, parent="a")


def tool(at: str, arguments: object = None, *, name: str = "lookup", **more: object) -> Span:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
    if arguments is not None:
        attributes["gen_ai.tool.call.arguments"] = json.dumps(arguments)
    return span(at, f"execute_tool {name}", attributes, parent="a", **more)  # type: ignore[arg-type]


def openinference_tool(at: str, arguments: object = None, *, name: str = "lookup", **more: object) -> Span:
    attributes = {"openinference.span.kind": "TOOL", "tool.name": name}
    if arguments is not None:
        attributes |= {"input.value": json.dumps(arguments), "input.mime_type": "application/json"}
    return span(at, name, attributes, parent="a", **more)  # type: ignore[arg-type]


def retriever(*texts: str, scores: Sequence[float] = ()) -> Span:
    attributes: dict[str, object] = {"openinference.span.kind": "RETRIEVER", "input.value": "question"}
    for at, text in enumerate(texts):
        attributes[f"retrieval.documents.{at}.document.content"] = text
        if scores:
            attributes[f"retrieval.documents.{at}.document.score"] = scores[at]
    return span("d", "retrieve", attributes, parent="a")  # type: ignore[arg-type]


def trace_of(*spans: Span, truncated: bool = False, trace_id: str = TRACE_ID) -> TraceView:
    return view(Trace("default", trace_id, tuple(spans), truncated=truncated))
