"""What an answer is held against: what was read, what was told, and how a verdict on it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from otel_scorer.model import Finding
from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.reading.said import Said, said
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

NOT_ALL_CAPTURED = "of what the agent read, not all was captured"
_NOTHING_READ = CannotTell("the agent read no tool result and no document: there is nothing to hold the answer against")


Ground: TypeAlias = CannotTell | tuple[Said, Evidence, Evidence]


def ground_of(target: Target) -> Ground:
    """The answer with what was read and what was told, or why there is no telling."""
    span_id = target.step.span_id if target.step is not None else ""
    return target.once.keyed((ground_of, span_id), lambda: _ground_of(target))


def _ground_of(target: Target) -> Ground:
    spoken = said(target)
    if isinstance(spoken, CannotTell):
        return spoken
    if not spoken.sources:
        return _NOTHING_READ if spoken.complete else CannotTell(NOT_ALL_CAPTURED, missing_evidence=True)
    read = Evidence([source.text for source in spoken.sources], once=target.once)
    return spoken, read, Evidence([spoken.told, spoken.earlier, spoken.asked_for], documents=0, once=target.once)


def verdict(
    spoken: Said,
    estimate: float,
    reason: str,
    findings: Sequence[Finding],
    metrics: dict[str, float],
    *,
    doubtful: bool = False,
) -> Verdict:
    evidence = tuple(dict.fromkeys(filter(None, (spoken.answer_span, *(s.span_id for s in spoken.sources[:10])))))
    return Verdict(estimate, reason, tuple(findings), evidence, metrics, doubtful=doubtful)
