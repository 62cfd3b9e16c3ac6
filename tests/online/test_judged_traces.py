"""A worker's parts as they are built from settings: judges over HTTP, their money and their answers in a real store."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.judge_server import JudgeServer
from online.test_scorer import LIMITS, due

from otel_scorer.config import load_settings
from otel_scorer.conventions.scores import trace_status
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, TracePut
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import Decision, Result, Score
from otel_scorer.online.decisions import dump_decision
from otel_scorer.scoring.results_json import load
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.serve.scoring_parts import ScoringParts
from otel_scorer.wire import split_traces

RUBRIC = """
name: judged
version: 1
level: trace
applies: {kinds: [AGENT]}
pass_at: {factual_grounding: 4}
dimensions:
  factual_grounding:
    anchors: {1: a, 2: b, 3: c, 4: d, 5: e}
    ask: How good was it?
"""


@pytest.fixture
def valkey(tmp_path: Path) -> Any:
    server = start_valkey(tmp_path / "v")
    yield server
    server.stop()


@pytest.fixture
async def judge() -> AsyncIterator[JudgeServer]:
    async with JudgeServer() as server:
        yield server


class Worker:
    """Scores traces, one after another, by settings."""

    def __init__(self, valkey: EmbeddedValkey, folder: Path, **scoring: Any) -> None:
        rubrics = folder / "rubrics"
        (rubrics / "judged").mkdir(parents=True, exist_ok=True)
        (rubrics / "judged" / "1.yaml").write_text(RUBRIC)
        settings = folder / "settings.yaml"
        content = {"rubrics_dir": str(rubrics), "by_kind": {"AGENT": "judged"}, **scoring}
        settings.write_text(json.dumps({"scoring": content}))
        self._settings = load_settings(settings, {})
        self._url = valkey.url
        self._rubric = RubricSet.load(self._settings.scoring.folders, self._settings.scoring.by_kind).get("judged")

    async def score(self, *requests: bytes, tenant: str = "default") -> list[Result]:
        client = StoreClient(self._url, 2.0)
        scorer, stores = ScoringParts(self._settings, (self._url,))("w")
        ledger = Ledger(client, LedgerSettings(), LIMITS)
        try:
            return [await self._one(ledger, scorer, request, tenant) for request in requests]
        finally:
            await scorer.judge.close()
            await stores.close()
            await client.close()

    async def _one(self, ledger: Ledger, scorer: Any, request: bytes, tenant: str) -> Result:
        spans = split_traces(request, deployment="test").agent
        member = Member(tenant, spans[0].trace_id.hex())
        put = TracePut(member, {})
        for span in spans:
            put.add_span(span)
        await ledger.put([put])
        claim = await due(ledger)
        decision = dump_decision(Decision(None, "floor", 1.0, (self._rubric.ref,)))
        meta = {"state": "waiting", "decision": decision, "dispatch": 1}
        await ledger.advance([Advance(member, claim.fence, claim.now_ms + 60_000, heed_holds=False, meta=meta)])
        await scorer.score(member, 1)
        claim = await due(ledger)
        (result,) = load(claim.result)
        await ledger.client.redis.delete(ledger.keys.named("due"), ledger.keys.named("lease"))
        return result


def runs(count: int, **words: str) -> Sequence[bytes]:
    return [request_of(agent_run(**words)) for _ in range(count)]


def outcome(result: Result) -> tuple[object, str]:
    one = result.scores["factual_grounding"]
    return (one.value, one.by) if isinstance(one, Score) else (one.why, "")


async def test_the_money_of_a_day_is_counted_over_traces_and_what_is_refused_ends_over_budget(
    valkey: EmbeddedValkey, judge: JudgeServer, tmp_path: Path
) -> None:
    # a call reserves 64 tokens at 0.01 and costs 20 of them
    one = {"model": "test-judge", "base_url": judge.url, "max_output_tokens": 64}
    priced = {**one, "input_price": 0.0, "output_price": 10_000.0}
    worker = Worker(valkey, tmp_path, judge=priced, budget={"judge_money_per_day": 1.0}, judge_cache={"hours": 0})
    results = await worker.score(*runs(4))
    called = [result for result in results if result.judge_use.calls]
    refused = [result for result in results if not result.judge_use.calls]
    assert (len(called), len(refused), len(judge.calls)) == (2, 2, 2)
    assert [result.judge_use.cost for result in called] == [0.2, 0.2]
    assert {trace_status([result]) for result in refused} == {"over_budget"}


async def test_an_answer_is_used_again_by_another_worker_and_not_for_another_tenant(
    valkey: EmbeddedValkey, judge: JudgeServer, tmp_path: Path
) -> None:
    settings = {"judge": {"model": "test-judge", "base_url": judge.url}}
    (first,) = await Worker(valkey, tmp_path, **settings).score(*runs(1))
    (again,) = await Worker(valkey, tmp_path, **settings).score(*runs(1))
    (other,) = await Worker(valkey, tmp_path, **settings).score(*runs(1), tenant="other")
    assert [one.judge_use.calls for one in (first, again, other)] == [1, 0, 1]
    assert again.judge_use.cache_hits == 1
    assert outcome(first) == outcome(again) == outcome(other) == (4, "test-judge")
    assert len(judge.calls) == 2


async def test_the_second_judge_is_asked_at_the_pass_mark_and_when_the_first_is_out_of_order(
    valkey: EmbeddedValkey, judge: JudgeServer, tmp_path: Path
) -> None:
    broken = {"model": "small", "base_url": "http://127.0.0.1:9/v1", "breaker_failures": 2}
    strong = {"model": "strong", "base_url": judge.url}
    small = {"model": "small", "base_url": judge.url}
    (passed_over,) = await Worker(valkey, tmp_path, judges=[broken, strong]).score(*runs(1))
    assert outcome(passed_over) == (4, "strong")
    (settled,) = await Worker(valkey, tmp_path, judges=[small, strong], judge_cache={"hours": 0}).score(*runs(1))
    assert outcome(settled) == (4, "strong")
    assert settled.judge_use.calls == 2
    sure = Worker(valkey, tmp_path, judges=[small, strong], judge_cache={"hours": 0}, unsure={"boundary": 0})
    assert outcome((await sure.score(*runs(1)))[0]) == (4, "small")


async def test_traces_beyond_the_minute_end_over_budget_unasked(
    valkey: EmbeddedValkey, judge: JudgeServer, tmp_path: Path
) -> None:
    one = {"model": "test-judge", "base_url": judge.url}
    worker = Worker(valkey, tmp_path, judge=one, budget={"traces_per_minute": 2}, judge_cache={"hours": 0})
    results = await worker.score(*runs(4))
    assert [trace_status([result]) for result in results] == ["scored", "scored", "over_budget", "over_budget"]
    assert len(judge.calls) == 2


async def test_what_is_sent_holds_no_personal_data(valkey: EmbeddedValkey, judge: JudgeServer, tmp_path: Path) -> None:
    worker = Worker(valkey, tmp_path, judge={"model": "test-judge", "base_url": judge.url})
    await worker.score(request_of(agent_run(question="I am anna@example.com, where is order 7?")))
    (call,) = judge.calls
    assert "anna@example.com" not in call.user
    assert re.search(r"\[EMAIL_1\]", call.user)
