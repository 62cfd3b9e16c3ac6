"""What a backend is to the rest of us, and the few things that can come of sending it a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otel_scorer.wire.parts import Signal

LONGEST_WAIT_S = 300.0
"""The longest wait that a backend may ask for. A date years away, or milliseconds sent as seconds, must not hold spans
until then.
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The backend has it; `rejected` items of it not, for good; `message` says why (or only warns)."""

    rejected: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Retryable:
    """Not taken, or nobody knows; may be sent again after `after_s` seconds (None: when the sender likes)."""

    after_s: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Not taken, or nobody knows, because something broke in the backend: its storage may be away, or it stumbles over
    something in this request. What we hold is sent again, after our own wait."""

    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not taken and never will be: something in this very request is wrong."""

    message: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Not taken because of its size; halves of it may be."""

    message: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Not taken because of our settings (credentials, address, protocol): so until they are mended."""

    message: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The backend takes other signals, but not this one."""

    message: str


Outcome: TypeAlias = Accepted | Retryable | Broken | Refused | TooLarge | Misconfigured | Unsupported


class Backend(Protocol):
    """Where requests go. `send` never raises but for cancellation, and is done after `timeout_s`."""

    name: str
    """For logs and metrics, without credentials."""

    async def send(self, signal: Signal, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Outcome:
        """Send one serialised request, once. `headers` lose against the configured ones."""
        ...

    async def close(self) -> None: ...


def bounded_wait(asked_s: float) -> float:
    """The seconds that a backend asks for, between 0 and `LONGEST_WAIT_S`."""
    return min(max(0.0, asked_s), LONGEST_WAIT_S)  # not a number: 0


def accepted(body: bytes) -> Accepted:
    """What a successful answer says. Success is final even where its body cannot be read: it must never be sent again.

    The responses of the three signals have the same fields under different names.
    """
    if not body:
        return Accepted()
    response = ExportTraceServiceResponse()
    try:
        response.ParseFromString(body)
    except Exception:  # protobuf's DecodeError, and whatever else its C code finds
        return Accepted()
    return Accepted(max(0, response.partial_success.rejected_spans), response.partial_success.error_message)
