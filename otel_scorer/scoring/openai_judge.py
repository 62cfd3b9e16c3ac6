"""A judge behind any endpoint that speaks OpenAI's chat completions.

The library's own habits are switched off (reference/reliability.md T55). No retries: the ledger counts attempts. No
redirects: the key would follow. One deadline over the whole call: its own time-out is for each read, and one byte now
and then would hold a worker for ever. And an answer is read only so far.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Literal, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx2
import openai
from openai.types.chat import ChatCompletion

from otel_scorer.errors import UserError
from otel_scorer.model import JudgeUse
from otel_scorer.scoring.clean import visible
from otel_scorer.scoring.judge import JudgeAnswer, JudgeError, JudgeInvalid, JudgeOverflow, JudgeTimeout, Prompt
from otel_scorer.scoring.judge_settings import JudgeSettings
from otel_scorer.scoring.price import cost_of

log = logging.getLogger(__name__)
_MOST_NAMES = 20
_OPENAI_HOST = "api.openai.com"
_NO_KEY = "none"
"""Local servers want no key; the library wants one."""
_OVERFLOW_WORDS = ("context_length", "maximum context", "context window", "too many tokens", "prompt is too long")


class OpenAIJudge:
    """Asks `settings.model`. One instance serves all event loops of a process; `close` in each loop that used it."""

    def __init__(self, settings: JudgeSettings) -> None:
        """Raises UserError where the variable that is to hold the key is not there."""
        if settings.key_variable and not os.environ.get(settings.key_variable):
            raise UserError(
                f"the judge {settings.model} takes its key from the environment variable {settings.key_variable} "
                "(key_variable), which is not set"
            )
        self._settings = settings
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = WeakKeyDictionary()
        self._others: set[str] = set()
        """Names of other models that answered, each told once."""

    @property
    def name(self) -> str:
        """The model id."""
        return self._settings.model

    @property
    def evidence_chars(self) -> int:
        """Characters of evidence that one prompt may hold."""
        return self._settings.max_evidence_chars

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        """One call within `deadline` (time.monotonic()) and `timeout_s`. Raises JudgeFailure."""
        left = min(self._settings.timeout_s, deadline - time.monotonic())
        if left <= 0:
            raise JudgeTimeout("the deadline had passed before the call", JudgeUse())
        try:
            async with asyncio.timeout(left):
                completion = await self._complete(prompt, schema)
        except TimeoutError as error:
            raise JudgeTimeout(f"no whole answer within {left:.1f} s") from error
        except openai.APIStatusError as error:
            raise _status_failure(error) from error
        except openai.APIConnectionError as error:
            raise _connection_failure(error) from error
        except _TooMuch as error:
            raise JudgeInvalid(str(error)) from error
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise JudgeInvalid(f"the endpoint's answer is no chat completion ({type(error).__name__})") from error
        self._look_at_model(completion)
        return _answer(completion, self._settings)

    async def close(self) -> None:
        """Closes the connections of the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def _complete(self, prompt: Prompt, schema: Mapping[str, Any]) -> ChatCompletion:
        settings = self._settings
        temperature = settings.temperature if settings.samples == 1 else settings.sample_temperature
        system = prompt.system if settings.answer_format == "json_schema" else _with_schema(prompt.system, schema)
        return await self._client().chat.completions.create(
            model=settings.model,
            messages=[{"role": "system", "content": system}, {"role": "user", "content": prompt.user}],
            temperature=openai.omit if temperature is None else temperature,
            max_completion_tokens=settings.max_output_tokens,
            response_format=_response_format(settings, schema),
            extra_body=settings.body or None,
        )

    def _look_at_model(self, completion: ChatCompletion) -> None:
        """Raises JudgeError for another model than settings say answers; without a word of theirs it is logged once."""
        said = getattr(completion, "model", None)
        said = said if isinstance(said, str) else ""
        wanted = self._settings.answers_as
        if wanted:
            if not (said == wanted or (wanted.endswith("*") and said.startswith(wanted[:-1]))):
                raise JudgeError("another model answered than answers_as names")
        elif said and not _same_model(said, self._settings.model):
            self._tell_once(said)

    def _tell_once(self, said: str) -> None:
        if said not in self._others and len(self._others) < _MOST_NAMES:
            self._others.add(said)
            log.warning("the judge %s answers as %s", self._settings.model, visible(said)[:100])

    def _client(self) -> openai.AsyncOpenAI:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = self._open_client()
        return client

    def _open_client(self) -> openai.AsyncOpenAI:
        settings = self._settings
        omit = cast("str", openai.Omit())  # else OPENAI_ORG_ID of this machine goes to whatever endpoint is configured
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        return openai.AsyncOpenAI(
            base_url=settings.base_url,
            api_key=_key(settings),
            max_retries=0,
            default_headers={
                "Accept-Encoding": "identity",
                "OpenAI-Organization": omit,
                "OpenAI-Project": omit,
                **headers,
            },
            http_client=_http_client(settings),
        )


def _response_format(settings: JudgeSettings, schema: Mapping[str, Any]) -> Any:
    if settings.answer_format == "json_schema":
        return {"type": "json_schema", "json_schema": {"name": "grades", "strict": True, "schema": dict(schema)}}
    return {"type": "json_object"} if settings.answer_format == "json_object" else openai.omit


def _with_schema(system: str, schema: Mapping[str, Any]) -> str:
    return f"{system}\n\nThe schema of the answer:\n{json.dumps(schema, separators=(',', ':'))}"


def _same_model(said: str, asked: str) -> bool:
    """Providers answer with a dated name (`gpt-5-2026-01-01`), gateways without their own prefix (`openai/gpt-5`)."""
    return said.startswith(asked) or asked.endswith(said)


def _key(settings: JudgeSettings) -> str:
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    if settings.key_variable:
        return os.environ[settings.key_variable]
    is_openai = urlsplit(settings.base_url).hostname == _OPENAI_HOST
    return (os.environ.get("OPENAI_API_KEY") if is_openai else None) or _NO_KEY


def _http_client(settings: JudgeSettings) -> httpx2.AsyncClient:
    async def cap(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise _TooMuch("the answer is compressed although that was not asked for")
        response.stream = _Capped(response.stream, settings.max_response_kib * 1024)

    return openai.DefaultAioHttpClient(
        follow_redirects=False,
        timeout=openai.Timeout(settings.timeout_s, connect=settings.connect_timeout_s),
        limits=httpx2.Limits(
            max_connections=settings.max_connections, max_keepalive_connections=settings.max_connections
        ),
        event_hooks={"response": [cap]},
    )


class _TooMuch(openai.OpenAIError):
    """More answer than is read. An OpenAIError because the library passes those through as they are."""


class _Capped(httpx2.AsyncByteStream):
    """A response body that breaks off where it becomes too long, error bodies too."""

    def __init__(self, stream: object, limit: int) -> None:
        self._stream = cast("httpx2.AsyncByteStream", stream)
        self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise _TooMuch("the answer is longer than max_response_kib")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _status_failure(error: openai.APIStatusError) -> JudgeError | JudgeOverflow:
    """The provider's own words are looked at, and not passed on: they may quote the prompt."""
    said = f"{error.code or ''} {error.message}".lower()
    if error.status_code in (400, 413) and any(word in said for word in _OVERFLOW_WORDS):
        return JudgeOverflow("the endpoint says that the evidence is too long for the model")
    return JudgeError(f"the endpoint answered HTTP {error.status_code}")


def _connection_failure(error: openai.APIConnectionError) -> JudgeError | JudgeInvalid | JudgeTimeout:
    cause = error.__cause__
    if isinstance(cause, _TooMuch):
        return JudgeInvalid(str(cause))
    if isinstance(error, openai.APITimeoutError) and not isinstance(cause, httpx2.ConnectTimeout):
        return JudgeTimeout("the endpoint stopped answering")  # a refused connection comes as ConnectTimeout as well
    return JudgeError(f"the endpoint cannot be reached or broke off ({type(cause).__name__})")


_Finish = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


def _answer(completion: ChatCompletion, settings: JudgeSettings) -> JudgeAnswer:
    """The one choice's text. Raises JudgeInvalid where there is none, or where it was cut off, withheld or refused."""
    usage = getattr(completion, "usage", None)
    sent, answered = _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens")
    cached = _tokens(getattr(usage, "prompt_tokens_details", None), "cached_tokens")
    answer = JudgeAnswer("", sent, answered, cost_of(settings, sent, answered, cached))
    choices = getattr(completion, "choices", None)  # the library builds its objects without looking at what came
    message = getattr(choices[0], "message", None) if isinstance(choices, list) and len(choices) == 1 else None
    content = getattr(message, "content", None)
    if not isinstance(content, str):
        refused = isinstance(getattr(message, "refusal", None), str)
        raise JudgeInvalid("the model refused" if refused else "the endpoint's answer holds no message", answer.use)
    finish: _Finish | None = getattr(choices[0], "finish_reason", None) if choices else None
    if finish in ("length", "content_filter"):
        raise JudgeInvalid(f"the answer was not finished ({finish})", answer.use)
    return replace(answer, text=content)


def _tokens(usage: object, name: str) -> int:
    count = getattr(usage, name, 0)
    return count if isinstance(count, int) and count >= 0 else 0
