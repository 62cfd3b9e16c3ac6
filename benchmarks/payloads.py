"""Requests as SDKs write them, and the same requests again with fresh trace ids.

Sizes are those of `/work/shared/reference/performance.md`: about 480 bytes for an HTTP span, 2 KB on average for an
agent span with its messages. An agent's trace is nine agent spans whose chains of parents are closed.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Attributes = dict[str, str | int | list[str]]

SPANS = 512
AGENT_SPANS_OF_A_TRACE = 9
_TEXT = (
    "order refund customer delay invoice warehouse parcel carrier status address payment please check "
    "yesterday the a was has not yet been sent and then from with will arrive number total items returned "
    "label email account window Tuesday policy thirty days support agent replaced cancelled confirmed "
    "shipping express standard"
)
_WORDS = _TEXT.split()

_WEB: Attributes = {
    "http.request.method": "GET",
    "url.scheme": "https",
    "url.path": "/api/v1/orders/123456",
    "http.route": "/api/v1/orders/{id}",
    "server.address": "orders.internal.example.com",
    "server.port": 8443,
    "client.address": "10.2.3.4",
    "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "network.protocol.version": "1.1",
    "http.response.status_code": 200,
    "url.query": "expand=items,payments&locale=en",
}
_DATABASE: Attributes = {
    "db.system.name": "postgresql",
    "db.namespace": "orders",
    "db.operation.name": "SELECT",
    "db.query.text": "SELECT id, status, total, created FROM orders WHERE customer_id = $1 ORDER BY created DESC",
    "server.address": "pg.internal.example.com",
    "server.port": 5432,
    "network.peer.address": "10.2.7.19",
}
_MODEL: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "server.address": "api.openai.com",
}


@dataclass(frozen=True)
class Template:
    """One request of `spans` spans, `agent` of them agent spans, cut at its trace ids."""

    name: str
    spans: int
    agent: int
    size: int
    pieces: tuple[bytes, ...]
    traces: tuple[int, ...]
    """Which of the request's traces stands between one piece and the next."""

    def requests(self) -> Iterator[bytes]:
        """The request with new trace ids, again and again."""
        start = os.urandom(8)
        count = max(self.traces) + 1
        for number in itertools.count():
            ids = [start + (number * count + trace).to_bytes(8, "big") for trace in range(count)]
            parts = [self.pieces[0]]
            for trace, piece in zip(self.traces, self.pieces[1:], strict=True):
                parts += (ids[trace], piece)
            yield b"".join(parts)


def template(name: str) -> Template:
    """`http`: no agent span. `mixed`: seven in a hundred. `agent`: all."""
    made = _Request(random.Random(7))
    agent_spans = {"http": 0, "mixed": 36, "agent": SPANS}[name]
    while made.agent < agent_spans:
        made.agent_trace(min(AGENT_SPANS_OF_A_TRACE, agent_spans - made.agent), surrounded=name == "mixed")
    while made.spans < SPANS:
        made.web_trace(min(8, SPANS - made.spans))
    raw = made.message.SerializeToString()
    return _cut(name, made, raw)


def _cut(name: str, made: _Request, raw: bytes) -> Template:
    found = sorted((at, trace) for trace, trace_id in enumerate(made.trace_ids) for at in _places(raw, trace_id))
    pieces = []
    end = 0
    for at, _ in found:
        pieces.append(raw[end:at])
        end = at + 16
    pieces.append(raw[end:])
    assert len(found) == made.spans
    return Template(name, made.spans, made.agent, len(raw), tuple(pieces), tuple(trace for _, trace in found))


def _places(raw: bytes, needle: bytes) -> Iterator[int]:
    at = raw.find(needle)
    while at >= 0:
        yield at
        at = raw.find(needle, at + 1)


class _Request:
    """A request that is being made."""

    def __init__(self, chance: random.Random) -> None:
        self.message = ExportTraceServiceRequest()
        self.spans = self.agent = 0
        self.trace_ids: list[bytes] = []
        self._chance = chance
        resource_spans = self.message.resource_spans.add()
        resource = {"service.name": "shop", "service.version": "3.1.4", "host.name": "h1"}
        for key, value in (resource | {"telemetry.sdk.language": "python"}).items():
            resource_spans.resource.attributes.add(key=key).value.string_value = value
        names = ("opentelemetry.instrumentation.openai", "psycopg", "httpx")
        self._agents, self._databases, self._web = (resource_spans.scope_spans.add() for _ in names)
        for scope, name in zip((self._agents, self._databases, self._web), names, strict=True):
            scope.scope.name = name
            scope.scope.version = "1.2.0"

    def web_trace(self, spans: int) -> None:
        trace_id = self._new_trace()
        root = self._span(self._web, trace_id, b"", "GET /api/v1/orders/{id}", _WEB, kind=2)
        for number in range(spans - 1):
            if number % 2:
                self._span(self._databases, trace_id, root, "SELECT orders", _DATABASE, kind=3)
            else:
                self._span(self._web, trace_id, root, "GET /api/v1/orders/{id}", _WEB, kind=3)

    def agent_trace(self, agent_spans: int, *, surrounded: bool) -> None:
        """`surrounded`: a web request above the agent and database calls under its tools."""
        trace_id = self._new_trace()
        top = self._span(self._web, trace_id, b"", "POST /support", _WEB, kind=2) if surrounded else b""
        question, answer = self._text(220), self._text(400)
        root = self._span(self._agents, trace_id, top, "invoke_agent support", _agent(question, answer))
        talk: list[dict[str, Any]] = [_said("system", self._text(700)), _said("user", question)]
        for number in range(agent_spans - 1):
            if number % 2 == 0:
                call = f"call_{number}"
                last = number >= agent_spans - 3
                reply = _said("assistant", answer) if last else _called(call, self._text(60))
                self._span(self._agents, trace_id, root, "chat gpt-4o", _chat(talk, reply, last=last), kind=3)
                talk += [reply]
            else:
                result = self._text(600)
                parent = self._span(self._agents, trace_id, root, "execute_tool lookup_order", _tool(call, result))
                talk += [_answered(call, result)]
                if surrounded and number < 4:
                    self._span(self._databases, trace_id, parent, "SELECT orders", _DATABASE, kind=3)
        self.agent += agent_spans

    def _new_trace(self) -> bytes:
        self.trace_ids.append(self._chance.randbytes(16))
        return self.trace_ids[-1]

    def _span(
        self, scope: Any, trace_id: bytes, parent: bytes, name: str, attributes: Attributes, kind: int = 1
    ) -> bytes:
        span_id = self._chance.randbytes(8)
        span = scope.spans.add(trace_id=trace_id, span_id=span_id, parent_span_id=parent, name=name, kind=kind)
        span.flags = 0x101
        span.start_time_unix_nano = 1_790_000_000_000_000_000 + self.spans * 1_000_000
        span.end_time_unix_nano = span.start_time_unix_nano + self._chance.randrange(10**6, 10**9)
        for key, value in attributes.items():
            target = span.attributes.add(key=key).value
            if isinstance(value, int):
                target.int_value = value
            elif isinstance(value, str):
                target.string_value = value
            else:
                for one in value:
                    target.array_value.values.add(string_value=one)
        self.spans += 1
        return span_id

    def _text(self, length: int) -> str:
        return " ".join(self._chance.choices(_WORDS, k=length // 6 + 1))[:length]


def _agent(question: str, answer: str) -> Attributes:
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "support",
        "gen_ai.conversation.id": "conv_5j66UpCpwteGg4YSxUnt7lPY",
        "gen_ai.input.messages": json.dumps([_said("user", question)]),
        "gen_ai.output.messages": json.dumps([_said("assistant", answer)]),
    }


def _chat(talk: Sequence[dict[str, Any]], reply: dict[str, Any], *, last: bool) -> Attributes:
    reason = "stop" if last else "tool_calls"
    return _MODEL | {
        "gen_ai.response.id": "chatcmpl-AabcdefGhijklMnop",
        "gen_ai.response.finish_reasons": [reason],
        "gen_ai.usage.input_tokens": 412 + 160 * len(talk),
        "gen_ai.usage.output_tokens": 96,
        "gen_ai.input.messages": json.dumps(list(talk)),
        "gen_ai.output.messages": json.dumps([{**reply, "finish_reason": reason}]),
    }


def _tool(call: str, result: str) -> Attributes:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup_order",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call,
        "gen_ai.tool.call.arguments": json.dumps({"order": call, "fields": ["status", "total"]}),
        "gen_ai.tool.call.result": json.dumps({"order": result}),
    }


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _called(call: str, order: str) -> dict[str, Any]:
    arguments = {"order": call, "note": order}
    return {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": call, "name": "lookup_order", "arguments": arguments}],
    }


def _answered(call: str, result: str) -> dict[str, Any]:
    return {"role": "tool", "parts": [{"type": "tool_call_response", "id": call, "response": {"order": result}}]}
