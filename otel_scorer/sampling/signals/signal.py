"""What every signal is: its settings, and one question asked of a sealed trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView


class Signal(BaseModel):
    """Settings of one signal; equal settings are one signal, computed once for each trace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signal: str

    def __hash__(self) -> int:
        # asked often for every trace; pydantic's own looks at all fields
        return hash((type(self), self.label))

    @property
    def label(self) -> str:
        """What stands in `otel_scorer.signals` when it holds: from a small set that settings alone decide."""
        return self.signal

    def holds(self, view: TraceView) -> bool:
        """Whether the trace shows the signal. What was not captured does not hold. Never raises."""
        raise NotImplementedError
