"""What a case expects: one more kind of evidence, compared without a judge and shown to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scored_runs import TRACE_ID, ScriptedJudge, check, dimension, opinion, rubric, run, soon

from otel_scorer.errors import UserError
from otel_scorer.model import Missing, Result, Score
from otel_scorer.offline.expected import read_expected
from otel_scorer.scoring.reference import Expected
from otel_scorer.scoring.score import score_trace

ADHERENCE = "instruction_adherence"
SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


async def scored(expected: Expected | None, answer: str = "Order 7 was shipped.", **dimensions: Any) -> Result:
    mine = rubric(dimensions or {ADHERENCE: dimension(check("shrugs"))})
    (result,) = await score_trace(run(answer=answer), [mine], None, deadline=soon(), expected=expected)
    return result


@pytest.mark.parametrize(
    ("expected", "answer", "value", "code"),
    [
        (Expected(exact="Order 7 was shipped."), " Order 7 was shipped.\n", 5, ""),
        (Expected(exact="Order 7 was shipped."), "Order 8 was shipped.", 1, "expected.exact"),
        (Expected(exact='{"id": 7}'), '{ "id":7 }', 5, ""),
        (Expected(schema=SCHEMA), '{"id": 7}', 5, ""),
        (Expected(schema=SCHEMA), '{"id": "7"}', 2, "expected.schema"),
        (Expected(schema=SCHEMA), "seven", 1, "expected.schema"),
        (Expected(facts=("order 7 shipped", "no delay")), "We shipped your order 7 without any delay.", 5, ""),
        (Expected(facts=("order 7 shipped",)), "We shipped your order 8.", 1, "expected.fact"),
        (Expected(facts=("order 7 shipped", "arrives Monday")), "Order 7 was shipped.", 2, "expected.fact"),
    ],
)
async def test_an_answer_is_held_against_what_was_expected(
    expected: Expected, answer: str, value: int, code: str
) -> None:
    result = await scored(expected, answer)
    score = result.scores[ADHERENCE]
    assert isinstance(score, Score)
    assert score.value == value
    assert [finding.code for finding in result.findings] == ([code] if code else [])
    assert (result.metrics["expected_met"] == 1.0) == (value == 5)


async def test_it_counts_in_one_dimension_and_is_a_measure_where_the_rubric_has_not_got_it() -> None:
    wrong = Expected(exact="Order 8")
    result = await scored(wrong, factual_grounding=dimension(check("says")))
    score = result.scores["factual_grounding"]
    assert isinstance(score, Score)
    assert score.value == 5
    assert result.metrics["expected_met"] == 0.0


async def test_without_anything_expected_there_is_nothing_of_it() -> None:
    for nothing in (None, Expected(), Expected(answer="for the judge")):
        result = await scored(nothing)
        assert isinstance(result.scores[ADHERENCE], Missing)
        assert "expected_met" not in result.metrics


async def test_the_judge_is_shown_the_reference_answer_and_the_facts() -> None:
    judge = ScriptedJudge({"factual_grounding": opinion(4)})
    mine = rubric({"factual_grounding": dimension(check("shrugs"))})
    hoped = Expected(answer="It was shipped on Monday", facts=("Monday",))
    await score_trace(run(), [mine], judge, deadline=soon(), expected=hoped)
    shown = json.loads(judge.prompts[0].user.split("\n")[1])
    assert "reference_facts were written by the author of this test case" in judge.prompts[0].system
    await score_trace(run(), [mine], judge, deadline=soon())
    assert "reference_" not in judge.prompts[1].system
    assert (shown["reference_answer"], shown["reference_facts"]) == ("It was shipped on Monday", ["Monday"])


def test_cases_are_read_by_trace_id(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps({"trace_id": TRACE_ID, "expected": {"schema": SCHEMA, "facts": ["a"]}}) + "\n\n")
    assert read_expected(file) == {TRACE_ID: Expected(schema=SCHEMA, facts=("a",))}


MISTAKES = {
    "no JSON": ("{", "Invalid JSON"),
    "no trace id": ('{"trace_id": "7", "expected": {}}', "trace_id is '7'"),
    "an unknown kind": (json.dumps({"trace_id": TRACE_ID, "expected": {"regex": "a"}}), "expected.regex is 'a'"),
    "an empty fact": (json.dumps({"trace_id": TRACE_ID, "expected": {"facts": [" "]}}), "remove it"),
}


@pytest.mark.parametrize(("line", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_a_case_is_named_by_file_line_and_field(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(UserError) as caught:
        read_expected(file)
    assert str(caught.value).startswith(f"{file}: line 2: ")
    assert said in str(caught.value)


def test_a_case_that_comes_twice_and_a_file_that_is_not_there_are_named(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(2 * (json.dumps({"trace_id": TRACE_ID, "expected": {}}) + "\n"))
    with pytest.raises(UserError, match=r"line 2: .* came before"):
        read_expected(file)
    with pytest.raises(UserError, match="cannot be read"):
        read_expected(tmp_path / "none.jsonl")
