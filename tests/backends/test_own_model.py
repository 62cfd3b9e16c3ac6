"""Judging by a real model behind a real OpenAI-compatible server: what must hold however weak the model is.

The model is llama.cpp's smallest sensible one; nothing here says that its scores are good.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from e2e.running import SHARED, Deployment, merged
from otlp_sink import Sink
from realtools.llama_server import CONTEXT_TOKENS, LlamaServer, running_llama_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from otel_scorer.model import Missing, Result, Score, Trace
from otel_scorer.otlp import read_traces
from otel_scorer.scoring.judging.judge import (
    JudgeAnswer,
    JudgeFailure,
    JudgeInvalid,
    JudgeOverflow,
    JudgeTimeout,
    Prompt,
    answer_schema,
    read_answer,
)
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.judges import build_judge
from otel_scorer.scoring.judging.openai_judge import OpenAIJudge
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import DEFAULT_BY_KIND, ScoringSettings

pytestmark = [pytest.mark.e2e, pytest.mark.backends]
AGENTS = SHARED / "traces" / "agents"
OPTIONS = (
    *("--ctx-size", str(CONTEXT_TOKENS), "--parallel", "1", "--cache-ram", "0", "--slots"),
    *("--threads", "1"),  # more of them wait for each other, on a machine that others use too for a very long time
    *("--batch-size", "256"),  # a call that was given up is noticed between two of them
)
PATIENCE_S = 400.0
"""Of one question: machines are busy."""
ASKED = ("factual_grounding", "instruction_following")
SHORT = Prompt("You grade runs. Answer with one JSON object.", "The user asked for 2+2, the agent said 4.", "0" * 64)
PRICES = {"input_price": 2.0, "output_price": 10.0}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    with running_llama_server(tmp_path_factory.mktemp("llama"), *OPTIONS) as running:
        yield running


def settings_of(llama: LlamaServer, **judge: object) -> dict[str, Any]:
    return {
        "model": llama.name,
        "base_url": llama.base_url,
        "timeout_s": PATIENCE_S,
        "max_connections": 1,
        "max_output_tokens": 100,
        "max_evidence_chars": 4000,
        **judge,
    }


async def ask(llama: LlamaServer, prompt: Prompt = SHORT, **judge: object) -> JudgeAnswer | JudgeFailure:
    asked = OpenAIJudge(JudgeSettings.model_validate(settings_of(llama, **judge)))
    try:
        return await asked(prompt, answer_schema(ASKED), time.monotonic() + PATIENCE_S)
    except JudgeFailure as error:
        return error
    finally:
        await asked.close()


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def tokens_of(llama: LlamaServer, text: str) -> int:
    request = urllib.request.Request(
        f"{llama.url}/tokenize", json.dumps({"content": text}).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return len(json.load(answer)["tokens"])


async def test_a_strict_schema_is_kept_to_or_the_answer_was_not_finished(
    llama: LlamaServer, caplog: pytest.LogCaptureFixture
) -> None:
    """References, null beside integers, an enumeration: all of the schema is known to llama.cpp's grammars."""
    said = await ask(llama, max_output_tokens=300)
    if isinstance(said, JudgeAnswer):
        assert set(read_answer(said.text, ASKED)) == set(ASKED)
        assert said.input_tokens > 0
        assert said.output_tokens > 0
    else:
        assert type(said) is JudgeInvalid
        assert "max_output_tokens" in str(said)
    assert "answers as" not in caplog.text


@pytest.mark.parametrize(
    ("answer_format", "max_tokens_field"),
    [("json_schema", "max_tokens"), ("json_object", "max_completion_tokens"), ("text", "max_tokens")],
)
async def test_each_way_to_ask_is_taken_and_its_limit_kept_to(
    llama: LlamaServer, answer_format: str, max_tokens_field: str
) -> None:
    said = await ask(
        llama, answer_format=answer_format, max_tokens_field=max_tokens_field, max_output_tokens=64, **PRICES
    )
    assert isinstance(said, JudgeAnswer | JudgeInvalid), str(said)
    use = said.use
    assert 0 < use.output_tokens <= 64
    assert use.cost == pytest.approx((2.0 * use.input_tokens + 10.0 * use.output_tokens) / 1e6)


async def test_a_prompt_beyond_the_context_is_an_overflow_with_both_numbers(llama: LlamaServer) -> None:
    said = await ask(llama, Prompt("Rules.", "seven brown foxes " * CONTEXT_TOKENS, "0" * 64))
    assert type(said) is JudgeOverflow
    assert f"it takes {CONTEXT_TOKENS}" in str(said)


async def test_a_call_that_was_given_up_does_not_hold_the_server(llama: LlamaServer) -> None:
    said = await ask(llama, Prompt("Rules.", "seven brown foxes " * 1500, "0" * 64), timeout_s=1.0)
    assert type(said) is JudgeTimeout
    end = time.monotonic() + PATIENCE_S
    while any(slot["is_processing"] for slot in await asyncio.to_thread(get, f"{llama.url}/slots")):
        assert time.monotonic() < end
        await asyncio.sleep(0.2)


async def test_parallel_slots_share_the_context_unless_they_are_told_not_to(tmp_path: Path) -> None:
    """What docs/judges.md says of `--ctx-size` and `--parallel`."""
    for more, each in (((), 2048), (("--kv-unified",), 4096)):
        with running_llama_server(tmp_path, "--ctx-size", "4096", "--parallel", "2", "--slots", *more) as running:
            slots = await asyncio.to_thread(get, f"{running.url}/slots")
        assert [slot["n_ctx"] for slot in slots] == [each, each]


def runs() -> list[Path]:
    """The smallest file of two kinds of agent."""
    if not AGENTS.is_dir():
        pytest.skip(f"no recorded runs at {AGENTS}")
    folders = sorted(AGENTS.iterdir())[:2]
    return [min((each for each in folder.glob("*.json") if ".logs." not in each.name), key=_size) for folder in folders]


def _size(path: Path) -> int:
    return path.stat().st_size


async def test_every_score_is_valid_or_missing_and_prompts_fit(llama: LlamaServer) -> None:
    scoring = ScoringSettings.model_validate({"judge": settings_of(llama, **PRICES)})
    rubric = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND).get("agent")
    judge = build_judge(scoring)
    assert judge is not None
    asked = 0
    for trace in [trace for path in runs() for trace in read_traces([path])]:
        for result in await score_trace(trace, [rubric], judge, deadline=time.monotonic() + PATIENCE_S):
            _look_at(result, trace, llama)
            asked += result.judge_use.calls
    await judge.close()
    assert asked > 0


def _look_at(result: Result, trace: Trace, llama: LlamaServer) -> None:
    spans = {span.span_id for span in trace.spans}
    for score in result.scores.values():
        if isinstance(score, Score):
            assert score.value in (1, 2, 3, 4, 5)
            assert set(score.evidence) <= spans
            assert score.by in ("checks", llama.name)
        else:
            assert isinstance(score, Missing)
            assert score.why not in ("context_overflow", "judge_error", "judge_timeout"), score
    use = result.judge_use
    assert use.calls <= 1
    if use.calls:
        assert 0 < use.input_tokens < CONTEXT_TOKENS
        assert use.cost == pytest.approx((2.0 * use.input_tokens + 10.0 * use.output_tokens) / 1e6)


async def test_a_token_stands_for_few_enough_characters_of_a_prompt_that_budgets_and_cuts_are_told(
    llama: LlamaServer,
) -> None:
    """What `openai_answer` takes for sure: fewer words than tokens, and less than five characters a token."""
    trace = read_traces([runs()[0]])[0]
    asked: list[Prompt] = []

    class Listening:
        name = "listening"

        async def __call__(self, prompt: Prompt, schema: object, deadline: float) -> JudgeAnswer:
            asked.append(prompt)
            raise JudgeInvalid("only listening")

    rubric = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND).get("agent")
    always = rubric.model_copy(update={"judge": "always"})
    await score_trace(trace, [always], Listening(), deadline=time.monotonic() + PATIENCE_S)
    for text in (asked[0].system, asked[0].user):
        tokens = await asyncio.to_thread(tokens_of, llama, text)
        assert len(text) / 5 < tokens
        assert len(text.split()) < tokens


# ---- the same question, online and offline ----


@dataclass
class Relay:
    """Passes questions on to the server and keeps them."""

    llama: LlamaServer
    bodies: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        self.bodies.append(json.loads(body))
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as client:
            told = await client.post(
                f"{self.llama.base_url}/chat/completions", content=body, headers={"content-type": "application/json"}
            )
        return Response(told.content, told.status_code, media_type="application/json")


@asynccontextmanager
async def relay(llama: LlamaServer) -> AsyncIterator[Relay]:
    made = Relay(llama)
    routes = [Route("/v1/chat/completions", made.answer, methods=["POST"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield made
    finally:
        server.should_exit = server.force_exit = True
        await serving


async def test_the_same_trace_asks_the_same_online_and_by_eval(llama: LlamaServer, tmp_path: Path) -> None:
    """What the deployment's profile `model` sets: a model's name and an address, and the times of a slow machine."""
    path = runs()[0]
    (trace,) = read_traces([path])
    async with Sink() as sink, relay(llama) as between:
        judge = settings_of(llama, base_url=between.url, **PRICES)
        scoring = {"judge": judge, "by_kind": {"AGENT": "agent", "WORKFLOW": "agent", "CHAIN": "agent"}}
        times = {"hold": {"span_s": PATIENCE_S, "root_s": PATIENCE_S}, "work": {"deadline_s": PATIENCE_S}}
        deployment = Deployment(tmp_path, sink)
        deployment.settings = merged(deployment.settings, times, {"scoring": scoring})
        try:
            _, door = await deployment.up()
            async with httpx2.AsyncClient() as client:
                json_type = {"content-type": "application/json"}
                sent = await client.post(f"{door.http_url}/v1/traces", content=path.read_bytes(), headers=json_type)
            assert sent.status_code == 200, sent.text
            record = (await deployment.until_ended([trace.trace_id], PATIENCE_S))[trace.trace_id]
        finally:
            deployment.stop()
        online, between.bodies = between.bodies, []
        config = tmp_path / "eval.yaml"
        config.write_text(json.dumps({"scoring": scoring, "work": times["work"]}))
        command = [
            sys.executable,
            "-m",
            "otel_scorer",
            "eval",
            str(path),
            "--config",
            str(config),
            "--rubric",
            "agent",
            "--json",
            "-",
        ]
        told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert between.bodies, told.stderr
    assert online == between.bodies
    offline = json.loads(told.stdout.splitlines()[0])
    (outcome,) = [each for each in record.outcomes if each.judge_calls]
    assert outcome.digest in [result["digest"] for result in offline["results"]], "the same rubric"
    assert outcome.judge_input_tokens > 0
    assert outcome.judge_cost == pytest.approx(
        (2.0 * outcome.judge_input_tokens + 10.0 * outcome.judge_output_tokens) / 1e6
    )
