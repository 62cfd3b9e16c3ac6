"""OTLP/HTTP: POST of protobuf or JSON, gzip or deflate, to /v1/traces, /v1/logs and /v1/metrics.

A plain ASGI callable: for a small batch Starlette's routing would cost as much as all the rest of the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, NamedTuple

from otel_scorer.errors import TooLarge, Unavailable, UnsupportedMedia
from otel_scorer.online.admission import Admission, Claim
from otel_scorer.online.answers import METHOD_NOT_ALLOWED, PATH_NOT_FOUND, Refusal, Refusals, success_body
from otel_scorer.online.exchange import SIGNALS, Export, ExportRequest
from otel_scorer.online.http_server import HttpServer
from otel_scorer.online.identity import Doorkeeper, Peer
from otel_scorer.online.inflate import open_inflate
from otel_scorer.online.listen import bind, parse_address, refuse_open_doors
from otel_scorer.online.receive_settings import ReceiveSettings
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.tls import ServerCertificate
from otel_scorer.otlp import json_to_request
from otel_scorer.wire.parts import Signal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATHS: dict[str, Signal] = {f"/v1/{signal}": signal for signal in SIGNALS}
PROTOBUF, JSON = b"application/x-protobuf", b"application/json"
_JSON_IN_LOOP = 64 << 10
"""Larger JSON bodies are converted in a thread: the loop must go on answering."""
_SETTING = "receive.http"


class HttpReceiver:
    """The OTLP/HTTP application on its own port. `port` is known after `start`."""

    def __init__(
        self,
        settings: ReceiveSettings,
        export: Export,
        admission: Admission | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`admission` and `metrics` are shared with the gRPC receiver where both run."""
        self._settings = settings
        self._app = OtlpHttp(
            settings, export, admission or Admission(settings.max_in_flight_bytes), metrics or Metrics()
        )
        self._server: HttpServer | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen. UserError when the address, the certificate or the combination cannot be used."""
        refuse_open_doors(self._settings)
        address = parse_address(self._settings.http or "", _SETTING)
        certificate = ServerCertificate(self._settings.tls) if self._settings.tls is not None else None
        self._server = HttpServer(
            self._app,
            bind(address, _SETTING, reuse_port=self._settings.reuse_port),
            certificate=certificate,
            header_timeout_s=self._settings.header_timeout_s,
            max_connections=self._settings.max_http_connections,
        )
        await self._server.start()
        self.port = self._server.port

    async def stop(self, grace_s: float = 5.0) -> None:
        """No new connections; requests in work have `grace_s` seconds to end."""
        if self._server is not None:
            await self._server.stop(grace_s)
            self._server = None


class _Head(NamedTuple):
    """What the headers of one request say."""

    media: bytes
    encoding: str
    length: int | None
    peer: Peer


class _SenderGoneError(Exception):
    """The sender went away while its body was read; there is nobody to answer."""


class OtlpHttp:
    """ASGI application. Everything is answered with a body in the request's own encoding, never with a bare 500."""

    def __init__(self, settings: ReceiveSettings, export: Export, admission: Admission, metrics: Metrics) -> None:
        self._settings = settings
        self._export = export
        self._admission = admission
        self._doorkeeper = Doorkeeper(settings)
        self._refusals = Refusals()
        self._metrics = metrics
        self._wanted = {b"authorization", b"user-agent", *(name.encode() for name in settings.keep_headers)}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        media, body, seen = _media_of(scope["headers"]), b"", _Seen()
        refusal: Refusal | None = None
        try:
            signal = PATHS.get(scope["path"].rstrip("/"))
            if signal is None or scope["method"] != "POST":
                refusal = PATH_NOT_FOUND if signal is None else METHOD_NOT_ALLOWED
            else:
                body = await self._answer(signal, scope, media, receive, seen)
        except _SenderGoneError:
            return
        except asyncio.CancelledError:
            # We are stopping and this request had no more time; uvicorn would answer 500, which means "drop it".
            refusal = self._refusals.of(Unavailable("shutting down"), peer_is_collector=seen.collector)
        except Exception as error:
            refusal = self._refusals.of(error, peer_is_collector=seen.collector)
        if refusal is None:
            self._metrics.add("received_requests", 1, signal=PATHS[scope["path"].rstrip("/")], transport="http")
            await _send(send, 200, media, body)
        else:
            self._metrics.add("refused_requests", 1, transport="http", status=str(refusal.http))
            await _refuse(send, media, refusal)

    async def _answer(self, signal: Signal, scope: Message, media: bytes, receive: Receive, seen: _Seen) -> bytes:
        head = self._read_head(scope["headers"], media, seen)
        with self._admission.request() as claim:
            body = await self._read_body(head, receive, claim)
            if head.media == JSON:
                body = await _to_protobuf(signal, body)
            request = ExportRequest(signal, body, head.peer.tenant, head.peer.headers, head.peer.is_collector)
            answer = await self._export(request)
        return success_body(signal, answer, as_json=head.media == JSON)

    def _read_head(self, headers: Iterable[tuple[bytes, bytes]], media: bytes, seen: _Seen) -> _Head:
        """Who sends is asked first, before anything of the body is looked at."""
        named: list[tuple[str, str]] = []
        encoding, length = "", None
        for name, value in headers:
            if name in self._wanted:
                named.append((name.decode("latin-1"), value.decode("latin-1")))
            elif name == b"content-encoding":
                encoding = value.decode("latin-1")
            elif name == b"content-length":
                length = int(value)  # the HTTP parser has seen to it that it is a number
        peer = self._doorkeeper.identify(named)
        seen.collector = peer.is_collector
        if media not in (PROTOBUF, JSON):
            raise UnsupportedMedia("content-type must be application/x-protobuf or application/json")
        return _Head(media, encoding, length, peer)

    async def _read_body(self, head: _Head, receive: Receive, claim: Claim) -> bytes:
        """The body, decompressed. TooLarge, BadRequest, UnsupportedMedia; Unavailable when it comes too slowly."""
        limit = self._settings.max_message_bytes
        inflate = open_inflate(head.encoding, limit)
        if head.length is not None:
            if head.length > limit:
                raise TooLarge(f"the request is over the limit of {limit} bytes (receive.max_message_mib)")
            claim.check(head.length)
        pieces: list[bytes] = []
        try:
            async with asyncio.timeout(self._settings.body_timeout_s):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _SenderGoneError
                    for piece in inflate.feed(message.get("body", b"")):
                        claim.grow(len(piece))
                        pieces.append(piece)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise Unavailable(f"the body did not come within {self._settings.body_timeout_s:g} s") from None
        inflate.finish()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Seen:
    """Whether the sender is a Collector, as far as known when something goes wrong."""

    __slots__ = ("collector",)

    def __init__(self) -> None:
        self.collector = False


async def _to_protobuf(signal: Signal, body: bytes) -> bytes:
    if not body:
        return body
    if len(body) <= _JSON_IN_LOOP:
        return json_to_request(signal, body)
    return await asyncio.to_thread(json_to_request, signal, body)


def _media_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The media type of a request, lower-case, without parameters."""
    for name, value in headers:
        if name == b"content-type":
            return value.partition(b";")[0].strip().lower()
    return b""


async def _refuse(send: Send, media: bytes, refusal: Refusal) -> None:
    """In the request's encoding; in JSON, which people can read, where that is none of OTLP's."""
    extra = []
    retry_after = refusal.retry_after()
    if retry_after is not None:
        extra.append((b"retry-after", retry_after))
    if refusal.http == 405:
        extra.append((b"allow", b"POST"))
    if refusal.http == 401:
        extra.append((b"www-authenticate", b"Bearer"))
    answered_in = media if media == PROTOBUF else JSON
    await _send(send, refusal.http, answered_in, refusal.body(as_json=answered_in == JSON), extra)


async def _send(send: Send, status: int, media: bytes, body: bytes, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    headers = [(b"content-type", media), (b"content-length", str(len(body)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
