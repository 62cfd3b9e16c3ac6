"""The judge of a process, put together from settings: one judge or several, each with what stands around it.

cache         the same question to the same judge is not paid for twice
samples       the question several times, where settings say so
guard         bulkhead and circuit breaker
budget        money is reserved before each call and settled after it
endpoint      the call itself
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otel_scorer.scoring.judging.judge import Judge, JudgeAnswer, Prompt
from otel_scorer.scoring.judging.judge_budget import BudgetedJudge, Purse
from otel_scorer.scoring.judging.judge_cache import AnswerStore, CachedJudge, identity
from otel_scorer.scoring.judging.judge_cascade import JudgeCascade
from otel_scorer.scoring.judging.judge_guard import Breaker, GuardedJudge
from otel_scorer.scoring.judging.judge_samples import SampledJudge
from otel_scorer.scoring.judging.judge_settings import JudgeSettings, JudgingSettings, Suspicious
from otel_scorer.scoring.judging.openai_judge import OpenAIJudge
from otel_scorer.scoring.judging.summaries import Summariser, Summarises


class ConfiguredJudge:
    """What `score_trace` is handed: the judges of the settings as one, and how prompts for them are written."""

    def __init__(
        self,
        judge: Judge,
        endpoints: Sequence[OpenAIJudge],
        evidence_chars: int,
        suspicious: Suspicious,
        summarise: Summarises | None = None,
        *,
        scrub_names: bool = False,
    ) -> None:
        self._judge = judge
        self.scrub_names = scrub_names
        self.summarise = summarise
        self._endpoints = endpoints
        self.evidence_chars = evidence_chars
        self.suspicious: Suspicious = suspicious

    @property
    def name(self) -> str:
        """The model id; of several judges the first one's."""
        return self._judge.name

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        return await self._judge(prompt, schema, deadline)

    async def close(self) -> None:
        """Closes the connections of the running event loop."""
        for endpoint in self._endpoints:
            await endpoint.close()


def build_judge(
    settings: JudgingSettings, purse: Purse | None = None, answers: AnswerStore | None = None
) -> ConfiguredJudge | None:
    """The judge of `settings`, None where scoring is by checks alone.

    `purse` None: nobody counts money (offline). `answers` None: nothing is remembered.
    """
    if not settings.in_order:
        return None
    endpoints = [OpenAIJudge(one) for one in settings.in_order]
    stores = answers if settings.judge_cache.hours else None
    guarded = [_guarded(endpoint, one, purse) for endpoint, one in zip(endpoints, settings.in_order, strict=True)]
    judges = [_around(judge, one, stores) for judge, one in zip(guarded, settings.in_order, strict=True)]
    alone = len(judges) == 1 and settings.in_order[0].samples == 1  # one that samples is told when it disagrees
    judge = judges[0] if alone else JudgeCascade(judges, settings.unsure)
    summarise = _summariser(settings, guarded, stores)
    return ConfiguredJudge(
        judge, endpoints, settings.evidence_chars, settings.suspicious, summarise, scrub_names=settings.scrub_names
    )


def _guarded(endpoint: OpenAIJudge, settings: JudgeSettings, purse: Purse | None) -> Judge:
    judge: Judge = endpoint if purse is None else BudgetedJudge(endpoint, settings, purse)
    breaker = Breaker(settings.breaker_failures, settings.breaker_open_s)
    return GuardedJudge(judge, settings.max_connections, breaker, settings.timeout_s)


def _around(judge: Judge, settings: JudgeSettings, answers: AnswerStore | None) -> Judge:
    if settings.samples > 1:
        judge = SampledJudge(judge, settings.samples)
    return judge if answers is None else CachedJudge(judge, settings, answers)


def _summariser(settings: JudgingSettings, guarded: Sequence[Judge], answers: AnswerStore | None) -> Summarises | None:
    """By the judge that settings name: its places, its breaker and its money are the same as for questions."""
    wanted = settings.summaries
    for judge, one in zip(guarded, settings.in_order, strict=True):
        if wanted.enabled and one.model == wanted.model:
            return Summariser(
                judge,
                identity(one),
                answers,
                chars=wanted.chars,
                most=wanted.most_steps,
                reads=one.max_evidence_chars,
            )
    return None
