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
from typing import Any, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx2
import openai
from openai.types.chat import ChatCompletion

from otel_scorer.errors import UserError
from otel_scorer.model import JudgeUse
from otel_scorer.scoring.clean import visible
from otel_scorer.scoring.judging.judge import JudgeAnswer, JudgeError, JudgeFailure, JudgeInvalid, JudgeTimeout, Prompt
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.openai_answer import read_completion
from otel_scorer.scoring.judging.openai_refusals import Refusal, failure_of, place

log = logging.getLogger(__name__)
_MOST_SAID = 20
_OPENAI_HOST = "api.openai.com"
_NO_KEY = "none"
"""Local servers want no key; the library wants one."""


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
        self._said: set[str] = set()
        """What was logged once already: names of other models that answered, refusals."""

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
            limit = f"timeout_s is {self._settings.timeout_s:g}"
            raise JudgeTimeout(f"no whole answer within {left:.1f} s ({limit})") from error
        except openai.APIStatusError as error:
            raise self._told(failure_of(Refusal(error.status_code, error.body), self._settings)) from error
        except openai.APIConnectionError as error:
            raise _connection_failure(error, self._settings) from error
        except _TooMuch as error:
            raise JudgeInvalid(str(error)) from error
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise JudgeInvalid(f"the endpoint's answer is no chat completion ({type(error).__name__})") from error
        self._look_at_model(completion)
        try:
            answer = read_completion(completion, self._settings, prompt)
        except JudgeFailure as error:
            raise self._told(error) from error.__cause__
        self._look_at_length(answer)
        return answer

    async def close(self) -> None:
        """Closes the connections of the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def _complete(self, prompt: Prompt, schema: Mapping[str, Any]) -> ChatCompletion:
        settings = self._settings
        temperature = settings.temperature if settings.samples == 1 else settings.sample_temperature
        most = settings.max_output_tokens
        system = prompt.system if settings.answer_format == "json_schema" else _with_schema(prompt.system, schema)
        return await self._client().chat.completions.create(
            model=settings.model,
            messages=[{"role": "system", "content": system}, {"role": "user", "content": prompt.user}],
            temperature=openai.omit if temperature is None else temperature,
            max_completion_tokens=openai.omit if settings.max_tokens_field == "max_tokens" else most,
            max_tokens=most if settings.max_tokens_field == "max_tokens" else openai.omit,
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
            self._tell_once(f"answers as {visible(said)[:100]}")

    def _look_at_length(self, answer: JudgeAnswer) -> None:
        most = self._settings.max_output_tokens
        if answer.output_tokens > most:
            other = "max_tokens" if self._settings.max_tokens_field == "max_completion_tokens" else "another name"
            self._tell_once(
                f"writes more than max_output_tokens ({most}): its endpoint does not know the field "
                f"{self._settings.max_tokens_field}; set max_tokens_field to {other}"
            )

    def _told(self, failure: JudgeFailure) -> JudgeFailure:
        """Says once why there is no answer, for a record only says `judge_error`."""
        self._tell_once(f"gave no answer: {failure}")
        return failure

    def _tell_once(self, said: str) -> None:
        """The same words with other numbers in brackets are the same."""
        gist = said.partition("(")[0]
        if gist not in self._said and len(self._said) < _MOST_SAID:
            self._said.add(gist)
            log.warning("the judge %s %s", self._settings.model, said)

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


def _connection_failure(
    error: openai.APIConnectionError, settings: JudgeSettings
) -> JudgeError | JudgeInvalid | JudgeTimeout:
    cause = error.__cause__
    if isinstance(cause, _TooMuch):
        return JudgeInvalid(str(cause))
    if isinstance(error, openai.APITimeoutError) and not isinstance(cause, httpx2.ConnectTimeout):
        return JudgeTimeout("the endpoint stopped answering")  # a refused connection comes as ConnectTimeout as well
    return JudgeError(f"the endpoint {place(settings)} cannot be reached or broke off ({type(cause).__name__})")
