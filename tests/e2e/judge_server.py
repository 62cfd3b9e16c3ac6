"""A judge for tests: OpenAI's chat completions, really over HTTP. What it is shown decides how it answers.

A word `mode-NAME` anywhere in the evidence chooses the behaviour (see `JudgeServer.modes`); without one, every
dimension that was asked for gets a 4.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from aiohttp import web

_MODE = re.compile(r"mode-([a-z]+)")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the mode that its evidence asks for, the user message, the dimensions that were asked."""

    mode: str
    user: str
    dimensions: tuple[str, ...]


class JudgeServer:
    """Listens on a free port of 127.0.0.1. Everything that came is in `calls`."""

    def __init__(self, slow_s: float = 2.6) -> None:
        self.calls: list[Call] = []
        self._slow_s = slow_s
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()
        self.modes: Mapping[str, Callable[[Call], Awaitable[web.Response]]] = {
            "good": self._good,
            "slow": self._slow,
            "hang": self._hang,
            "undecided": self._undecided,
            "garbage": self._garbage,
            "outofscale": self._out_of_scale,
            "broken": self._broken,
            "overflow": self._overflow,
        }
        self.url = ""

    @property
    def counts(self) -> Counter[str]:
        """Calls by mode."""
        return Counter(call.mode for call in self.calls)

    async def __aenter__(self) -> JudgeServer:
        app = web.Application(client_max_size=16 << 20)
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        schema = asked["response_format"]["json_schema"]["schema"]
        user = "\n".join(message["content"] for message in asked["messages"] if message["role"] == "user")
        found = _MODE.search(user)
        call = Call(found[1] if found else "good", user, tuple(schema["properties"]))
        self.calls.append(call)
        return await self.modes[call.mode](call)

    async def _good(self, call: Call) -> web.Response:
        return _completion(json.dumps({name: _opinion(4) for name in call.dimensions}))

    async def _slow(self, call: Call) -> web.Response:
        await self._wait(self._slow_s)
        return await self._good(call)

    async def _hang(self, call: Call) -> web.Response:
        await self._wait(60.0)
        return await self._good(call)

    async def _undecided(self, call: Call) -> web.Response:
        first, *others = call.dimensions
        return _completion(json.dumps({first: _opinion(None), **{name: _opinion(4) for name in others}}))

    async def _garbage(self, _call: Call) -> web.Response:
        return _completion("Score: 5 out of 5! " * 3)

    async def _out_of_scale(self, call: Call) -> web.Response:
        return _completion(json.dumps({name: _opinion(9) for name in call.dimensions}))

    async def _broken(self, _call: Call) -> web.Response:
        return web.json_response({"error": {"message": "out of order", "code": "server_error"}}, status=500)

    async def _overflow(self, _call: Call) -> web.Response:
        error = {"message": "This model's maximum context length is 10 tokens.", "code": "context_length_exceeded"}
        return web.json_response({"error": error}, status=400)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _opinion(score: int | None) -> dict[str, Any]:
    return {"reason": "as the test says", "evidence": [], "score": score}


def _completion(content: str) -> web.Response:
    message = {"role": "assistant", "content": content, "refusal": None}
    return web.json_response(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "test-judge",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        }
    )
