"""Every signal, and how settings name one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from otel_scorer.sampling.signals.attribute import AttributeSignal
from otel_scorer.sampling.signals.confidence import LowConfidenceSignal
from otel_scorer.sampling.signals.content import (
    EmptyAnswerSignal,
    EmptyRetrievalSignal,
    GuardrailSignal,
    NegativeFeedbackSignal,
)
from otel_scorer.sampling.signals.effort import LatencySignal, LoopSignal, RetrySignal, StepsSignal, TokensSignal
from otel_scorer.sampling.signals.faults import (
    ErrorSignal,
    FinishReasonSignal,
    RateLimitedSignal,
    ToolErrorSignal,
    ToolTimeoutSignal,
    TruncationSignal,
)
from otel_scorer.sampling.signals.requests import EvaluationRequestedSignal
from otel_scorer.sampling.signals.signal import Signal

__all__ = ["ALWAYS", "SIGNALS", "AnySignal", "Signal"]

SIGNALS: Mapping[str, type[Signal]] = {
    "error": ErrorSignal,
    "tool_error": ToolErrorSignal,
    "tool_timeout": ToolTimeoutSignal,
    "rate_limited": RateLimitedSignal,
    "finish_reason": FinishReasonSignal,
    "truncation": TruncationSignal,
    "latency": LatencySignal,
    "tokens": TokensSignal,
    "steps": StepsSignal,
    "loop": LoopSignal,
    "retry": RetrySignal,
    "feedback_negative": NegativeFeedbackSignal,
    "empty_retrieval": EmptyRetrievalSignal,
    "guardrail": GuardrailSignal,
    "empty_answer": EmptyAnswerSignal,
    "low_confidence": LowConfidenceSignal,
    "evaluation_requested": EvaluationRequestedSignal,
    "attribute": AttributeSignal,
}
"""The catalogue: documentation and its tests read the names, first docstring lines and fields from here."""

ALWAYS: tuple[Signal, ...] = (ErrorSignal(), ToolErrorSignal(), FinishReasonSignal())
"""Computed for every trace, because they cost nothing: named keys only, no messages."""


def _written_short(value: Any) -> Any:
    """`error` stands for `{signal: error}`."""
    return {"signal": value} if isinstance(value, str) else value


AnySignal: TypeAlias = Annotated[
    Annotated[
        ErrorSignal
        | ToolErrorSignal
        | ToolTimeoutSignal
        | RateLimitedSignal
        | FinishReasonSignal
        | TruncationSignal
        | LatencySignal
        | TokensSignal
        | StepsSignal
        | LoopSignal
        | RetrySignal
        | NegativeFeedbackSignal
        | EmptyRetrievalSignal
        | GuardrailSignal
        | EmptyAnswerSignal
        | LowConfidenceSignal
        | EvaluationRequestedSignal
        | AttributeSignal,
        Field(discriminator="signal"),
    ],
    BeforeValidator(_written_short),
]
