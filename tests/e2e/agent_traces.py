"""Traces for end-to-end tests, made span by span as OTLP messages (OpenTelemetry GenAI conventions)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

REMOTE_UNKNOWN, LOCAL_PARENT, REMOTE_PARENT = 0, 0x100, 0x300


def new_trace_id() -> str:
    return os.urandom(16).hex()


def any_value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        made = AnyValue()
        made.array_value.values.extend(any_value(one) for one in value)
        return made
    return AnyValue(string_value=str(value))


def make_span(
    trace_id: str,
    name: str,
    attributes: dict[str, Any],
    *,
    span_id: str | None = None,
    parent: str = "",
    flags: int = LOCAL_PARENT,
    start_s: float | None = None,
    duration_s: float = 0.1,
    error: str = "",
) -> Span:
    start = int((time.time() if start_s is None else start_s) * 1e9)
    span = Span(
        trace_id=bytes.fromhex(trace_id),
        span_id=bytes.fromhex(span_id) if span_id else os.urandom(8),
        parent_span_id=bytes.fromhex(parent),
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start,
        end_time_unix_nano=start + int(duration_s * 1e9),
        flags=flags,
        attributes=[KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()],
    )
    if error:
        span.status.code = 2
        span.status.message = error
    return span


def request_of(spans: Sequence[Span], service: str = "shop", scope: str = "tests") -> bytes:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.append(KeyValue(key="service.name", value=any_value(service)))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = scope
    scope_spans.spans.extend(spans)
    raw: bytes = request.SerializeToString()
    return raw


def _messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def agent_run(
    trace_id: str | None = None,
    *,
    question: str = "What is the weather in Paris?",
    answer: str = "It is 18 degrees and sunny in Paris.",
    tool_result: str = '{"city": "Paris", "temperature": 18, "sky": "sunny"}',
    parent: str = "",
    parent_flags: int = LOCAL_PARENT,
    captured: bool = True,
    tool_error: str = "",
    extra_root: dict[str, Any] | None = None,
) -> list[Span]:
    """One agent, one tool call, one model call: tool, LLM and agent span, children first as an SDK sends them."""
    trace = trace_id or new_trace_id()
    root_id, llm_id, tool_id = (os.urandom(8).hex() for _ in range(3))
    now = time.time()
    tool_attributes: dict[str, Any] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.call.id": "call_1",
    }
    llm_attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "test-model",
        "gen_ai.response.model": "test-model",
        "gen_ai.usage.input_tokens": 40,
        "gen_ai.usage.output_tokens": 12,
        "gen_ai.response.finish_reasons": ["stop"],
    }
    root_attributes: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "weather",
        "gen_ai.conversation.id": f"conversation-{trace[:6]}",
        **(extra_root or {}),
    }
    if captured:
        tool_attributes |= {
            "gen_ai.tool.call.arguments": '{"city": "Paris"}',
            "gen_ai.tool.call.result": tool_result,
        }
        call = {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}
        response = {"type": "tool_call_response", "id": "call_1", "response": tool_result}
        history = [
            {"role": "system", "parts": [{"type": "text", "content": "You are a helpful weather agent."}]},
            {"role": "user", "parts": [{"type": "text", "content": question}]},
            {"role": "assistant", "parts": [call]},
            {"role": "tool", "parts": [response]},
        ]
        definition = {
            "type": "function",
            "name": "get_weather",
            "description": "Current weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        }
        llm_attributes |= {
            "gen_ai.input.messages": json.dumps(history),
            "gen_ai.output.messages": _messages("assistant", answer),
            "gen_ai.tool.definitions": json.dumps([definition]),
        }
        root_attributes |= {
            "gen_ai.input.messages": _messages("user", question),
            "gen_ai.output.messages": _messages("assistant", answer),
        }
    return [
        make_span(
            trace,
            "execute_tool get_weather",
            tool_attributes,
            span_id=tool_id,
            parent=root_id,
            start_s=now + 0.1,
            error=tool_error,
        ),
        make_span(trace, "chat test-model", llm_attributes, span_id=llm_id, parent=root_id, start_s=now + 0.3),
        make_span(
            trace,
            "invoke_agent weather",
            root_attributes,
            span_id=root_id,
            parent=parent,
            flags=parent_flags if parent else LOCAL_PARENT,
            start_s=now,
            duration_s=0.5,
        ),
    ]


def web_span(trace_id: str, *, span_id: str | None = None, parent: str = "", flags: int = LOCAL_PARENT) -> Span:
    return make_span(
        trace_id,
        "GET /chat",
        {"http.request.method": "GET", "url.path": "/chat", "http.response.status_code": 200},
        span_id=span_id,
        parent=parent,
        flags=flags,
        duration_s=0.7,
    )


def database_span(trace_id: str, parent: str) -> Span:
    attributes = {"db.system.name": "postgresql", "db.query.text": "SELECT 1"}
    return make_span(trace_id, "SELECT shop", attributes, parent=parent)
