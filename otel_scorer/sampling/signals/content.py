"""Signals that read what was retrieved, blocked or said of an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from otel_scorer.conventions.steps import RETRIEVAL_KINDS
from otel_scorer.sampling.signals.signal import Signal

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView
    from otel_scorer.model import Feedback, GenAI

_BY_USERS = re.compile(r"feedback|thumb|rating|reaction|satisf|csat", re.IGNORECASE)
_NEGATIVE_LABELS = (
    "negative", "bad", "down", "thumbs_down", "thumbs-down", "thumbs down", "thumbsdown", "dislike", "disliked",
    "incorrect", "wrong", "unhelpful", "not helpful", "poor", "no", "👎",
)  # fmt: skip
_POSITIVE_LABELS = ("positive", "good", "up", "thumbs_up", "thumbs-up", "thumbs up", "thumbsup", "like", "👍")


class NegativeFeedbackSignal(Signal):
    """A user said on the trace that the answer was bad."""

    signal: Literal["feedback_negative"] = "feedback_negative"
    below: float = Field(
        default=0.5,
        allow_inf_nan=False,
        description="Scores under this are negative (0.5 fits 0/1 and -1/1; stars need 3).",
    )
    labels: tuple[str, ...] = Field(
        default=_NEGATIVE_LABELS, description="Labels that are negative, in any case of letters."
    )
    by_users_only: bool = Field(
        default=True, description="Leave out what machines said: evaluators' scores that are on the spans already."
    )

    def holds(self, view: TraceView) -> bool:
        return any(self._negative(feedback) for feedback in view.feedback)

    def _negative(self, feedback: Feedback) -> bool:
        if self.by_users_only and not (feedback.by_human or _BY_USERS.search(feedback.name[:200])):
            return False
        label = feedback.label.strip().lower()
        if label in {word.lower() for word in self.labels}:
            return True
        # A label that is plainly positive wins over a score whose scale nobody tells.
        return label not in _POSITIVE_LABELS and feedback.score is not None and feedback.score < self.below


class EmptyRetrievalSignal(Signal):
    """A retrieval found nothing, or nothing good enough."""

    signal: Literal["empty_retrieval"] = "empty_retrieval"
    min_score: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        default=None,
        description="Holds also when every document's score is under this; left out: only when there is none.",
    )

    def holds(self, view: TraceView) -> bool:
        return any(self._poor(view.read(span)) for span in view.spans_of(RETRIEVAL_KINDS))

    def _poor(self, genai: GenAI) -> bool:
        documents = genai.reranked if genai.reranked is not None else genai.documents
        if documents is None:
            return False
        scores = [document.score for document in documents]
        limit = self.min_score
        return not documents or (limit is not None and all(score is not None and score < limit for score in scores))


class GuardrailSignal(Signal):
    """A guardrail blocked something."""

    signal: Literal["guardrail"] = "guardrail"

    def holds(self, view: TraceView) -> bool:
        return any(decision.blocked for decision in view.guardrails)


class EmptyAnswerSignal(Signal):
    """The run ended, its output was captured, and there is no text in it. Reads the messages of every trace."""

    signal: Literal["empty_answer"] = "empty_answer"

    def holds(self, view: TraceView) -> bool:
        answer = view.final_answer
        return answer is not None and not answer.strip()
