"""The few kinds of error, and nothing else: imports nothing of ours.

OtelScorerError
+-- UserError          a setting, rubric, file, URL or port that its author can mend; the command line prints it as
one sentence
+-- RequestRefused     an OTLP request that is refused for good (`status` says how)
|   +-- BadRequest         undecodable: 400 / INVALID_ARGUMENT
|   +-- TooLarge           over a size limit: 413 / RESOURCE_EXHAUSTED without RetryInfo
|   +-- UnsupportedMedia   content type or encoding: 415 / UNIMPLEMENTED
|   +-- Unauthenticated    401 / UNAUTHENTICATED
+-- Unavailable        may be tried again: 503 / UNAVAILABLE with RetryInfo
+-- LedgerError        the store did not do what was asked
    +-- LedgerDown         silent or unreachable
    |   +-- LedgerBusy         was not asked: all connections are in use
    |   +-- LedgerRefusesUs    takes neither our password nor our user
    +-- LedgerRefuses      refuses writes (read-only, disk full)
    |   +-- LedgerFull         out of memory: what frees memory still works
    +-- FenceLost          somebody else has claimed the trace since
"""

from __future__ import annotations


class OtelScorerError(Exception):
    """Root of the tree; never raised itself."""


class UserError(OtelScorerError):
    """A mistake in what the user gave us. The message names the place, the value and what would be right."""


class RequestRefused(OtelScorerError):
    """An OTLP request that the sender must not send again."""


class BadRequest(RequestRefused):
    """The body is not OTLP."""


class TooLarge(RequestRefused):
    """The body is over the size limit, before or after decompression."""


class UnsupportedMedia(RequestRefused):
    """The content type or content encoding is not one of OTLP's."""


class Unauthenticated(RequestRefused):
    """No accepted credential came with the request."""


class Unavailable(OtelScorerError):
    """The request was not taken; the sender should send it again after about `retry_s` seconds (None: its own
    back-off).
    """

    def __init__(self, message: str, retry_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_s = retry_s


class LedgerError(OtelScorerError):
    """The store did not do what was asked."""


class LedgerDown(LedgerError):
    """The store is silent or cannot be reached; whether the last write happened is unknown."""


class LedgerBusy(LedgerDown):
    """The store was not asked: all of this process' connections to it are in use. Says nothing of the store."""


class LedgerRefusesUs(LedgerDown):
    """The store takes neither our password nor our user: so until somebody mends that."""


class LedgerRefuses(LedgerError):
    """The store answers, but takes no writes (out of memory, read-only, disk full)."""


class LedgerFull(LedgerRefuses):
    """The store is out of memory. Scripts that let traces leave are still run."""


class FenceLost(LedgerError):
    """The trace was claimed by somebody else since: what this claimant still holds of it is void."""
