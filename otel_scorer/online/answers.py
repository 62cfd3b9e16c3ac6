"""The one table from errors to gRPC codes and HTTP statuses, and the bodies of OTLP answers.

A wrong row destroys data: senders drop what is refused for good and resend what is not. OTLP calls these retryable:
HTTP 429, 502, 503, 504; gRPC UNAVAILABLE, and RESOURCE_EXHAUSTED only with RetryInfo. So whatever is in doubt is
UNAVAILABLE or 503, and RESOURCE_EXHAUSTED means "this message is too large" and nothing else.
https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-throttling
"""

from __future__ import annotations

import json
import logging
import math
import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import (
    INVALID_ARGUMENT,
    NOT_FOUND,
    RESOURCE_EXHAUSTED,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNIMPLEMENTED,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otel_scorer import errors
from otel_scorer.online.exchange import ExportAnswer
from otel_scorer.wire.parts import Signal

logger = logging.getLogger(__name__)

SDK_WAIT_S = 1.0
"""The longest wait told to an SDK: the Python gRPC exporter has 10 s in all and drops at once what must wait longer"""
COLLECTOR_WAIT_S = (5.0, 30.0)
"""Collectors have a queue and minutes: shortest and longest wait that they are told."""
MESSAGE_LIMIT = 1024
_LOG_EVERY_S = 10.0


class Row(NamedTuple):
    """What one kind of error becomes. `told`: its message is ours and may be sent; else a general sentence is."""

    error: type[Exception]
    code: int
    http: int
    retry: bool = False
    told: bool = True


TABLE: tuple[Row, ...] = (
    Row(errors.BadRequest, INVALID_ARGUMENT, 400),
    Row(errors.TooLarge, RESOURCE_EXHAUSTED, 413),
    Row(errors.UnsupportedMedia, UNIMPLEMENTED, 415),
    Row(errors.Unauthenticated, UNAUTHENTICATED, 401),
    Row(errors.RequestRefused, INVALID_ARGUMENT, 400),
    Row(errors.Unavailable, UNAVAILABLE, 503, retry=True),
    Row(errors.LedgerError, UNAVAILABLE, 503, retry=True, told=False),
    Row(Exception, UNAVAILABLE, 503, retry=True, told=False),
)
"""The first row that fits counts."""

_GENERAL = "the request could not be taken at the moment; send it again"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an error is told to the sender. `code` is a google.rpc.Code; no `retry_s` where a resend is pointless."""

    code: int
    http: int
    message: str
    retry_s: float | None = None

    def status(self) -> status_pb2.Status:
        """The google.rpc.Status that OTLP asks for, with RetryInfo or BadRequest inside."""
        status = status_pb2.Status(code=self.code, message=self.message)
        if self.retry_s is not None:
            status.details.add().Pack(self._retry_info(self.retry_s))
        elif self.code == INVALID_ARGUMENT:
            violation = error_details_pb2.BadRequest.FieldViolation(field="body", description=self.message)
            status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
        return status

    def body(self, *, as_json: bool) -> bytes:
        """The body of an HTTP answer, in the request's encoding."""
        status = self.status()
        return json_format.MessageToJson(status, indent=None).encode() if as_json else status.SerializeToString()

    def trailers(self) -> tuple[tuple[str, bytes], ...]:
        """gRPC trailing metadata. RetryInfo goes in twice: the Python exporter only reads a trailer of its own."""
        details = ("grpc-status-details-bin", self.status().SerializeToString())
        if self.retry_s is None:
            return (details,)
        return (details, ("google.rpc.retryinfo-bin", self._retry_info(self.retry_s).SerializeToString()))

    def retry_after(self) -> bytes | None:
        """Value of an HTTP Retry-After header, in whole seconds and never 0; None where a resend is pointless."""
        return None if self.retry_s is None else str(math.ceil(self.retry_s)).encode()

    @staticmethod
    def _retry_info(delay_s: float) -> error_details_pb2.RetryInfo:
        info = error_details_pb2.RetryInfo()
        info.retry_delay.FromMilliseconds(round(delay_s * 1000))
        return info


PATH_NOT_FOUND = Refusal(NOT_FOUND, 404, "no such path; OTLP/HTTP has /v1/traces, /v1/logs and /v1/metrics")
METHOD_NOT_ALLOWED = Refusal(UNIMPLEMENTED, 405, "only POST is answered here")


class Refusals:
    """Turns errors into refusals. Logs unexpected ones without their message (it may quote a span), at most every 1."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock = clock
        self._uniform = uniform
        self._logged: dict[str, float] = {}

    def of(self, error: Exception, *, peer_is_collector: bool) -> Refusal:
        """By the first row that fits. `retry_s` is at most 1 s for an SDK, 5 to 30 s for a Collector, jittered."""
        row = next(row for row in TABLE if isinstance(error, row.error))
        if row.error is Exception:
            self._log(error)
        message = trimmed(str(error) or _GENERAL) if row.told else _GENERAL
        if not row.retry:
            return Refusal(row.code, row.http, message)
        asked_s = error.retry_s if isinstance(error, errors.Unavailable) else None
        return Refusal(row.code, row.http, message, self._wait(asked_s, peer_is_collector=peer_is_collector))

    def _wait(self, asked_s: float | None, *, peer_is_collector: bool) -> float:
        if peer_is_collector:
            low, high = COLLECTOR_WAIT_S
            least = min(max(asked_s or low, low), high)
            return min(self._uniform(least, least * 1.5), high)
        most = min(max(asked_s or SDK_WAIT_S, 0.1), SDK_WAIT_S)
        return self._uniform(most / 2, most)

    def _log(self, error: Exception) -> None:
        kind, now = type(error).__name__, self._clock()
        if now < self._logged.get(kind, -math.inf):
            return
        self._logged[kind] = now + _LOG_EVERY_S
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        logger.error(
            "unexpected %s in a request; the sender was told to send it again: %s", kind, " < ".join(frames[::-1])
        )


_PARTIAL = {
    "traces": (ExportTraceServiceResponse, "rejected_spans", "rejectedSpans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records", "rejectedLogRecords"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points", "rejectedDataPoints"),
}


def success_body(signal: Signal, answer: ExportAnswer, *, as_json: bool = False) -> bytes:
    """The serialised `Export<Signal>ServiceResponse`. Full success leaves `partial_success` unset."""
    if not answer.rejected and not answer.message:
        return b"{}" if as_json else b""
    response_class, field, json_name = _PARTIAL[signal]
    message = trimmed(answer.message)
    if as_json:
        partial = {json_name: str(answer.rejected), "errorMessage": message}
        return json.dumps({"partialSuccess": partial}).encode()
    response = response_class()
    setattr(response.partial_success, field, answer.rejected)
    response.partial_success.error_message = message
    body: bytes = response.SerializeToString()
    return body


def trimmed(message: str) -> str:
    """At most `MESSAGE_LIMIT` characters that any encoding can carry."""
    text = message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 1] + "…"
    return text.encode("utf-8", "replace").decode()
