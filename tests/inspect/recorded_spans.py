"""Spans and traces made by hand, in the form that decoding gives."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from otel_scorer.model import Head, Resource, Scope, Span, Trace, Value

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SCOPE = Scope("opentelemetry.instrumentation.openai_v2", "2.0")


def span(span_id: str, parent_id: str = "", name: str = "", start_ms: int = 0, end_ms: int = 10, **more: Any) -> Span:
    """A span of service `shop`; `attributes` with dots are given as a mapping."""
    resource = more.pop("resource", Resource({"service.name": "shop"}))
    return Span(
        trace_id=TRACE_ID,
        span_id=span_id.rjust(16, "0"),
        parent_id=parent_id.rjust(16, "0") if parent_id else "",
        name=name or span_id,
        start_ns=start_ms * 1_000_000,
        end_ns=end_ms * 1_000_000,
        resource=resource,
        scope=more.pop("scope", SCOPE),
        **more,
    )


def messages(*pairs: tuple[str, str]) -> str:
    """(role, text) pairs as `gen_ai.input.messages` has them."""
    told = [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in pairs]
    return json.dumps(told)


def agent(content: bool = True) -> Span:
    attributes: dict[str, Value] = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
    if content:
        attributes["gen_ai.input.messages"] = messages(("user", "Where is order 12?"))
        attributes["gen_ai.output.messages"] = messages(("assistant", "Order 12 is on its way."))
    return span("a", name="invoke_agent helper", end_ms=100, attributes=attributes)


def model(content: bool = True) -> Span:
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-x",
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 8,
    }
    if content:
        attributes["gen_ai.system_instructions"] = json.dumps([{"type": "text", "content": "Be brief."}])
        attributes["gen_ai.input.messages"] = messages(("user", "Where is order 12?"))
        attributes["gen_ai.output.messages"] = messages(("assistant", "Order 12 is on its way."))
        attributes["gen_ai.tool.definitions"] = json.dumps([{"type": "function", "name": "lookup", "parameters": {}}])
    return span("b", "a", "chat gpt-x", 40, 90, attributes=attributes)


def tool(content: bool = True) -> Span:
    attributes: dict[str, Value] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"}
    if content:
        attributes["gen_ai.tool.call.arguments"] = '{"order": 12}'
        attributes["gen_ai.tool.call.result"] = "shipped"
    return span("c", "a", "execute_tool lookup", 10, 30, attributes=attributes)


def trace(*spans: Span, heads: dict[str, Head] | None = None) -> Trace:
    ordered = tuple(sorted(spans, key=lambda each: each.start_ns))
    known = {each.span_id: Head(each.span_id, each.parent_id, each.flags, agent=True) for each in ordered}
    return Trace("default", TRACE_ID, ordered, {**known, **(heads or {})})


def run(content: bool = True) -> Trace:
    """An agent that calls a tool and a model."""
    return trace(agent(content), tool(content), model(content))


def marked(each: Span, **marks: Value) -> Span:
    """The span with `otel_scorer.*` attributes; `__` in a name stands for a dot."""
    ours = {f"otel_scorer.{name.replace('__', '.')}": value for name, value in marks.items()}
    return replace(each, attributes={**each.attributes, **ours})
