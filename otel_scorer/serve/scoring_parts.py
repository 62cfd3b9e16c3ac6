"""The parts of a worker, built where they run: in the worker's loop, or in the process apart of a suspect trace."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from otel_scorer.config import Settings
from otel_scorer.history.kept import pack_kept
from otel_scorer.ledger.answers import LedgerAnswers
from otel_scorer.ledger.budget import LedgerBudget
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import Ledger
from otel_scorer.ledger.windows import LedgerCounts
from otel_scorer.model import Trace
from otel_scorer.online.conversation_scorer import ConversationScorer
from otel_scorer.online.endings import WriteBack
from otel_scorer.online.scorer import Scorer
from otel_scorer.online.stores import Stores, open_stores, trace_limits
from otel_scorer.online.work import Worker
from otel_scorer.otlp import encode_log, encode_span
from otel_scorer.sampling.windows import Limits, Windows
from otel_scorer.scoring.judging.judge import Judge
from otel_scorer.scoring.judging.judges import build_judge
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.scrub import scrub_trace
from otel_scorer.wire import assemble, assemble_logs

_SIZE = struct.Struct("<I")


@dataclass(frozen=True)
class ScoringParts:
    """Makes a scorer from settings. Picklable."""

    settings: Settings
    urls: tuple[str, ...]

    def __call__(self, worker: str) -> tuple[Scorer, Stores]:
        """Raises UserError for rubrics that do not load."""
        settings = self.settings
        limits = trace_limits(settings.complete, settings.hold, holds=settings.placement == "inline")
        stores = open_stores(self.urls, settings.ledger, limits)

        def ledger_of(member: Member) -> Ledger:
            return stores.of(bytes.fromhex(member.trace_id))

        rubrics = RubricSet.load(settings.scoring.folders, settings.scoring.assigned)
        judge, admit = self._judge(stores), self._budget(stores).admit
        scorer = Scorer(
            worker=worker,
            ledger_of=ledger_of,
            rubrics=rubrics,
            by_kind=settings.scoring.assigned,
            judge=judge,
            keep=self._keep,
            deadline_s=settings.work.deadline_s,
            admit=admit,
            conversations=ConversationScorer(
                worker=worker,
                ledger_of=lambda talk: stores.of(bytes.fromhex(talk.key)),
                rubrics=rubrics,
                by_kind=settings.scoring.assigned,
                judge=judge,
                deadline_s=settings.work.deadline_s,
                min_turns=settings.conversation.min_turns,
                write_back=write_back(settings),
                admit=admit,
            ),
        )
        return scorer, stores

    def _judge(self, stores: Stores) -> Judge | None:
        """With its money and its remembered answers, which all workers share, in the first store."""
        scoring, first = self.settings.scoring, stores.ledgers[0]
        answers = LedgerAnswers(
            first.client, first.keys, scoring.judge_cache.hours * 3600, int(scoring.judge_cache.max_mib * 1024 * 1024)
        )
        purse = self._budget(stores) if scoring.budget.judge_money_per_day is not None else None
        return build_judge(scoring, purse, answers)

    def _budget(self, stores: Stores) -> LedgerBudget:
        budget, first = self.settings.scoring.budget, stores.ledgers[0]
        return LedgerBudget(
            first.client,
            first.keys,
            money_per_day=budget.judge_money_per_day,
            traces_per_minute=budget.traces_per_minute,
            tenant_share=budget.tenant_share,
        )

    def _keep(self, trace: Trace) -> bytes:
        if not self.settings.keep.scored:
            return b""
        scrubbed = scrub_trace(trace)
        spans = [encode_span(span) for span in scrubbed.spans]
        logs = [encode_log(record) for span in scrubbed.spans for record in span.logs]
        return pack_kept(
            assemble((envelope, raw) for raw, envelope in spans),
            assemble_logs((envelope, raw) for raw, envelope in logs) if logs else b"",
        )


def write_back(settings: Settings) -> WriteBack:
    """How results are written."""
    return WriteBack(
        deployment=settings.deployment,
        holds=settings.placement == "inline",
        reasons=settings.scoring.reasons,
        log_records=settings.scoring.evaluation_logs,
        openinference=settings.scoring.openinference_evaluations,
        stores=tuple(settings.evaluation_stores),
    )


def windows_of(settings: Settings, first: Ledger) -> Windows | None:
    """What sampling counts by window of time, in the first store; None where neither strata nor a budget ask for it."""
    budget = settings.scoring.budget
    limits = Limits(
        settings.sampling.window_s, budget.traces_per_minute, budget.judge_money_per_day, budget.tenant_share
    )
    if not settings.sampling.strata and not limits.any:
        return None
    return Windows(LedgerCounts(first.client, first.keys, limits.window_s), limits)


def worker_of(settings: Settings, urls: Sequence[str]) -> Worker:
    """A worker process's parts."""
    return Worker(ScoringParts(settings, tuple(urls)), urls[0], settings.ledger.prefix, settings.work)


def packed_settings(settings: Settings, urls: Sequence[str]) -> bytes:
    """For a child process of ours, over a pipe: secrets stay out of its command line and environment."""
    content = pickle.dumps((settings, tuple(urls)))
    return _SIZE.pack(len(content)) + content


def read_settings(pipe: BinaryIO) -> tuple[Settings, tuple[str, ...]]:
    """What `packed_settings` wrote, from our own parent."""
    (size,) = _SIZE.unpack(pipe.read(_SIZE.size))
    settings, urls = pickle.loads(pipe.read(size))  # noqa: S301 - our own parent wrote it
    return settings, urls
