"""One rubric, one target: the checks first, then the judge for what they leave open, and how both become one score.

How several verdicts become one estimate (each rule can only lower it when something worse is found):

    estimate   the lowest of the verdicts. A check that finds nothing never makes up for one that finds something
    fault      a verdict whose nearest anchor is under 5; it counts whatever its weight
    good word  no fault: counts when the verdicts' weights come to 0.5 and when what the dimension needs was captured
    judge      `when_open` fills what no check could tell; `always` hears both and takes the lower one. A fault that
               checks found stands without the judge, their good word does not: with `always` and a judge that failed
               it is missing
    crash      a check that raises makes its dimension `rubric_error`; the others go on
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from otel_scorer.model import Finding, JudgeUse, Missing, Score
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.scoring.exhibit import Exhibit, exhibit
from otel_scorer.scoring.heard import Heard, crash_place, decide, hear
from otel_scorer.scoring.judge import (
    Judge,
    JudgeError,
    JudgeFailure,
    JudgeTimeout,
    Opinion,
    Prompt,
    answer_schema,
    read_answer,
)
from otel_scorer.scoring.prompt import addresses_the_judge, render_prompt
from otel_scorer.scoring.reduce import TooLong
from otel_scorer.scoring.rubric import Rubric
from otel_scorer.scoring.verdict import HIGHEST, Target

EVIDENCE_CHARS = 60_000
"""Characters of evidence for a judge that does not say how many it wants (`evidence_chars`)."""


@dataclass(slots=True)
class Examined:
    """One target after its checks: what was heard and decided, and what the judge is to be asked, if anything."""

    rubric: Rubric
    target: Target
    heard: dict[str, Heard]
    scores: dict[str, Score | Missing]
    asked: tuple[str, ...] = ()
    prompt: Prompt | None = None
    shown: Exhibit | None = None
    findings: tuple[Finding, ...] = ()
    judge_use: JudgeUse = field(default_factory=JudgeUse)
    by: str = "checks"

    @property
    def nothing_to_judge(self) -> bool:
        """No dimension found anything here that it could judge, and no judge is asked."""
        return not self.asked and all(heard.nothing_to_judge for heard in self.heard.values())


def examine(rubric: Rubric, target: Target, judge: Judge | None, reference: str = "") -> Examined:
    """Runs the checks and renders the prompt where the judge is to be asked. CPU only; never raises."""
    heard: dict[str, Heard] = {name: hear(rubric, rules, target) for name, rules in rubric.dimensions.items()}
    done = Examined(rubric, target, heard, {name: decide(one) for name, one in heard.items()})
    done.findings = tuple(finding for one in heard.values() for verdict in one.verdicts for finding in verdict.findings)
    asked = _to_ask(done) if judge is not None else ()
    if asked:
        _prepare(done, asked, getattr(judge, "evidence_chars", EVIDENCE_CHARS), reference)
    return done


def _to_ask(done: Examined) -> tuple[str, ...]:
    if done.rubric.judge == "never":
        return ()
    return tuple(
        name
        for name, rules in done.rubric.dimensions.items()
        if rules.ask
        and done.heard[name].is_open
        and (done.rubric.judge == "always" or isinstance(done.scores[name], Missing))
    )


def _prepare(done: Examined, asked: tuple[str, ...], budget: int, reference: str) -> None:
    done.asked = asked
    try:
        done.shown = exhibit(done.target)
        if reference:
            done.shown.facts["reference_answer"] = reference
        done.prompt = render_prompt(done.rubric, asked, done.shown, budget)
    except TooLong as error:
        _without_judge(done, Missing("context_overflow", str(error)))
    except Exception as error:  # what could not be scrubbed is not sent
        _without_judge(done, Missing("redaction_blocked", crash_place("scrub", error)))


async def consult(done: Examined, judge: Judge, deadline: float) -> Examined:
    """Asks the judge what is open, and merges. Never raises but CancelledError. `deadline` is of time.monotonic()."""
    if done.prompt is None or done.shown is None:
        return done
    done.by = judge.name
    try:
        opinions = await _ask(done, judge, deadline)
    except JudgeFailure as error:
        _without_judge(done, Missing(error.why, str(error)))
        return done
    for name, opinion in opinions.items():
        done.scores[name] = _merged(done.scores[name], opinion, done.shown, judge.name)
    if addresses_the_judge(done.prompt):
        text = "The recording holds text that is shaped like a word to a grader."
        done.findings += (Finding("addresses_the_judge", "privacy_and_safety", text, "judge"),)
    return done


async def _ask(done: Examined, judge: Judge, deadline: float) -> Mapping[str, Opinion]:
    assert done.prompt is not None  # noqa: S101  (consult has looked)
    done.judge_use = JudgeUse(calls=1)
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            answer = await judge(done.prompt, answer_schema(done.asked), deadline)
    except TimeoutError as error:
        raise JudgeTimeout("no answer before the deadline") from error
    except JudgeFailure:
        raise
    except Exception as error:  # whatever is wrapped around the judge: its crash is a value
        raise JudgeError(crash_place("judge", error)) from error
    done.judge_use = JudgeUse(1, answer.input_tokens, answer.output_tokens)
    return read_answer(answer.text, done.asked)


def _without_judge(done: Examined, missing: Missing) -> None:
    """Faults that the checks found stand; what only the judge could have said is missing."""
    for name in done.asked:
        scored = done.scores[name]
        if isinstance(scored, Missing) or scored.value >= HIGHEST:
            done.scores[name] = missing


def _merged(checks: Score | Missing, opinion: Opinion, shown: Exhibit, judge_name: str) -> Score | Missing:
    """The lower one of the two; at the same score the checks', whose evidence is exact."""
    if opinion.score is None:
        return checks if isinstance(checks, Score) else Missing("undecided", opinion.reason)
    if isinstance(checks, Score) and checks.value <= opinion.score:
        return checks
    estimate = float(opinion.score)
    return Score(nearest_anchor(estimate), estimate, opinion.reason, _spans(opinion.evidence, shown), judge_name)


def _spans(steps: Sequence[str], shown: Exhibit) -> tuple[str, ...]:
    """Span ids of the steps that the judge named; what is no step of this trace is dropped."""
    known = set(shown.aliases.values())
    found = (shown.aliases.get(step, step) for step in (step.strip().lower() for step in steps))
    return tuple(dict.fromkeys(span_id for span_id in found if span_id in known))
