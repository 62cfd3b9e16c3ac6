"""Several judges as one, the cheapest first: the next is asked only about what the one before leaves unsure.

A dimension is unsure (each condition is a setting, `scoring.unsure`)

    no_score          when the judge answered null
    agreement_below   when fewer of its samples than this share gave the score
    boundary          when the score lies about the rubric's `pass_at`: one judge's slip would turn pass into fail

About an unsure dimension the later judge's word counts. A judge that fails is passed over: the next one is asked about
everything that is open. Where the last one fails, scores that an earlier one gave stand, with the finding
`judge.unsure`, as with samples of the last one that agree too little. When nobody answered, this judge fails as the
last one did. Each judge that failed leaves the finding `judge.passed_over`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from otel_scorer.model import Finding, JudgeUse
from otel_scorer.scoring.judging.judge import (
    Judge,
    JudgeAnswer,
    JudgeFailure,
    JudgeInvalid,
    Opinion,
    Prompt,
    answer_schema,
    read_answer,
    total_use,
)
from otel_scorer.scoring.judging.judge_settings import UnsureSettings

_MIDDLE = 0.5
"""The middle between the lowest score that passes and the one below it lies so far under `pass_at`."""


@dataclass(slots=True)
class _Heard:
    """What the judges so far have said."""

    opinions: dict[str, Opinion] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)
    agreement: dict[str, float] = field(default_factory=dict)
    uses: list[JudgeUse] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    failure: JudgeFailure | None = None
    """Why the judge that was asked last did not answer."""

    def fail(self, name: str, failure: JudgeFailure) -> None:
        self.failure = failure
        text = f"The judge {name} gave no answer ({failure.why})."
        self.findings.append(Finding("judge.passed_over", "", text, "judge"))


class JudgeCascade:
    """`judges` in order, as one judge that is called by the first one's name (each dimension by who graded it)."""

    def __init__(self, judges: Sequence[Judge], unsure: UnsureSettings) -> None:
        self._judges = tuple(judges)
        self._unsure = unsure

    @property
    def name(self) -> str:
        return self._judges[0].name

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:  # noqa: ARG002
        """Raises the last judge's JudgeFailure where no judge answered."""
        heard = _Heard()
        open_now: tuple[str, ...] = prompt.asked
        for judge in self._judges:
            await self._hear(judge, prompt.about(open_now), deadline, heard)
            open_now = tuple(name for name in prompt.asked if self._is_unsure(name, prompt, heard))
            if not open_now:
                break
        heard.findings += self._disagreeing(heard)
        return _answer(prompt, heard, open_now)

    async def _hear(self, judge: Judge, prompt: Prompt, deadline: float, heard: _Heard) -> None:
        try:
            answer = await judge(prompt, answer_schema(prompt.asked), deadline)
        except JudgeFailure as error:
            heard.fail(judge.name, error)
            heard.uses.append(error.use)
            return
        heard.uses.append(answer.use)
        try:
            opinions = read_answer(answer.text, prompt.asked)
        except JudgeInvalid as error:
            heard.fail(judge.name, error)
            return
        heard.failure = None
        heard.findings += answer.findings
        for name, opinion in opinions.items():
            if opinion.score is None and name in heard.opinions:
                continue  # who cannot tell has nothing to set against a score
            heard.opinions[name] = opinion
            heard.by[name] = answer.by.get(name, judge.name)
            heard.agreement.pop(name, None)
            if name in answer.agreement:
                heard.agreement[name] = answer.agreement[name]

    def _disagreeing(self, heard: _Heard) -> list[Finding]:
        """Where nobody is left to ask and too few samples gave the score that stands."""
        below = self._unsure.agreement_below
        return [
            Finding("judge.unsure", name, f"Only {share:.0%} of {heard.by[name]}'s samples gave this score.", "judge")
            for name, share in heard.agreement.items()
            if share < below
        ]

    def _is_unsure(self, name: str, prompt: Prompt, heard: _Heard) -> bool:
        opinion = heard.opinions.get(name)
        if opinion is None:
            return True
        if opinion.score is None:
            return self._unsure.no_score
        if heard.agreement.get(name, 1.0) < self._unsure.agreement_below:
            return True
        return at_boundary(opinion.score, prompt.pass_at.get(name), self._unsure.boundary)


def at_boundary(score: int, pass_at: float | None, within: float) -> bool:
    """Whether the score lies no further than `within` from the middle between pass and fail."""
    return pass_at is not None and within > 0 and abs(score - (pass_at - _MIDDLE)) <= within


def _answer(prompt: Prompt, heard: _Heard, open_now: Sequence[str]) -> JudgeAnswer:
    use = total_use(heard.uses)
    if set(heard.opinions) != set(prompt.asked):
        failure = heard.failure or JudgeInvalid("no judge answered")
        raise type(failure)(str(failure), use) from failure
    findings = list(heard.findings)
    if heard.failure is not None:
        text = f"The judge that was to settle it gave no answer ({heard.failure.why}); an earlier one's word stands."
        findings += [Finding("judge.unsure", name, text, "judge") for name in open_now]
    return JudgeAnswer(
        json.dumps({name: asdict(heard.opinions[name]) for name in prompt.asked}, ensure_ascii=False),
        use.input_tokens,
        use.output_tokens,
        use.cost,
        use.calls,
        use.cache_hits,
        by=heard.by,
        agreement=heard.agreement,
        findings=tuple(findings),
    )
