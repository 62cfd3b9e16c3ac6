"""What a worker does with one trace: read it from the ledger, score it, hand the result in (design 2.5). Knows no
Celery.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from otel_scorer.errors import LedgerDown, LedgerError
from otel_scorer.history.kept import with_headers
from otel_scorer.ledger.contents import Content
from otel_scorer.ledger.keys import Member, unpack_heads
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import Missing, Trace
from otel_scorer.online.conversation_scorer import ConversationScorer
from otel_scorer.online.decisions import load_decision
from otel_scorer.online.insist import insist
from otel_scorer.otlp import trace_of
from otel_scorer.scoring.judging.judge import Judge
from otel_scorer.scoring.results_json import dump
from otel_scorer.scoring.rubrics.assigned import Assigned
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import not_scored, score_trace

log = logging.getLogger(__name__)
GIVE_BACK_S = 5.0
"""When a trace that a worker could not score is dispatched again."""

Keep = Callable[[Trace], bytes]
"""Scrubbed, compressed content of a scored trace, b"" when nothing is kept."""

Admit = Callable[[Member], Awaitable[bool]]
"""Whether the budget allows one more trace to be scored; may raise LedgerError."""

Apart = Callable[[Member, int], None]
"""Has a suspect trace scored in a process of its own, when its turn comes: (trace, dispatch)."""


async def always(_member: Member) -> bool:
    """Without a budget every trace may be scored."""
    return True


@dataclass(frozen=True)
class Scorer:
    """`worker` is this process's name in the ledger; `apart` None means: this *is* the process apart."""

    worker: str
    ledger_of: Callable[[Member], Ledger]
    rubrics: RubricSet
    by_kind: Assigned
    judge: Judge | None
    keep: Keep
    deadline_s: float
    apart: Apart | None = None
    admit: Admit = always
    conversations: ConversationScorer | None = None
    """Scores conversations, in the same process."""
    _at_it: set[Member] = field(default_factory=set)
    """A doubled message must not cost a second judge call; the ledger cannot tell it from our own process apart."""

    async def score(self, member: Member, dispatch: int) -> None:
        """Scores one trace if there is something to do. Never raises but for a ledger that is away: it is dispatched
        again then.
        """
        if member in self._at_it:
            return
        self._at_it.add(member)
        try:
            await self._score(member, dispatch)
        except LedgerDown:
            # it may be ours in the ledger, and nobody else would take it while we live
            await insist(lambda: self.ledger_of(member).give_back(member, self.worker, 0.0), self.deadline_s)
            raise
        finally:
            self._at_it.discard(member)

    async def stopped(self, member: Member) -> None:
        """The scoring of a trace took too long and was cancelled. Its check may still run, for ever, in a thread that
        nobody can stop: it is tried again in a process of its own. Raises LedgerError.
        """
        await self.ledger_of(member).give_back(member, self.worker, 0.0, "hang")

    async def _score(self, member: Member, dispatch: int) -> None:
        ledger = self.ledger_of(member)
        start = await ledger.start_scoring(member, self.worker, dispatch, alone=self.apart is None)
        if start is None:
            return
        if start.suspect and self.apart is not None:
            self.apart(member, dispatch)
            return
        decision = load_decision(start.decision)
        rubrics = self.rubrics.resolve(decision.rubrics)
        if rubrics is None:
            log.warning("trace %s is pinned to rubrics that this worker does not have: given back", member.trace_id)
            await ledger.give_back(member, self.worker, GIVE_BACK_S, "rubric")
            return
        content, heads = await ledger.read_trace(member)
        trace = decoded(member, content, heads)
        if not await self.admit(member):
            refused = not_scored(trace, rubrics, Missing("over_budget", "too many traces in this minute"))
            await insist(lambda: ledger.finish_scoring(member, dump(refused), b""), self.deadline_s)
            return
        deadline = time.monotonic() + self.deadline_s
        results = await score_trace(trace, rubrics, self.judge, deadline=deadline, by_kind=self.by_kind)
        kept = await asyncio.to_thread(self._kept, trace)
        headers = next((span.stored.headers for span in content.spans), {})
        content_kept = with_headers(kept, headers)
        await insist(lambda: ledger.finish_scoring(member, dump(results), content_kept), self.deadline_s)

    def _kept(self, trace: Trace) -> bytes:
        try:
            return self.keep(trace)
        except Exception:
            log.exception("content of trace %s is not kept", trace.trace_id)
            return b""


def decoded(member: Member, content: Content, heads: bytes, *, truncated: bool = False) -> Trace:
    """The trace as rubrics see it."""
    spans = [(span.raw, span.stored.envelope) for span in content.spans]
    return trace_of(member.tenant, member.trace_id, spans, content.logs, unpack_heads(heads), truncated)


async def beat_for_ever(ledgers: Sequence[Ledger], worker: str, for_s: float) -> None:
    """Says in every store that this worker lives, three times in each period; until cancelled."""
    while True:
        for ledger in ledgers:
            try:
                await ledger.beat(worker, for_s)
            except LedgerError as error:
                log.warning("heartbeat: %s", error)
            except Exception:  # a worker that lives must not count as dead
                log.exception("heartbeat failed and goes on")
        await asyncio.sleep(for_s / 3)
