"""A model for tests: OpenAI's chat completions (also streamed) and embeddings, really over HTTP.

It answers as a model that was told to use its tools would: with tool results before it, it tells them; with tools and
a city in the question, it asks for the tool once for each city; else it says what it was asked. What came and what was
answered is the ground truth that instrumentations are held against.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from aiohttp import web

SERVED = "pretend-1-2026-01-01"
"""The model that answers, whichever was asked for."""
_CITY = re.compile(r"Paris|Oslo|Reykjavík")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call: the request body, and the answer in the form of an unstreamed response."""

    path: str
    asked: dict[str, Any]
    answered: dict[str, Any]


class ModelServer:
    """Listens on a free port of 127.0.0.1. Every call is in `exchanges`, in order."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> ModelServer:
        app = web.Application(client_max_size=16 << 20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/embeddings", self._embed)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        number = len(self.exchanges) + 1
        answered = completion(number, asked)
        self.exchanges.append(Exchange("chat/completions", asked, answered))
        if not asked.get("stream"):
            return web.json_response(answered)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        with_usage = bool((asked.get("stream_options") or {}).get("include_usage"))
        for chunk in chunks(answered, with_usage):
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _embed(self, request: web.Request) -> web.Response:
        asked = await request.json()
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        answered = {
            "object": "list",
            "model": "pretend-embedding-1",
            "data": [{"object": "embedding", "index": index, "embedding": [0.25, -0.5]} for index in range(len(texts))],
            "usage": {"prompt_tokens": 3 * len(texts), "total_tokens": 3 * len(texts)},
        }
        self.exchanges.append(Exchange("embeddings", asked, answered))
        return web.json_response(answered)


def completion(number: int, asked: dict[str, Any]) -> dict[str, Any]:
    """A chat completion; token counts that no two calls share, `length` where fewer than 8 tokens are allowed."""
    message, reason = _message(number, asked)
    limit = asked.get("max_tokens") or asked.get("max_completion_tokens") or 1000
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_767_225_600 + number,
        "model": SERVED,
        "choices": [
            {"index": 0, "message": message, "finish_reason": "length" if limit < 8 else reason, "logprobs": None}
        ],
        "usage": {
            "prompt_tokens": 100 + number,
            "completion_tokens": 10 + number,
            "total_tokens": 110 + 2 * number,
            "prompt_tokens_details": {"cached_tokens": 60 + number},
            "completion_tokens_details": {"reasoning_tokens": number},
        },
    }


def chunks(answered: dict[str, Any], with_usage: bool) -> Iterator[dict[str, Any]]:
    """The same answer as a stream: the role, then texts and arguments in pieces, the reason, and the usage if asked."""
    (choice,) = answered["choices"]
    head = {key: answered[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    for delta in [{"role": "assistant"}, *_deltas(choice["message"]), None]:
        reason = choice["finish_reason"] if delta is None else None
        yield {**head, "choices": [{"index": 0, "delta": delta or {}, "finish_reason": reason}]}
    if with_usage:
        yield {**head, "choices": [], "usage": answered["usage"]}


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in _pieces(message["content"] or ""):
        yield {"content": piece}
    for index, call in enumerate(message.get("tool_calls", ())):
        function = {"name": call["function"]["name"], "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": call["id"], "type": "function", "function": function}]}
        for piece in _pieces(call["function"]["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _pieces(text: str, size: int = 7) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def _message(number: int, asked: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What the model says, and why it stopped."""
    messages = asked["messages"]
    told = [message["content"] for message in _behind_last_question(messages) if message["role"] == "tool"]
    if told:
        return {"role": "assistant", "content": f"This is what I found: {'; '.join(told)}."}, "stop"
    question = _text(messages[-1]["content"])
    cities = _CITY.findall(question)
    if asked.get("tools") and cities:
        name = asked["tools"][0]["function"]["name"]
        calls = [
            {
                "id": f"call_{number}_{index}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps({"city": city}, ensure_ascii=False)},
            }
            for index, city in enumerate(cities)
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"
    return {"role": "assistant", "content": f"You said “{question}” – grüß dich."}, "stop"


def _behind_last_question(messages: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    last = max(index for index, message in enumerate(messages) if message["role"] == "user")
    return messages[last + 1 :]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
