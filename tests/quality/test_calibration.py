"""The table of what a score means, and the cases turned round for a row of false alarms."""

from __future__ import annotations

from benchmarks.quality.calibration import called_fine, score_of, table, under_five
from benchmarks.quality.figures import Entry


def entry(number: int, bad: bool, estimate: float | None, words: float) -> Entry:
    fault = 0.0 if estimate is None else 5.0 - estimate
    return Entry(str(number), str(number), bad, fault, False, estimate is not None, {"words": words, "noise": 1.0})


CASES = [
    entry(1, False, 5.0, 0.9),
    entry(2, False, 4.6, 0.8),
    entry(3, True, 4.5, 0.85),
    entry(4, True, 2.6, 0.1),
    entry(5, True, None, 0.0),
]


def test_a_score_is_the_anchor_of_its_estimate_and_none_where_nothing_was_told() -> None:
    assert [score_of(one) for one in CASES] == [5, 5, 4, 3, None]


def test_the_table_has_a_line_for_each_score_and_the_best_feature_cut_to_as_many() -> None:
    lines = table("set, rubric", "good", CASES)
    assert "by high words" in lines[2]
    told = [line.split("|")[1:5] for line in lines[4:]]
    assert [cells[0].strip() for cells in told] == ["5", "4", "3", "none (cannot tell)"]
    assert [cells[1].strip() for cells in told] == ["2", "1", "1", "1"]
    assert told[0][2].strip().startswith("100%")
    assert told[0][3].strip().startswith("50%")
    assert told[1][3].strip().startswith("100%")
    assert told[3][3].strip() == ""


def test_nothing_measured_is_no_table() -> None:
    assert table("set", "good", []) == []


def test_who_has_a_five_is_an_alarm_about_a_bad_case() -> None:
    assert [(one.bad, one.flagged) for one in called_fine(CASES)] == [
        (True, True),
        (True, True),
        (False, False),
        (False, False),
        (False, False),
    ]
    assert [one.flagged for one in under_five(CASES)] == [False, False, True, True, True]
