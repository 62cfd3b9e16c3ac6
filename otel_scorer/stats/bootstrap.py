"""The bootstrap: how far figures move when the cases are drawn again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from otel_scorer.stats.intervals import LEVEL, Interval, percentiles

DRAWS = 1000
SEED = 20_240_229
"""Fixed, so that the same cases always give the same intervals."""

_T = TypeVar("_T")


def bootstrap(
    units: Sequence[_T],
    figures: Callable[[Sequence[_T]], Sequence[float | None]],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    level: float = LEVEL,
) -> list[Interval | None]:
    """A percentile interval for each of `figures`, which are all taken from the same draws.

    `units` are what is independent of one another: cases, or groups of cases that share a source (a group is drawn as
    a whole). A difference of two figures belongs into `figures` itself: taken draw by draw it is a paired one.
    A draw in which a figure is undefined (None) does not count for it; a figure that is undefined in half of the draws
    or more has no interval, nor has any with fewer than two units.

    Sources: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979); for groups
    C. A. Field and A. H. Welsh, "Bootstrapping clustered data", JRSS B 69 (2007).
    """
    if len(units) < 2:
        return [None for _ in figures(units)]
    chance = random.Random(seed)
    drawn = [figures(chance.choices(units, k=len(units))) for _ in range(draws)]
    return [_interval(values, level) for values in zip(*drawn, strict=True)]


def _interval(values: Sequence[float | None], level: float) -> Interval | None:
    defined = [value for value in values if value is not None]
    return percentiles(defined, level) if 2 * len(defined) > len(values) else None
