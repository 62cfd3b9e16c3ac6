"""What a worker does with one conversation: take it from the ledger, score it, hand in record and evaluation span."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from otel_scorer.conventions.conversation_view import ConversationView
from otel_scorer.conventions.scores import evaluation_span, trace_status
from otel_scorer.conventions.segments import segments
from otel_scorer.errors import LedgerError
from otel_scorer.history.kept import Kept
from otel_scorer.history.kept_conversation import conversation_of
from otel_scorer.history.record import Course, Pinned, Record
from otel_scorer.history.records import label_of, outcomes_of
from otel_scorer.history.storable import count, name, names
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import Ledger
from otel_scorer.ledger.talks import Talk, TalkContent
from otel_scorer.model import Conversation, Link, Missing, Result, Status
from otel_scorer.online.endings import WriteBack
from otel_scorer.online.evaluation_stores import tell
from otel_scorer.online.insist import insist
from otel_scorer.otlp import encode_span
from otel_scorer.scoring.judging.judge import Judge
from otel_scorer.scoring.rubrics.assigned import Assigned
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score_conversation import conversation_not_scored, score_conversation
from otel_scorer.wire import assemble

log = logging.getLogger(__name__)

Admit = Callable[[Member], Awaitable[bool]]


@dataclass(frozen=True)
class ConversationScorer:
    """`worker` is this process's name in the ledger."""

    worker: str
    ledger_of: Callable[[Talk], Ledger]
    rubrics: RubricSet
    by_kind: Assigned
    judge: Judge | None
    deadline_s: float
    min_turns: int
    write_back: WriteBack
    admit: Admit
    _at_it: set[Talk] = field(default_factory=set)

    async def score(self, talk: Talk, dispatch: int) -> None:
        """Scores one conversation if there is something to do. Never raises but for a ledger that is away: it is
        dispatched again then.
        """
        if talk in self._at_it:
            return
        self._at_it.add(talk)
        try:
            await self._score(talk, dispatch)
        finally:
            self._at_it.discard(talk)

    async def _score(self, talk: Talk, dispatch: int) -> None:
        talks = self.ledger_of(talk).talks
        content = await talks.start(talk, self.worker, dispatch)
        if content is None:
            return
        draft = Record.from_json(content.draft)
        try:
            scored = await self._scored(talk, content, draft)
        except LedgerError:
            raise
        except Exception:
            log.exception("conversation %s cannot be scored", talk.key)
            scored = Scored(replace(draft, status="rubric_error"), ())
        record, outbox = (scored.record.to_json(), scored.outbox) if scored is not None else ("", ())
        await insist(lambda: talks.finish(talk, content.since, record, outbox), self.deadline_s)

    async def _scored(self, talk: Talk, content: TalkContent, draft: Record) -> Scored | None:
        """None where there is nothing to tell: too few turns, none that is new, or no rubric for it."""
        found, headers = await asyncio.to_thread(_conversation_of, draft, content)
        if not found.traces:
            return None
        seen = ConversationView(found)
        if not await asyncio.to_thread(_is_worth_it, seen, draft, self.min_turns):
            return None
        rubrics = self.rubrics.for_conversation(seen.last)
        results = await self._results(talk, found, rubrics)
        scored_ms = int(time.time() * 1000)
        if not results:
            return None
        return await asyncio.to_thread(_told, seen, draft, rubrics, results, headers, scored_ms, self.write_back)

    async def _results(self, talk: Talk, found: Conversation, rubrics: Sequence[Rubric]) -> tuple[Result, ...]:
        if rubrics and not await self.admit(Member(talk.tenant, talk.key)):
            return conversation_not_scored(found, rubrics, Missing("over_budget", "too much in this minute"))
        deadline = time.monotonic() + self.deadline_s
        return await score_conversation(found, rubrics, self.judge, deadline=deadline, by_kind=self.by_kind)


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scoring leaves: its record, and the evaluation spans that go out."""

    record: Record
    outbox: tuple[Outgoing, ...]


def _conversation_of(draft: Record, content: TalkContent) -> tuple[Conversation, Mapping[str, str]]:
    kept = [Kept(draft.tenant, trace_id, 0, packed) for trace_id, packed in content.traces]
    known = draft.course.known_traces if draft.course is not None else 0
    return conversation_of(draft.tenant, draft.conversation_id, kept, known)


def _is_worth_it(seen: ConversationView, draft: Record, min_turns: int) -> bool:
    """It has turns enough, and one that the scoring before has not seen.

    A trace whose own content comes late is no new turn where a later trace had told of it.
    """
    before = draft.course or Course()
    ids = [trace.trace_id for trace in seen.conversation.traces]
    known = [place for place, trace_id in enumerate(ids) if trace_id in set(before.trace_ids)]
    places = [turn.place for turn in seen.turns if not turn.history and turn.place not in known]
    if not places or len(seen.turns) < min_turns:
        return False
    return not known or max(places) > max(known) or len(seen.turns) > before.turns


def _told(
    seen: ConversationView,
    draft: Record,
    rubrics: Sequence[Rubric],
    results: Sequence[Result],
    headers: Mapping[str, str],
    scored_ms: int,
    write_back: WriteBack,
) -> Scored:
    status = trace_status(results)
    record = replace(
        draft,
        status=status,
        label=label_of(results),
        rubrics=tuple(Pinned(name=name(one.name), version=one.version, digest=one.digest) for one in rubrics),
        outcomes=outcomes_of(results),
        segments=names(segments(seen.last)),
        root_span_id=results[0].target_span_id,
        times=replace(draft.times, scored_ms=scored_ms),
        course=Course(
            trace_ids=tuple(trace.trace_id for trace in seen.conversation.traces),
            known_traces=count(len(seen.views) + seen.conversation.not_kept),
            turns=count(len(seen.turns)),
            not_told=count(seen.not_told),
        ),
    )
    if status not in ("scored", "partial"):
        return Scored(record, ())  # as for traces: `why` and metrics tell of what has no score
    return Scored(record, tuple(_spans(seen, results, status, headers, scored_ms * 1_000_000, write_back)))


def _spans(
    seen: ConversationView,
    results: Sequence[Result],
    status: Status,
    headers: Mapping[str, str],
    evaluated_at_ns: int,
    write_back: WriteBack,
) -> list[Outgoing]:
    """One for each result, in the last trace, linked to the root of each."""
    target = seen.roots[-1]
    found: list[Outgoing] = []
    for result in results:
        span = evaluation_span(
            result,
            target,
            deployment=write_back.deployment,
            evaluated_at_ns=evaluated_at_ns,
            status=status,
            reasons=write_back.reasons,
            content="conversation",
            links=[Link(root.trace_id, root.span_id) for root in seen.roots[:-1]],
            conversation_id=seen.conversation.id,
            about=" ".join(trace.trace_id for trace in seen.conversation.traces),
        )
        raw, envelope = encode_span(span)
        found.append(Outgoing(f"{target.trace_id}/{span.span_id}", "traces", assemble([(envelope, raw)]), headers))
        found += tell(
            write_back.stores,
            replace(
                result, primary=False
            ),  # a store has one place for a trace's own scores, which are another rubric's
            target,
            late=True,
            is_root=True,
            evaluated_at_ns=evaluated_at_ns,
            reasons=write_back.reasons,
        )
    return found
