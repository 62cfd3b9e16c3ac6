"""Intervals: the range in which a figure would lie if the cases had been others of the same kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95
"""Confidence level of all intervals, unless another one is asked for."""


class Interval(NamedTuple):
    """From `low` to `high`, both included, in the unit of the figure that it belongs to."""

    low: float
    high: float


def wilson(successes: float, trials: float, level: float = LEVEL) -> Interval | None:
    """Score interval of a share. None without trials.

    Unlike a bootstrap it does not shrink to a point where all trials went one way: 0 of 50 is 0.000 to 0.071.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if trials <= 0:
        return None
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, spread = successes / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    # with all trials alike the limit is the share itself, which rounding misses by a little
    return Interval(max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def percentiles(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """The middle `level` of the values; None without any.

    Linear between order statistics: definition 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical
    packages", The American Statistician 50 (1996).
    """
    if not values:
        return None
    ordered = sorted(values)
    tail = (1 - level) / 2
    return Interval(_quantile(ordered, tail), _quantile(ordered, 1 - tail))


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
