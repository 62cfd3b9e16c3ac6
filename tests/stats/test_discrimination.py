"""Telling bad from good: values worked out by hand, and what must hold of any values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_scorer.stats.discrimination import (
    Decisions,
    accuracy,
    auc,
    balanced_accuracy,
    decisions,
    f1,
    stratified_auc,
)

values = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=25)


def by_pairs(bad: list[float], good: list[float]) -> float:
    """The definition, pair by pair."""
    wins = sum(1.0 if b > g else 0.5 if b == g else 0.0 for b in bad for g in good)
    return wins / (len(bad) * len(good))


def test_auc_by_hand() -> None:
    # 3 beats 1 and 2, ties with 3; 2 beats 1, ties with 2, loses to 3
    assert auc([3, 2], [1, 2, 3]) == pytest.approx((2.5 + 1.5) / 6)
    assert auc([1.0], []) is None
    assert auc([], [1.0]) is None


@given(values, values)
def test_auc_is_the_share_of_pairs(bad: list[float], good: list[float]) -> None:
    assert auc(bad, good) == pytest.approx(by_pairs(bad, good))


@given(values, values)
def test_auc_turned_round_is_what_is_left(bad: list[float], good: list[float]) -> None:
    assert (auc(bad, good) or 0) + (auc(good, bad) or 0) == pytest.approx(1)
    assert auc([-v for v in bad], [-v for v in good]) == pytest.approx(auc(good, bad))


def test_stratified_auc_by_hand() -> None:
    cases = [
        ("a", True, 2.0),
        ("a", False, 1.0),
        ("a", False, 3.0),
        ("b", True, 0.0),
        ("b", False, -1.0),
        ("c", True, 9.0),
    ]
    assert stratified_auc(cases) == pytest.approx((1 + 0 + 1) / 3)
    assert stratified_auc([("a", True, 1.0), ("b", False, 0.0)]) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_what_defines_the_strata_is_a_coin_within_them(cases: list[tuple[int, bool]]) -> None:
    found = stratified_auc((stratum, is_bad, float(stratum)) for stratum, is_bad in cases)
    assert found is None or found == 0.5


@given(values, values)
def test_one_stratum_is_the_plain_auc(bad: list[float], good: list[float]) -> None:
    cases = [("all", True, value) for value in bad] + [("all", False, value) for value in good]
    assert stratified_auc(cases) == pytest.approx(auc(bad, good))


def test_decisions_by_hand() -> None:
    told = decisions([(True, True), (True, True), (True, False), (False, True), (False, False), (False, False)])
    assert told == Decisions(caught=2, missed=1, false_alarms=1, let_pass=2)
    assert balanced_accuracy(told) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert f1(told) == pytest.approx(2 / 3)
    assert accuracy(told) == pytest.approx(4 / 6)


def test_always_one_answer_is_half_right_on_balance() -> None:
    assert balanced_accuracy(Decisions(caught=9, false_alarms=1)) == 0.5
    assert balanced_accuracy(Decisions(missed=9, let_pass=1)) == 0.5
    assert f1(Decisions(missed=9, let_pass=1)) == 0


def test_nothing_is_said_where_one_kind_is_missing() -> None:
    assert balanced_accuracy(Decisions(caught=3)) is None
    assert f1(Decisions(false_alarms=1)) is None
    assert accuracy(Decisions()) is None
