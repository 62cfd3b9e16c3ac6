"""What a tracing backend shows, in one form for all backends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Shown:
    """One bar of a trace: ids in hex, times in microseconds since 1970, values of the types that the backend tells."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start_us: int
    end_us: int
    attributes: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def is_evaluation(self) -> bool:
        return "otel_scorer.evaluated_at" in self.attributes

    def is_within(self, other: Shown) -> bool:
        """As backends draw it: to one microsecond, since Jaeger rounds starts and lengths apart."""
        return other.start_us <= self.start_us and self.end_us <= other.end_us + 1

    @property
    def is_scored(self) -> bool:
        return any(".score." in key and key.startswith("otel_scorer.") for key in self.attributes)


class Backend(Protocol):
    """A running tracing backend, with its OTLP ports on 127.0.0.1."""

    @property
    def name(self) -> str: ...

    @property
    def grpc(self) -> int: ...

    async def spans(self, trace_id: str) -> list[Shown]:
        """Every span that is shown of a trace, copies included."""
        ...
