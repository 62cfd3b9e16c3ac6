"""Signals of runs that cost more than they should: slow, long, going round in circles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from otel_scorer.model import Kind, Usage
from otel_scorer.sampling.signals.calls import IN_MESSAGES, Call, calls
from otel_scorer.sampling.signals.signal import Signal

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_TOOL: frozenset[Kind] = frozenset({"TOOL"})


class LatencySignal(Signal):
    """The trace, or one span of a kind, took longer than it may."""

    signal: Literal["latency"] = "latency"
    over_s: float = Field(gt=0, allow_inf_nan=False, description="Seconds.")
    of: Literal["trace"] | Kind = Field(
        default="trace",
        description="`trace`: the root span's duration; a span kind such as `LLM`: any span of that kind.",
    )

    def holds(self, view: TraceView) -> bool:
        if self.of == "trace":
            return view.duration_s > self.over_s
        return any(span.duration_s > self.over_s for span in view.spans_of(frozenset({self.of})))


class TokensSignal(Signal):
    """All model calls of the trace together used more tokens than they may."""

    signal: Literal["tokens"] = "tokens"
    over: int = Field(ge=0, description="Tokens.")
    of: Literal["input", "output", "total"] = Field(default="total", description="Which tokens are counted.")

    def holds(self, view: TraceView) -> bool:
        used = total(view.usage) if self.of == "total" else getattr(view.usage, self.of)
        return used is not None and used > self.over


class StepsSignal(Signal):
    """The trace has more steps than it may."""

    signal: Literal["steps"] = "steps"
    over: int = Field(ge=0, description="Number of steps.")
    of: tuple[Kind, ...] = Field(default=("LLM", "TOOL"), min_length=1, description="Span kinds that count as a step.")

    def holds(self, view: TraceView) -> bool:
        return sum(kind in self.of for kind in view.kinds.values()) > self.over


class LoopSignal(Signal):
    """The same tool was called with the same arguments again and again."""

    signal: Literal["loop"] = "loop"
    times: int = Field(default=3, ge=2, description="Calls with equal arguments that make a loop.")
    in_messages: bool = Field(default=False, description=IN_MESSAGES)

    def holds(self, view: TraceView) -> bool:
        if not self.in_messages and len(view.spans_of(_TOOL)) < self.times:
            return False
        by_name: dict[str, list[str]] = {}
        for call in calls(view, in_messages=self.in_messages):
            if call.arguments is not None:
                by_name.setdefault(call.name, []).append(call.arguments)
        return any(self._repeated(same) for same in by_name.values() if len(same) >= self.times)

    def _repeated(self, arguments: list[str]) -> bool:
        if len(set(arguments)) > len(arguments) - self.times + 1:  # too many different ones, as mostly
            return False
        return max(Counter(arguments).values()) >= self.times


class RetrySignal(Signal):
    """A tool was called again after it had failed."""

    signal: Literal["retry"] = "retry"
    times: int = Field(default=1, ge=1, description="Failures of one tool, each followed by another call of it.")
    in_messages: bool = Field(default=False, description=IN_MESSAGES)

    def holds(self, view: TraceView) -> bool:
        if not self.in_messages and not view.errors:
            return False
        by_name: dict[str, list[Call]] = {}
        for call in calls(view, in_messages=self.in_messages):
            by_name.setdefault(call.name, []).append(call)
        return any(sum(bool(call.error) for call in same[:-1]) >= self.times for same in by_name.values())


def total(usage: Usage) -> int | None:
    """Tokens in and out together, from the parts where no total is told; None when nothing is."""
    if usage.total is not None:
        return usage.total
    told = [part for part in (usage.input, usage.output) if part is not None]
    return sum(told) if told else None
