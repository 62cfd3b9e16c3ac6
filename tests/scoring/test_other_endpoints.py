"""What OpenAI-compatible servers answer that OpenAI does not, in their own words, over a real socket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from pydantic import ValidationError
from scored_runs import opinion
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from otel_scorer.scoring.judging.judge import (
    JudgeAnswer,
    JudgeError,
    JudgeFailure,
    JudgeInvalid,
    JudgeOverflow,
    Prompt,
    answer_schema,
    read_answer,
)
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.judges import build_judge
from otel_scorer.scoring.judging.openai_judge import OpenAIJudge
from otel_scorer.scoring.settings import ScoringSettings

ASKED = ["factual_grounding"]
ANSWER = json.dumps({"factual_grounding": opinion(2, ["s1"], "not there")})
SECRET = "The user asked about temperature and grammar in max_tokens."
"""What providers quote of the request, and nobody is to see in our messages."""


def completion(content: object = ANSWER, finish: str = "stop", **message: object) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": "grader",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": {"prompt_tokens": 2050, "completion_tokens": 12},
    }


@dataclass
class Endpoint:
    """Says always the same; keeps what it was asked."""

    status: int = 200
    body: Any = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        self.asked.append(await request.json())
        return JSONResponse(self.body, self.status)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    app = Starlette(routes=[Route("/v1/chat/completions", made.answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    yield made
    server.should_exit = True
    server.force_exit = True
    await serving


async def ask(endpoint: Endpoint, prompt: Prompt | None = None, **settings: object) -> JudgeAnswer | JudgeFailure:
    judge = OpenAIJudge(JudgeSettings.model_validate({"model": "grader", "base_url": endpoint.url, **settings}))
    try:
        return await judge(prompt or Prompt("rules", "evidence", "0" * 64), answer_schema(ASKED), time.monotonic() + 5)
    except JudgeFailure as error:
        return error
    finally:
        await judge.close()


def openai_error(
    message: str, code: object = None, param: str | None = None, kind: str = "invalid_request_error"
) -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


REFUSALS: dict[str, tuple[int, Any, type[JudgeFailure], str]] = {
    "OpenAI: a model that thinks": (
        400,
        openai_error(
            "Unsupported value: 'temperature' does not support 0.0 with this model.", "unsupported_value", "temperature"
        ),
        JudgeError,
        "temperature: set it to null",
    ),
    "OpenAI: max_tokens to a model that thinks": (
        400,
        openai_error(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
            "unsupported_parameter",
            "max_tokens",
        ),
        JudgeError,
        "max_tokens: set max_tokens_field to max_completion_tokens",
    ),
    "a gateway that repeats only OpenAI's words": (
        400,
        {"error": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."},
        JudgeError,
        "max_tokens: set max_tokens_field to max_completion_tokens",
    ),
    "OpenAI: an old model": (
        400,
        openai_error("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."),
        JudgeError,
        "set answer_format (now json_schema)",
    ),
    "OpenAI: too long": (
        400,
        openai_error(f"This model's maximum context length is 128000 tokens. {SECRET}", "context_length_exceeded"),
        JudgeOverflow,
        "lower max_evidence_chars (now 60000)",
    ),
    "OpenAI: unknown model": (
        404,
        openai_error("The model `grader` does not exist", "model_not_found"),
        JudgeError,
        "no model grader",
    ),
    "OpenAI: wrong key": (401, openai_error("Incorrect API key", "invalid_api_key"), JudgeError, "key_variable"),
    "Azure: content filter": (
        400,
        openai_error("The response was filtered due to the prompt triggering a policy", "content_filter", "prompt"),
        JudgeInvalid,
        "content filter",
    ),
    "llama.cpp: too long": (
        400,
        {
            "error": {
                "code": 400,
                "message": "request (9123 tokens) exceeds the available context size (8192 tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 9123,
                "n_ctx": 8192,
            }
        },
        JudgeOverflow,
        "(9123 tokens, it takes 8192)",
    ),
    "llama.cpp: loading": (
        503,
        {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}},
        JudgeError,
        "still loads the model",
    ),
    "vLLM: too long": (
        400,
        {
            "object": "error",
            "message": "The decoder prompt (length 9000) is longer than the maximum model length of 4096.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
        JudgeOverflow,
        "longer context",
    ),
    "vLLM: nothing left for the answer": (
        400,
        {"object": "error", "message": "max_tokens must be at least 1, got -186.", "code": 400},
        JudgeOverflow,
        "longer context",
    ),
    "vLLM: a field it does not know": (
        400,
        {
            "object": "error",
            "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs'}]",
            "type": "BadRequestError",
            "code": 400,
        },
        JudgeError,
        "set max_tokens_field to max_tokens",
    ),
    "TGI: too long": (
        422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9000"},
        JudgeOverflow,
        "longer context",
    ),
    "Mistral: a field it does not know": (
        422,
        {
            "object": "error",
            "message": {
                "detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs"}]
            },
            "type": "invalid_request_error",
        },
        JudgeError,
        "set max_tokens_field to max_tokens",
    ),
    "Mistral: too long": (
        400,
        {"object": "error", "message": "Prompt contains 66385 tokens, too large for model with 32768 maximum context"},
        JudgeOverflow,
        "longer context",
    ),
    "LM Studio: json_object": (
        400,
        {"error": "'response_format.type' must be 'json_schema' or 'text'"},
        JudgeError,
        "set answer_format",
    ),
    "DeepSeek: json_schema": (
        400,
        openai_error("This response_format type is unavailable now", "invalid_request_error"),
        JudgeError,
        "set answer_format",
    ),
    "Groq: json_schema": (
        400,
        openai_error("This model does not support response format `json_schema`.", None, "response_format"),
        JudgeError,
        "set answer_format",
    ),
    "Groq: the model wrote something else": (
        400,
        {"error": {"message": "Failed to generate JSON.", "code": "json_validate_failed", "failed_generation": SECRET}},
        JudgeInvalid,
        "nothing of the schema",
    ),
    "Groq: larger than a minute's tokens": (
        413,
        openai_error("Request too large: tokens per minute (TPM): Limit 6000", "rate_limit_exceeded", kind="tokens"),
        JudgeOverflow,
        "lower max_evidence_chars",
    ),
    "Gemini: too long": (
        400,
        [{"error": {"code": 400, "message": "The input token count (2000000) exceeds the maximum number of tokens"}}],
        JudgeOverflow,
        "longer context",
    ),
    "Gemini: a schema it does not take": (
        400,
        [{"error": {"code": 400, "message": "Unknown name \"$ref\" at 'generation_config.response_schema'"}}],
        JudgeError,
        "set answer_format",
    ),
    "Anthropic: too long": (
        400,
        openai_error("prompt is too long: 215000 tokens > 200000 maximum"),
        JudgeOverflow,
        "longer context",
    ),
    "a limit on requests": (
        429,
        openai_error(f"Rate limit reached on max_tokens. {SECRET}", "rate_limit_exceeded"),
        JudgeError,
        "lower max_connections (now 256)",
    ),
    "a field that body sets": (
        400,
        openai_error("Unknown parameter: 'reasoning_effort'.", "unknown_parameter", "reasoning_effort"),
        JudgeError,
        "reasoning_effort, which body sets",
    ),
    "a refusal that names nothing": (400, {"oh": "no"}, JudgeError, "HTTP 400"),
    "a proxy's page": (502, "<html>bad gateway</html>", JudgeError, "HTTP 502"),
    "an error under a good status": (
        200,
        {"error": {"message": f"Provider returned error: {SECRET}", "code": 429}},
        JudgeError,
        "HTTP 429; its limit is reached",
    ),
    "an error within a choice": (
        200,
        {**completion("", "error"), "choices": [{"finish_reason": "error", "error": {"code": 502, "message": SECRET}}]},
        JudgeError,
        "HTTP 502",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_says_what_to_set_and_quotes_nothing(endpoint: Endpoint, name: str) -> None:
    endpoint.status, endpoint.body, failure, words = REFUSALS[name]
    said = await ask(endpoint, body={"reasoning_effort": "low"})
    assert type(said) is failure
    assert words in str(said)
    assert "asked about" not in str(said)
    assert len(endpoint.asked) == 1


async def test_what_a_setting_would_mend_is_logged_once(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    endpoint.status, endpoint.body, _, _ = REFUSALS["DeepSeek: json_schema"]
    judge = OpenAIJudge(JudgeSettings(model="grader", base_url=endpoint.url))
    for _ in range(3):
        with pytest.raises(JudgeError):
            await judge(Prompt("rules", "evidence", "0" * 64), answer_schema(ASKED), time.monotonic() + 5)
    await judge.close()
    assert caplog.text.count("set answer_format") == 1


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        (f"<think>\nIs it there? {{no}}\n</think>\n\n{ANSWER}", {}),
        (f"It is not there, I think.\n</think>\n{ANSWER}", {}),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": ANSWER}], {}),
        ([{"type": "text", "text": ANSWER[:9]}, {"type": "text", "text": ANSWER[9:]}], {}),
        (f"```json\n{ANSWER}\n```", {"answer_format": "text"}),
        (f"<think>Hm.</think>```\n{ANSWER}```\n", {"answer_format": "json_object"}),
        (ANSWER.replace("not there", "it wrote </think>"), {}),
    ],
)
async def test_thoughts_and_a_fence_are_no_part_of_the_answer(
    endpoint: Endpoint, content: object, settings: dict[str, object]
) -> None:
    endpoint.body = completion(content, reasoning_content="Let me see.")
    said = await ask(endpoint, **settings)
    assert isinstance(said, JudgeAnswer)
    assert read_answer(said.text, ASKED)["factual_grounding"].score == 2


@pytest.mark.parametrize(
    "content",
    [
        f"```json\n{ANSWER}\n```\n```json\n{ANSWER}\n```",
        f"Here it is:\n```json\n{ANSWER}\n```",
        f"<think>Hm.</think>{ANSWER}</think>{ANSWER}",
        f"<think>{ANSWER}",
        [{"type": "thinking", "thinking": ANSWER}],
        [],
        {"type": "text", "text": ANSWER},
    ],
)
@pytest.mark.parametrize("answer_format", ["json_schema", "json_object", "text"])
async def test_whatever_else_stands_beside_the_object_makes_it_no_answer(
    endpoint: Endpoint, content: object, answer_format: str
) -> None:
    endpoint.body = completion(content)
    said = await ask(endpoint, answer_format=answer_format)
    if isinstance(said, JudgeAnswer):
        with pytest.raises(JudgeInvalid):
            read_answer(said.text, ASKED)
    else:
        assert type(said) is JudgeInvalid


async def test_words_although_a_schema_was_sent_name_the_setting(endpoint: Endpoint) -> None:
    endpoint.body = completion("The score is 2.")
    assert "set answer_format" in str(await ask(endpoint))


async def test_an_answer_that_thinking_used_up_names_the_setting(endpoint: Endpoint) -> None:
    endpoint.body = completion(None, "length", reasoning_content="Let me see.")
    said = await ask(endpoint, input_price=1.0, output_price=1.0)
    assert type(said) is JudgeInvalid
    assert "raise max_output_tokens (now 1200" in str(said)
    assert said.use.cost is not None


WORDS = "the quick brown fox jumps over a lazy dog and keeps running "


async def test_a_prompt_that_was_cut_off_in_silence_is_an_overflow(endpoint: Endpoint) -> None:
    endpoint.body = completion()  # 2050 tokens: what Ollama keeps of a longer prompt at its default context of 4096
    cut = await ask(endpoint, Prompt("rules", WORDS * 300, "0" * 64))
    whole = await ask(endpoint, Prompt("rules", WORDS * 140, "0" * 64))
    assert type(cut) is JudgeOverflow
    assert "OLLAMA_CONTEXT_LENGTH" in str(cut)
    assert cut.use.input_tokens == 2050
    assert isinstance(whole, JudgeAnswer)


@pytest.mark.parametrize("tokens", [0, 1, 321, None, "2050", True])
async def test_who_does_not_count_tokens_is_not_taken_at_its_word(endpoint: Endpoint, tokens: object) -> None:
    endpoint.body = {**completion(), "usage": {"prompt_tokens": tokens}}
    assert isinstance(await ask(endpoint, Prompt("rules", WORDS * 300, "0" * 64)), JudgeAnswer)


async def test_long_runs_of_one_character_are_few_tokens_and_no_cut(endpoint: Endpoint) -> None:
    endpoint.body = completion()
    assert isinstance(await ask(endpoint, Prompt("rules", WORDS * 100 + "=" * 50_000, "0" * 64)), JudgeAnswer)


async def test_the_limit_of_the_answer_goes_by_the_name_that_settings_say(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.body = completion()
    await ask(endpoint, max_output_tokens=77)
    await ask(endpoint, max_output_tokens=77, max_tokens_field="max_tokens")
    new, old = endpoint.asked
    assert (new.get("max_completion_tokens"), new.get("max_tokens")) == (77, None)
    assert (old.get("max_completion_tokens"), old.get("max_tokens")) == (None, 77)
    assert not caplog.text
    endpoint.body = {**completion(), "usage": {"prompt_tokens": 10, "completion_tokens": 5000}}
    assert isinstance(await ask(endpoint), JudgeAnswer)
    assert "set max_tokens_field to max_tokens" in caplog.text
    with pytest.raises(ValidationError, match="max_tokens"):
        JudgeSettings.model_validate({"model": "m", "max_tokens_field": "num_predict"})


async def test_a_model_that_answers_what_cannot_be_read_does_not_open_the_breaker(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.body, _, _ = REFUSALS["Groq: the model wrote something else"]
    one = {"model": "grader", "base_url": endpoint.url, "breaker_failures": 2}
    judge = build_judge(ScoringSettings.model_validate({"judge": one}))
    assert judge is not None
    for _ in range(4):
        with pytest.raises(JudgeInvalid):
            await judge(Prompt("rules", "evidence", "0" * 64), answer_schema(ASKED), time.monotonic() + 5)
    await judge.close()
    assert len(endpoint.asked) == 4


async def test_nobody_there_names_the_address_without_its_parameters(endpoint: Endpoint) -> None:
    endpoint.url = "http://127.0.0.1:9/v1?key=secret"
    said = await ask(endpoint)
    assert "http://127.0.0.1:9/v1 cannot be reached" in str(said)
    assert "secret" not in str(said)


@pytest.mark.parametrize(
    ("base_url", "words"),
    [("http://me:secret@judge/v1", "api_key"), ("http://judge/v1/chat/completions", "leave /chat/completions away")],
)
def test_an_address_that_cannot_work_is_refused(base_url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        JudgeSettings(model="m", base_url=base_url)


def test_the_limit_of_the_answer_is_set_in_one_place() -> None:
    with pytest.raises(ValidationError, match="max_output_tokens"):
        JudgeSettings.model_validate({"model": "m", "body": {"max_tokens": 500}})
