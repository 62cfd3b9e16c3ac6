"""Health, readiness and metrics, on a port of their own that only this machine can reach. Tells nothing of any span."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from otel_scorer.errors import UserError
from otel_scorer.online.http_server import HttpServer
from otel_scorer.online.listen import bind, is_loopback, parse_address

Readiness: TypeAlias = Callable[[], tuple[bool, list[str]]]
"""Ready or not, and in either case what a person should know, one sentence each."""

_SETTING = "telemetry.listen"
PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class HealthServer:
    """`/healthz` (the process lives), `/readyz` (200 or 503, with the reasons), `/metrics` (Prometheus text)."""

    def __init__(
        self, listen: str, readiness: Readiness, metrics_text: Callable[[], bytes], *, insecure: bool = False
    ) -> None:
        """`insecure` allows an address that other machines can reach (a scraper, a kubelet)."""
        self._listen = listen
        self._insecure = insecure
        self._app = health_app(readiness, metrics_text)
        self._server: HttpServer | None = None
        self.port = 0

    async def start(self) -> None:
        """UserError when the address cannot be had, or others could reach it and that was not asked for."""
        address = parse_address(self._listen, _SETTING)
        if not self._insecure and not is_loopback(address.host):
            raise UserError(
                f"{_SETTING}: {self._listen} can be reached by other machines; listen on 127.0.0.1, or set "
                "telemetry.insecure: true if the network is closed"
            )
        self._server = HttpServer(self._app, bind(address, _SETTING), max_connections=100)
        await self._server.start()
        self.port = self._server.port

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(1.0)
            self._server = None


def health_app(readiness: Readiness, metrics_text: Callable[[], bytes]) -> Starlette:
    """The three pages, for any ASGI server."""

    async def healthz(_request: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    async def readyz(_request: Request) -> Response:
        ready, reasons = readiness()
        body = json.dumps({"ready": ready, "reasons": reasons}) + "\n"
        return Response(body, status_code=200 if ready else 503, media_type="application/json")

    async def metrics(_request: Request) -> Response:
        return Response(metrics_text(), media_type=PROMETHEUS_TEXT)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
