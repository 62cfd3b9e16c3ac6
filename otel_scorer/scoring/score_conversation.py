"""`score_conversation`: as `score_trace`, for the traces of one conversation; the same cascade, judge and prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from otel_scorer.conventions.conversation_view import ConversationView
from otel_scorer.model import Conversation, Missing, Result
from otel_scorer.scoring.cascade import Examined, consult, examine, names_for
from otel_scorer.scoring.heard import crash_place
from otel_scorer.scoring.judging.judge import Judge
from otel_scorer.scoring.measures import measure
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.result import Job, results_of
from otel_scorer.scoring.rubrics.applies import applies_to_conversation
from otel_scorer.scoring.rubrics.assigned import Assigned, ByKind
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.scrub import Pseudonyms
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.scoring.verdict import Target


async def score_conversation(
    talk: Conversation,
    rubrics: Sequence[Rubric],
    judge: Judge | None,
    *,
    deadline: float,
    by_kind: Assigned | ByKind = DEFAULT_BY_KIND,
) -> tuple[Result, ...]:
    """What `rubrics` say of `talk`: one result for each of conversation level, at the root of the last trace.

    Rubrics of other levels, and a conversation without traces, have no result. `deadline` and failures are as in
    `score_trace`: never raises but CancelledError.
    """
    assigned = Assigned.of(by_kind)
    jobs = await asyncio.to_thread(_examine_all, talk, rubrics, judge, assigned)
    if judge is not None:
        open_jobs = [job.done for job in jobs if isinstance(job.done, Examined) and job.done.prompt is not None]
        await asyncio.gather(*(consult(done, judge, deadline) for done in open_jobs))
    return results_of(jobs)


def conversation_not_scored(talk: Conversation, rubrics: Sequence[Rubric], missing: Missing) -> tuple[Result, ...]:
    """Results of a conversation that is not to be scored after all, and why."""
    return results_of([Job(rubric, _place_of(talk), missing) for rubric in rubrics if talk.traces])


def _examine_all(talk: Conversation, rubrics: Sequence[Rubric], judge: Judge | None, by_kind: Assigned) -> list[Job]:
    wanted = [rubric for rubric in rubrics if rubric.level == "conversation"]
    if not talk.traces:
        return []
    try:
        seen = ConversationView(talk)
        target_id = seen.roots[-1].span_id
    except Exception as error:  # never let one conversation's shape stop the others
        missing = Missing("rubric_error", crash_place("conversation", error))
        return [Job(rubric, _place_of(talk), missing) for rubric in wanted]
    once = Once()
    try:
        return [
            _job(rubric, Target(seen.last, once=once, conversation=seen), target_id, judge, by_kind)
            for rubric in wanted
            if applies_to_conversation(rubric, seen.last, by_kind, rubrics)
        ]
    finally:
        once.forget()


def _job(rubric: Rubric, target: Target, target_id: str, judge: Judge | None, by_kind: Assigned) -> Job:
    try:
        done = examine(rubric, target, judge, pseudonyms=lambda: Pseudonyms(names_for(judge)))
        configured = by_kind.names_for(rubric, "CONVERSATION", target.view)
        return Job(rubric, target_id, done, configured, measure(rubric, target))
    except Exception as error:  # the same
        return Job(rubric, target_id, Missing("rubric_error", crash_place(str(rubric), error)))


def _place_of(talk: Conversation) -> str:
    """What is likely the root of the last trace."""
    spans = talk.traces[-1].spans
    return next((span for span in spans if not span.parent_id), spans[0]).span_id if spans else ""
