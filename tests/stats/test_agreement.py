"""Agreement of two raters: values worked out by hand, and what must hold of any table."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_scorer.stats.agreement import (
    Table,
    against_raters_table,
    confusion,
    exact_agreement,
    mean_absolute_error,
    mean_difference,
    pearson,
    quadratic_kappa,
    raters_table,
    spearman,
)

SCALE = (1, 2, 3, 4, 5)
FIRST = (1, 2, 3, 4, 5, 5, 4)
SECOND = (1, 2, 3, 4, 4, 3, 5)
"""Squared differences 0 0 0 0 1 4 1, sum 6; sums 24 and 22 of 7; squares 96 and 80; products 85."""
BY_HAND: Table = Counter(zip(FIRST, SECOND, strict=True))

ratings = st.integers(1, 5)
tables = st.lists(st.tuples(ratings, ratings), min_size=1, max_size=40).map(Counter)


def kappa_by_matrix(table: Table) -> float | None:
    """Cohen's own formula, by weights, observed and expected cells."""
    total = sum(table.values())
    rows = {a: sum(n for (x, _), n in table.items() if x == a) / total for a in SCALE}
    columns = {b: sum(n for (_, y), n in table.items() if y == b) / total for b in SCALE}
    weight = {(a, b): (a - b) ** 2 / 16 for a in SCALE for b in SCALE}
    observed = sum(weight[cell] * table.get(cell, 0) / total for cell in weight)
    expected = sum(weight[a, b] * rows[a] * columns[b] for a, b in weight)
    return 1 - observed / expected if expected else None


def test_quadratic_kappa_by_hand() -> None:
    # observed 6/7; by chance (96 + 80)/7 - 2 * (24/7)(22/7) = (7 * 176 - 1056) / 49 = 176/49
    assert quadratic_kappa(BY_HAND) == pytest.approx(1 - (6 / 7) / (176 / 49))


def test_pearson_by_hand() -> None:
    # n Sxy - Sx Sy = 595 - 528 = 67; n Sxx - Sx^2 = 672 - 576 = 96; n Syy - Sy^2 = 560 - 484 = 76
    assert pearson(BY_HAND) == pytest.approx(67 / (96 * 76) ** 0.5)


def test_spearman_by_hand() -> None:
    # ranks of FIRST: 1 2 3 4.5 6.5 6.5 4.5; of SECOND: 1 2 3.5 5.5 5.5 3.5 7; mean 4 each
    # deviations: -3 -2 -1 .5 2.5 2.5 .5 and -3 -2 -.5 1.5 1.5 -.5 3: products 18.25, squares 27 and 27
    assert spearman(BY_HAND) == pytest.approx(18.25 / 27)


def test_differences_by_hand() -> None:
    assert mean_absolute_error(BY_HAND) == pytest.approx(4 / 7)
    assert mean_difference(BY_HAND) == pytest.approx(2 / 7)
    assert exact_agreement(BY_HAND) == pytest.approx(4 / 7)


def test_confusion_has_a_row_for_each_rating_of_the_first() -> None:
    assert confusion(BY_HAND, SCALE) == [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 1],
        [0, 0, 1, 1, 0],
    ]


@pytest.mark.parametrize("figure", [quadratic_kappa, pearson, spearman, mean_absolute_error, mean_difference])
def test_nothing_is_said_of_no_cases(figure: object) -> None:
    assert figure({}) is None


def test_no_variation_has_no_correlation_and_one_rating_for_all_no_kappa() -> None:
    assert quadratic_kappa({(5, 5): 9}) is None
    assert quadratic_kappa({(5, 4): 9}) == 0
    assert pearson({(5, 1): 3, (5, 2): 4}) is None
    assert spearman({(5, 1): 3, (5, 2): 4}) is None


@given(tables)
def test_kappa_is_cohens_formula(table: Table) -> None:
    assert quadratic_kappa(table) == (None if kappa_by_matrix(table) is None else pytest.approx(kappa_by_matrix(table)))


@given(tables)
def test_figures_are_symmetric_and_within_bounds(table: Table) -> None:
    turned = {(b, a): n for (a, b), n in table.items()}
    for figure in (quadratic_kappa, pearson, spearman, mean_absolute_error, exact_agreement):
        value = figure(table)
        assert value == (None if value is None else pytest.approx(figure(turned)))
        assert value is None or -1 - 1e-9 <= value <= 4
    assert mean_difference(table) == pytest.approx(-(mean_difference(turned) or 0))


@given(tables)
def test_repeating_every_case_changes_nothing(table: Table) -> None:
    often = {cell: 7 * n for cell, n in table.items()}
    for figure in (quadratic_kappa, pearson, mean_absolute_error, mean_difference):
        assert figure(often) == (None if figure(table) is None else pytest.approx(figure(table)))


@given(st.lists(ratings, min_size=2).filter(lambda said: len(set(said)) > 1))
def test_agreeing_with_oneself_is_one(said: list[int]) -> None:
    table = Counter((rating, rating) for rating in said)
    assert quadratic_kappa(table) == pytest.approx(1)
    assert spearman(table) == pytest.approx(1)


@given(st.lists(st.tuples(ratings, ratings), min_size=3, max_size=40))
def test_spearman_looks_at_the_order_only(pairs: list[tuple[int, int]]) -> None:
    plain = spearman(Counter(pairs))
    curved = spearman(Counter((a**3, 2.0**b) for a, b in pairs))
    assert curved == (None if plain is None else pytest.approx(plain))


def test_raters_table_weighs_each_case_once_whatever_its_raters() -> None:
    table = raters_table([(1, 2), (3, 3, 3, 4), (5,)])
    assert sum(table.values()) == pytest.approx(2)
    assert table[1, 2] == table[2, 1] == pytest.approx(1 / 2)
    assert table[3, 3] == pytest.approx(6 / 12)
    assert table[3, 4] == table[4, 3] == pytest.approx(3 / 12)


def test_two_raters_table_is_their_table_made_symmetric() -> None:
    table = raters_table(zip(FIRST, SECOND, strict=True))
    both = Counter(zip(FIRST + SECOND, SECOND + FIRST, strict=True))
    assert quadratic_kappa(table) == pytest.approx(quadratic_kappa(both))


def test_a_rater_like_the_others_agrees_as_they_do() -> None:
    chance = random.Random(1)
    said = []
    for _ in range(4000):
        truth = chance.choice(SCALE)
        said.append([min(5, max(1, truth + chance.choice((-1, 0, 0, 1)))) for _ in range(4)])
    own = quadratic_kappa(raters_table(three for *three, _ in said))
    fourth = quadratic_kappa(against_raters_table((last, three) for *three, last in said))
    assert fourth == pytest.approx(own, abs=0.02)
