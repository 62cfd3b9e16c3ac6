"""`score_trace`: the only way a score comes to be, online and offline alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Finding, Missing, Result, Score, Span, Trace
from otel_scorer.scoring.applies import targets
from otel_scorer.scoring.assigned import Assigned, ByKind
from otel_scorer.scoring.cascade import Examined, consult, examine
from otel_scorer.scoring.clean import clip, visible
from otel_scorer.scoring.composite import composite, coverage, label
from otel_scorer.scoring.exhibit import exhibit
from otel_scorer.scoring.findings import of_judge
from otel_scorer.scoring.heard import crash_place, metrics_of
from otel_scorer.scoring.judge import REASON_CHARS, Judge
from otel_scorer.scoring.measures import Measured, measure
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.prompt import pseudonyms_of
from otel_scorer.scoring.reference import Expected
from otel_scorer.scoring.rubric import Rubric
from otel_scorer.scoring.scrub import Pseudonyms, scrub_text
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.scoring.verdict import Target

MAX_FINDINGS = 100
"""Findings that one result carries."""


@dataclass(frozen=True, slots=True)
class _Job:
    rubric: Rubric
    span_id: str
    done: Examined | Missing
    """What the checks left, or why the rubric could not be used at all."""
    configured: bool = False
    """Settings name the rubric for this kind of span in this trace."""
    measured: Measured = field(default_factory=Measured)


async def score_trace(
    trace: Trace,
    rubrics: Sequence[Rubric],
    judge: Judge | None,
    *,
    deadline: float,
    expected: Expected | None = None,
    by_kind: Assigned | ByKind = DEFAULT_BY_KIND,
) -> tuple[Result, ...]:
    """What `rubrics` say of `trace`: one result for each rubric and span that it judges, both in order.

    A span on which a rubric finds nothing to judge (a model call that only asks for tools) has no result of it.

    `expected` is what an offline case says of a good run. `deadline` (of `time.monotonic()`) bounds the judge, not the
    checks. `by_kind` says which rubric is primary for which spans. Content is scrubbed before the judge sees it. Never
    raises but CancelledError: whatever fails is a `Missing` that says so. An evaluation's own trace has no results.
    """
    by_kind = Assigned.of(by_kind)
    jobs = await asyncio.to_thread(_examine_all, trace, rubrics, judge, expected, by_kind)
    if judge is not None:
        open_jobs = [job.done for job in jobs if isinstance(job.done, Examined) and job.done.prompt is not None]
        await asyncio.gather(*(consult(done, judge, deadline) for done in open_jobs))
    once = Once()
    return _with_primaries([(job, _result(job, once)) for job in jobs])


def not_scored(trace: Trace, rubrics: Sequence[Rubric], missing: Missing) -> tuple[Result, ...]:
    """Results of a trace that is not to be scored after all, and why; each at what is likely its root."""
    jobs = [_Job(rubric, _likely_root(trace), missing) for rubric in rubrics if trace.spans]
    return _with_primaries([(job, _result(job, Once())) for job in jobs])


def _examine_all(
    trace: Trace, rubrics: Sequence[Rubric], judge: Judge | None, expected: Expected | None, by_kind: Assigned
) -> list[_Job]:
    """In a thread: it is the part that takes CPU, and other traces' judge calls share the event loop."""
    try:
        seen = view(trace)
        if seen.own:
            return []
        pseudonyms = _pseudonyms(seen)
    except Exception as error:  # never let one trace's shape stop the others
        missing = Missing("rubric_error", crash_place("trace", error))
        return [_Job(rubric, _likely_root(trace), missing) for rubric in rubrics if trace.spans]
    once = Once()
    examining = _Examining(rubrics, judge, expected, pseudonyms, by_kind, once)
    try:
        return [job for rubric in rubrics for job in _jobs(rubric, seen, examining)]
    finally:
        once.forget()


@dataclass(frozen=True, slots=True)
class _Examining:
    """What is the same for every target of a trace."""

    rubrics: Sequence[Rubric]
    judge: Judge | None
    expected: Expected | None
    pseudonyms: Callable[[], Pseudonyms]
    by_kind: Assigned
    once: Once

    def __call__(self, rubric: Rubric, target: Target) -> Examined:
        return examine(rubric, target, self.judge, self.expected, self.pseudonyms)


def _pseudonyms(seen: TraceView) -> Callable[[], Pseudonyms]:
    """Those of the whole trace, found when the first prompt needs them: each prompt goes on from them by itself, so
    that it is the same text whichever other rubrics score the trace.
    """
    found = cache(lambda: pseudonyms_of(exhibit(Target(seen))))
    return lambda: found().copy()


def _jobs(rubric: Rubric, seen: TraceView, examining: _Examining) -> list[_Job]:
    """One for each target on which there is anything to judge; for all, where there is nothing on any (it is said)."""
    by_kind, expected = examining.by_kind, examining.expected
    try:
        examined = [
            (span.span_id, kind, target, examining(rubric, target))
            for span, kind, target in targets(rubric, seen, by_kind, examining.rubrics, examining.once)
        ]
        worth = [one for one in examined if not one[3].nothing_to_judge]
        return [
            _Job(rubric, span_id, done, by_kind.names_for(rubric, kind, seen), measure(rubric, target, expected))
            for span_id, kind, target, done in worth or examined
        ]
    except Exception as error:  # the same
        return [_Job(rubric, _likely_root(seen.trace), Missing("rubric_error", crash_place(str(rubric), error)))]


def _likely_root(trace: Trace) -> str:
    spans: Sequence[Span] = trace.spans
    return next((span for span in spans if not span.parent_id), spans[0]).span_id if spans else ""


def _result(job: _Job, once: Once) -> Result:
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


def _with_primaries(done: Sequence[tuple[_Job, Result]]) -> tuple[Result, ...]:
    """Design section 3: on the root the trace-level rubric, else the one configured for the kind, else the first."""
    best: dict[str, tuple[tuple[bool, bool, int], int]] = {}
    for index, (job, result) in enumerate(done):
        rank = (job.rubric.level != "trace", not job.configured, index)
        if result.target_span_id not in best or rank < best[result.target_span_id][0]:
            best[result.target_span_id] = (rank, index)
    primary = {index for _, index in best.values()}
    return tuple(replace(result, primary=index in primary) for index, (_, result) in enumerate(done))
