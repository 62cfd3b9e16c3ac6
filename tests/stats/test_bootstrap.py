"""Intervals: known values, and that the bootstrap covers, pairs and repeats itself."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_scorer.stats.bootstrap import bootstrap
from otel_scorer.stats.intervals import Interval, percentiles, wilson


def mean(values: Sequence[float]) -> list[float | None]:
    return [sum(values) / len(values)]


def test_wilson_by_hand() -> None:
    # z = 1.959964, z^2 = 3.841459; 0 of 50: high = (z^2/50) / (1 + z^2/50) = 0.0768292 / 1.0768292
    assert wilson(0, 50) == pytest.approx((0, 0.0713476), abs=1e-6)
    # 8 of 10: centre (0.8 + 0.1920729) / 1.3841459; half z sqrt(0.016 + 0.0096036) / 1.3841459
    assert wilson(8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-5)
    assert wilson(0, 0) is None


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_holds_the_share_and_mirrors(successes: int, more: int) -> None:
    trials = successes + more
    low, high = wilson(successes, trials) or (2, -2)
    assert 0 <= low <= successes / trials <= high <= 1
    assert wilson(more, trials) == pytest.approx((1 - high, 1 - low))


def test_percentiles_lie_between_order_statistics() -> None:
    assert percentiles([3, 1, 2, 5, 4], 0.5) == Interval(2, 4)
    assert percentiles([0, 10], 0.9) == pytest.approx((0.5, 9.5))
    assert percentiles([7.0]) == Interval(7, 7)
    assert percentiles([]) is None


def test_the_same_cases_give_the_same_interval() -> None:
    values = [float(number) for number in range(30)]
    assert bootstrap(values, mean, draws=50) == bootstrap(values, mean, draws=50)
    assert bootstrap(values, mean, draws=50) != bootstrap(values, mean, draws=50, seed=1)


def test_the_interval_of_a_mean_is_about_its_standard_error() -> None:
    chance = random.Random(4)
    values = [chance.gauss(10, 2) for _ in range(400)]
    (interval,) = bootstrap(values, mean)
    assert interval is not None
    assert interval.low < sum(values) / 400 < interval.high
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.2)


def test_a_difference_is_paired_draw_by_draw() -> None:
    chance = random.Random(4)
    pairs = [(x := chance.gauss(0, 5), x + 0.1) for _ in range(50)]

    def figures(drawn: Sequence[tuple[float, float]]) -> list[float | None]:
        first, second = (sum(column) / len(drawn) for column in zip(*drawn, strict=True))
        return [first, second, second - first]

    first, second, difference = bootstrap(pairs, figures, draws=200)
    assert difference == pytest.approx((0.1, 0.1))
    assert first is not None
    assert second is not None
    assert first.high > second.low  # apart from one another they tell nothing


def test_groups_are_drawn_as_a_whole() -> None:
    """Ten copies of five values are no fifty cases: the interval of groups is wider."""
    chance = random.Random(4)
    groups = [[chance.gauss(0, 1)] * 10 for _ in range(5)]

    def of_groups(drawn: Sequence[list[float]]) -> list[float | None]:
        return mean([value for group in drawn for value in group])

    (as_groups,) = bootstrap(groups, of_groups, draws=400)
    (as_cases,) = bootstrap([value for group in groups for value in group], mean, draws=400)
    assert as_groups is not None
    assert as_cases is not None
    assert as_groups.high - as_groups.low > 2 * (as_cases.high - as_cases.low)


def test_what_is_mostly_undefined_has_no_interval() -> None:
    def share_of_ones(drawn: Sequence[int]) -> list[float | None]:
        return [None if 1 not in drawn else 1.0, 1.0]

    assert bootstrap([1, *[0] * 9], share_of_ones, draws=100, seed=2) == [Interval(1, 1), Interval(1, 1)]
    assert bootstrap([0] * 10, share_of_ones, draws=100) == [None, Interval(1, 1)]
    assert bootstrap([1], share_of_ones, draws=100) == [None, None]
