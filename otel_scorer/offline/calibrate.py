"""Scores against human labels: how far a judge or the checks agree with people, and people with one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from otel_scorer.conventions.segments import segments
from otel_scorer.conventions.trace_view import view
from otel_scorer.errors import UserError
from otel_scorer.model import Dimension, Missing, Result, Score, Trace
from otel_scorer.offline.evaluate import Evaluation
from otel_scorer.offline.holdout import held_out
from otel_scorer.offline.labelled import Labelled
from otel_scorer.offline.labels import SCALE
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.stats import agreement
from otel_scorer.stats.bootstrap import bootstrap
from otel_scorer.stats.intervals import Interval

NOT_JUDGED = "not_judged"
"""The rubric has no result for the thing: it does not apply, or found nothing to judge."""


class Figure(NamedTuple):
    """A figure with its 95 % bootstrap interval; None where it is not defined."""

    value: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that was both scored and labelled. `label` is the anchor nearest to the median of `ratings`."""

    score: int
    label: int
    ratings: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far scores agree with labels over some cases."""

    cases: int
    kappa: Figure
    pearson: Figure
    spearman: Figure
    mae: Figure
    bias: Figure
    """Score minus label."""


@dataclass(frozen=True, slots=True)
class RaterAgreement:
    """On the `cases` that were scored and have two ratings or more: agreement with one rater drawn at random."""

    cases: int
    own: Figure
    """Of another rater with them (quadratic kappa)."""
    score: Figure
    """Of the score with them."""
    difference: Figure
    """`score` minus `own`, paired."""


@dataclass(frozen=True, slots=True)
class DimensionReport:
    dimension: Dimension
    labelled: int
    missing: Mapping[str, int]
    """Why there is no score: `MissingReason` or NOT_JUDGED -> how many."""
    whole: Agreement
    confusion: tuple[tuple[int, ...], ...]
    """A row for each label from 1 to 5, a column for each score."""
    raters: RaterAgreement
    segments: Mapping[str, Mapping[str, Agreement]]
    """Segment key -> value -> agreement, for keys that have several values here."""


@dataclass(frozen=True, slots=True)
class Part:
    """The cases that are not held out, or those that are."""

    held_out: bool
    cases: int
    dimensions: tuple[DimensionReport, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    rubric: str
    digest: str
    evaluators: tuple[str, ...]
    """Who gave the scores: `checks`, or model ids."""
    raters: tuple[str, ...]
    held_out: int
    """Cases of the hold-out, shown or not."""
    parts: tuple[Part, ...]
    warnings: tuple[str, ...]

    @property
    def scored(self) -> bool:
        """Whether there is any score to compare."""
        return any(report.whole.cases for part in self.parts for report in part.dimensions)


def to_score(labelled: Sequence[Labelled], *, with_holdout: bool) -> list[Trace]:
    """The traces whose scores are compared, each once: a held-out one is not even scored before it is asked for."""
    wanted = (one.trace for one in labelled if with_holdout or not held_out(one.trace.trace_id))
    return list({id(trace): trace for trace in wanted}.values())


def calibrate(
    rubric: Rubric,
    labelled: Sequence[Labelled],
    evaluations: Sequence[Evaluation],
    *,
    with_holdout: bool,
    segment_attributes: Sequence[str] = (),
) -> Calibration:
    """Compares what `rubric` said in `evaluations` (of the traces `to_score`) with the labels.

    Held-out cases take no part in anything, unless `with_holdout` adds a part of their own. UserError where a label
    means a span that the rubric did not judge, or does not say which of several it means.
    """
    by_trace = {id(each.trace): each for each in evaluations}  # ids of traces may repeat from file to file
    shown = [one for one in labelled if with_holdout or not held_out(one.trace.trace_id)]
    cases = [_case(rubric, one, by_trace.get(id(one.trace)), segment_attributes) for one in shown]
    parts = [_part(rubric, [case for case in cases if not case.held_out], is_holdout=False)]
    if with_holdout:
        parts.append(_part(rubric, [case for case in cases if case.held_out], is_holdout=True))
    return Calibration(
        rubric=str(rubric),
        digest=rubric.digest,
        evaluators=tuple(sorted({case.by for case in cases if case.by})),
        raters=tuple(sorted({label.rater for one in shown for label in one.labels})),
        held_out=sum(held_out(one.trace.trace_id) for one in labelled),
        parts=tuple(parts),
        warnings=tuple(text for part in parts for text in _warnings(part)),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """A rated thing after scoring."""

    held_out: bool
    ratings: Mapping[Dimension, tuple[int, ...]]
    scores: Mapping[Dimension, int | str]
    """A score, or why there is none."""
    segments: Mapping[str, str]
    by: str


def _case(
    rubric: Rubric, labelled: Labelled, evaluation: Evaluation | None, segment_attributes: Sequence[str]
) -> _Case:
    result = _result_of(rubric, labelled, evaluation.results if evaluation is not None else ())
    found = segments(view(labelled.trace), segment_attributes)
    return _Case(
        held_out=held_out(labelled.trace.trace_id),
        ratings={name: labelled.ratings(name) for name in rubric.dimensions},
        scores={name: _score_of(result, name) for name in rubric.dimensions},
        segments={**found, "segment": labelled.segment} if labelled.segment else found,
        by=result.evaluator if result is not None else "",
    )


def _result_of(rubric: Rubric, labelled: Labelled, results: Sequence[Result]) -> Result | None:
    if labelled.span_id:
        if labelled.span_id not in {span.span_id for span in labelled.trace.spans}:
            raise UserError(f"{labelled.place}: span_id is {labelled.span_id}, which is no agent span of the trace")
        return next((result for result in results if result.target_span_id == labelled.span_id), None)
    if len(results) > 1:
        ids = ", ".join(result.target_span_id for result in results[:5])
        raise UserError(
            f"{labelled.place}: span_id is missing: {rubric} judges {len(results)} spans of the trace; "
            f"say which is meant: {ids}"
        )
    return next(iter(results), None)


def _score_of(result: Result | None, dimension: Dimension) -> int | str:
    outcome: Score | Missing | None = result.scores.get(dimension) if result is not None else None
    if outcome is None:
        return NOT_JUDGED
    return outcome.value if isinstance(outcome, Score) else outcome.why


def _part(rubric: Rubric, cases: Sequence[_Case], *, is_holdout: bool) -> Part:
    reports = (_dimension(name, [case for case in cases if case.ratings[name]]) for name in rubric.dimensions)
    return Part(is_holdout, len(cases), tuple(report for report in reports if report.labelled))


def _dimension(name: Dimension, cases: Sequence[_Case]) -> DimensionReport:
    pairs = [pair for case in cases if (pair := _pair(case, name)) is not None]
    matrix = agreement.confusion(_table((pair.label, pair.score) for pair in pairs), SCALE)
    return DimensionReport(
        dimension=name,
        labelled=len(cases),
        missing=dict(sorted(Counter(why for case in cases if isinstance(why := case.scores[name], str)).items())),
        whole=_agreement(pairs),
        confusion=tuple(tuple(int(count) for count in row) for row in matrix),
        raters=_rater_agreement([pair for pair in pairs if len(pair.ratings) > 1]),
        segments=_by_segment(name, cases),
    )


def _pair(case: _Case, name: Dimension) -> Pair | None:
    score, ratings = case.scores[name], case.ratings[name]
    return None if isinstance(score, str) else Pair(score, nearest_anchor(median(ratings)), ratings)


def _by_segment(name: Dimension, cases: Sequence[_Case]) -> dict[str, dict[str, Agreement]]:
    grouped: dict[str, dict[str, list[Pair]]] = {}
    for case in cases:
        pair = _pair(case, name)
        for key, value in case.segments.items() if pair is not None else ():
            grouped.setdefault(key, {}).setdefault(value, []).append(pair)  # type: ignore[arg-type]
    return {
        key: {value: _agreement(pairs) for value, pairs in sorted(values.items())}
        for key, values in grouped.items()
        if len(values) > 1
    }


def _agreement(pairs: Sequence[Pair]) -> Agreement:
    def figures(drawn: Sequence[Pair]) -> list[float | None]:
        table = _table((pair.score, pair.label) for pair in drawn)
        return [
            agreement.quadratic_kappa(table),
            agreement.pearson(table),
            agreement.spearman(table),
            agreement.mean_absolute_error(table),
            agreement.mean_difference(table),
        ]

    return Agreement(len(pairs), *map(Figure, figures(pairs), bootstrap(pairs, figures)))


def _rater_agreement(pairs: Sequence[Pair]) -> RaterAgreement:
    def figures(drawn: Sequence[Pair]) -> list[float | None]:
        own = agreement.quadratic_kappa(agreement.raters_table(pair.ratings for pair in drawn))
        score = agreement.quadratic_kappa(agreement.against_raters_table((pair.score, pair.ratings) for pair in drawn))
        return [own, score, None if own is None or score is None else score - own]

    return RaterAgreement(len(pairs), *map(Figure, figures(pairs), bootstrap(pairs, figures)))


def _table(pairs: Iterable[tuple[float, float]]) -> agreement.Table:
    return Counter(pairs)


def _warnings(part: Part) -> list[str]:
    return [text for report in part.dimensions if (text := _warning(report, part.held_out))]


def _warning(report: DimensionReport, is_holdout: bool) -> str:
    raters = report.raters
    difference = raters.difference.value
    if difference is None or difference >= 0:
        return ""
    interval = raters.difference.interval
    sure = "clearly" if interval is not None and interval.high < 0 else "though more labels may change that"
    where = " of the hold-out" if is_holdout else ""
    return (
        f"{report.dimension}: the scores agree less with a rater (kappa {raters.score.value:.2f}) than the raters do "
        f"with one another ({raters.own.value:.2f}), {sure}, on {raters.cases} cases{where} with several ratings"
    )
