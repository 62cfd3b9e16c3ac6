"""What checks find out about a trace is found out once, and let go of when they are done."""

from __future__ import annotations

import asyncio

import pytest
from scored_runs import check, dimension, rubric, run, soon

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Result
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.results_json import dump
from otel_scorer.scoring.rubrics.applies import targets
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace


def test_a_function_is_called_once_for_the_same_arguments() -> None:
    asked: list[tuple[str, int]] = []

    def look(text: str, number: int) -> int:
        asked.append((text, number))
        return number

    once = Once()
    assert [once(look, "a", 1), once(look, "a", 1), once(look, "a", 2), once(look, "b", 1)] == [1, 1, 2, 1]
    assert asked == [("a", 1), ("a", 2), ("b", 1)]
    once.forget()
    once(look, "a", 1)
    assert len(asked) == 4


def test_what_raises_is_asked_again() -> None:
    once = Once()
    with pytest.raises(ValueError, match="base 10"):
        once(int, "x")
    with pytest.raises(ValueError, match="base 10"):
        once(int, "x")
    assert once(int, "7") == 7


def test_none_is_an_answer_too() -> None:
    given = iter([None, 1])
    once = Once()
    assert [once.keyed("k", lambda: next(given)), once.keyed("k", lambda: next(given))] == [None, None]


def test_the_targets_of_a_trace_share_what_is_known() -> None:
    steps = rubric({"factual_grounding": dimension(check("says"))}, level="span", applies={"kinds": ["TOOL", "LLM"]})
    once = Once()
    assert {id(target.once) for _, _, target in targets(steps, view(run()), {}, once=once)} == {id(once)}


async def test_many_traces_at_once_are_scored_as_one_after_the_other() -> None:
    rubrics = tuple(RubricSet.load([shipped_rubrics()]))
    traces = [run(task=f"Where is order {n}?", answer=f"Order {n} was shipped on May {n % 28 + 1}.") for n in range(24)]

    async def one(number: int) -> tuple[Result, ...]:
        return await score_trace(traces[number], rubrics, None, deadline=soon())

    together = await asyncio.gather(*map(one, range(len(traces))))
    assert [dump(results) for results in together] == [dump(await one(n)) for n in range(len(traces))]
