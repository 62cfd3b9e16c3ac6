"""uvicorn as a part of our process: in our event loop, without its signal handlers, with limits it does not have."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
import ssl
from collections.abc import Generator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from otel_scorer.errors import UserError
from otel_scorer.online.tls import ServerCertificate

logger = logging.getLogger(__name__)

_HEADERS_LIMIT = 32 << 10
_IDLE_S = 75
_CERTIFICATE_CHECK_S = 30.0


class HttpServer:
    """One ASGI application on one bound socket. `port` is known at once, before `start`."""

    def __init__(
        self,
        app: Any,
        sock: socket.socket,
        *,
        certificate: ServerCertificate | None = None,
        header_timeout_s: float = 10.0,
        max_connections: int = 1000,
    ) -> None:
        self.port: int = sock.getsockname()[1]
        self._socket = sock
        self._certificate = certificate
        self._context = certificate.context() if certificate is not None else None
        self._server = _QuietServer(_config(app, self._context, header_timeout_s, max_connections))
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns when connections are answered."""
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        self._tasks.append(serving)
        while not self._server.started:
            if serving.done():
                await serving  # raises what went wrong
                raise RuntimeError("the HTTP server ended while starting")
            await asyncio.sleep(0.005)
        if self._certificate is not None and self._context is not None:
            self._tasks.append(asyncio.create_task(self._watch_certificate(self._certificate, self._context)))

    async def stop(self, grace_s: float = 5.0) -> None:
        """No new connections; requests in work have `grace_s` seconds to end."""
        if not self._tasks:
            self._socket.close()
            return
        serving, *others = self._tasks
        self._tasks = []
        for task in others:
            task.cancel()
        self._server.config.timeout_graceful_shutdown = max(1, round(grace_s))
        self._server.leave()
        await asyncio.gather(serving, *others, return_exceptions=True)

    async def _watch_certificate(self, certificate: ServerCertificate, context: ssl.SSLContext) -> None:
        while True:
            await asyncio.sleep(_CERTIFICATE_CHECK_S)
            try:
                if certificate.changed():
                    certificate.reload_into(context)
            except UserError as error:
                logger.error("the changed certificate is not used: %s", error)


class _QuietServer(uvicorn.Server):
    """Leaves signals to the process that it is a part of, and does nothing while there is nothing to do."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """No new connections, and the end when requests in work have ended."""
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """uvicorn's own looks ten times a second whether it should end, and writes a date that we do not send."""
        await self.on_tick(0)
        await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _config(app: Any, context: ssl.SSLContext | None, header_timeout_s: float, max_connections: int) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=cast(
            type[asyncio.Protocol],
            functools.partial(BoundedProtocol, header_timeout_s=header_timeout_s, max_connections=max_connections),
        ),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=5,
        ssl_context_factory=(lambda _config, _default: context) if context is not None else None,
    )
    # Any stranger can make it warn of bytes that are not HTTP; nothing that it says above that is lost.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return config


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on connections and on the time and size of a request's headers."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        header_timeout_s: float,
        max_connections: int,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._header_timeout_s = header_timeout_s
        self._max_connections = max_connections
        self._header_timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            transport.close()
        else:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._header_timer is not None:
            self._header_bytes += len(data)
            if self._header_bytes > _HEADERS_LIMIT:
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._header_timer is None:
            self._expect_headers()

    def on_headers_complete(self) -> None:
        self._headers_came()
        super().on_headers_complete()

    def _expect_headers(self) -> None:
        self._header_bytes = 0
        self._header_timer = self.loop.call_later(self._header_timeout_s, self.transport.close)

    def _headers_came(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
