"""The same question several times: the median is the answer, and how many samples gave it tells how sure it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from otel_scorer.scoring.judging.judge import (
    Judge,
    JudgeAnswer,
    JudgeFailure,
    JudgeInvalid,
    Opinion,
    Prompt,
    read_answer,
    total_use,
)


class SampledJudge:
    """Asks `judge` so often at once. Samples that fail count as disagreement; when all do, so does this judge."""

    def __init__(self, judge: Judge, samples: int) -> None:
        self._judge = judge
        self._samples = samples

    @property
    def name(self) -> str:
        return self._judge.name

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        calls = (self._sample(prompt, schema, deadline) for _ in range(self._samples))
        found = await asyncio.gather(*calls)
        use = total_use(one.use for one in found)
        read = [one for one in found if not isinstance(one, JudgeFailure)]
        if not read:
            failure = next(one for one in found if isinstance(one, JudgeFailure))
            raise type(failure)(str(failure), use) from failure
        opinions = [read_answer(one.text, prompt.asked) for one in read]
        chosen = {name: median([each[name] for each in opinions]) for name in prompt.asked}
        agreement = {
            name: sum(each[name].score == opinion.score for each in opinions) / self._samples
            for name, opinion in chosen.items()
        }
        return JudgeAnswer(
            json.dumps({name: asdict(opinion) for name, opinion in chosen.items()}, ensure_ascii=False),
            use.input_tokens,
            use.output_tokens,
            use.cost,
            use.calls,
            agreement=agreement,
        )

    async def _sample(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer | JudgeFailure:
        try:
            answer = await self._judge(prompt, schema, deadline)
        except JudgeFailure as error:
            return error
        try:
            read_answer(answer.text, prompt.asked)
        except JudgeInvalid as error:
            return JudgeInvalid(str(error), answer.use)
        return answer


def median(opinions: Sequence[Opinion]) -> Opinion:
    """The first opinion with the median score, the lower one of two; null where at least half of them are null."""
    scores = sorted(opinion.score for opinion in opinions if opinion.score is not None)
    middle = scores[(len(scores) - 1) // 2] if 2 * len(scores) > len(opinions) else None
    return next(opinion for opinion in opinions if opinion.score == middle)
