"""The judge over a real socket, against an endpoint that behaves and misbehaves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
import uvicorn
from pydantic import SecretStr, ValidationError
from scored_runs import check, dimension, opinion, rubric, run, soon
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from otel_scorer.conventions.scores import trace_status
from otel_scorer.model import Missing, Score
from otel_scorer.scoring.judging.judge import (
    JudgeAnswer,
    JudgeError,
    JudgeFailure,
    JudgeInvalid,
    JudgeOverflow,
    JudgeTimeout,
    Prompt,
    answer_schema,
)
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.judges import build_judge
from otel_scorer.scoring.judging.openai_judge import OpenAIJudge
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import ScoringSettings

PROMPT = Prompt("rules", "evidence", "0" * 64)
SCHEMA = answer_schema(["factual_grounding"])
ANSWER = json.dumps({"factual_grounding": opinion(2, ["s1"], "not there")})


def completion(content: object = ANSWER, finish: str = "stop") -> dict[str, object]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "grader-1",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333},
    }


def refused() -> dict[str, object]:
    answer: dict[str, Any] = completion(None)
    answer["choices"][0]["message"]["refusal"] = "I cannot grade this."
    return answer


class Endpoint:
    """What it was asked, and how it answers: the first part of the path says how."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], dict[str, object]]] = []
        self.url = ""

    async def answer(self, request: Request) -> Response:
        self.asked.append((dict(request.headers), await request.json()))
        how = request.path_params["how"]
        await asyncio.sleep(SLEEPS_S.get(how, 0.0))
        if how == "good" and '"summary"' in json.dumps(self.asked[-1][1]["response_format"]):
            return JSONResponse(completion(json.dumps({"summary": "Rows, and one refusal."})))
        return ANSWERS[how]() if how in ANSWERS else JSONResponse(completion())


async def _drip() -> AsyncIterator[bytes]:
    for byte in json.dumps(completion()).encode():
        yield bytes([byte])
        await asyncio.sleep(0.2)


async def _flood() -> AsyncIterator[bytes]:
    for _ in range(2000):
        yield b" " * 65536


async def _begun_and_silent() -> AsyncIterator[bytes]:
    yield json.dumps(completion()).encode()[:40]
    await asyncio.sleep(30)


async def _broken_off() -> AsyncIterator[bytes]:
    yield json.dumps(completion()).encode()[:40]
    raise ConnectionResetError


SLEEPS_S = {"slow": 0.4, "hang": 30.0}
"""Before the first byte."""
ANSWERS = {
    "begun_and_silent": lambda: StreamingResponse(_begun_and_silent(), media_type="application/json"),
    "broken_off": lambda: StreamingResponse(_broken_off(), media_type="application/json"),
    "prose": lambda: JSONResponse(completion(f"Here is my grade: {ANSWER}")),
    "fenced": lambda: JSONResponse(completion(f"```json\n{ANSWER}\n```")),
    "fraction": lambda: JSONResponse(completion(ANSWER.replace(": 2}", ": 2.5}"))),
    "zero": lambda: JSONResponse(completion(ANSWER.replace(": 2}", ": 0}"))),
    "another_dimension": lambda: JSONResponse(completion(ANSWER.replace("factual_grounding", "helpfulness"))),
    "one_more_dimension": lambda: JSONResponse(completion(ANSWER[:-1] + ', "helpfulness": 5}')),
    "two_lines": lambda: JSONResponse(completion(f"{ANSWER}\n{ANSWER}")),
    "filtered": lambda: JSONResponse(completion("", "content_filter")),
    "unauthorised": lambda: JSONResponse({"error": {"message": "secret prompt text"}}, 401),
    "elsewhere": lambda: RedirectResponse("http://127.0.0.1:9/v1/chat/completions", 301),
    "garbage": lambda: Response(b"\xff\xfe not json", media_type="application/json"),
    "html": lambda: Response("<html>hello</html>", media_type="text/html"),
    "null": lambda: JSONResponse(None),
    "list": lambda: JSONResponse([1, 2]),
    "bare": lambda: JSONResponse({"choices": "many"}),
    "no_choice": lambda: JSONResponse({**completion(), "choices": []}),
    "no_content": lambda: JSONResponse(completion(None)),
    "numbers": lambda: JSONResponse(completion(7)),
    "cut": lambda: JSONResponse(completion(ANSWER[:20], "length")),
    "refusal": lambda: JSONResponse(refused()),
    "other_model": lambda: JSONResponse({**completion(), "model": "cheap-1"}),
    "two": lambda: JSONResponse(completion(ANSWER + ANSWER)),
    "out_of_range": lambda: JSONResponse(completion(ANSWER.replace("2,", "9,").replace(": 2}", ": 9}"))),
    "drip": lambda: StreamingResponse(_drip(), media_type="application/json"),
    "flood": lambda: StreamingResponse(_flood(), media_type="application/json"),
    "flood_of_error": lambda: StreamingResponse(_flood(), status_code=500, media_type="application/json"),
    "redirect": lambda: RedirectResponse("/good/v1/chat/completions", 307),
    "busy": lambda: JSONResponse({"error": {"message": "secret prompt text"}}, 429, headers={"Retry-After": "90"}),
    "broken": lambda: JSONResponse({"error": {"message": "secret prompt text"}}, 500),
    "too_long": lambda: JSONResponse(
        {"error": {"message": "maximum context length", "code": "context_length_exceeded"}}, 400
    ),
    "gzip": lambda: Response(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}, media_type="application/json"),
}


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    app = Starlette(routes=[Route("/{how}/v1/chat/completions", made.answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield made
    server.should_exit = True
    server.force_exit = True
    await serving


async def ask(endpoint: Endpoint, how: str, seconds: float = 5.0, **settings: object) -> object:
    judge = OpenAIJudge(
        JudgeSettings.model_validate({"model": "grader", "base_url": f"{endpoint.url}/{how}/v1", **settings})
    )
    try:
        return await judge(PROMPT, SCHEMA, time.monotonic() + seconds)
    except JudgeFailure as error:
        return error
    finally:
        await judge.close()


async def test_a_good_answer_comes_back_with_what_it_cost(endpoint: Endpoint) -> None:
    answer = await ask(endpoint, "good")
    assert (answer.text, answer.input_tokens, answer.output_tokens) == (ANSWER, 321, 12)


async def test_what_is_sent_is_strict_and_plain(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-this-machine")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-this-machine")
    await ask(endpoint, "good", headers={"X-Team": "a"}, api_key=SecretStr("k1"))
    await ask(endpoint, "good")
    (headers, body), (without_key, _) = endpoint.asked
    assert body["messages"] == [{"role": "system", "content": "rules"}, {"role": "user", "content": "evidence"}]
    assert body["temperature"] == 0
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "tools" not in body
    assert headers["authorization"] == "Bearer k1"
    assert headers["x-team"] == "a"
    assert "org-of-this-machine" not in str(headers)
    assert without_key["authorization"] == "Bearer none"


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        ("garbage", JudgeInvalid),
        ("html", JudgeInvalid),
        ("null", JudgeInvalid),
        ("list", JudgeInvalid),
        ("bare", JudgeInvalid),
        ("no_choice", JudgeInvalid),
        ("no_content", JudgeInvalid),
        ("numbers", JudgeInvalid),
        ("cut", JudgeInvalid),
        ("refusal", JudgeInvalid),
        ("flood", JudgeInvalid),
        ("flood_of_error", JudgeInvalid),
        ("gzip", JudgeInvalid),
        ("redirect", JudgeError),
        ("busy", JudgeError),
        ("broken", JudgeError),
        ("too_long", JudgeOverflow),
    ],
)
async def test_each_way_to_fail_has_its_name_and_is_tried_once(
    endpoint: Endpoint, how: str, failure: type[JudgeFailure]
) -> None:
    answer = await ask(endpoint, how)
    assert isinstance(answer, failure)
    assert type(answer) is failure
    assert "secret" not in str(answer)
    assert len(endpoint.asked) == 1


async def test_an_answer_of_no_use_has_cost_its_tokens(endpoint: Endpoint) -> None:
    for how in ("cut", "refusal", "no_content"):
        failure = await ask(endpoint, how, input_price=1.0, output_price=10.0)
        assert isinstance(failure, JudgeInvalid)
        assert (failure.use.calls, failure.use.input_tokens) == (1, 321)
        assert failure.use.cost == pytest.approx((321 + 12 * 10) / 1e6)


async def test_another_model_is_only_logged_unless_settings_name_who_answers(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(await ask(endpoint, "other_model"), JudgeAnswer)
    assert "answers as cheap-1" in caplog.text
    assert isinstance(await ask(endpoint, "other_model", answers_as="grader*"), JudgeError)
    assert isinstance(await ask(endpoint, "good", answers_as="grader*"), JudgeAnswer)
    assert isinstance(await ask(endpoint, "good", answers_as="grader"), JudgeError)


async def test_endpoints_that_know_less_are_asked_in_their_way(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_THE_JUDGE", "k2")
    await ask(endpoint, "good", answer_format="json_object", key_variable="KEY_OF_THE_JUDGE", temperature=None)
    await ask(endpoint, "good", answer_format="text", body={"seed": 7}, samples=3)
    (headers, plain), (_, words) = endpoint.asked
    assert headers["authorization"] == "Bearer k2"
    assert plain["response_format"] == {"type": "json_object"}
    assert "temperature" not in plain
    assert "response_format" not in words
    assert (words["seed"], words["temperature"]) == (7, 0.7)
    for body in (plain, words):
        system = body["messages"][0]["content"]
        assert json.loads(system.rsplit("\n", 1)[1]) == SCHEMA


async def test_one_byte_now_and_then_does_not_hold_the_deadline_off(endpoint: Endpoint) -> None:
    async with asyncio.timeout(20):  # the whole answer would take longer
        assert isinstance(await ask(endpoint, "drip", seconds=0.7), JudgeTimeout)


async def test_the_settings_own_time_out_holds_as_well(endpoint: Endpoint) -> None:
    assert isinstance(await ask(endpoint, "drip", seconds=60, timeout_s=0.5), JudgeTimeout)


async def test_a_deadline_that_has_passed_asks_nobody(endpoint: Endpoint) -> None:
    assert isinstance(await ask(endpoint, "good", seconds=-1), JudgeTimeout)
    assert endpoint.asked == []


async def test_nobody_listening_is_an_error(endpoint: Endpoint) -> None:
    endpoint.url = "http://127.0.0.1:9"
    assert isinstance(await ask(endpoint, "good"), JudgeError)


@pytest.mark.parametrize(("how", "why"), [("two", "judge_invalid_output"), ("out_of_range", "judge_invalid_output")])
async def test_an_answer_off_the_schema_is_no_score(endpoint: Endpoint, how: str, why: str) -> None:
    outcome = await _score(endpoint, how)
    assert isinstance(outcome, Missing)
    assert outcome.why == why


async def test_a_trace_is_scored_over_the_wire(endpoint: Endpoint) -> None:
    assert await _score(endpoint, "good") == Score(2, 2.0, "not there", ("0000000000000001",), "grader")


@pytest.mark.parametrize(
    ("how", "status"),
    [
        *((how, "scored") for how in ("good", "slow")),
        *((how, "judge_timeout") for how in ("drip", "hang", "begun_and_silent")),
        *(
            (how, "judge_invalid_output")
            for how in (
                *("garbage", "html", "null", "list", "bare", "no_choice", "no_content", "numbers", "cut", "gzip"),
                *("two", "two_lines", "prose", "fenced", "out_of_range", "zero", "fraction"),
                *("another_dimension", "one_more_dimension", "refusal", "filtered", "flood"),
            )
        ),
        *((how, "judge_error") for how in ("busy", "broken", "unauthorised", "redirect", "elsewhere", "broken_off")),
        ("other_model", "judge_error"),
        ("too_long", "context_overflow"),
    ],
)
async def test_whatever_the_endpoint_does_the_trace_ends_with_the_right_status(
    endpoint: Endpoint, how: str, status: str
) -> None:
    names = {"answers_as": "grader-*"} if how == "other_model" else {}
    settings = ScoringSettings.model_validate(
        {"judge": {"model": "grader", "base_url": f"{endpoint.url}/{how}/v1", "timeout_s": 1.0, **names}}
    )
    judge = build_judge(settings)
    assert judge is not None
    mine = rubric({"factual_grounding": dimension(check("shrugs"))})
    (result,) = await score_trace(run(), [mine], judge, deadline=soon())
    await judge.close()
    assert trace_status([result]) == status
    assert len(endpoint.asked) == 1
    assert result.judge_use.calls == 1
    assert "secret" not in str(result)


async def test_a_long_step_is_summarised_over_the_wire_and_paid_for_from_the_same_purse(endpoint: Endpoint) -> None:
    class Purse:
        reserved: ClassVar[list[float]] = []
        settled: ClassVar[list[float]] = []

        async def reserve(self, _tenant: str, money: float, _for_s: float) -> str:
            self.reserved.append(money)
            return "r"

        async def settle(self, _reservation: str, money: float) -> None:
            self.settled.append(money)

    small = {"model": "grader", "base_url": f"{endpoint.url}/good/v1", "input_price": 1.0, "output_price": 10.0}
    settings = ScoringSettings.model_validate({"judge": small, "summaries": {"model": "grader"}})
    judge = build_judge(settings, Purse())
    assert judge is not None
    mine = rubric({"factual_grounding": dimension(check("shrugs"))})
    (result,) = await score_trace(run(result="row " * 2000), [mine], judge, deadline=soon())
    await judge.close()
    first, second = (body["messages"] for _, body in endpoint.asked)
    assert "You shorten one step" in first[0]["content"]
    assert "Rows, and one refusal." in second[1]["content"]
    assert result.judge_use.calls == 2
    assert result.judge_use.cost == pytest.approx(2 * (321 + 12 * 10) / 1e6)
    assert len(Purse.reserved) == len(Purse.settled) == 2


async def _score(endpoint: Endpoint, how: str) -> Score | Missing:
    judge = OpenAIJudge(JudgeSettings(model="grader", base_url=f"{endpoint.url}/{how}/v1"))
    mine = rubric({"factual_grounding": dimension(check("shrugs"))})
    (result,) = await score_trace(run(), [mine], judge, deadline=time.monotonic() + 5)
    await judge.close()
    return result.scores["factual_grounding"]


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="https://"):
        JudgeSettings(model="m", base_url="api.openai.com")
