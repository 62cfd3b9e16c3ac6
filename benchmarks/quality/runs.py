"""A conversation becomes a trace, as an instrumentation by OpenTelemetry's GenAI conventions records it.

One root `invoke_agent`, below it one `chat` span for each turn of the model (its input is all that was said before) and
one `execute_tool` span for each call that was executed; one `retrieval` span for documents that were fetched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from otel_scorer.model import STATUS_ERROR, STATUS_OK, Head, Span, Trace, Value

_SECOND = 1_000_000_000
_START = 1_790_000_000 * _SECOND


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the model asked for. `result` None: it was not executed, or nothing is known of it."""

    name: str
    arguments: Any
    result: str | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The user's turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """The model's turn: text, calls or both."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Documents that were retrieved before the model's next turn."""

    query: str
    documents: tuple[str, ...]


Turn = Asked | Said | Fetched


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    parameters: Any


@dataclass
class _Writer:
    trace_id: str
    system: str
    tools: Sequence[Tool]
    spans: list[Span] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    now: int = _START + _SECOND

    def add(self, name: str, attributes: dict[str, Value], error: str = "") -> None:
        self.spans.append(
            Span(
                self.trace_id,
                span_id(self.trace_id, len(self.spans) + 1),
                span_id(self.trace_id, 0),
                name,
                1,
                self.now,
                self.now + _SECOND - 1,
                attributes,
                status_code=STATUS_ERROR if error else STATUS_OK,
                status_message=error,
            )
        )
        self.now += _SECOND

    def fetched(self, turn: Fetched) -> None:
        documents = [{"id": str(number), "content": text} for number, text in enumerate(turn.documents)]
        self.add(
            "retrieval documents",
            {
                "gen_ai.operation.name": "retrieval",
                "gen_ai.retrieval.query.text": turn.query,
                "gen_ai.retrieval.documents": _json(documents),
            },
        )

    def said(self, turn: Said) -> None:
        parts: list[dict[str, Any]] = []
        if turn.reasoning:
            parts.append({"type": "reasoning", "content": turn.reasoning})
        if turn.text or not turn.calls:
            parts.append({"type": "text", "content": turn.text})
        ids = [f"call_{len(self.spans)}_{number}" for number in range(len(turn.calls))]
        for call, call_id in zip(turn.calls, ids, strict=True):
            parts.append({"type": "tool_call", "id": call_id, "name": call.name, "arguments": call.arguments})
        finish = "tool_call" if turn.calls else "stop"
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "m",
            "gen_ai.response.finish_reasons": [finish],
            "gen_ai.input.messages": _json(self.history),
            "gen_ai.output.messages": _json([{"role": "assistant", "parts": parts, "finish_reason": finish}]),
            **_system(self.system),
        }
        if self.tools:
            attributes["gen_ai.tool.definitions"] = _json([_definition(tool) for tool in self.tools])
        self.add("chat m", attributes)
        self.history.append({"role": "assistant", "parts": parts})
        for call, call_id in zip(turn.calls, ids, strict=True):
            if call.result is not None or call.error:
                self.executed(call, call_id)

    def executed(self, call: Call, call_id: str) -> None:
        content = call.error or call.result
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": call.name,
            "gen_ai.tool.call.id": call_id,
            "gen_ai.tool.call.arguments": _json(call.arguments),
            **({"error.type": "ToolError"} if call.error else {"gen_ai.tool.call.result": call.result}),
        }
        self.add(f"execute_tool {call.name}", attributes, call.error)
        part = {"type": "tool_call_response", "id": call_id, "response": content}
        self.history.append({"role": "tool", "parts": [part]})


def trace_of(name: str, turns: Sequence[Turn], *, system: str = "", tools: Sequence[Tool] = ()) -> Trace:
    """The trace of one run. `name` decides its id; the root tells the first request and, where there is one, the
    answer that the run ended with.
    """
    writer = _Writer(trace_id_of(name), system, tools)
    for turn in turns:
        if isinstance(turn, Asked):
            writer.history.append(_message("user", turn.text))
        elif isinstance(turn, Fetched):
            writer.fetched(turn)
        else:
            writer.said(turn)
    told: dict[str, Value] = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", **_system(system)}
    asked = next((turn.text for turn in turns if isinstance(turn, Asked)), None)
    if asked is not None:
        told["gen_ai.input.messages"] = _json([_message("user", asked)])
    answer = final_text(turns)
    if answer is not None:
        told["gen_ai.output.messages"] = _json([_message("assistant", answer)])
    return joined(writer.trace_id, root(writer.trace_id, "invoke_agent a", told, writer.now), writer.spans)


def final_text(turns: Sequence[Turn]) -> str | None:
    """What the run ended with: text of its last model turn, None where that asks for tools or there is none."""
    last = next((turn for turn in reversed(turns) if isinstance(turn, Said)), None)
    return last.text if last is not None and not last.calls else None


def root(trace_id: str, name: str, attributes: dict[str, Value], end: int) -> Span:
    return Span(trace_id, span_id(trace_id, 0), "", name, 1, _START, end, attributes, status_code=STATUS_OK)


def joined(trace_id: str, first: Span, rest: Sequence[Span]) -> Trace:
    spans = (first, *rest)
    return Trace("default", trace_id, spans, {s.span_id: Head(s.span_id, s.parent_id, agent=True) for s in spans})


def trace_id_of(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


def span_id(trace_id: str, number: int) -> str:
    return hashlib.blake2b(f"{trace_id} {number}".encode(), digest_size=8).hexdigest()


def _system(text: str) -> dict[str, Value]:
    return {"gen_ai.system_instructions": _json([{"type": "text", "content": text}])} if text else {}


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _definition(tool: Tool) -> dict[str, Any]:
    return {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
