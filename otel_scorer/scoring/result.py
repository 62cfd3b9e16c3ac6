"""From what checks and judge left of one target to its `Result`: presentable texts, composite, label, its rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from otel_scorer.model import Finding, Missing, Result, Score
from otel_scorer.scoring.cascade import Examined
from otel_scorer.scoring.clean import clip, visible
from otel_scorer.scoring.composite import composite, coverage, label
from otel_scorer.scoring.findings import of_judge
from otel_scorer.scoring.heard import metrics_of
from otel_scorer.scoring.judging.judge import REASON_CHARS
from otel_scorer.scoring.measures import Measured
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.scrub import Pseudonyms, scrub_text

MAX_FINDINGS = 100
"""Findings that one result carries."""


@dataclass(frozen=True, slots=True)
class Job:
    """One rubric and what it judges: the span that its result goes to."""

    rubric: Rubric
    span_id: str
    done: Examined | Missing
    """What the checks left, or why the rubric could not be used at all."""
    configured: bool = False
    """Settings name the rubric for this kind of span in this trace."""
    measured: Measured = field(default_factory=Measured)


def results_of(jobs: Sequence[Job]) -> tuple[Result, ...]:
    """One result for each, in their order, with the primary ones marked."""
    once = Once()
    return _with_primaries([(job, _result(job, once)) for job in jobs])


def _result(job: Job, once: Once) -> Result:
    rubric, done = job.rubric, job.done
    if isinstance(done, Missing):
        return Result(rubric.id, rubric.digest, job.span_id, dict.fromkeys(rubric.dimensions, done), rubric.weights)
    scores = {name: _presentable(outcome, once) for name, outcome in done.scores.items()}
    found = (*done.findings, *of_judge(done.scores, done.target.view), *job.measured.findings)
    whole = composite(rubric, scores)
    return Result(
        rubric=rubric.id,
        digest=rubric.digest,
        target_span_id=job.span_id,
        scores=scores,
        weights=rubric.weights,
        metrics={
            **metrics_of(list(done.heard.values())),
            **job.measured.metrics,
            **{f"judge_agreement.{name}": share for name, share in done.agreement.items()},
        },
        findings=tuple(_scrubbed(finding, once) for finding in found[:MAX_FINDINGS]),
        evaluator=done.by,
        composite=whole,
        coverage=coverage(rubric, scores),
        label=label(rubric, scores, whole),
        judge_use=done.judge_use,
    )


def _presentable(outcome: Score | Missing, once: Once) -> Score | Missing:
    if isinstance(outcome, Missing):
        return replace(outcome, detail=once(_clean, outcome.detail))
    return replace(outcome, reason=once(_clean, outcome.reason))


def _scrubbed(finding: Finding, once: Once) -> Finding:
    return replace(finding, text=once(_clean, finding.text))


def _clean(text: str) -> str:
    """Reasons travel further than the content that they may quote."""
    try:
        return clip(scrub_text(visible(text), Pseudonyms()), REASON_CHARS)
    except Exception:  # a detector that fails on a reason costs the reason, not the score
        return ""


def _with_primaries(done: Sequence[tuple[Job, Result]]) -> tuple[Result, ...]:
    """Design section 3: on the root the trace-level rubric, else the one configured for the kind, else the first."""
    best: dict[str, tuple[tuple[bool, bool, int], int]] = {}
    for index, (job, result) in enumerate(done):
        rank = (job.rubric.level != "trace", not job.configured, index)
        if result.target_span_id not in best or rank < best[result.target_span_id][0]:
            best[result.target_span_id] = (rank, index)
    primary = {index for _, index in best.values()}
    return tuple(replace(result, primary=index in primary) for index, (_, result) in enumerate(done))
