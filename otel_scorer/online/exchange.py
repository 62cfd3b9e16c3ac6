"""What a transport hands to the pipeline and what it gets back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from otel_scorer.wire.parts import Signal

SIGNALS: tuple[Signal, ...] = ("traces", "logs", "metrics")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One OTLP request, whichever way it came.

    `body` is the serialised `Export<Signal>ServiceRequest`, decompressed; `headers` are the ones that settings keep
    (lower-case names), to be sent on to the backend; `tenant` comes from the credential, never from a header.
    """

    signal: Signal
    body: bytes
    tenant: str
    headers: Mapping[str, str]
    peer_is_collector: bool


@dataclass(frozen=True, slots=True)
class ExportAnswer:
    """Taken. `rejected` spans, log records or data points were not, and `message` says why (or is a warning)."""

    rejected: int = 0
    message: str = ""


Export: TypeAlias = Callable[[ExportRequest], Awaitable[ExportAnswer]]
"""The pipeline's one entrance: answers, or raises `RequestRefused` or `Unavailable`. Anything else it raises is told to
the sender as `UNAVAILABLE`: what is in doubt is sent again, never dropped."""
