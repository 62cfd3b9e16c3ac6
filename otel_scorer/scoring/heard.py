"""What the checks of one dimension said, and what that comes to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from otel_scorer.model import Missing, MissingReason, Score
from otel_scorer.scoring.clean import clip, visible
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.scoring.evidence import ended_without_answer, lacking
from otel_scorer.scoring.findings import completed, reason_of
from otel_scorer.scoring.judging.judge import REASON_CHARS
from otel_scorer.scoring.reference import DIMENSION, Expected, met
from otel_scorer.scoring.rubrics.applies import stale_version
from otel_scorer.scoring.rubrics.rubric import DimensionRubric, Rubric
from otel_scorer.scoring.verdict import HIGHEST, LOWEST, CannotTell, Target, Verdict


@dataclass(slots=True)
class Heard:
    """The answers of one dimension's checks. `gap` says why a good word does not count, None where it does."""

    verdicts: list[Verdict] = field(default_factory=list)
    refusals: list[CannotTell] = field(default_factory=list)
    crash: Missing | None = None
    gap: Missing | None = None

    @property
    def is_open(self) -> bool:
        """Whether the judge may be asked: nothing crashed, and what is needed was captured."""
        return self.crash is None and self.gap is None

    @property
    def is_doubtful(self) -> bool:
        """What the checks come to is no more than likely: one of them says so, and none is sure of a fault."""
        sure_of_fault = any(nearest_anchor(one.estimate) < HIGHEST and not one.doubtful for one in self.verdicts)
        return not sure_of_fault and any(verdict.doubtful for verdict in self.verdicts)

    @property
    def nothing_to_judge(self) -> bool:
        """Every check says that what it looks at does not exist here."""
        refused = bool(self.refusals) and all(refusal.not_applicable for refusal in self.refusals)
        return self.is_open and refused and not self.verdicts


def hear(rubric: Rubric, dimension: str, target: Target, expected: Expected | None = None) -> Heard:
    """Runs the dimension's checks, and the comparison with what a case expects where it counts here. Never raises."""
    rules = rubric.dimensions[dimension]  # type: ignore[index]
    heard = Heard(gap=_gap(rubric, rules, target))
    if expected is not None and expected.is_checked and dimension == DIMENSION and target.step is None:
        _note(met(expected, target), "expected:met", dimension, target, heard)
    for use in rules.checks:
        try:
            answer: object = use.function(target)
            _note(answer, use.use, dimension, target, heard)
        except Exception as error:  # a check is anybody's code: its crash is a value
            heard.crash = heard.crash or Missing("rubric_error", crash_place(use.use, error))
    return heard


def crash_place(what: str, error: BaseException) -> str:
    """Where something crashed: function, kind of error, file, line. Never the error's text, which may echo content."""
    trail = error.__traceback__
    while trail is not None and trail.tb_next is not None:
        trail = trail.tb_next
    if trail is None:
        return f"{what}: {type(error).__name__}"
    name = trail.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{what}: {type(error).__name__} at {name}:{trail.tb_lineno}"


def _note(answer: object, place: str, dimension: str, target: Target, heard: Heard) -> None:
    if isinstance(answer, Verdict):
        if not (LOWEST <= answer.estimate <= HIGHEST and 0.0 <= answer.weight <= 1.0):
            raise ValueError("an estimate is 1.0 to 5.0, a weight 0.0 to 1.0")
        heard.verdicts.append(completed(answer, place, dimension, target))
    elif isinstance(answer, CannotTell):
        heard.refusals.append(answer)
    else:
        raise TypeError("a check answers with Verdict or CannotTell")


def _gap(rubric: Rubric, rules: DimensionRubric, target: Target) -> Missing | None:
    """Why this dimension can have no good word, None where it can."""
    stale = stale_version(rubric, target)
    if stale:
        versions = ", ".join(rubric.applies.prompt_versions)
        return Missing("stale", clip(visible(f"prompt version {stale}; the rubric is for {versions}"), 200))
    if target.step is None and target.view.incomplete and "final_answer" in rules.needs:
        return Missing("incomplete", "the agent's own span never came")
    absent = lacking(target, rules.needs)
    if not absent:
        return None
    if absent == ("final_answer",) and ended_without_answer(target):
        return Missing("undecided", "the run ended with calls of tools, without an answer")
    why: MissingReason = "too_large" if target.view.trace.truncated else "missing_evidence"
    return Missing(why, f"not captured: {', '.join(absent)}")


ENOUGH = 0.5
"""Weight that the verdicts of a dimension must have together for a good word."""


def decide(heard: Heard) -> Score | Missing:
    """What the checks alone come to."""
    if heard.crash is not None:
        return heard.crash
    if heard.gap is not None and heard.gap.why == "stale":
        return heard.gap
    faults = [verdict for verdict in heard.verdicts if nearest_anchor(verdict.estimate) < HIGHEST]
    if heard.gap is not None and not faults:
        return heard.gap
    if faults or math.fsum(verdict.weight for verdict in heard.verdicts) >= ENOUGH:
        return _score(faults or heard.verdicts)
    return _undecided(heard)


def _score(verdicts: Sequence[Verdict]) -> Score:
    """The lowest estimate, with reasons and evidence of what decided, the worst first."""
    worst_first = sorted(verdicts, key=lambda verdict: verdict.estimate)
    estimate = worst_first[0].estimate
    reasons = dict.fromkeys(reason for verdict in worst_first if (reason := reason_of(verdict)))
    evidence = dict.fromkeys(span_id for verdict in worst_first for span_id in verdict.evidence)
    return Score(nearest_anchor(estimate), estimate, "; ".join(reasons).replace(".; ", "; "), tuple(evidence))


def _undecided(heard: Heard) -> Missing:
    unseen = [refusal for refusal in heard.refusals if refusal.missing_evidence]
    why: MissingReason = "missing_evidence" if unseen else "undecided"
    reasons = dict.fromkeys(refusal.why for refusal in (unseen or heard.refusals))
    too_little = ["the checks saw too little"] if heard.verdicts else []
    return Missing(why, clip(visible("; ".join([*too_little, *reasons])), REASON_CHARS) or "no check could tell")


def metrics_of(heard: Sequence[Heard]) -> dict[str, float]:
    """The plain numbers that came along, by name; of two with one name the first."""
    found: dict[str, float] = {}
    metrics = [answer.metrics for one in heard for answer in one.verdicts]
    metrics += [answer.metrics for one in heard for answer in one.refusals]
    for more in metrics:
        for name, value in more.items():
            if math.isfinite(value):
                found.setdefault(name, float(value))
    return dict(sorted(found.items()))
