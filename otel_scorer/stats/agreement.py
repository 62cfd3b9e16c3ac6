"""How well two raters agree, from the table of their pairs; either may be a person, a judge or the checks.

A table maps (rating of the first, rating of the second) to how many cases have it, or to their weight. Ratings are
numbers on one scale; only their differences count, so the scale need not be told. A figure that a table cannot have
(no case, or no variation where variation is what is measured) is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

Table = Mapping[tuple[float, float], float]
_Figure = Callable[[float, float], float]


class _Moments(NamedTuple):
    """Weighted means, variances and covariance (divided by the weight) of a table."""

    first: float
    second: float
    first_variance: float
    second_variance: float
    covariance: float


def quadratic_kappa(table: Table) -> float | None:
    """Cohen's kappa with quadratic weights: 1 for always the same rating, 0 for no better than chance.

    1 - (mean squared difference) / (mean squared difference of the same ratings paired at random). None where both
    raters gave one and the same rating to all: chance alone would agree as well.
    Source: J. Cohen, "Weighted kappa", Psychological Bulletin 70 (1968); written by moments, as L. I. Lin, "A
    concordance correlation coefficient to evaluate reproducibility", Biometrics 45 (1989).
    """
    moments = _moments(table)
    if moments is None:
        return None
    by_chance = moments.first_variance + moments.second_variance + (moments.first - moments.second) ** 2
    return 2 * moments.covariance / by_chance if by_chance > _NOTHING else None


def pearson(table: Table) -> float | None:
    """Linear correlation, -1 to 1. None where one of the two never varies.

    Source: K. Pearson, "Note on regression and inheritance in the case of two parents", Proc. R. Soc. 58 (1895).
    """
    moments = _moments(table)
    if moments is None or min(moments.first_variance, moments.second_variance) <= _NOTHING:
        return None
    return moments.covariance / math.sqrt(moments.first_variance * moments.second_variance)


def spearman(table: Table) -> float | None:
    """Correlation of ranks, -1 to 1; equal ratings share the mean of their ranks. None as for `pearson`.

    Source: C. Spearman, "The proof and measurement of association between two things", Am. J. Psychology 15 (1904).
    """
    first = _mid_ranks(((a, weight) for (a, _), weight in table.items()))
    second = _mid_ranks(((b, weight) for (_, b), weight in table.items()))
    ranked: dict[tuple[float, float], float] = {}
    for (a, b), weight in table.items():
        ranked[first[a], second[b]] = ranked.get((first[a], second[b]), 0.0) + weight
    return pearson(ranked)


def mean_absolute_error(table: Table) -> float | None:
    """Mean distance between the two ratings, in steps of the scale.

    Source: C. J. Willmott and K. Matsuura, "Advantages of the mean absolute error (MAE)", Climate Research 30 (2005).
    """
    return _mean(table, lambda a, b: abs(a - b))


def mean_difference(table: Table) -> float | None:
    """First rating minus second, on average: how much more generous the first is (the bias).

    Source: J. M. Bland and D. G. Altman, "Statistical methods for assessing agreement", Lancet 327 (1986).
    """
    return _mean(table, lambda a, b: a - b)


def exact_agreement(table: Table) -> float | None:
    """Share of cases with the same rating; part of it is chance, which kappa takes out (Cohen 1968)."""
    return _mean(table, lambda a, b: float(a == b))


def confusion(table: Table, scale: Sequence[int]) -> list[list[float]]:
    """The table as a matrix: a row for each rating of the first, a column for each of the second, in `scale`'s order.

    Source: G. A. Miller and P. E. Nicely, "An analysis of perceptual confusions", J. Acoust. Soc. Am. 27 (1955).
    """
    return [[table.get((first, second), 0) for second in scale] for first in scale]


def raters_table(ratings: Iterable[Sequence[float]]) -> dict[tuple[float, float], float]:
    """Raters against one another: `ratings` holds what the raters said of each case, in any order and number.

    Every ordered pair of two ratings of one case counts, each case with weight 1 in all; cases with fewer than two
    ratings say nothing. `quadratic_kappa` of it is the agreement of one rater with another one, both drawn at random.
    Source: the coincidence matrix of K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), with equal
    weight for each case.
    """
    table: dict[tuple[float, float], float] = {}
    for said in ratings:
        share = 1 / (len(said) * (len(said) - 1)) if len(said) > 1 else 0.0
        for one, first in enumerate(said):
            for other, second in enumerate(said):
                if one != other:
                    table[first, second] = table.get((first, second), 0.0) + share
    return table


def against_raters_table(cases: Iterable[tuple[float, Sequence[float]]]) -> dict[tuple[float, float], float]:
    """One rater (given first) against the raters of each case: against one of them drawn at random, weight 1 a case.

    Comparable with `raters_table` of the same cases: there too a rating meets that of one rater, not a consensus.
    """
    table: dict[tuple[float, float], float] = {}
    for own, said in cases:
        for rating in said:
            table[own, rating] = table.get((own, rating), 0.0) + 1 / len(said)
    return table


_NOTHING = 1e-12
"""Variances below it are rounding."""


def _mean(table: Table, of: _Figure) -> float | None:
    weight = math.fsum(table.values())
    if weight <= 0:
        return None
    return math.fsum(of(a, b) * each for (a, b), each in table.items()) / weight


def _moments(table: Table) -> _Moments | None:
    first, second = _mean(table, lambda a, _: a), _mean(table, lambda _, b: b)
    if first is None or second is None:
        return None
    weight = math.fsum(table.values())
    deviations = [(a - first, b - second, each / weight) for (a, b), each in table.items()]
    return _Moments(
        first,
        second,
        math.fsum(da * da * each for da, _, each in deviations),
        math.fsum(db * db * each for _, db, each in deviations),
        math.fsum(da * db * each for da, db, each in deviations),
    )


def _mid_ranks(ratings: Iterable[tuple[float, float]]) -> dict[float, float]:
    """Rating -> the middle of the ranks that its cases take."""
    weights: dict[float, float] = {}
    for rating, weight in ratings:
        weights[rating] = weights.get(rating, 0.0) + weight
    ranks: dict[float, float] = {}
    below = 0.0
    for rating in sorted(weights):
        ranks[rating] = below + (weights[rating] + 1) / 2
        below += weights[rating]
    return ranks
