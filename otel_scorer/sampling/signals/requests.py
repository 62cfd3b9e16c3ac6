"""The signal of evaluations that somebody asked for in code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from otel_scorer.conventions.eval_tags import requests_of
from otel_scorer.sampling.signals.signal import Signal

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView


class EvaluationRequestedSignal(Signal):
    """The trace asks for an evaluation and has spans of the kind that it is for (traceAI's `eval_tags`)."""

    signal: Literal["evaluation_requested"] = "evaluation_requested"
    names: tuple[str, ...] = Field(
        default=(), description="Only these evaluations, as the code names them; left out: any."
    )

    def holds(self, view: TraceView) -> bool:
        asked = requests_of(view)
        return any(not self.names or {request.name, request.label} & {*self.names} for request in asked)
