"""A rubric's measures: functions like checks, of which metrics and findings count, and never a score."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from otel_scorer.model import Finding
from otel_scorer.scoring.heard import crash_place
from otel_scorer.scoring.reference import Expected, met
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.verdict import Target, Verdict


@dataclass(frozen=True, slots=True)
class Measured:
    """`metrics` by name; of two measures that give one name the first counts."""

    metrics: dict[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def measure(rubric: Rubric, target: Target, expected: Expected | None = None) -> Measured:
    """What the rubric's measures say of the target, and how far a case's expectation was met.

    Never raises: a measure that crashes is a finding.
    """
    metrics: dict[str, float] = {}
    findings: list[Finding] = []
    if expected is not None and expected.is_checked and target.step is None:
        metrics.update(met(expected, target).metrics)
    for use in rubric.measures:
        try:
            answer = use.function(target)
            for name, value in answer.metrics.items():
                if math.isfinite(value):
                    metrics.setdefault(name, float(value))
            findings += answer.findings if isinstance(answer, Verdict) else ()
        except Exception as error:  # a measure is anybody's code: its crash costs the measure
            findings.append(Finding("measure.crashed", "", crash_place(use.use, error)))
    return Measured(metrics, tuple(findings))
