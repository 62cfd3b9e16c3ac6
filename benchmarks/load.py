"""Sends a bounded number of requests, a few in flight, until each is acknowledged: a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from payloads import Template, template
from sink import OPTIONS, SERVICE

IN_FLIGHT = 8
_TIMEOUT_S = 30.0
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Sent:
    """What one round has sent."""

    spans: int
    seconds: float
    resent: int
    """Requests that were answered UNAVAILABLE and sent again."""


class Load:
    """The generator; templates are made once."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_main, args=(theirs,), daemon=True)
        self._process.start()

    def send(self, port: int, payload: str, requests: int) -> Sent:
        """Returns when everything was acknowledged; RuntimeError when that takes too long."""
        self._pipe.send((port, payload, requests))
        answer = self._pipe.recv()
        if isinstance(answer, str):
            raise RuntimeError(f"{payload}: {answer}")
        return Sent(*answer)

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(10)


def _main(pipe: Connection) -> None:
    from otel_scorer.online.runtime import prepare_runtime

    prepare_runtime()
    templates: dict[str, Template] = {}
    while True:
        port, payload, requests = pipe.recv()
        if payload not in templates:
            templates[payload] = template(payload)
        try:
            pipe.send(asyncio.run(_send(port, templates[payload], requests)))
        except Exception as error:
            pipe.send(f"{type(error).__name__}: {error}"[:500])


async def _send(port: int, made: Template, requests: int) -> tuple[int, float, int]:
    import grpc

    loop = asyncio.get_running_loop()
    began = loop.time()
    left = iter(range(requests))
    fresh = made.requests()
    resent = 0

    async def sender(call: Any) -> None:
        nonlocal resent
        for _ in left:
            request = next(fresh)
            while True:
                try:
                    await call(request, timeout=_TIMEOUT_S, wait_for_ready=True)
                    break
                except grpc.aio.AioRpcError as error:
                    retryable = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
                    if error.code() not in retryable or loop.time() - began > _PATIENCE_S:
                        raise
                    resent += 1
                    await asyncio.sleep(0.1)

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        call = channel.unary_unary(f"/{SERVICE}/Export")
        await asyncio.gather(*(sender(call) for _ in range(IN_FLIGHT)))
    return requests * made.spans, loop.time() - began, resent
