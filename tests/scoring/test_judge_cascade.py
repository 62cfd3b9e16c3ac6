"""Several judges as one: who is asked, when, and whose word counts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from scored_runs import ScriptedJudge, check, dimension, opinion, rubric, run, soon

from otel_scorer.model import JudgeUse, Missing, Result, Score
from otel_scorer.scoring.judging.judge import (
    JudgeAnswer,
    JudgeError,
    JudgeFailure,
    JudgeInvalid,
    JudgeOverflow,
    JudgeTimeout,
    Opinion,
    Prompt,
    answer_schema,
)
from otel_scorer.scoring.judging.judge_cascade import JudgeCascade, at_boundary
from otel_scorer.scoring.judging.judge_guard import Breaker, GuardedJudge
from otel_scorer.scoring.judging.judge_samples import SampledJudge, median
from otel_scorer.scoring.judging.judge_settings import JudgingSettings, UnsureSettings
from otel_scorer.scoring.judging.judges import build_judge
from otel_scorer.scoring.score import score_trace

FACTS, SAFETY = "factual_grounding", "privacy_and_safety"


class Model:
    """A judge that answers about what it is asked with the scores it was made with (None: null), or fails."""

    def __init__(
        self, name: str, scores: Mapping[str, int | None] | Exception, *, agreement: float | None = None
    ) -> None:
        self.name = name
        self.scores = scores
        self.agreement = agreement
        self.prompts: list[Prompt] = []

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.prompts.append(prompt)
        if isinstance(self.scores, Exception):
            raise self.scores
        text = json.dumps({name: opinion(self.scores[name], reason=self.name) for name in schema["properties"]})
        agreement = {} if self.agreement is None else dict.fromkeys(prompt.asked, self.agreement)
        return JudgeAnswer(text, 100, 20, 0.25, agreement=agreement)


async def scored(
    *judges: Any, unsure: UnsureSettings | None = None, pass_at: Mapping[str, float] | None = None
) -> Result:
    mine = rubric({FACTS: dimension(check("shrugs")), SAFETY: dimension(check("shrugs"))}, pass_at=dict(pass_at or {}))
    cascade = JudgeCascade(judges, unsure or UnsureSettings())
    (result,) = await score_trace(run(), [mine], cascade, deadline=soon())
    return result


def values(result: Result) -> dict[str, tuple[int, str]]:
    return {name: (one.value, one.by) for name, one in result.scores.items() if isinstance(one, Score)}


def use(result: Result) -> JudgeUse:
    """All but the seconds, which are as many as they are."""
    return replace(result.judge_use, seconds=0.0)


async def test_who_is_sure_is_the_only_one_asked() -> None:
    small, strong = Model("small", {FACTS: 4, SAFETY: 5}), Model("strong", {FACTS: 1, SAFETY: 1})
    result = await scored(small, strong)
    assert values(result) == {FACTS: (4, "small"), SAFETY: (5, "small")}
    assert strong.prompts == []
    assert (result.evaluator, use(result)) == ("small", JudgeUse(1, 100, 20, 0.25, 0))


async def test_the_next_is_asked_and_told_only_about_what_is_open() -> None:
    small, strong = Model("small", {FACTS: 4, SAFETY: None}), Model("strong", {FACTS: 1, SAFETY: 2})
    result = await scored(small, strong)
    assert values(result) == {FACTS: (4, "small"), SAFETY: (2, "strong")}
    assert strong.prompts[0].asked == (SAFETY,)
    assert strong.prompts[0].user == small.prompts[0].user
    assert f"## {FACTS}" in small.prompts[0].system
    assert f"## {FACTS}" not in strong.prompts[0].system
    assert strong.prompts[0].system.split("## ")[0] == small.prompts[0].system.split("## ")[0]
    assert strong.prompts[0].system.endswith(f"Grade these dimensions: {SAFETY}.")
    assert result.evaluator == "small+strong"
    assert use(result) == JudgeUse(2, 200, 40, 0.5, 0)


@pytest.mark.parametrize(
    ("score", "pass_at", "within", "unsure"),
    [
        (3, 3, 0.5, True),
        (2, 3, 0.5, True),
        (4, 3, 0.5, False),
        (1, 3, 0.5, False),
        (4, 3, 1.5, True),
        (3, 3, 0, False),
        (3, None, 0.5, False),
    ],
)
def test_about_a_pass_mark_lie_the_lowest_pass_and_the_score_below(
    score: int, pass_at: float | None, within: float, unsure: bool
) -> None:
    assert at_boundary(score, pass_at, within) is unsure


async def test_a_score_at_the_pass_mark_is_asked_again_and_the_later_word_counts() -> None:
    small, strong = Model("small", {FACTS: 3, SAFETY: 5}), Model("strong", {FACTS: 5, SAFETY: 1})
    result = await scored(small, strong, pass_at={FACTS: 3, SAFETY: 3})
    assert values(result) == {FACTS: (5, "strong"), SAFETY: (5, "small")}


async def test_low_agreement_is_asked_again_and_is_written_as_a_metric() -> None:
    small, strong = Model("small", {FACTS: 4, SAFETY: 4}, agreement=0.6), Model("strong", {FACTS: 2, SAFETY: 2})
    assert values(await scored(small, strong))[FACTS] == (2, "strong")
    result = await scored(small, strong, unsure=UnsureSettings(agreement_below=0.5))
    assert values(result)[FACTS] == (4, "small")
    assert result.metrics[f"judge_agreement.{FACTS}"] == 0.6


@pytest.mark.parametrize("failure", [JudgeTimeout("t"), JudgeError("e"), JudgeInvalid("i"), JudgeOverflow("o")])
async def test_a_judge_that_fails_is_passed_over(failure: JudgeFailure) -> None:
    result = await scored(Model("small", failure), Model("strong", {FACTS: 2, SAFETY: 3}))
    assert values(result) == {FACTS: (2, "strong"), SAFETY: (3, "strong")}
    assert result.judge_use.calls == 2
    assert [(one.code, one.text) for one in result.findings if one.code != "judge.fault"] == [
        ("judge.passed_over", f"The judge small gave no answer ({failure.why}).")
    ]


async def test_where_the_last_one_fails_an_earlier_score_stands_and_says_so() -> None:
    result = await scored(
        Model("small", {FACTS: 3, SAFETY: None}), Model("strong", JudgeTimeout("t")), pass_at={FACTS: 3}
    )
    assert values(result) == {FACTS: (3, "small")}
    assert result.scores[SAFETY] == Missing("undecided", "small")
    assert [(one.code, one.dimension) for one in result.findings if one.code != "judge.fault"] == [
        ("judge.passed_over", ""),
        ("judge.unsure", FACTS),
        ("judge.unsure", SAFETY),
    ]


async def test_where_nobody_answers_the_last_failure_is_told() -> None:
    result = await scored(Model("small", JudgeInvalid("i")), Model("strong", JudgeTimeout("late")))
    assert result.scores[FACTS] == Missing("judge_timeout", "late")
    assert result.judge_use.calls == 2


async def test_a_null_sets_nothing_against_a_score() -> None:
    result = await scored(Model("a", {FACTS: 3, SAFETY: 5}), Model("b", {FACTS: None, SAFETY: 5}), pass_at={FACTS: 3})
    assert values(result)[FACTS] == (3, "a")


# ---- samples ---------------------------------------------------------------------------------------------------------


class Sequence(ScriptedJudge):
    """Answers one after another."""

    def __init__(self, *answers: object) -> None:
        super().__init__(None)
        self.left = list(answers)

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.answer = self.left.pop(0)
        return await super().__call__(prompt, schema, deadline)


PROMPT = Prompt("rules", "evidence", "0" * 64, (FACTS,))
SCHEMA = answer_schema([FACTS])


async def test_the_median_counts_and_the_share_that_gave_it() -> None:
    judge = SampledJudge(Sequence(*({FACTS: opinion(score)} for score in (4, 2, 4))), 3)
    answer = await judge(PROMPT, SCHEMA, soon())
    assert json.loads(answer.text)[FACTS]["score"] == 4
    assert answer.agreement == {FACTS: 2 / 3}
    assert (answer.calls, answer.input_tokens) == (3, 300)


async def test_samples_that_fail_are_disagreement_and_all_failing_is_a_failure() -> None:
    answer = await SampledJudge(Sequence({FACTS: opinion(4)}, "no json", JudgeTimeout("t")), 3)(PROMPT, SCHEMA, soon())
    assert answer.agreement == {FACTS: 1 / 3}
    with pytest.raises(JudgeInvalid) as caught:
        await SampledJudge(Sequence("no json", JudgeTimeout("t")), 2)(PROMPT, SCHEMA, soon())
    assert caught.value.use.calls == 2
    assert caught.value.use.input_tokens == 100


async def test_where_nobody_is_left_to_ask_too_little_agreement_is_a_finding() -> None:
    answers = ({FACTS: opinion(score), SAFETY: opinion(5)} for score in (4, 2, 3))
    result = await scored(SampledJudge(Sequence(*answers), 3))
    unsure = [one for one in result.findings if one.code == "judge.unsure"]
    assert [(one.dimension, one.text) for one in unsure] == [(FACTS, "Only 33% of scripted's samples gave this score.")]
    assert result.metrics[f"judge_agreement.{FACTS}"] == pytest.approx(1 / 3)
    built = build_judge(JudgingSettings.model_validate({"judge": {"model": "m", "samples": 3}}))
    assert built is not None
    assert built.name == "m"


@pytest.mark.parametrize(
    ("scores", "middle"),
    [([1, 5], 1), ([5, 1, 2], 2), ([None, 4], None), ([None, 4, 4], 4), ([None, None, 4], None), ([3], 3)],
)
def test_the_median_is_the_lower_one_of_two_and_null_where_half_cannot_tell(
    scores: list[int | None], middle: int | None
) -> None:
    assert median([Opinion(score, "r") for score in scores]).score == middle


# ---- guard -----------------------------------------------------------------------------------------------------------


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_breaker_opens_after_failures_in_a_row_and_tries_once_when_its_time_has_passed() -> None:
    clock = Clock()
    breaker = Breaker(3, 30.0, clock)
    for failed in (True, True, False, True, True):
        assert breaker.try_call()
        breaker.failed() if failed else breaker.succeeded()
    assert not breaker.is_open
    assert breaker.failed()
    assert breaker.is_open
    assert not breaker.try_call()
    clock.now += 30.1
    assert breaker.try_call()
    assert not breaker.try_call()
    assert not breaker.failed()
    assert breaker.is_open
    clock.now += 30.1
    assert breaker.try_call()
    breaker.succeeded()
    assert breaker.try_call()
    assert breaker.try_call()


async def test_an_open_breaker_asks_nobody_and_costs_nothing() -> None:
    broken = ScriptedJudge(JudgeError("HTTP 500"))
    guarded = GuardedJudge(broken, 4, Breaker(2, 60.0), 5.0)
    failures = []
    for _ in range(4):
        with pytest.raises(JudgeError) as caught:
            await guarded(PROMPT, SCHEMA, soon())
        failures.append(caught.value)
    assert len(broken.prompts) == 2
    assert failures[-1].use == JudgeUse()


@pytest.mark.parametrize(
    "failure", [JudgeInvalid("no object"), JudgeOverflow("too long"), JudgeError("the budget is unknown", JudgeUse())]
)
async def test_what_says_nothing_of_the_endpoint_does_not_open_it(failure: JudgeFailure) -> None:
    judge = ScriptedJudge(failure)
    guarded = GuardedJudge(judge, 4, Breaker(2, 60.0), 5.0)
    for _ in range(5):
        with pytest.raises(type(failure)):
            await guarded(PROMPT, SCHEMA, soon())
    assert len(judge.prompts) == 5


class Waiting:
    """Ends when it is let; counts how many are inside."""

    name = "waiting"

    def __init__(self) -> None:
        self.inside = self.most = self.calls = 0
        self.let = asyncio.Event()

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.inside += 1
        self.calls += 1
        self.most = max(self.most, self.inside)
        try:
            await self.let.wait()
        finally:
            self.inside -= 1
        return JudgeAnswer("{}")


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


async def test_only_so_many_calls_are_in_flight_and_who_waits_in_vain_times_out_uncharged() -> None:
    waiting = Waiting()
    guarded = GuardedJudge(waiting, 2, Breaker(1, 60.0), 60.0)
    calls = [asyncio.create_task(guarded(PROMPT, SCHEMA, soon())) for _ in range(5)]
    await until(lambda: waiting.inside == 2)
    with pytest.raises(JudgeTimeout) as caught:
        await guarded(PROMPT, SCHEMA, time.monotonic() + 0.05)
    assert caught.value.use == JudgeUse()
    waiting.let.set()
    await asyncio.gather(*calls)
    assert (waiting.calls, waiting.most) == (5, 2)


async def test_a_call_that_is_cancelled_leaves_its_place() -> None:
    waiting = Waiting()
    guarded = GuardedJudge(waiting, 1, Breaker(5, 60.0), 60.0)
    call = asyncio.create_task(guarded(PROMPT, SCHEMA, soon()))
    await until(lambda: waiting.inside == 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    waiting.let.set()
    await guarded(PROMPT, SCHEMA, soon())
