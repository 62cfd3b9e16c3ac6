"""One row: the measure, the best of all trivial baselines, and when it counts."""

from __future__ import annotations

import random

import pytest

from benchmarks.quality.figures import (
    Asking,
    Entry,
    auc_row,
    balanced_row,
    chosen_row,
    decided_row,
    false_alarm_row,
    share_row,
    unanswered,
)
from benchmarks.quality.finding import Place, finding_row
from otel_scorer.stats.discrimination import f1

ASKED = Asking("set", "question", "agent/check", 0.9)


def entry(number: int, bad: bool, value: float, length: float = 0.0, words: float = 0.0, **more: object) -> Entry:
    facts = {"length": length, "words": words}
    return Entry(
        str(number), more.get("group", str(number)), bad, value, value >= 2, True, facts, str(more.get("stratum", ""))
    )  # type: ignore[arg-type]


def test_the_best_baseline_stands_in_the_row_in_its_better_direction() -> None:
    chance = random.Random(1)
    entries = [
        entry(number, bad, 4.0 * bad, length=-float(bad) + chance.gauss(0, 1), words=chance.random())
        for number, bad in enumerate([True, False] * 60)
    ]
    row = auc_row(ASKED, entries)
    assert row.value == 1.0
    assert row.baseline == "low length"
    assert 0.6 < (row.baseline_value or 0) < 0.95
    assert row.difference == pytest.approx(1.0 - (row.baseline_value or 0))
    assert row.counts
    assert row.met
    assert row.cases == "60 / 60"


def test_a_row_that_is_no_better_than_a_baseline_does_not_count() -> None:
    entries = [entry(number, bad, 4.0 * bad, length=float(bad)) for number, bad in enumerate([True, False] * 30)]
    row = auc_row(ASKED, entries)
    assert row.value == row.baseline_value == 1.0
    assert not row.counts


def test_a_coin_has_always_one_answer_as_its_baseline() -> None:
    row = auc_row(ASKED, [entry(number, bad, 0.0) for number, bad in enumerate([True, False] * 30)])
    assert (row.value, row.baseline, row.baseline_value) == (0.5, "always one answer", 0.5)
    assert not row.met


def test_matched_rows_leave_out_what_cannot_be_compared() -> None:
    entries = [
        entry(1, True, 4, length=1, stratum="a"),
        entry(2, False, 0, length=1, stratum="a"),
        entry(3, True, 4, length=9, stratum="b"),
    ]
    row = auc_row(ASKED, entries, matched=True)
    assert (row.cases, row.value, row.baseline_value) == ("1 / 1", 1.0, 0.5)


def test_baselines_get_the_threshold_that_suits_them_best() -> None:
    entries = [entry(number, number >= 7, 4.0 * (number >= 5), length=float(number)) for number in range(10)]
    row = balanced_row(ASKED, entries)
    assert (row.baseline, row.baseline_value) == ("high length", 1.0)
    assert row.value == pytest.approx((1 + 5 / 7) / 2)
    assert {miss.id for miss in row.misses} == {"5", "6"}


def test_always_bad_is_a_baseline_of_f1() -> None:
    entries = [entry(number, number < 6, 0.0) for number in range(10)]
    row = decided_row(ASKED, "F1", entries, f1)
    assert (row.value, row.baseline, row.baseline_value) == (0.0, "always one answer: bad", pytest.approx(12 / 16))


def test_false_alarms_are_compared_at_the_same_catch() -> None:
    """The check catches three of four; by length that takes five false alarms of six."""
    bad = [entry(number, True, 4.0 * (number < 3), length=float(number), words=1.0) for number in range(4)]
    good = [entry(10 + number, False, 4.0 * (number == 0), length=0.5 + number, words=1.0) for number in range(6)]
    row = false_alarm_row(Asking("set", "question", "agent/check", 0.2), [*bad, *good])
    assert "3 of 4 bad are caught" in row.measure
    assert row.value == pytest.approx(1 / 6)
    assert (row.baseline, row.baseline_value) == ("low length", pytest.approx(2 / 6))
    assert row.difference == pytest.approx(1 / 6)
    assert row.lower_is_better
    assert row.met


def test_a_share_has_no_baseline_and_never_counts() -> None:
    row = share_row(Asking("set", "question", "agent/check", 0.6), "coverage", 7, 10, "10 things")
    assert (row.value, row.baseline, row.counts, row.met) == (0.7, "", False, True)
    assert row.interval is not None


def test_without_a_check_the_row_says_so_and_shows_the_baseline() -> None:
    entries = [entry(number, bad, 0.0, length=float(bad)) for number, bad in enumerate([True, False] * 10)]
    row = unanswered(auc_row(ASKED, entries))
    assert (row.by, row.value, row.met, row.counts) == ("no check", None, False, False)
    assert (row.baseline, row.baseline_value) == ("high length", 1.0)


def test_choices_are_compared_with_trivial_choices() -> None:
    entries = [entry(number, True, float(number < 8)) for number in range(10)]
    trivial = {"first": {str(n): float(n < 2) for n in range(10)}, "last": {str(n): float(n < 5) for n in range(10)}}
    row = chosen_row(ASKED, "named", entries, trivial)
    assert (row.value, row.baseline, row.baseline_value) == (0.8, "last", 0.5)
    assert len(row.misses) == 2


def test_groups_are_drawn_as_a_whole() -> None:
    """Twelve copies of one case, beside others, widen the interval of a mean."""

    def interval(together: bool) -> float:
        entries = [
            entry(number, True, float(number % 4 == 0), group=str(number % 4) if together else str(number))
            for number in range(48)
        ]
        row = chosen_row(ASKED, "named", entries, {"none": {str(n): 0.0 for n in range(48)}})
        assert row.interval is not None
        return row.interval.high - row.interval.low

    assert interval(True) > 2 * interval(False)


def test_places_count_where_they_touch() -> None:
    gold = {"a": [Place(0, 5), Place(10, 12)], "b": []}
    own = {"a": [Place(4, 8)], "b": [Place(0, 1)]}
    trivial = {"every word": {"a": [Place(0, 5), Place(6, 9), Place(10, 12)], "b": [Place(0, 1)]}}
    row = finding_row(ASKED, {"a": "a", "b": "b"}, gold, own, trivial)
    assert row.value == pytest.approx(0.5)  # one of two reached, one of two finds right
    assert row.baseline_value == pytest.approx(2 * 1.0 * 0.5 / 1.5)
    assert row.cases == "2 / 2 texts"
    missing = finding_row(ASKED, {"a": "a", "b": "b"}, gold, None, trivial)
    assert (missing.value, missing.baseline, missing.met) == (None, "every word", False)
