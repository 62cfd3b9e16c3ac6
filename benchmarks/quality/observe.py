"""What every shipped check and rubric says of a case. Runs in worker processes: one process, one set of rubrics."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks.quality.case import Case
from otel_scorer.conventions.trace_view import view
from otel_scorer.model import DIMENSIONS, Missing, Result, Score
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.scoring.rubrics.applies import targets
from otel_scorer.scoring.rubrics.binding import load_function
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric import CheckUse, Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.scoring.verdict import Target, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """What a check or a rubric's dimension said, of several spans the worst. `estimate` None: could not tell."""

    estimate: float | None
    reason: str = ""
    evidence: tuple[str, ...] = ()
    metrics: Mapping[str, float] | None = None

    @property
    def fault(self) -> float:
        """How bad, 0 (fine, or could not tell: nobody is faulted without evidence) to 4."""
        return 0.0 if self.estimate is None else 5.0 - self.estimate

    def under(self, mark: float) -> bool:
        """Whether the score is under `mark`, as `pass_at` asks."""
        return self.estimate is not None and nearest_anchor(self.estimate) < mark


@dataclass(frozen=True, slots=True)
class Observation:
    """By `<rubric>/<module>:<check>`, and by `<rubric>/<dimension>`, `<rubric>/composite`, `<rubric>/lowest`."""

    checks: Mapping[str, Told]
    scores: Mapping[str, Told]

    def told(self, by: str) -> Told:
        return self.checks.get(by) or self.scores.get(by) or Told(None)


@cache
def rubrics() -> tuple[Rubric, ...]:
    """The newest version of each shipped rubric."""
    every = RubricSet.load([shipped_rubrics()])
    return tuple(every.get(name) for name in sorted({rubric.name for rubric in every}))


def check_names() -> list[str]:
    """`<rubric>/<module>:<check>` of every check that a shipped rubric uses, by rubric."""
    return list(dict.fromkeys(_name(rubric, use) for rubric in rubrics() for use in _uses(rubric)))


def score_names() -> list[str]:
    """`<rubric>/<dimension>`."""
    return [f"{rubric.name}/{name}" for rubric in rubrics() for name in rubric.dimensions]


def mark_of(by: str) -> float:
    """The score that the rubric of `<rubric>/<dimension>` asks for to pass it, 3 where it asks for none."""
    name, _, dimension = by.partition("/")
    rubric = next(rubric for rubric in rubrics() if rubric.name == name)
    return rubric.pass_at.get(dimension, 3.0)


def observe(case: Case) -> Observation:
    """Runs all checks by themselves, and all rubrics by `score_trace`."""
    results = asyncio.run(score_trace(case.trace, rubrics(), None, deadline=math.inf, by_kind=DEFAULT_BY_KIND))
    return Observation(dict(_checks(case)), _scores(results))


def _checks(case: Case) -> Iterator[tuple[str, Told]]:
    seen = view(case.trace)
    for rubric in rubrics():
        judged = [target for _, _, target in targets(rubric, seen, DEFAULT_BY_KIND)]
        for use in _uses(rubric):
            yield _name(rubric, use), _worst(_ask(use, target) for target in judged)


def _uses(rubric: Rubric) -> Iterator[CheckUse]:
    for rules in rubric.dimensions.values():
        yield from rules.checks


def _name(rubric: Rubric, use: CheckUse) -> str:
    options = f" {use.options}" if use.options else ""
    return f"{rubric.name}/{use.use.rpartition('checks.')[2]}{options}"


def _ask(use: CheckUse, target: Target) -> Told:
    answer = load_function(use.use)(target, **use.options)
    if isinstance(answer, Verdict):
        return Told(answer.estimate, answer.reason, answer.evidence, answer.metrics)
    return Told(None, answer.why, metrics=answer.metrics)


def _scores(results: Iterable[Result]) -> dict[str, Told]:
    found: dict[str, list[Told]] = {}
    for result in results:
        for name, outcome in result.scores.items():
            found.setdefault(f"{result.rubric.name}/{name}", []).append(_told(outcome))
        found.setdefault(f"{result.rubric.name}/composite", []).append(Told(result.composite))
    worst = {name: _worst(told) for name, told in found.items()}
    for rubric in rubrics():
        each = [worst.get(f"{rubric.name}/{name}", _NONE) for name in DIMENSIONS]
        worst[f"{rubric.name}/lowest"] = _worst(each)
    return worst


def _told(outcome: Score | Missing) -> Told:
    if isinstance(outcome, Missing):
        return Told(None, f"{outcome.why}: {outcome.detail}")
    return Told(outcome.estimate, outcome.reason, outcome.evidence)


_NONE = Told(None)


def _worst(told: Iterable[Told]) -> Told:
    """The lowest estimate; numbers that came along are those of the first that has any."""
    every = list(told)
    spoken = [one for one in every if one.estimate is not None]
    if spoken:
        return min(spoken, key=lambda one: one.estimate or 0.0)
    return every[0] if every else _NONE
