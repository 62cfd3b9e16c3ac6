"""Answers that are used again: the same question about the same evidence, of the same tenant, to the same judge."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol

from otel_scorer.errors import LedgerError
from otel_scorer.scoring.judging.judge import Judge, JudgeAnswer, JudgeInvalid, Prompt, read_answer
from otel_scorer.scoring.judging.judge_settings import JudgeSettings

log = logging.getLogger(__name__)
_MAX_ANSWER = 64 * 1024
"""Bytes of an answer that is remembered; longer ones are not."""


class AnswerStore(Protocol):
    """Where answers are kept, bounded in time and size by itself. May raise LedgerError: then there is no cache."""

    async def get(self, tenant: str, key: str) -> bytes | None: ...

    async def put(self, tenant: str, key: str, answer: bytes) -> None: ...


class MemoryAnswers:
    """Answers of one process (offline runs): at most `most` of them, the oldest go first."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._answers: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def get(self, tenant: str, key: str) -> bytes | None:
        return self._answers.get((tenant, key))

    async def put(self, tenant: str, key: str, answer: bytes) -> None:
        self._answers[tenant, key] = answer
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)


class CachedJudge:
    """`judge` behind `answers`. `settings` are part of the key: what changes the answer makes another judge."""

    def __init__(self, judge: Judge, settings: JudgeSettings, answers: AnswerStore) -> None:
        self._judge = judge
        self._answers = answers
        self._identity = identity(settings)

    @property
    def name(self) -> str:
        return self._judge.name

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        """An answer that cost nothing, or the judge's own; only valid ones are remembered."""
        key = self._key(prompt)
        known = await self._recall(prompt, key)
        if known is not None:
            return known
        answer = await self._judge(prompt, schema, deadline)
        await self._remember(prompt, key, answer)
        return answer

    def _key(self, prompt: Prompt) -> str:
        """Rubric digest, judge and evidence digest, and the very texts: other instructions are another question."""
        parts = (prompt.rubric_digest, self._identity, prompt.evidence_digest, prompt.system, prompt.user)
        digest = hashlib.blake2b(digest_size=20)
        for part in parts:
            said = part.encode()
            digest.update(len(said).to_bytes(8, "big") + said)
        return digest.hexdigest()

    async def _recall(self, prompt: Prompt, key: str) -> JudgeAnswer | None:
        try:
            packed = await self._answers.get(prompt.tenant, key)
            if packed is None:
                return None
            text, agreement = json.loads(packed)
            read_answer(text, prompt.asked)
        except (LedgerError, ValueError, TypeError, JudgeInvalid) as error:
            log.debug("no cached answer: %s", type(error).__name__)
            return None
        return JudgeAnswer(text, calls=0, cache_hits=1, agreement=agreement)

    async def _remember(self, prompt: Prompt, key: str, answer: JudgeAnswer) -> None:
        try:
            read_answer(answer.text, prompt.asked)
            packed = json.dumps([answer.text, dict(answer.agreement)]).encode()
            if len(packed) <= _MAX_ANSWER:
                await self._answers.put(prompt.tenant, key, packed)
        except (LedgerError, JudgeInvalid) as error:
            log.debug("an answer is not cached: %s", type(error).__name__)


def identity(settings: JudgeSettings) -> str:
    """A digest of what makes two judges answer differently. Holds no key and no header."""
    told = {
        "model": settings.model,
        "base_url": settings.base_url,
        "body": settings.body,
        "answer_format": settings.answer_format,
        "answers_as": settings.answers_as,
        "temperature": settings.temperature if settings.samples == 1 else settings.sample_temperature,
        "samples": settings.samples,
        "max_output_tokens": settings.max_output_tokens,
    }
    said = json.dumps(told, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
