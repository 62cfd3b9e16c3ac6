"""`score_trace` over whole traces: which spans get which result, which is primary, and that nothing makes it raise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored_runs import TRACE_ID, ScriptedJudge, check, dimension, opinion, rubric, run, soon, span

from otel_scorer.errors import UserError
from otel_scorer.model import Finding, JudgeUse, Missing, Result, RubricId, Score, Trace
from otel_scorer.scoring import results_json
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.score import Expected, score_trace

GROUNDING = "factual_grounding"


def one(name: str = "mine", kinds: tuple[str, ...] = ("AGENT",), level: str = "trace", **fields: Any) -> Rubric:
    return rubric(
        {GROUNDING: dimension(check("says"))}, name=name, level=level, applies={"kinds": list(kinds)}, **fields
    )


async def placed(*rubrics: Rubric, trace: Trace | None = None, **options: Any) -> list[tuple[str, str, bool]]:
    results = await score_trace(trace or run(), rubrics, None, deadline=soon(), **options)
    return [(str(result.rubric), result.target_span_id[-1], result.primary) for result in results]


async def test_a_trace_level_rubric_scores_the_root_and_a_span_level_one_each_step_of_its_kind() -> None:
    trace = run(more=[span(4, 1, "TOOL", "lookup", {"tool.name": "lookup"})])
    assert await placed(one(), one("tools", ("TOOL",), "span"), trace=trace) == [
        ("mine@1", "1", True),
        ("tools@1", "3", True),
        ("tools@1", "4", True),
    ]


async def test_on_the_root_the_trace_level_rubric_is_primary_whatever_the_order() -> None:
    assert await placed(one("spans", ("AGENT",), "span"), one()) == [("spans@1", "1", False), ("mine@1", "1", True)]


async def test_of_two_of_one_level_the_configured_one_is_primary() -> None:
    found = await placed(one("first"), one("second"), by_kind={"AGENT": "second"})
    assert found == [("first@1", "1", False), ("second@1", "1", True)]


async def test_a_configured_rubric_keeps_to_the_kinds_that_it_is_named_for() -> None:
    both = one("both", ("LLM", "TOOL"), "span")
    assert await placed(both, by_kind={"TOOL": "both"}) == [("both@1", "3", True)]
    assert len(await placed(both)) == 2


async def test_a_rubric_for_another_prompt_version_is_stale() -> None:
    mine = (
        one(applies={"kinds": ["AGENT"], "prompt_versions": ["2"]})
        if False
        else rubric({GROUNDING: dimension(check("says"))}, applies={"kinds": ["AGENT"], "prompt_versions": ["2"]})
    )
    trace = run()
    spans = tuple(replace(s, attributes={**s.attributes, "llm.prompt_template.version": "3"}) for s in trace.spans)
    (result,) = await score_trace(replace(trace, spans=spans), [mine], None, deadline=soon())
    gap = result.scores[GROUNDING]
    assert isinstance(gap, Missing)
    assert gap.why == "stale"
    (fresh,) = await score_trace(trace, [mine], None, deadline=soon())
    assert isinstance(fresh.scores[GROUNDING], Score)


async def test_a_trace_that_is_an_evaluation_is_left_alone() -> None:
    trace = Trace("default", TRACE_ID, (span(1, 0, "EVALUATOR"), span(2, 1, "LLM")))
    assert await placed(one("mine", ("EVALUATOR", "LLM"), "span"), trace=trace) == []


async def test_nothing_to_score_is_no_result() -> None:
    assert await placed(one(), trace=Trace("default", TRACE_ID, ())) == []
    assert await placed(one("tools", ("RETRIEVER",), "span")) == []


async def test_a_trace_that_cannot_be_read_is_rubric_error_and_no_exception() -> None:
    broken = replace(run(), spans=(replace(run().spans[0], attributes=None), *run().spans[1:]))  # type: ignore[arg-type]
    (result,) = await score_trace(broken, [one()], None, deadline=soon())
    gap = result.scores[GROUNDING]
    assert isinstance(gap, Missing)
    assert gap.why == "rubric_error"
    assert result.composite is None


async def test_reasons_carry_no_personal_data() -> None:
    mine = rubric({GROUNDING: dimension(check("says", estimate=2.0, reason="mails anna@x.de", code="leak"))})
    (result,) = await score_trace(run(), [mine], None, deadline=soon())
    score = result.scores[GROUNDING]
    assert isinstance(score, Score)
    assert score.reason == "mails [EMAIL_1]"
    assert "anna" not in results_json.dump([result])


async def test_what_a_good_answer_is_reaches_the_judge() -> None:
    judge = ScriptedJudge({GROUNDING: opinion(4)})
    mine = rubric({GROUNDING: dimension(check("shrugs"))})
    await score_trace(run(), [mine], judge, deadline=soon(), expected=Expected("It was shipped on Monday"))
    assert "It was shipped on Monday" in judge.prompts[0].user


async def test_a_scored_trace_comes_back_from_json_as_it_was() -> None:
    mine = rubric(
        {
            GROUNDING: dimension(check("says", estimate=2.3, code="x", share=0.1)),
            "privacy_and_safety": dimension(check("shrugs")),
        },
        min_coverage=0.1,
    )
    results = await score_trace(run(), [mine, one("tools", ("TOOL",), "span")], None, deadline=soon())
    text = results_json.dump(results)
    assert results_json.load(text) == results
    assert results_json.dump(results_json.load(text)) == text


OUTCOMES = st.one_of(
    st.builds(Score, st.integers(1, 5), st.floats(1, 5), st.text(), st.lists(st.text()).map(tuple), st.text()),
    st.builds(Missing, st.sampled_from(["undecided", "stale", "judge_error"]), st.text()),
)


@given(st.dictionaries(st.text(min_size=1), OUTCOMES, max_size=4), st.floats(1, 5), st.text())
def test_any_result_comes_back_from_json(scores: dict[str, Score | Missing], whole: float, text: str) -> None:
    finding = Finding("code", GROUNDING, text, "LLM", (text,))
    result = Result(
        RubricId("mine", 1),
        "0" * 12,
        "1" * 16,
        scores,
        {GROUNDING: 1.0},
        {"m": whole},
        (finding,),
        text,
        whole,
        0.5,
        "fail",
        False,
        JudgeUse(1, 2, 3),
    )
    assert results_json.load(results_json.dump([result])) == (result,)


@pytest.mark.parametrize("text", ["", "{", "7", "[7]", "[{}]", '{"a": 1}', "null"])
def test_other_json_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UserError, match="no results"):
        results_json.load(text)
