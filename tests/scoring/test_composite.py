"""Score, coverage, composite, cap and label, recomputed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored_runs import check, dimension, rubric

from otel_scorer.model import Missing, Score
from otel_scorer.scoring.composite import composite, coverage, label, nearest_anchor

FOUR = rubric(
    {
        "factual_grounding": dimension(check("says"), weight=2, cap_composite_at={1: 2.0}),
        "privacy_and_safety": dimension(check("says"), weight=1, cap_composite_at={1: 1.5, 2: 2.5}),
        "instruction_adherence": dimension(check("says"), weight=1),
        "optimal_plan_execution": dimension(check("says"), weight=1),
    },
    pass_at={"composite": 3.5, "factual_grounding": 3, "privacy_and_safety": 4},
)
NAMES = tuple(FOUR.dimensions)
MISSING = Missing("undecided")


def outcomes(*values: int | None) -> dict[str, Score | Missing]:
    return {
        name: MISSING if value is None else Score(value, float(value), "")
        for name, value in zip(NAMES, values, strict=True)
    }


@pytest.mark.parametrize(
    ("estimate", "score"), [(1.0, 1), (1.5, 1), (1.51, 2), (2.5, 2), (3.49, 3), (4.5, 4), (4.51, 5), (5.0, 5)]
)
def test_the_score_is_the_nearest_anchor_and_half_way_is_the_lower_one(estimate: float, score: int) -> None:
    assert nearest_anchor(estimate) == score


def test_the_composite_is_the_weighted_mean_of_the_ints() -> None:
    assert composite(FOUR, outcomes(5, 4, 3, 2)) == pytest.approx((2 * 5 + 4 + 3 + 2) / 5)


def test_missing_dimensions_are_left_out_of_mean_and_coverage() -> None:
    partial = outcomes(5, None, 2, None)
    assert coverage(FOUR, partial) == pytest.approx(3 / 5)
    assert composite(FOUR, partial) == pytest.approx((2 * 5 + 2) / 3)


def test_there_is_no_composite_when_too_little_was_scored() -> None:
    assert composite(FOUR, outcomes(5, None, None, None)) is None
    assert composite(FOUR, outcomes(None, None, None, None)) is None
    assert coverage(FOUR, outcomes(None, None, None, None)) == 0.0


def test_a_cap_holds_at_its_score_and_below() -> None:
    assert composite(FOUR, outcomes(5, 2, 5, 5)) == 2.5
    assert composite(FOUR, outcomes(5, 1, 5, 5)) == 1.5
    assert composite(FOUR, outcomes(1, 2, 5, 5)) == 2.0


def test_a_cap_written_high_holds_for_worse_scores_too() -> None:
    strict = rubric({"privacy_and_safety": dimension(check("says"), cap_composite_at={3: 2.5})}, min_coverage=0)
    assert composite(strict, {"privacy_and_safety": Score(2, 2.0, "")}) == 2.0
    assert composite(strict, {"privacy_and_safety": Score(3, 3.0, "")}) == 2.5


def test_the_label_fails_passes_or_stays_away() -> None:
    good, bad, unknown = outcomes(5, 4, 3, 3), outcomes(5, 3, 5, 5), outcomes(5, None, 5, 5)
    assert label(FOUR, good, composite(FOUR, good)) == "pass"
    assert label(FOUR, bad, composite(FOUR, bad)) == "fail"
    assert label(FOUR, unknown, composite(FOUR, unknown)) == ""
    low = outcomes(3, 4, 1, 1)
    assert label(FOUR, low, composite(FOUR, low)) == "fail"


def test_one_failure_fails_even_where_another_named_score_is_missing() -> None:
    assert label(FOUR, outcomes(1, None, None, None), None) == "fail"


def test_a_rubric_without_marks_gives_no_label() -> None:
    bare = rubric({"factual_grounding": dimension(check("says"))})
    assert label(bare, {"factual_grounding": Score(5, 5.0, "")}, 5.0) == ""


SCORES = st.lists(st.integers(1, 5), min_size=4, max_size=4)


@given(SCORES, st.integers(0, 3))
def test_a_lower_score_never_raises_composite_or_label(values: list[int], which: int) -> None:
    worse = [*values]
    worse[which] = max(1, worse[which] - 1)
    before, after = composite(FOUR, outcomes(*values)), composite(FOUR, outcomes(*worse))
    assert before is not None
    assert after is not None
    assert after <= before
    order = {"fail": 0, "": 1, "pass": 2}
    assert order[label(FOUR, outcomes(*worse), after)] <= order[label(FOUR, outcomes(*values), before)]
