"""One rubric, one target: the checks first, then the judge for what they leave open, and how both become one score.

How several verdicts become one estimate (each rule can only lower it when something worse is found):

    estimate   the lowest of the verdicts. A check that finds nothing never makes up for one that finds something
    fault      a verdict whose nearest anchor is under 5; it counts whatever its weight
    good word  no fault: counts when the verdicts' weights come to 0.5 and when what the dimension needs was captured
    judge      `when_open` fills what no check could tell, and hears the judge as well where what the checks say is
               doubtful (no check is sure of a fault): what the judge says counts then. `always` hears both and takes
               the lower one. A fault that checks are sure of stands without the judge, their good or doubtful word does
               not: with a judge that was asked and failed it is missing
    crash      a check that raises makes its dimension `rubric_error`; the others go on
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from otel_scorer.model import Finding, JudgeUse, Missing, Score
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.scoring.heard import Heard, crash_place, decide, hear
from otel_scorer.scoring.judging.exhibit import Exhibit
from otel_scorer.scoring.judging.exhibit_conversation import exhibit_of
from otel_scorer.scoring.judging.judge import (
    Judge,
    JudgeAnswer,
    JudgeError,
    JudgeFailure,
    JudgeTimeout,
    Opinion,
    Prompt,
    answer_schema,
    read_answer,
    total_use,
)
from otel_scorer.scoring.judging.judge_settings import Suspicious
from otel_scorer.scoring.judging.prompt import long_of, render_prompt
from otel_scorer.scoring.judging.reduce import NO_SUMMARIES, TooLong
from otel_scorer.scoring.judging.summaries import Summaries, Summarises
from otel_scorer.scoring.reference import Expected
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.scrub import NAMES, Pseudonyms
from otel_scorer.scoring.verdict import HIGHEST, Target

log = logging.getLogger(__name__)

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
    render: Callable[[Summaries], Prompt] | None = None
    """Writes the prompt again, with summaries of its long steps."""
    long: Mapping[str, str] = field(default_factory=dict)
    """The long steps that a model is to summarise, as JSON by content digest."""
    findings: tuple[Finding, ...] = ()
    judge_use: JudgeUse = field(default_factory=JudgeUse)
    agreement: Mapping[str, float] = field(default_factory=dict)
    """Dimension -> share of the judge's samples that gave its score, where it was asked several times."""
    by: str = "checks"

    @property
    def nothing_to_judge(self) -> bool:
        """No dimension found anything here that it could judge, and no judge is asked."""
        return not self.asked and all(heard.nothing_to_judge for heard in self.heard.values())


def examine(
    rubric: Rubric,
    target: Target,
    judge: Judge | None,
    expected: Expected | None = None,
    pseudonyms: Callable[[], Pseudonyms] = Pseudonyms,
) -> Examined:
    """Runs the checks and renders the prompt where the judge is to be asked. CPU only; never raises.

    `pseudonyms` are those of the whole trace, asked for only where there is a prompt.
    """
    heard: dict[str, Heard] = {name: hear(rubric, name, target, expected) for name in rubric.dimensions}
    done = Examined(rubric, target, heard, {name: decide(one) for name, one in heard.items()})
    done.findings = tuple(finding for one in heard.values() for verdict in one.verdicts for finding in verdict.findings)
    asked = _to_ask(done) if judge is not None else ()
    if asked:
        _prepare(done, asked, judge, expected, pseudonyms)
    return done


def _to_ask(done: Examined) -> tuple[str, ...]:
    if done.rubric.judge == "never":
        return ()
    return tuple(
        name
        for name, rules in done.rubric.dimensions.items()
        if rules.ask
        and done.heard[name].is_open
        and (done.rubric.judge == "always" or isinstance(done.scores[name], Missing) or done.heard[name].is_doubtful)
    )


def names_for(judge: Judge | None) -> frozenset[str]:
    """Kinds of names that this judge is not to see (settings `scoring.scrub_names`)."""
    return NAMES if getattr(judge, "scrub_names", False) else frozenset()


def _prepare(
    done: Examined,
    asked: tuple[str, ...],
    judge: Judge | None,
    expected: Expected | None,
    pseudonyms: Callable[[], Pseudonyms],
) -> None:
    done.asked = asked
    policy: Suspicious = getattr(judge, "suspicious", "neutralise")
    try:
        done.shown = exhibit_of(done.target)
        if expected is not None:
            done.shown.facts.update(expected.shown)
        shown, quote = done.shown, policy == "neutralise"

        def render(summaries: Summaries = NO_SUMMARIES) -> Prompt:
            return render_prompt(
                done.rubric,
                asked,
                shown,
                getattr(judge, "evidence_chars", EVIDENCE_CHARS),
                tenant=done.target.view.trace.tenant,
                pseudonyms=pseudonyms(),
                quote=quote,
                summaries=summaries,
            )

        done.prompt, done.render = render(), render
        if getattr(judge, "summarise", None) is not None:
            done.long = long_of(shown, pseudonyms(), quote)
        if done.prompt.suspicious:
            done.findings += (_ADDRESSES_THE_JUDGE,)
            if policy == "do_not_score":
                done.prompt = None
                _without_judge(done, Missing("redaction_blocked", "text in the recording addresses a grader"))
    except TooLong as error:
        _without_judge(done, Missing("context_overflow", str(error)))
    except Exception as error:  # what could not be scrubbed is not sent
        _without_judge(done, Missing("redaction_blocked", crash_place("scrub", error)))


_ADDRESSES_THE_JUDGE = Finding(
    "addresses_the_judge",
    "privacy_and_safety",
    "The recording holds text that is shaped like a word to a grader.",
    "judge",
)


async def consult(done: Examined, judge: Judge, deadline: float) -> Examined:
    """Asks the judge what is open, and merges. Never raises but CancelledError. `deadline` is of time.monotonic()."""
    if done.prompt is None or done.shown is None:
        return done
    began = time.monotonic()
    try:
        return await _consult(done, done.shown, judge, deadline)
    finally:
        if done.judge_use.calls:
            done.judge_use = replace(done.judge_use, seconds=round(time.monotonic() - began, 3))


async def _consult(done: Examined, shown: Exhibit, judge: Judge, deadline: float) -> Examined:
    done.by = judge.name
    await _summarise(done, judge, deadline)
    summarising = done.judge_use
    use: JudgeUse | None = None
    try:
        assert done.prompt is not None  # noqa: S101 - looked at by the caller; a summary writes it anew
        answer = await _ask(done.prompt, judge, deadline)
        use = answer.use
        opinions = read_answer(answer.text, done.asked)
    except JudgeFailure as error:
        done.judge_use = total_use((summarising, use or error.use))
        _without_judge(done, Missing(error.why, str(error)))
        return done
    done.judge_use = total_use((summarising, use))
    by = {name: answer.by.get(name, judge.name) for name in done.asked}
    done.by = "+".join(dict.fromkeys(by.values()))
    done.agreement = answer.agreement
    done.findings += answer.findings
    for name, opinion in opinions.items():
        doubtful = done.heard[name].is_doubtful
        done.scores[name] = _merged(done.scores[name], opinion, shown, by[name], doubtful=doubtful)
    return done


async def _summarise(done: Examined, judge: Judge, deadline: float) -> None:
    """Writes the prompt again with summaries of its long steps, where settings say so. It stays as it is where that
    fails.
    """
    summarise: Summarises | None = getattr(judge, "summarise", None)
    if summarise is None or not done.long or done.render is None:
        return
    summaries = await summarise(done.target.view.trace.tenant, done.long, deadline)
    done.judge_use = summaries.use
    try:
        done.prompt = await asyncio.to_thread(done.render, summaries)
    except Exception as error:  # TooLong, or a detector: the prompt without summaries was written
        log.warning("a prompt goes without its summaries (%s)", crash_place("summaries", error))


_LAST_WORD_S = 0.5
"""Judges end by the deadline themselves, and may have an answer then; who does not is stopped so much later."""


async def _ask(prompt: Prompt, judge: Judge, deadline: float) -> JudgeAnswer:
    try:
        async with asyncio.timeout(max(0.0, deadline + _LAST_WORD_S - time.monotonic())):
            return await judge(prompt, answer_schema(prompt.asked), deadline)
    except TimeoutError as error:
        raise JudgeTimeout("no answer before the deadline") from error
    except JudgeFailure:
        raise
    except Exception as error:  # whatever is wrapped around the judge: its crash is a value
        raise JudgeError(crash_place("judge", error)) from error


def _without_judge(done: Examined, missing: Missing) -> None:
    """Faults that the checks are sure of stand; what only the judge could have said is missing."""
    for name in done.asked:
        scored = done.scores[name]
        if isinstance(scored, Missing) or scored.value >= HIGHEST or done.heard[name].is_doubtful:
            done.scores[name] = missing


def _merged(
    checks: Score | Missing, opinion: Opinion, shown: Exhibit, judge_name: str, *, doubtful: bool
) -> Score | Missing:
    """The lower one of the two, the judge's where the checks' is doubtful; at the same score the checks', whose
    evidence is exact.
    """
    if opinion.score is None:
        return checks if isinstance(checks, Score) else Missing("undecided", opinion.reason)
    if isinstance(checks, Score) and (checks.value == opinion.score or (checks.value < opinion.score and not doubtful)):
        return checks
    estimate = float(opinion.score)
    return Score(nearest_anchor(estimate), estimate, opinion.reason, _spans(opinion.evidence, shown), judge_name)


def _spans(steps: Sequence[str], shown: Exhibit) -> tuple[str, ...]:
    """Span ids of the steps that the judge named; what is no step of this trace is dropped."""
    known = set(shown.aliases.values())
    found = (shown.aliases.get(step, step) for step in (step.strip().lower() for step in steps))
    return tuple(dict.fromkeys(span_id for span_id in found if span_id in known))
