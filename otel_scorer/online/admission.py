"""How much may be in work at once, counted in bytes: the receivers' only brake.

gRPC's own `maximum_concurrent_rpcs` is not used: it answers RESOURCE_EXHAUSTED without RetryInfo, which tells a sender
to drop its data.
"""

from __future__ import annotations

from types import TracebackType

from otel_scorer.errors import Unavailable

REQUEST_OVERHEAD = 16 << 10
"""Bytes that a request costs beside its body (task, call, headers): small requests are bounded in number by it."""


class Admission:
    """Bytes in flight of one process, shared by its transports. For one event loop; not for threads."""

    def __init__(self, limit_bytes: int) -> None:
        # The overhead of one request is on the house, so that a single largest message always fits.
        self._limit = limit_bytes + REQUEST_OVERHEAD
        self.in_flight = 0
        self.requests = 0

    def request(self) -> Claim:
        """Use as a context manager around one request; `grow` it by what is read."""
        return Claim(self)

    def would_fit(self, size: int) -> bool:
        """False when a body of `size` bytes could not be taken now."""
        return self.in_flight + size <= self._limit

    def take(self, size: int) -> None:
        if not self.would_fit(size):
            raise Unavailable("too much is in work at the moment; send it again")
        self.in_flight += size

    def give_back(self, size: int) -> None:
        self.in_flight -= size


class Claim:
    """What one request holds of the limit; given back on exit, whatever happened."""

    __slots__ = ("_admission", "_held")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._held = 0

    def __enter__(self) -> Claim:
        self._admission.take(REQUEST_OVERHEAD)
        self._held = REQUEST_OVERHEAD
        self._admission.requests += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._admission.give_back(self._held)
        self._admission.requests -= 1

    def grow(self, size: int) -> None:
        """Hold `size` bytes more; Unavailable when there is no room."""
        self._admission.take(size)
        self._held += size

    def check(self, size: int) -> None:
        """Unavailable when `size` bytes more would not fit now; holds nothing."""
        if not self._admission.would_fit(size):
            raise Unavailable("too much is in work at the moment; send it again")
