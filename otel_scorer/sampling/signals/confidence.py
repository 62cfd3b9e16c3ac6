"""The signal that reads how sure a model, a guardrail or a retrieval said that it was."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from otel_scorer.conventions.first_look import document_scores
from otel_scorer.conventions.steps import RETRIEVAL_KINDS
from otel_scorer.conventions.values import loosened, number
from otel_scorer.sampling.signals.signal import Signal

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView
    from otel_scorer.model import Span, Value

_CONFIDENCES = ("confidence", "confidence_score")
_MEAN_LOGPROBS = ("avg_logprob", "avg_logprobs", "mean_logprob", "mean_logprobs", "average_logprob")
_LONGEST = 200_000
"""Characters of a recorded response in which token probabilities are looked for."""
_MOST_TOKENS = 4_000
_DEPTH = 6


class LowConfidenceSignal(Signal):
    """A model, guardrail or retrieval said that it was not sure. Reads the final answer of every trace."""

    signal: Literal["low_confidence"] = "low_confidence"
    below: float = Field(
        default=0.5, ge=0, le=1, allow_inf_nan=False, description="Confidence, 0 to 1, under which it is low."
    )
    among: tuple[Literal["stated", "tokens", "retrieval"], ...] = Field(
        default=("stated", "tokens"),
        min_length=1,
        description="What is looked at: `stated` (an attribute whose last word is confidence or confidence_score, on "
        "any span, guardrails among them, or such a field of a final answer that is JSON), `tokens` (the mean "
        "probability of a model's tokens, where log probabilities were recorded), `retrieval` (the best document's "
        "score, where all lie from 0 to 1).",
    )

    def holds(self, view: TraceView) -> bool:
        looks = {"stated": _stated, "tokens": _of_tokens, "retrieval": _of_retrieval}
        return any(value < self.below for name in self.among for value in looks[name](view))


def _stated(view: TraceView) -> Iterator[float]:
    for span in view.trace.spans:
        for key, value in span.attributes.items():
            if key.endswith(_CONFIDENCES) and _last_word(key) in _CONFIDENCES:
                yield from _share(number(value))
    answer = view.final_answer
    if answer is not None and "confidence" in answer and len(answer) <= _LONGEST:
        told = loosened(answer)
        if isinstance(told, dict):
            for key in _CONFIDENCES:
                yield from _share(number(told.get(key)))


def _of_tokens(view: TraceView) -> Iterator[float]:
    for span in view.spans_of(frozenset({"LLM"})):
        for key, value in span.attributes.items():
            if key.endswith(_MEAN_LOGPROBS) and _last_word(key) in _MEAN_LOGPROBS:
                mean = number(value)
                if mean is not None and mean <= 0:
                    yield math.exp(mean)
        yield from _recorded(span)


def _recorded(span: Span) -> Iterator[float]:
    """Of responses as providers write them: {"logprobs": {"content": [{"logprob": -0.1, ...}]}}."""
    for key, value in span.attributes.items():
        if key.endswith("logprobs") or (isinstance(value, str) and '"logprob"' in value and len(value) <= _LONGEST):
            found = list(_logprobs(loosened(value), _DEPTH))[:_MOST_TOKENS]
            if found:
                yield math.exp(math.fsum(found) / len(found))


def _logprobs(value: Value, depth: int) -> Iterator[float]:
    """Those of the tokens that were chosen; what else was likely (`top_logprobs`) is left out."""
    if depth and isinstance(value, dict):
        one = number(value.get("logprob"))
        if one is not None and one <= 0:
            yield one
        for key, item in value.items():
            if key != "top_logprobs":
                yield from _logprobs(item, depth - 1)
    elif depth and isinstance(value, list):
        for item in value:
            yield from _logprobs(item, depth - 1)


def _of_retrieval(view: TraceView) -> Iterator[float]:
    for span in view.spans_of(RETRIEVAL_KINDS):
        scores = document_scores(span, view.read)
        if scores and all(0 <= score <= 1 for score in scores):
            yield max(scores)


def _last_word(key: str) -> str:
    return key.rpartition(".")[2]


def _share(value: float | None) -> Iterator[float]:
    """Confidence on another scale cannot be compared."""
    if value is not None and 0 <= value <= 1:
        yield value
