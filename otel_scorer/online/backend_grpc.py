"""OTLP/gRPC to the backend: raw bytes out, the answer's code read as OTLP says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2

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
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backend_target import Target
from otel_scorer.wire.parts import Signal

METHODS: dict[Signal, str] = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
_TIMEOUTS_BEFORE_NEW_CHANNEL = 3
_RETIRE_S = 60.0

Code = grpc.StatusCode
RETRYABLE = frozenset(
    {Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.ABORTED, Code.OUT_OF_RANGE, Code.UNAVAILABLE, Code.DATA_LOSS}
)
BROKEN = frozenset({Code.UNKNOWN, Code.INTERNAL})
MISCONFIGURED = frozenset({Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.NOT_FOUND})

_SIZE = re.compile(
    r"larger than max|too large|message size|max(imum)? (message|request|body)? ?size|exceed\w* .*(size|bytes)", re.I
)
_CONNECTION = re.compile(r"RST_STREAM|GOAWAY|stream removed|connection (reset|closed)|endpoint clos", re.I)
_WRONG_PROTOCOL = re.compile(r"http1\.x|HTTP/1|frame too large|wrong version number|handshake|certificate|SSL", re.I)


class GrpcBackend:
    """One channel to one OTLP/gRPC endpoint, made anew after time-outs in a row: a dead peer shows in no other way."""

    def __init__(self, settings: BackendSettings, target: Target) -> None:
        """UserError when a certificate file cannot be read."""
        self.name = str(target)
        self._target = target
        self._compression = grpc.Compression.Gzip if settings.compression == "gzip" else grpc.Compression.NoCompression
        self._credentials = _credentials(settings) if target.tls else None
        self._headers = {name.lower(): value.get_secret_value() for name, value in settings.headers.items()}
        self._channel: grpc.aio.Channel | None = None
        self._calls: dict[Signal, grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = {}
        self._timeouts = 0
        self._retired: list[grpc.aio.Channel] = []
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, signal: Signal, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Outcome:
        """See `Backend.send`."""
        metadata = tuple({**headers, **self._headers}.items())
        try:
            answer = await self._call(signal)(body, timeout=timeout_s, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            outcome = outcome_of(signal, error)
            self._note_timeout(error.code() is Code.DEADLINE_EXCEEDED)
            return outcome
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # not we were cancelled but the call, with its channel: whether the backend has it is unknown
            return Retryable(None, "the connection was closed while the backend was asked")
        self._timeouts = 0
        return accepted(answer)

    async def close(self) -> None:
        """Calls in flight are cancelled."""
        channel, self._channel = self._channel, None
        self._calls = {}
        await asyncio.gather(*(each.close(None) for each in (*self._retired, channel) if each is not None))

    def _call(self, signal: Signal) -> grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]:
        if self._channel is None:
            self._channel = self._open()
            self._calls = {each: self._channel.unary_unary(method, None, None) for each, method in METHODS.items()}
        return self._calls[signal]

    def _open(self) -> grpc.aio.Channel:
        where = f"dns:///{self._target.authority}"
        if self._credentials is None:
            return grpc.aio.insecure_channel(where, options=_OPTIONS, compression=self._compression)
        return grpc.aio.secure_channel(where, self._credentials, options=_OPTIONS, compression=self._compression)

    def _note_timeout(self, timed_out: bool) -> None:
        self._timeouts = self._timeouts + 1 if timed_out else 0
        if self._timeouts >= _TIMEOUTS_BEFORE_NEW_CHANNEL and self._channel is not None:
            self._timeouts = 0
            closing = asyncio.create_task(self._retire(self._channel))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            self._channel, self._calls = None, {}

    async def _retire(self, channel: grpc.aio.Channel) -> None:
        """Calls that are still under way there end by their own time-outs."""
        self._retired.append(channel)
        await channel.close(_RETIRE_S)
        self._retired.remove(channel)


_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", 4 << 20),
    # gRPC's default grows to 2 min: a backend that is back would not be noticed for that long.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A channel made anew must get a connection of its own, not the dead one out of the process-wide pool.
    ("grpc.use_local_subchannel_pool", 1),
    # Like our OTLP/HTTP client: proxies of the environment are meant for others.
    ("grpc.enable_http_proxy", 0),
    ("grpc.primary_user_agent", "otel_scorer"),
    ("grpc.service_config_disable_resolution", 1),
)


def outcome_of(signal: Signal, error: grpc.aio.AioRpcError) -> Outcome:
    """What an error answer means (OTLP's table of codes, and design 2.2 for what concerns our own settings)."""
    code, details = error.code(), (error.details() or "").strip()
    message = f"{code.name}: {details[:500]}"
    if code in RETRYABLE:
        if code is Code.UNAVAILABLE and _WRONG_PROTOCOL.search(details):
            return Misconfigured(message)
        return Retryable(retry_after(error), message)
    if code is Code.RESOURCE_EXHAUSTED:
        return _exhausted(error, details, message)
    if code in MISCONFIGURED:
        return Misconfigured(message)
    if code is Code.UNIMPLEMENTED:
        unsupported = signal != "traces" and "compress" not in details.lower()
        return Unsupported(message) if unsupported else Misconfigured(message)
    if code in BROKEN:
        return Retryable(None, message) if _CONNECTION.search(details) else Broken(message)
    return Refused(message)


def _exhausted(error: grpc.aio.AioRpcError, details: str, message: str) -> Outcome:
    """Too large, or too much at once. OTLP tells them apart by RetryInfo, which not every backend sends.

    We hold the data, so only a message that speaks of size is taken as final.
    """
    after_s = retry_after(error)
    if after_s is None and _SIZE.search(details):
        return TooLarge(message)
    return Retryable(after_s, message)


def retry_after(error: grpc.aio.AioRpcError) -> float | None:
    """Seconds of the RetryInfo, as far as we wait, wherever the backend put it; None without one."""
    for name, value in _pairs(error):
        if isinstance(value, bytes) and name in ("grpc-status-details-bin", "google.rpc.retryinfo-bin"):
            seconds = _retry_seconds(name, value)
            if seconds is not None:
                return seconds
    return None


def _pairs(error: grpc.aio.AioRpcError) -> Iterable[tuple[str, str | bytes]]:
    return cast(Iterable[tuple[str, str | bytes]], error.trailing_metadata() or ())


def _retry_seconds(name: str, value: bytes) -> float | None:
    info = error_details_pb2.RetryInfo()
    try:
        if name == "google.rpc.retryinfo-bin":
            info.ParseFromString(value)
            return _delay(info)
        for detail in status_pb2.Status.FromString(value).details:
            if detail.Unpack(info):
                return _delay(info)
    except Exception:  # protobuf's DecodeError: a trailer that nobody can read says nothing
        return None
    return None


def _delay(info: error_details_pb2.RetryInfo) -> float:
    return bounded_wait(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)


def _credentials(settings: BackendSettings) -> grpc.ChannelCredentials:
    tls = settings.tls
    return grpc.ssl_channel_credentials(
        _read(tls.ca, "backend.tls.ca"), _read(tls.key, "backend.tls.key"), _read(tls.cert, "backend.tls.cert")
    )


def _read(path: Path | None, setting: str) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{setting}: {path} cannot be read ({error.strerror}); give a readable PEM file") from None
