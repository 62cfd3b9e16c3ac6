"""What the test backend can be told to answer."""

from __future__ import annotations

from dataclasses import dataclass

import grpc


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request is answered. Written as text: `NAME`, `NAME:DETAIL` or `HTTP_STATUS` (see `answer_of`)."""

    name: str
    grpc_code: grpc.StatusCode | None = None
    http_status: int = 200
    message: str = ""
    rejected: int = 0
    retry_s: float | None = None
    delay_s: float = 0.0
    taken: bool = False
    """Whether the backend keeps what came."""
    broken_body: bool = False


OK = Answer("ok", taken=True)
_Code = grpc.StatusCode
NAMED: dict[str, Answer] = {
    "ok": OK,
    "garbled": Answer("garbled", taken=True, broken_body=True),
    "unavailable": Answer("unavailable", _Code.UNAVAILABLE, 503, "not now"),
    "resource_exhausted": Answer("resource_exhausted", _Code.RESOURCE_EXHAUSTED, 429, "over quota"),
    "too_large": Answer("too_large", _Code.RESOURCE_EXHAUSTED, 413, "grpc: received message larger than max (9 vs. 4)"),
    "invalid": Answer("invalid", _Code.INVALID_ARGUMENT, 400, "bad data"),
    "internal": Answer("internal", _Code.INTERNAL, 500, "broken"),
    "unauthenticated": Answer("unauthenticated", _Code.UNAUTHENTICATED, 401, "who are you"),
    "denied": Answer("denied", _Code.PERMISSION_DENIED, 403, "not you"),
    "unimplemented": Answer("unimplemented", _Code.UNIMPLEMENTED, 404, "unknown service"),
    "hang": Answer("hang", _Code.UNAVAILABLE, 503, "hung", delay_s=3600.0),
    "lost": Answer("lost", _Code.UNAVAILABLE, 503, "taken, but the answer says otherwise", taken=True),
}


def answer_of(text: str | Answer) -> Answer:
    """The answer that a text means.

    `ok`, `partial:3` (3 rejected), `slow:0.5` (ok after 0.5 s), `unavailable:2` and `resource_exhausted:2` (RetryInfo
    or Retry-After of 2 s), `too_large:1000` (with `forever`: what is over 1000 bytes), `http:418`, a name of `NAMED`.
    """
    if isinstance(text, Answer):
        return text
    name, _, detail = text.partition(":")
    if name == "partial":
        return Answer("partial", message="some were bad", rejected=int(detail or 1), taken=True)
    if name == "slow":
        return Answer("slow", delay_s=float(detail), taken=True)
    if name == "http":
        return Answer(text, _Code.UNKNOWN, int(detail), f"status {detail}")
    if name == "too_large" and detail:
        return Answer(text, _Code.RESOURCE_EXHAUSTED, 413, f"message larger than max {detail}")
    named = NAMED[name]
    if not detail:
        return named
    return Answer(text, named.grpc_code, named.http_status, named.message, retry_s=float(detail), taken=named.taken)
