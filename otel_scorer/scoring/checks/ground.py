"""What an answer is held against: what was read, what was told, and how a verdict on it is written down."""

from __future__ import annotations

from collections.abc import Sequence

from otel_scorer.model import Finding
from otel_scorer.scoring.checks.said import Said, no_answer, said
from otel_scorer.scoring.checks.support import Evidence
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

NOT_ALL_CAPTURED = "of what the agent read, not all was captured"
_NOTHING_READ = CannotTell("the agent read no tool result and no document: there is nothing to hold the answer against")


def ground_of(target: Target) -> CannotTell | tuple[Said, Evidence, Evidence]:
    """The answer with what was read and what was told, or why there is no telling."""
    spoken = said(target)
    if spoken.answer is None:
        return no_answer(target)
    if not spoken.sources:
        return _NOTHING_READ if spoken.complete else CannotTell(NOT_ALL_CAPTURED, missing_evidence=True)
    read = Evidence([source.text for source in spoken.sources])
    return spoken, read, Evidence([spoken.told, spoken.earlier], documents=0)


def verdict(
    spoken: Said,
    estimate: float,
    reason: str,
    findings: Sequence[Finding],
    metrics: dict[str, float],
) -> Verdict:
    evidence = tuple(dict.fromkeys(filter(None, (spoken.answer_span, *(s.span_id for s in spoken.sources[:10])))))
    return Verdict(estimate, reason, tuple(findings), evidence, metrics)
