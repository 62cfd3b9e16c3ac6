"""From dimension scores to one number and one word. Every rule here only ever lowers for a fault.

score      the anchor nearest to the estimate, the lower one of two that are equally near
coverage   weight of the scored dimensions / weight of all
composite  weighted mean of the ints that are there, then the lowest cap that a score calls for;
           absent when coverage is under the rubric's min_coverage
label      fail: a named score that is there is under its mark; pass: all named are there and reach it; else none
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from otel_scorer.model import Missing, Score
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.verdict import HIGHEST, LOWEST

Outcomes = Mapping[str, Score | Missing]


def nearest_anchor(estimate: float) -> int:
    """The anchor (1 to 5) nearest to `estimate`; half way is the lower one, because a doubt never flatters."""
    return math.ceil(min(HIGHEST, max(LOWEST, estimate)) - 0.5)


def coverage(rubric: Rubric, outcomes: Outcomes) -> float:
    """Share (0 to 1) of the rubric's weight that was scored."""
    weights = rubric.weights
    scored = math.fsum(weight for name, weight in weights.items() if isinstance(outcomes.get(name), Score))
    return scored / math.fsum(weights.values())


def composite(rubric: Rubric, outcomes: Outcomes) -> float | None:
    """The weighted mean of the scores that are there, capped as the rubric says; None under `min_coverage`."""
    scores = {name: outcome.value for name, outcome in outcomes.items() if isinstance(outcome, Score)}
    weights = rubric.weights
    if not scores or coverage(rubric, outcomes) < rubric.min_coverage:
        return None
    total = math.fsum(weights[name] for name in scores)
    mean = math.fsum(weights[name] * value for name, value in scores.items()) / total
    return min([mean, *_caps(rubric, scores)])


def _caps(rubric: Rubric, scores: Mapping[str, int]) -> list[float]:
    """The caps that the scores call for: one written at 2 holds for 1 as well, else a worse score could help."""
    return [
        cap
        for name, value in scores.items()
        for at, cap in rubric.dimensions[name].cap_composite_at.items()  # type: ignore[index]
        if value <= at
    ]


def label(rubric: Rubric, outcomes: Outcomes, whole: float | None) -> Literal["pass", "fail", ""]:
    """`fail`, `pass` or "" by the rubric's `pass_at`; `whole` is the composite."""
    marks = {name: _value(name, outcomes, whole) for name in rubric.pass_at}
    if any(value is not None and value < rubric.pass_at[name] for name, value in marks.items()):
        return "fail"
    return "pass" if marks and None not in marks.values() else ""


def _value(name: str, outcomes: Outcomes, whole: float | None) -> float | None:
    if name == "composite":
        return whole
    outcome = outcomes.get(name)
    return outcome.value if isinstance(outcome, Score) else None
