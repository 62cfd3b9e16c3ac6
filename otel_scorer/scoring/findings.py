"""Findings made whole: every fault has one, with code, stage and spans, and the reason is made from them.

So that they can be counted and clustered later, whichever check, or the judge, found them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from otel_scorer.model import Finding, Missing, Score
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.scoring.verdict import HIGHEST, Target, Verdict

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_IN_A_REASON = 4
"""Findings that a reason tells; it says how many more there are."""
JUDGED = "judge.fault"
"""Code of what the judge found."""


def completed(verdict: Verdict, place: str, dimension: str, target: Target) -> Verdict:
    """The verdict of the check at `place`; a fault without a finding gets one, findings without a stage theirs."""
    found = verdict.findings
    if not found and nearest_anchor(verdict.estimate) < HIGHEST:
        found = (Finding(_code(place), dimension, verdict.reason, span_ids=verdict.evidence),)
    if not found:
        return verdict
    return replace(verdict, findings=tuple(_staged(finding, target.view) for finding in found))


def _code(place: str) -> str:
    """`package.checks.plan:tool_errors` as `plan.tool_errors`."""
    module, _, function = place.partition(":")
    return f"{module.rpartition('.')[2]}.{function}"


def _staged(finding: Finding, view: TraceView) -> Finding:
    return finding if finding.stage or not finding.span_ids else replace(finding, stage=_stage(finding.span_ids, view))


def _stage(span_ids: Sequence[str], view: TraceView) -> str:
    return next((view.kinds[span_id] for span_id in span_ids if span_id in view.kinds), "")


def reason_of(verdict: Verdict) -> str:
    """What is told of a verdict: its findings, else its own words."""
    texts = list(dict.fromkeys(finding.text.strip() for finding in verdict.findings if finding.text.strip()))
    if not texts:
        return verdict.reason.strip()
    more = f" and {len(texts) - _IN_A_REASON} more" if len(texts) > _IN_A_REASON else ""
    return "; ".join(texts[:_IN_A_REASON]) + more


def of_judge(scores: Mapping[str, Score | Missing], view: TraceView) -> tuple[Finding, ...]:
    """One finding for each score under the highest that the judge gave."""
    return tuple(
        Finding(JUDGED, name, score.reason, _stage(score.evidence, view), score.evidence)
        for name, score in scores.items()
        if isinstance(score, Score) and score.by != "checks" and score.value < HIGHEST
    )
