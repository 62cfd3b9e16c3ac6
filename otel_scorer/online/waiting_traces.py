"""Sealed traces that wait for their score: finish them, let held spans go in time, hand them out again when nobody
is at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from otel_scorer.conventions.scores import trace_status
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.contents import Advance, Content
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import Status
from otel_scorer.online.decisions import load_decision
from otel_scorer.online.departures import Departure, End
from otel_scorer.online.dispatch import Dispatch
from otel_scorer.online.endings import WriteBack, dump_outbox, write_results, write_status
from otel_scorer.online.open_traces import part_all_due
from otel_scorer.online.pipeline_settings import SCORING_GRACE_S, HoldSettings, SweepSettings, WorkSettings
from otel_scorer.online.recording import Recorder
from otel_scorer.scoring.results_json import load

_CRASHES = 3
"""Crashes while alone after which a trace is given up: it kills whatever scores it."""


class WaitingTraces:
    """Handles claims in state `waiting`."""

    def __init__(
        self,
        ledger: Ledger,
        hold: HoldSettings,
        sweep: SweepSettings,
        work: WorkSettings,
        write_back: WriteBack,
        recorder: Recorder,
        dispatch: Dispatch,
        living_workers: Callable[[], set[str] | None],
    ) -> None:
        self._ledger = ledger
        self._hold = hold
        self._sweep = sweep
        self._work = work
        self._write_back = write_back
        self._recorder = recorder
        self._dispatch = dispatch
        self._living = living_workers

    async def handle(self, claims: Sequence[Claim]) -> list[Departure]:
        """What is to go now; everything else is written to the ledger before this returns."""
        scored = [claim for claim in claims if claim.result]
        unscored = [claim for claim in claims if not claim.result]
        given_up = {claim.member: why for claim in unscored if (why := self._given_up(claim)) is not None}
        contents = await self._ledger.read(scored)
        departures = [self._finish(claim, content) for claim, content in zip(scored, contents, strict=True)]
        departures += await self._end_failed([claim for claim in unscored if claim.member in given_up], given_up)
        waiting = [claim for claim in unscored if claim.member not in given_up]
        departures += await self._release([claim for claim in waiting if _release_due(claim)])
        await self._wait_on([claim for claim in waiting if not _release_due(claim)])
        return departures

    # ---- with a result -----------------------------------------------------------------------------------------------

    def _finish(self, claim: Claim, content: Content) -> Departure:
        decision = load_decision(claim.decision)
        results = load(claim.result)
        evaluated_at_ns = claim.scored_ms * 1_000_000
        written = write_results(content, claim.root, results, decision, evaluated_at_ns, self._write_back)
        record = self._recorder.at_score(claim, results, decision.status or trace_status(results))
        meta = {"state": "exporting", "record": record.to_json(), "outbox": dump_outbox(written.outbox)}
        end = End(claim.decision, record, claim.kept, written.outbox)
        return Departure(claim, content.held, written.appendices, meta, end=end)

    # ---- without ----------------------------------------------------------------------------------------------------

    def _given_up(self, claim: Claim) -> Status | None:
        """The status of a trace that has had its chances; a worker that is still at it may go on."""
        if self._crashes(claim) >= _CRASHES:
            return "rubric_error"
        if self._is_at_it(claim):
            return None
        if not claim.suspect and self._attempts(claim) >= self._work.max_attempts:
            return "judge_timeout"
        if claim.now_ms - claim.sealed_ms >= int(self._work.max_wait_s * 1000):
            return "rubric_error" if claim.no_rubric else "judge_timeout"
        return None

    def _lives(self, claim: Claim) -> bool:
        """Whether somebody has the trace who lives, as far as we know: taking it was a sign of life too."""
        living = self._living()
        if not claim.worker or living is None or claim.worker in living:
            return bool(claim.worker)
        return claim.now_ms < claim.started_ms + int(self._work.heartbeat_s * 1000)

    def _died(self, claim: Claim) -> bool:
        return bool(claim.worker) and not self._lives(claim)

    def _attempts(self, claim: Claim) -> int:
        """Attempts that count: a worker that died has not tried."""
        return claim.attempts - self._died(claim)

    def _crashes(self, claim: Claim) -> int:
        """Crashes while alone, the only ones that speak against a trace. A suspect one is only ever taken alone: a
        worker that died with it is such a crash too."""
        return claim.crashes + (claim.suspect and self._died(claim))

    async def _end_failed(self, claims: Sequence[Claim], given_up: Mapping[Member, Status]) -> list[Departure]:
        contents = await self._ledger.read(claims)
        return [
            self._failed(claim, content, given_up[claim.member])
            for claim, content in zip(claims, contents, strict=True)
        ]

    def _failed(self, claim: Claim, content: Content, status: Status) -> Departure:
        decision = load_decision(claim.decision)
        written = write_status(content, claim.root, status, decision)
        record = self._recorder.at_failure(claim, status)
        meta = {"state": "exporting", "record": record.to_json()}
        return Departure(claim, content.held, written.appendices, meta, end=End(claim.decision, record))

    async def _release(self, claims: Sequence[Claim]) -> list[Departure]:
        """Holds end while the score is awaited: a root goes with status `deadline`, its score follows by itself."""
        departures: list[Departure] = []
        for claim, go in await part_all_due(self._ledger, claims, self._sweep.batch_spans, self._hold):
            written = write_status(Content(tuple(go)), claim.root, "deadline", load_decision(claim.decision))
            due_ms = self._next_look_ms(claim)
            departures.append(Departure(claim, go, written.appendices, freeze_all=True, due_ms=due_ms))
        return departures

    async def _wait_on(self, claims: Sequence[Claim]) -> None:
        again = [claim for claim in claims if self._next_look_ms(claim) <= claim.now_ms]
        steps = [self._dispatch_again(claim) for claim in again]
        steps += [
            Advance(claim.member, claim.fence, due_ms=self._next_look_ms(claim))
            for claim in claims
            if claim not in again
        ]
        answers = await self._ledger.advance(steps)
        held = {step.member for step, ok in zip(steps, answers, strict=True) if ok}
        await self._dispatch([(claim.member, claim.dispatch + 1) for claim in again if claim.member in held])

    def _dispatch_again(self, claim: Claim) -> Advance:
        """A worker that died with the trace makes it suspect: it is scored in a process of its own from then on."""
        meta: dict[str, str | bytes | int] = {"dispatch": claim.dispatch + 1, "dispatched": claim.now_ms}
        if claim.worker:  # of a trace that was nobody's nothing is written that a worker may have written meanwhile
            meta["worker"] = ""
        if self._died(claim):
            meta |= {"suspect": 1, "attempts": self._attempts(claim), "crashes": self._crashes(claim)}
        due = claim.now_ms + int(self._work.redispatch_s * 1000)
        return Advance(claim.member, claim.fence, due_ms=due, meta=meta)

    def _is_at_it(self, claim: Claim) -> bool:
        return self._lives(claim) and claim.now_ms < self._patience_ms(claim)

    def _patience_ms(self, claim: Claim) -> int:
        """Until when a worker that lives may have the trace: it stops a scoring itself before that."""
        return claim.started_ms + int((self._work.deadline_s + 2 * SCORING_GRACE_S) * 1000)

    def _next_look_ms(self, claim: Claim) -> int:
        if not claim.worker:
            return claim.dispatched_ms + int(self._work.redispatch_s * 1000)
        if not self._is_at_it(claim):
            return claim.now_ms
        return min(self._patience_ms(claim), claim.now_ms + int(self._work.heartbeat_s * 1000))


def _release_due(claim: Claim) -> bool:
    return claim.next_release_ms is not None and claim.next_release_ms <= claim.now_ms
