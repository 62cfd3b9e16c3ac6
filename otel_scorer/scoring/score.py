"""`score_trace`: the only way a score comes to be, online and offline alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Missing, Result, Span, Trace
from otel_scorer.scoring.cascade import Examined, consult, examine, names_for
from otel_scorer.scoring.heard import crash_place
from otel_scorer.scoring.judging.exhibit import exhibit
from otel_scorer.scoring.judging.judge import Judge
from otel_scorer.scoring.judging.prompt import pseudonyms_of
from otel_scorer.scoring.measures import measure
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reference import Expected
from otel_scorer.scoring.result import Job, results_of
from otel_scorer.scoring.rubrics.applies import targets
from otel_scorer.scoring.rubrics.assigned import Assigned, ByKind
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.scrub import Pseudonyms
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.scoring.verdict import Target


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
    return results_of(jobs)


def not_scored(trace: Trace, rubrics: Sequence[Rubric], missing: Missing) -> tuple[Result, ...]:
    """Results of a trace that is not to be scored after all, and why; each at what is likely its root."""
    jobs = [Job(rubric, _likely_root(trace), missing) for rubric in rubrics if trace.spans]
    return results_of(jobs)


def _examine_all(
    trace: Trace, rubrics: Sequence[Rubric], judge: Judge | None, expected: Expected | None, by_kind: Assigned
) -> list[Job]:
    """In a thread: it is the part that takes CPU, and other traces' judge calls share the event loop."""
    try:
        seen = view(trace)
        if seen.own:
            return []
        pseudonyms = _pseudonyms(seen, names_for(judge))
    except Exception as error:  # never let one trace's shape stop the others
        missing = Missing("rubric_error", crash_place("trace", error))
        return [Job(rubric, _likely_root(trace), missing) for rubric in rubrics if trace.spans]
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


def _pseudonyms(seen: TraceView, also: frozenset[str]) -> Callable[[], Pseudonyms]:
    """Those of the whole trace, found when the first prompt needs them: each prompt goes on from them by itself, so
    that it is the same text whichever other rubrics score the trace.
    """
    found = cache(lambda: pseudonyms_of(exhibit(Target(seen)), also))
    return lambda: found().copy()


def _jobs(rubric: Rubric, seen: TraceView, examining: _Examining) -> list[Job]:
    """One for each target on which there is anything to judge; for all, where there is nothing on any (it is said)."""
    by_kind, expected = examining.by_kind, examining.expected
    try:
        examined = [
            (span.span_id, kind, target, examining(rubric, target))
            for span, kind, target in targets(rubric, seen, by_kind, examining.rubrics, examining.once)
        ]
        worth = [one for one in examined if not one[3].nothing_to_judge]
        return [
            Job(rubric, span_id, done, by_kind.names_for(rubric, kind, seen), measure(rubric, target, expected))
            for span_id, kind, target, done in worth or examined
        ]
    except Exception as error:  # the same
        return [Job(rubric, _likely_root(seen.trace), Missing("rubric_error", crash_place(str(rubric), error)))]


def _likely_root(trace: Trace) -> str:
    spans: Sequence[Span] = trace.spans
    return next((span for span in spans if not span.parent_id), spans[0]).span_id if spans else ""
