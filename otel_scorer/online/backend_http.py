"""OTLP/HTTP to the backend: protobuf over kept connections, the status read as OTLP says."""

from __future__ import annotations

import asyncio
import io
import ssl
import time
import zlib
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import aiohttp

from otel_scorer.errors import UserError
from otel_scorer.online.backend import (
    Broken,
    Misconfigured,
    Outcome,
    Refused,
    Retryable,
    TooLarge,
    Unsupported,
    accepted,
    bounded_wait,
)
from otel_scorer.online.backend_settings import BackendSettings, ClientTlsSettings
from otel_scorer.online.backend_target import Target
from otel_scorer.wire.parts import Signal

_ANSWER_LIMIT = 64 << 10
_CONNECTIONS = 64
_IDLE_S = 15.0
_GZIP_IN_LOOP = 64 << 10
_ONE_GO = 512 << 10

RETRYABLE = frozenset({408, 429, 502, 503, 504})
MISCONFIGURED = frozenset({401, 403, 404, 405, 407, 415, 501})
NO_SUCH_SIGNAL = frozenset({404, 405, 501})


class HttpBackend:
    """Kept connections to one OTLP/HTTP endpoint."""

    def __init__(self, settings: BackendSettings, target: Target) -> None:
        """UserError when a certificate file cannot be used."""
        self.name = str(target)
        self._target = target
        self._gzip = settings.compression == "gzip"
        self._tls = _context(settings.tls) if target.tls else None
        self._headers = {name.lower(): value.get_secret_value() for name, value in settings.headers.items()}
        self._session: aiohttp.ClientSession | None = None

    async def send(self, signal: Signal, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Outcome:
        """See `Backend.send`."""
        all_headers = {**headers, **self._headers, "content-type": "application/x-protobuf"}
        if self._gzip:
            all_headers["content-encoding"] = "gzip"
            body = _gzip(body) if len(body) <= _GZIP_IN_LOOP else await asyncio.to_thread(_gzip, body)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(signal, body, all_headers)
        except TimeoutError:
            return Retryable(None, f"no answer within {timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return _connection_outcome(error)

    async def close(self) -> None:
        """Requests in flight fail."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, signal: Signal, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Once more where a kept connection had been closed meanwhile: that says nothing about the backend."""
        try:
            return await self._post_once(signal, body, headers)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            return await self._post_once(signal, body, headers)

    async def _post_once(self, signal: Signal, body: bytes, headers: Mapping[str, str]) -> Outcome:
        url = self._target.url(signal)
        async with self._open().post(url, data=_payload(body), headers=headers, allow_redirects=False) as response:
            try:
                answer = await response.content.read(_ANSWER_LIMIT)
            except aiohttp.ClientError:
                answer = b""  # the status has come, and it decides
            return outcome_of(signal, response.status, answer, response.headers)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=_CONNECTIONS, keepalive_timeout=_IDLE_S, ssl=self._tls if self._tls is not None else True
                ),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"user-agent": "otel_scorer"},
            )
        return self._session


def outcome_of(signal: Signal, status: int, answer: bytes, headers: Mapping[str, str]) -> Outcome:
    """What an answer means (OTLP's table of statuses, and design 2.2 for what concerns our own settings)."""
    if 200 <= status < 300:
        protobuf = headers.get("content-type", "").startswith("application/x-protobuf")
        return accepted(answer) if protobuf else accepted(b"")
    message = f"HTTP {status}: {_told(answer)}".rstrip(": ")
    if status in RETRYABLE:
        return Retryable(retry_after(headers.get("retry-after", "")), message)
    if status == 413:
        return TooLarge(message)
    if status in NO_SUCH_SIGNAL and signal != "traces":
        return Unsupported(message)
    if status in MISCONFIGURED or 300 <= status < 400:
        return Misconfigured(message)
    return Broken(message) if status >= 500 else Refused(message)


def retry_after(value: str, now_s: float | None = None) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or an HTTP date, as far as we wait; None without a readable
    one.
    """
    value = value.strip()
    if not value:
        return None
    try:
        return bounded_wait(float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return bounded_wait(moment - (time.time() if now_s is None else now_s))


def _told(answer: bytes) -> str:
    """The readable part of an error body: OTLP's is a protobuf whose message stands in clear."""
    text = answer[:2000].decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() and c != "\ufffd" else " " for c in text).split())[:500]


def _connection_outcome(error: Exception) -> Outcome:
    """A connection that failed. Certificates and answers that are not HTTP/1 are matters of our settings."""
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Misconfigured(f"TLS with the backend failed: {error}")
    if isinstance(error, aiohttp.InvalidURL):
        return Misconfigured("the backend's URL is not valid")
    if isinstance(error, aiohttp.ClientResponseError):
        return Misconfigured(
            "the backend does not answer in HTTP/1; is it a gRPC port? Then set backend.protocol: grpc"
        )
    return Retryable(None, f"{type(error).__name__}: {error}"[:500])


def _payload(body: bytes) -> bytes | io.BytesIO:
    """aiohttp sends bytes in one go and warns of it over 1 MiB; a BytesIO, which shares them, goes in pieces."""
    return body if len(body) < _ONE_GO else io.BytesIO(body)


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


def _context(tls: ClientTlsSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.cert is not None:
            context.load_cert_chain(tls.cert, tls.key)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "unreadable"
        raise UserError(
            f"backend.tls: its files are not readable PEM certificates ({reason}); mend the paths"
        ) from None
    return context
