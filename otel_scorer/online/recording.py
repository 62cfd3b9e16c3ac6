"""Records of ended traces as the pipeline makes, keeps and counts them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from otel_scorer.history.record import Outcome, Record, Times
from otel_scorer.history.records import record_of, rescored
from otel_scorer.history.storable import name
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.keys import Member
from otel_scorer.model import Decision, Result, Status
from otel_scorer.online.counting import count_estimates, count_run
from otel_scorer.online.decisions import BYPASSED, dump_decision
from otel_scorer.online.sealing import Sealed
from otel_scorer.online.telemetry import Metrics

Ended = Callable[[Record], None]
"""Told of every trace whose end this process has committed."""

_AWAITED: Status = "deadline"
"""Status of the draft that lies in the ledger while a score is awaited; it is written nowhere."""


@dataclass(frozen=True)
class Recorder:
    """Makes records; the same in every process with equal settings."""

    draw_salt: bytes
    """Key of the sampling draw."""
    salt: bytes
    """Key of the hashes of user ids and fingerprints."""
    metrics: Metrics

    def at_seal(self, claim: Claim, sealed: Sealed) -> Record:
        """Of a trace that has been decided on: its ending, or the draft of one that is to be scored."""
        times = Times(first_seen_ms=claim.first_ms, last_seen_ms=claim.last_ms, sealed_ms=claim.now_ms)
        return record_of(
            sealed.view,
            status=_AWAITED if sealed.decision.rubrics or not sealed.decision.status else sealed.decision.status,
            decision=sealed.decision,
            results=(),
            times=times,
            ended_at_ms=claim.now_ms,
            salt=self.salt,
            received_spans=claim.spans,
        )

    def at_score(self, claim: Claim, results: Sequence[Result], status: Status) -> Record:
        """The draft with what the worker found, and how the trace ended with it."""
        draft = Record.from_json(claim.record)
        scored = rescored(draft, status=status, results=results, scored_ms=claim.scored_ms, attempts=claim.attempts)
        return replace(scored, revision=0, ended_at_ms=claim.now_ms, received_spans=claim.spans)

    def at_failure(self, claim: Claim, status: Status) -> Record:
        """The draft of a trace that was given up."""
        draft = Record.from_json(claim.record)
        return replace(draft, status=status, ended_at_ms=claim.now_ms, attempts=claim.attempts)

    def ended(self, record: Record) -> None:
        """Counts an ending and what was scored in it."""
        add = self.metrics.add
        add("traces", 1, status=record.status, tenant=record.tenant)
        if record.status == "shed":
            add("shed_traces", 1, why="pressure")
        count_estimates(self.metrics, record)
        count_run(self.metrics, record)
        self._count_outcomes(record, "scores", "missing_scores")
        scored, sealed = record.times.scored_ms, record.times.sealed_ms
        if scored is not None and sealed is not None:
            self.metrics.observe("score_duration", max(0, scored - sealed) / 1000)

    def conversation_ended(self, record: Record) -> None:
        """Counts a conversation that was scored, or given up.

        Apart from traces: of a conversation that was sampled in part evidence is missing, which says nothing of what
        the traces carry.
        """
        self.metrics.add("conversations", 1, status=record.status, tenant=record.tenant)
        self._count_outcomes(record, "conversation_scores", "conversation_missing_scores")

    def _count_outcomes(self, record: Record, scores: str, missing: str) -> None:
        service = record.segments.get("service", "")
        for outcome in record.outcomes:
            for dimension, verdict in outcome.scores.items():
                if verdict.value is not None:
                    self.metrics.add(scores, 1, dimension=dimension, value=str(verdict.value), service=service)
                else:
                    self.metrics.add(missing, 1, dimension=dimension, why=verdict.missing or "undecided")
            self._count_judge(outcome)
            if outcome.judge_cost is not None:
                self.metrics.add("judge_cost", outcome.judge_cost, tenant=record.tenant)

    def _count_judge(self, outcome: Outcome) -> None:
        add = self.metrics.add
        failed = any((verdict.missing or "").startswith("judge_") for verdict in outcome.scores.values())
        add("judge_calls", outcome.judge_calls, outcome="failed" if failed else "answered")
        add("judge_tokens", outcome.judge_input_tokens, direction="input")
        add("judge_tokens", outcome.judge_output_tokens, direction="output")
        add("judge_cache_hits", outcome.judge_cache_hits)
        if outcome.judge_seconds is not None:
            self.metrics.observe("judge_duration", outcome.judge_seconds)


def bare_ending(member: Member, decision: Decision, now_ms: int) -> tuple[str, Record]:
    """Decision (JSON) and record of a trace of which nothing but its id and its status can be told."""
    assert decision.status is not None  # noqa: S101 - of our own making
    record = Record(tenant=name(member.tenant), trace_id=member.trace_id, ended_at_ms=now_ms, status=decision.status)
    return dump_decision(decision), record


def bypassed_ending(member: Member) -> tuple[str, str]:
    """Decision and record (both JSON) of a trace of which spans were forwarded unscored while the ledger was away."""
    decision, record = bare_ending(member, BYPASSED, int(time.time() * 1000))
    return decision, record.to_json()
