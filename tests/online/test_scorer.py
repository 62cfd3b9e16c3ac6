"""What a worker does with one trace while the store comes and goes, against a real Valkey."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from e2e.agent_traces import agent_run, request_of

from otel_scorer.conventions.scores import trace_status
from otel_scorer.ledger.budget import LedgerBudget
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, TracePut
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.model import Decision, Trace
from otel_scorer.online.decisions import dump_decision
from otel_scorer.online.scorer import Scorer
from otel_scorer.scoring import results_json
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.wire import AgentSpan, JoinedLog, split_traces

LIMITS = TraceLimits(hold_ms=600_000, quiet_ms=1, max_age_ms=5000, max_spans=50, max_bytes=1_000_000, holds=True)
RUBRICS = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)


async def waiting_trace(ledger: Ledger, spans: Sequence[AgentSpan] = (), logs: Sequence[JoinedLog] = ()) -> Member:
    """A trace (its spans and log records in the order of their coming) that waits for `agent`; due in a minute."""
    spans = spans or split_traces(request_of(agent_run()), deployment="test").agent
    member = Member("default", spans[0].trace_id.hex())
    put = TracePut(member, {})
    for span in spans:
        put.add_span(span)
    for record in logs:
        put.add_log(record)
    await ledger.put([put])
    claim = await due(ledger)
    decision = dump_decision(Decision(None, "floor", 1.0, (RUBRICS.get("agent").ref,)))
    meta = {"state": "waiting", "decision": decision, "dispatch": 1}
    await ledger.advance([Advance(member, claim.fence, claim.now_ms + 60_000, heed_holds=False, meta=meta)])
    return member


async def due(ledger: Ledger) -> Claim:
    async with asyncio.timeout(10):
        while True:
            for claim in await ledger.claim(10):
                return claim
            await asyncio.sleep(0.02)


def kill(valkey: EmbeddedValkey) -> None:
    """SIGKILL for the server, not for its guard."""
    for child in psutil.Process(valkey._guard.pid).children():
        if child.name() == "valkey-server":
            child.kill()


async def scored_while(valkey: EmbeddedValkey, ledger: Ledger, happens: Callable[[], None]) -> Claim:
    """Scores a trace; `happens` after it was judged and before its result is handed in; the store is back soon."""

    def keep(_trace: Trace) -> bytes:
        happens()
        return b""

    scorer = Scorer("w", lambda _: ledger, RUBRICS, RUBRICS.by_kind, None, keep, deadline_s=20.0)
    member = await waiting_trace(ledger)
    scoring = asyncio.create_task(scorer.score(member, 1))
    async with asyncio.timeout(10):
        while valkey.ended is None:
            await asyncio.sleep(0.1)
    valkey.start_again()
    await asyncio.wait_for(scoring, 15)
    return await due(ledger)


async def test_a_result_is_handed_in_although_the_store_died_meanwhile(tmp_path: Path) -> None:
    valkey = await asyncio.to_thread(start_valkey, tmp_path)
    client = StoreClient(valkey.url, 20.0)
    ledger = Ledger(client, LedgerSettings(), LIMITS)
    try:
        claim = await scored_while(valkey, ledger, lambda: kill(valkey))
        assert claim.state == "waiting"
        assert json.loads(claim.result)[0]["rubric"]["name"] == "agent"
    finally:
        await client.close()
        await asyncio.to_thread(valkey.stop)


async def test_a_trace_beyond_the_budget_ends_over_budget_and_nobody_judges_it(tmp_path: Path) -> None:
    valkey = await asyncio.to_thread(start_valkey, tmp_path)
    client = StoreClient(valkey.url, 20.0)
    ledger = Ledger(client, LedgerSettings(), LIMITS)
    budget = LedgerBudget(client, ledger.keys, traces_per_minute=1)
    kept: list[Trace] = []

    def keep(trace: Trace) -> bytes:
        kept.append(trace)
        return b""

    scorer = Scorer("w", lambda _: ledger, RUBRICS, DEFAULT_BY_KIND, None, keep, deadline_s=20.0, admit=budget.admit)
    try:
        statuses = []
        for _ in range(2):
            member = await waiting_trace(ledger)
            await scorer.score(member, 1)
            claim = await due(ledger)
            statuses.append(trace_status(results_json.load(claim.result)))
        assert statuses[0] in ("scored", "partial")
        assert statuses[1] == "over_budget"
        assert len(kept) == 1
    finally:
        await client.close()
        await asyncio.to_thread(valkey.stop)


async def test_a_trace_whose_scoring_was_stopped_is_tried_alone_from_then_on(tmp_path: Path) -> None:
    valkey = await asyncio.to_thread(start_valkey, tmp_path)
    client = StoreClient(valkey.url, 2.0)
    ledger = Ledger(client, LedgerSettings(), LIMITS)
    scorer = Scorer("w", lambda _: ledger, RUBRICS, RUBRICS.by_kind, None, lambda _: b"", deadline_s=20.0)
    try:
        member = await waiting_trace(ledger)
        assert await ledger.start_scoring(member, "w", 1) is not None
        await scorer.stopped(member)
        claim = await due(ledger)
        assert (claim.suspect, claim.worker, claim.crashes) == (True, "", 0)
    finally:
        await client.close()
        await asyncio.to_thread(valkey.stop)
