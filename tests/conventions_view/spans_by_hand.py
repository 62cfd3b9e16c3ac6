"""Traces written by hand: one agent run in OpenTelemetry's and in OpenInference's form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from otel_scorer.model import Head, Resource, Span, Trace, Value

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SERVICE = Resource({"service.name": "orders", "service.version": "1.4.2"})


def span(
    span_id: str,
    parent_id: str = "",
    at: tuple[int, int] = (0, 1),
    attributes: Mapping[str, Value] | None = None,
    **more: object,
) -> Span:
    """`at`: start and end in milliseconds."""
    fields: dict[str, object] = {"name": span_id, "resource": SERVICE, **more}
    return Span(
        trace_id=TRACE_ID,
        span_id=span_id,
        parent_id=parent_id,
        start_ns=at[0] * 1_000_000,
        end_ns=at[1] * 1_000_000,
        attributes=attributes or {},
        **fields,  # type: ignore[arg-type]
    )


def kind(name: str, **attributes: Value) -> dict[str, Value]:
    return {"openinference.span.kind": name, **attributes}


def trace(*spans: Span, heads: Iterable[Head] = (), truncated: bool = False) -> Trace:
    in_order = sorted(spans, key=lambda one: one.start_ns)
    return Trace("default", TRACE_ID, tuple(in_order), {head.span_id: head for head in heads}, truncated)


# A message: (role, text) or (role, text, calls) or ("tool", id, content); a call: (id, name, arguments).
Call = tuple[str, str, Mapping[str, Value]]
Said = tuple[str, str] | tuple[str, str, Sequence[Call]] | tuple[str, str, str]


def otel_messages(messages: Sequence[Said]) -> str:
    return json.dumps([_otel_message(message) for message in messages])


def _otel_message(message: Said) -> dict[str, object]:
    role, text, *rest = message
    if role == "tool":
        return {"role": role, "parts": [{"type": "tool_call_response", "id": text, "response": rest[0]}]}
    parts: list[dict[str, object]] = [{"type": "text", "content": text}] if text else []
    for call_id, name, arguments in rest[0] if rest else ():
        parts.append({"type": "tool_call", "id": call_id, "name": name, "arguments": arguments})
    return {"role": role, "parts": parts}


def otel_llm(given: Sequence[Said], said: Sequence[Said], **more: Value) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": otel_messages(given),
        "gen_ai.output.messages": otel_messages(said),
        **more,
    }


def openinference_llm(given: Sequence[Said], said: Sequence[Said], **more: Value) -> dict[str, Value]:
    attributes: dict[str, Value] = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", **more}
    for side, messages in (("input", given), ("output", said)):
        for index, message in enumerate(messages):
            attributes.update(_openinference_message(f"llm.{side}_messages.{index}.message", message))
    return attributes


def _openinference_message(prefix: str, message: Said) -> dict[str, Value]:
    role, text, *rest = message
    if role == "tool":
        return {f"{prefix}.role": role, f"{prefix}.tool_call_id": text, f"{prefix}.content": str(rest[0])}
    found: dict[str, Value] = {f"{prefix}.role": role}
    if text:
        found[f"{prefix}.content"] = text
    for index, (call_id, name, arguments) in enumerate(rest[0] if rest else ()):
        call = f"{prefix}.tool_calls.{index}.tool_call"
        found |= {f"{call}.id": call_id} if call_id else {}
        found[f"{call}.function.name"] = name
        found[f"{call}.function.arguments"] = json.dumps(arguments)
    return found


LLM_FORMS = {"otel": otel_llm, "openinference": openinference_llm}


def tool(
    form: str, name: str, arguments: Mapping[str, Value], result: str | None, call_id: str = ""
) -> dict[str, Value]:
    """A TOOL span's attributes in one of the two forms."""
    if form == "otel":
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.call.arguments": json.dumps(arguments),
        }
        key, result_key = "gen_ai.tool.call.id", "gen_ai.tool.call.result"
    else:
        attributes = {"openinference.span.kind": "TOOL", "tool.name": name, "input.value": json.dumps(arguments)}
        key, result_key = "tool_call.id", "output.value"
    attributes |= {key: call_id} if call_id else {}
    return attributes | ({result_key: result} if result is not None else {})
