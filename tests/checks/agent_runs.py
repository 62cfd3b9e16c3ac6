"""One abstract agent run, rendered as two instrumentations write it: OpenInference and OTel GenAI (new).

    run = Run(task="...", moves=(Call("lookup", {"id": 1}, '{"a": 2}'), Fetch("query", ("text",))), answer="...")
    target(run, "openinference"); target(run, "otel")

Span ids are readable: the root is `root...`, the n-th move's tool or retriever span `move<n>...`, the model call that
asked for it `llm<n>...`, the last model call `last...` (padded to 16 characters; no check needs hex).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import STATUS_ERROR, STATUS_OK, Event, Span, Trace
from otel_scorer.scoring.verdict import Target

FORMS = ("openinference", "otel")
TRACE_ID = "ab" * 16
_SECOND = 1_000_000_000
_START = 1_790_000_000 * _SECOND


@dataclass(frozen=True)
class Call:
    """A tool call. `result` None: not captured. `error`: the tool raised it."""

    name: str
    arguments: Any = None
    result: str | None = ""
    error: str = ""
    ran: bool = True
    """False: no TOOL span tells of it, the model only asked for it."""


@dataclass(frozen=True)
class Fetch:
    """A retrieval. `documents` None: not captured."""

    query: str
    documents: tuple[str, ...] | None = ()


@dataclass(frozen=True)
class Tool:
    name: str
    description: str = ""
    parameters: Any = None


@dataclass(frozen=True)
class Run:
    task: str | None
    answer: str | None
    moves: tuple[Call | Fetch, ...] = ()
    system: str | None = "You are a helpful assistant."
    tools: tuple[Tool, ...] | None = None
    finish: str = "stop"
    response_format: Any = None
    """As the request's parameters ask for it. {"type": "json"}: as `gen_ai.output.type` in the OTel form."""
    content: bool = True
    """False: the instrumentation was told to leave all content out."""

    def but(self, **changes: Any) -> Run:
        """The same run with a difference: minimal pairs are written with it."""
        return replace(self, **changes)


def target(run: Run, form: str) -> Target:
    """The whole trace as a check's target."""
    return Target(view(trace(run, form)))


def step(run: Run, form: str, start: str) -> Target:
    """One step of it: the first whose span id begins with `start`."""
    seen = view(trace(run, form))
    return Target(seen, next(s for s in seen.steps if s.span_id.startswith(start)))


def both(run: Run) -> list[Target]:
    return [target(run, form) for form in FORMS]


def trace(run: Run, form: str) -> Trace:
    writer = {"openinference": _OpenInference, "otel": _OTel}[form](run)
    spans = sorted(writer.spans(), key=lambda span: span.start_ns)
    return Trace("default", TRACE_ID, tuple(spans))


def _id(name: str) -> str:
    return name.ljust(16, "0")


class _Writer:
    """What both forms share: the order of the spans. One second each, none overlapping but the root."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def spans(self) -> Iterator[Span]:
        history: list[dict[str, Any]] = [{"role": "user", "content": self.run.task or ""}]
        at = _START + _SECOND
        for number, move in enumerate(self.run.moves):
            if isinstance(move, Call):
                asked = {"role": "assistant", "content": "", "call": (f"call_{number}", move)}
                yield self._span(f"llm{number}", at, self.model(history, asked, "tool_calls"))
                history = [*history, asked, {"role": "tool", "id": f"call_{number}", "move": move}]
                if move.ran:
                    yield self._failing(
                        self._span(f"move{number}", at + _SECOND, self.tool(f"call_{number}", move)), move
                    )
            else:
                yield self._span(f"move{number}", at + _SECOND, self.retriever(move))
            at += 2 * _SECOND
        answer = {"role": "assistant", "content": self.run.answer}
        yield self._span("last", at, self.model(history, answer, self.run.finish))
        root = self._span("root", _START, self.agent())
        yield replace(root, parent_id="", end_ns=at + 2 * _SECOND)

    def _span(self, name: str, start: int, attributes: dict[str, Any]) -> Span:
        kept = {key: value for key, value in attributes.items() if value is not None}
        span_name = str(kept.pop("name", name))
        return Span(
            TRACE_ID, _id(name), _id("root"), span_name, 1, start, start + _SECOND - 1, kept, status_code=STATUS_OK
        )

    def _failing(self, span: Span, move: Call) -> Span:
        if not move.error:
            return span
        event = Event("exception", span.end_ns, {"exception.type": "ToolError", "exception.message": move.error})
        return replace(span, status_code=STATUS_ERROR, status_message=move.error, events=(event,))

    def model(self, history: Sequence[dict[str, Any]], output: dict[str, Any], finish: str) -> dict[str, Any]:
        raise NotImplementedError

    def tool(self, call_id: str, move: Call) -> dict[str, Any]:
        raise NotImplementedError

    def retriever(self, move: Fetch) -> dict[str, Any]:
        raise NotImplementedError

    def agent(self) -> dict[str, Any]:
        raise NotImplementedError


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _OpenInference(_Writer):
    def model(self, history: Sequence[dict[str, Any]], output: dict[str, Any], finish: str) -> dict[str, Any]:
        attributes: dict[str, Any] = {"openinference.span.kind": "LLM", "llm.model_name": "m", "name": "ChatCompletion"}
        if not self.run.content:
            return attributes
        messages = [
            *([{"role": "system", "content": self.run.system}] if self.run.system is not None else []),
            *history,
        ]
        for number, message in enumerate(messages):
            attributes.update(_flat(f"llm.input_messages.{number}.message.", message))
        if output.get("content") is not None:
            attributes.update(_flat("llm.output_messages.0.message.", output))
        attributes["llm.finish_reason"] = finish
        if self.run.response_format is not None:
            attributes["llm.invocation_parameters"] = _json({"response_format": self.run.response_format})
        for number, tool in enumerate(self.run.tools or ()):
            attributes[f"llm.tools.{number}.tool.json_schema"] = _json(
                {"type": "function", "function": _definition(tool)}
            )
        return attributes

    def tool(self, call_id: str, move: Call) -> dict[str, Any]:
        attributes = {
            "openinference.span.kind": "TOOL",
            "tool.name": move.name,
            "name": move.name,
            "tool_call.id": call_id,
        }
        if self.run.content:
            attributes["input.value"] = _json(move.arguments)
            attributes["output.value"] = None if move.error else move.result
        return attributes

    def retriever(self, move: Fetch) -> dict[str, Any]:
        attributes: dict[str, Any] = {"openinference.span.kind": "RETRIEVER", "name": "retrieve"}
        if self.run.content:
            attributes["input.value"] = move.query
            if move.documents == ():
                attributes["output.value"] = '{"documents": []}'
                attributes["retrieval.documents"] = "[]"
            for number, text in enumerate(move.documents or ()):
                attributes[f"retrieval.documents.{number}.document.content"] = text
        return attributes

    def agent(self) -> dict[str, Any]:
        shown = self.run.content
        return {
            "openinference.span.kind": "AGENT",
            "name": "agent",
            "input.value": self.run.task if shown else None,
            "output.value": self.run.answer if shown else None,
        }


def _flat(prefix: str, message: dict[str, Any]) -> dict[str, Any]:
    attributes = {prefix + "role": message["role"]}
    if message["role"] == "tool":
        move = message["move"]
        attributes[prefix + "tool_call_id"] = message["id"]
        content = move.error or move.result
        return {**attributes, **({prefix + "content": content} if content is not None else {})}
    attributes[prefix + "content"] = message["content"]
    if "call" in message:
        call_id, move = message["call"]
        attributes[prefix + "tool_calls.0.tool_call.id"] = call_id
        attributes[prefix + "tool_calls.0.tool_call.function.name"] = move.name
        attributes[prefix + "tool_calls.0.tool_call.function.arguments"] = _json(move.arguments)
    return attributes


def _definition(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}


class _OTel(_Writer):
    def model(self, history: Sequence[dict[str, Any]], output: dict[str, Any], finish: str) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "m",
            "gen_ai.response.finish_reasons": ["tool_call" if finish == "tool_calls" else finish],
            "name": "chat m",
        }
        if not self.run.content:
            return attributes
        if self.run.response_format is not None:
            if self.run.response_format == {"type": "json"}:
                attributes["gen_ai.output.type"] = "json"
            else:
                attributes["gen_ai.request.response_format"] = _json(self.run.response_format)
        if self.run.system is not None:
            attributes["gen_ai.system_instructions"] = _json([{"type": "text", "content": self.run.system}])
        attributes["gen_ai.input.messages"] = _json([_parts(message) for message in history])
        if output.get("content") is not None:
            attributes["gen_ai.output.messages"] = _json([{**_parts(output), "finish_reason": finish}])
        if self.run.tools is not None:
            attributes["gen_ai.tool.definitions"] = _json(
                [{"type": "function", **_definition(t)} for t in self.run.tools]
            )
        return attributes

    def tool(self, call_id: str, move: Call) -> dict[str, Any]:
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": move.name,
            "gen_ai.tool.call.id": call_id,
            "error.type": "ToolError" if move.error else None,
            "name": f"execute_tool {move.name}",
        }
        if self.run.content:
            attributes["gen_ai.tool.call.arguments"] = _json(move.arguments)
            attributes["gen_ai.tool.call.result"] = None if move.error else move.result
        return attributes

    def retriever(self, move: Fetch) -> dict[str, Any]:
        attributes: dict[str, Any] = {"gen_ai.operation.name": "retrieval", "name": "retrieval docs"}
        if self.run.content:
            attributes["gen_ai.retrieval.query.text"] = move.query
            if move.documents is not None:
                documents = [{"id": str(n), "content": text} for n, text in enumerate(move.documents)]
                attributes["gen_ai.retrieval.documents"] = _json(documents)
        return attributes

    def agent(self) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "a",
            "name": "invoke_agent a",
        }
        if self.run.content:
            if self.run.task is not None:
                attributes["gen_ai.input.messages"] = _json([_parts({"role": "user", "content": self.run.task})])
            if self.run.answer is not None:
                attributes["gen_ai.output.messages"] = _json(
                    [_parts({"role": "assistant", "content": self.run.answer})]
                )
        return attributes


def _parts(message: dict[str, Any]) -> dict[str, Any]:
    if message["role"] == "tool":
        move = message["move"]
        content = move.error or move.result
        return {"role": "tool", "parts": [{"type": "tool_call_response", "id": message["id"], "response": content}]}
    parts: list[dict[str, Any]] = [{"type": "text", "content": message["content"]}] if message["content"] else []
    if "call" in message:
        call_id, move = message["call"]
        parts.append({"type": "tool_call", "id": call_id, "name": move.name, "arguments": move.arguments})
    return {"role": message["role"], "parts": parts}
