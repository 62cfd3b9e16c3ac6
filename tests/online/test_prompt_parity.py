"""The same trace gives the same prompt, byte for byte, read from the ledger by a worker and from a file by `eval`."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from online.test_scorer import LIMITS, RUBRICS, waiting_trace

from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.embedded import start_valkey
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import Trace
from otel_scorer.online.scorer import Scorer
from otel_scorer.otlp import read_traces
from otel_scorer.otlp.json_in import document_to_request
from otel_scorer.scoring.judging.judge import JudgeAnswer, JudgeError, Prompt
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.wire import AgentSpan, JoinedLog, split_logs, split_traces

RUNS = Path(__file__).resolve().parents[3] / "shared" / "traces" / "agents"
FILES = [file for file in sorted(RUNS.glob("*/*.json")) if not file.name.endswith(".logs.json")]
AGENT = RUBRICS.get("agent").model_copy(update={"judge": "always"})


class Listening:
    """Answers nothing and keeps what it was asked."""

    name = "listening"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.asked.append((prompt.system, prompt.user))
        raise JudgeError("nothing to say")


class Resolving(RubricSet):
    """Gives every trace the rubric that always asks."""

    def resolve(self, refs: object) -> Any:
        return (AGENT,)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    valkey = start_valkey(tmp_path)
    client = StoreClient(valkey.url, 20.0)
    yield Ledger(client, LedgerSettings(), LIMITS)
    await client.close()
    valkey.stop()


def _nothing(_trace: Trace) -> bytes:
    return b""


async def _online(ledger: Ledger, spans: list[AgentSpan], logs: list[JoinedLog]) -> list[tuple[str, str]]:
    judge = Listening()
    rubrics = Resolving.__new__(Resolving)
    scorer = Scorer("w", lambda _: ledger, rubrics, DEFAULT_BY_KIND, judge, _nothing, deadline_s=20.0)
    member = await waiting_trace(ledger, spans, logs)
    await scorer.score(member, 1)
    return judge.asked


def _logs(file: Path) -> list[JoinedLog]:
    beside = file.with_suffix(".logs.json")
    if not beside.exists():
        return []
    return list(split_logs(document_to_request("logs", json.loads(beside.read_text()))).joined)


async def _offline(trace: Trace) -> list[tuple[str, str]]:
    judge = Listening()
    await score_trace(trace, [AGENT], judge, deadline=1e12)
    return judge.asked


@pytest.mark.skipif(not FILES, reason=f"the recorded runs are not at {RUNS}")
async def test_prompts_are_the_same_online_and_offline(ledger: Ledger) -> None:
    prompts = records = 0
    shuffle = random.Random(7).shuffle
    for file in FILES[::3]:
        by_trace: dict[bytes, list[AgentSpan]] = {}
        for span in split_traces(document_to_request("traces", json.loads(file.read_text())), deployment="test").agent:
            by_trace.setdefault(span.trace_id, []).append(span)
        joined = _logs(file)
        for trace in read_traces([file]):
            logs = [record for record in joined if record.trace_id.hex() == trace.trace_id]
            spans = by_trace[bytes.fromhex(trace.trace_id)]
            if len(spans) > LIMITS.max_spans:
                continue
            await ledger.client.redis.flushall()
            shuffle(spans)
            shuffle(logs)
            records += len(logs)
            online, offline = await _online(ledger, spans, logs), await _offline(trace)
            assert online == offline, file
            prompts += len(online)
    assert prompts >= 5
    assert records


@pytest.mark.skipif(not FILES, reason=f"the recorded runs are not at {RUNS}")
async def test_a_prompt_is_the_same_whichever_other_rubrics_score_the_trace() -> None:
    rubrics = [RUBRICS.get(name).model_copy(update={"judge": "always"}) for name in ("tool", "llm", "agent")]
    prompts = 0
    for file in FILES[::4]:
        for trace in read_traces([file]):
            alone: set[str] = set()
            for one in rubrics:
                judge = Listening()
                await score_trace(trace, [one], judge, deadline=1e12)
                alone |= {user for _, user in judge.asked}
            judge = Listening()
            await score_trace(trace, rubrics, judge, deadline=1e12)
            assert {user for _, user in judge.asked} == alone
            prompts += len(alone)
    assert prompts > 10
