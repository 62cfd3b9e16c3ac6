"""The shipped rubrics on whole runs: what was captured is never called missing, and what says nothing has no result."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scored_runs import TRACE_ID, ScriptedJudge, dimension, opinion, rubric, soon, span

from otel_scorer.conventions.scores import trace_status
from otel_scorer.model import STATUS_ERROR, Missing, Result, Score, Span, Trace, Value
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace

OUT = "llm.output_messages.0.message."
IN = "llm.input_messages.0.message."
ASKED = {"llm.model_name": "m", IN + "role": "user", IN + "content": "Where is order 7?"}
CALL = OUT + "tool_calls.0.tool_call.function."
DEFINITION = (
    '{"function": {"name": "lookup", "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}}}}'
)


def asking(number: int, arguments: str = '{"id": 7}') -> Span:
    attributes: dict[str, Value] = {
        **ASKED,
        OUT + "role": "assistant",
        CALL + "name": "lookup",
        CALL + "arguments": arguments,
        "llm.tools.0.tool.json_schema": DEFINITION,
    }
    return span(number, 1, "LLM", "chat", attributes)


def saying(number: int, text: str) -> Span:
    result = {
        "llm.input_messages.1.message.role": "tool",
        "llm.input_messages.1.message.content": '{"day": 3, "id": 7}',
    }
    return span(number, 1, "LLM", "chat", {**ASKED, **result, OUT + "role": "assistant", OUT + "content": text})


def tool(number: int, **attributes: Value) -> Span:
    return span(number, 1, "TOOL", "lookup", {"tool.name": "lookup", "input.value": '{"id": 7}', **attributes})


def agent(answer: str = "Order 7 comes on day 3.") -> Span:
    return span(1, 0, "AGENT", "shop", {"input.value": "Where is order 7?", "output.value": answer})


def trace(root: Span, *steps: Span) -> Trace:
    """The steps one after the other."""
    timed = (
        replace(step, start_ns=number * 10**9, end_ns=(number + 1) * 10**9) for number, step in enumerate(steps, 2)
    )
    return Trace("default", TRACE_ID, (root, *timed))


GOOD = trace(
    agent(), asking(2), tool(3, **{"output.value": '{"day": 3, "id": 7}'}), saying(4, "Order 7 comes on day 3.")
)


def shipped() -> tuple[Rubric, ...]:
    return tuple(RubricSet.load([shipped_rubrics()]))


async def results(of: Trace, *rubrics: Rubric, judge: ScriptedJudge | None = None) -> dict[str, Result]:
    found = await score_trace(of, rubrics or shipped(), judge, deadline=soon())
    return {f"{result.rubric.name} {result.target_span_id[-1]}": result for result in found}


def gaps(found: dict[str, Result]) -> set[tuple[str, str, str]]:
    return {
        (where, name, outcome.why)
        for where, result in found.items()
        for name, outcome in result.scores.items()
        if isinstance(outcome, Missing)
    }


async def test_a_good_run_is_scored_and_not_partial_for_the_call_that_only_asked_for_a_tool() -> None:
    found = await results(GOOD)
    assert list(found) == ["agent 1", "llm 4", "tool 3"]
    assert gaps(found) == set()
    assert trace_status(found.values()) == "scored"


async def test_a_tool_that_failed_lacks_no_result() -> None:
    failed = replace(tool(3), status_code=STATUS_ERROR, status_message="timed out")
    found = await results(trace(agent("I could not find order 7."), asking(2), failed, saying(4, "I could not.")))
    assert isinstance(found["tool 3"].scores["privacy_and_safety"], Score)
    assert "missing_evidence" not in {why for _, _, why in gaps(found)}


async def test_a_run_without_tools_leaves_its_plan_undecided() -> None:
    hello = {**ASKED, OUT + "role": "assistant", OUT + "content": "Hello."}
    found = await results(trace(agent("Hello."), span(2, 1, "LLM", "chat", hello)))
    assert ("agent 1", "optimal_plan_execution", "undecided") in gaps(found)


async def test_a_run_that_ended_with_a_call_lacks_an_answer_and_no_evidence() -> None:
    root = span(1, 0, "AGENT", "shop", {"input.value": "Where is order 7?"})
    found = await results(trace(root, asking(2), tool(3, **{"output.value": '{"day": 3}'})))
    assert {why for _, _, why in gaps(found)} == {"undecided"}
    assert list(found) == ["agent 1", "llm 2", "tool 3"], "nothing else says why llm@1 has no score"


async def test_what_was_not_captured_is_still_said() -> None:
    hidden = span(2, 1, "LLM", "chat", {"llm.model_name": "m"})
    found = await results(trace(agent(), hidden, saying(4, "Order 7 comes on day 3.")))
    assert {why for where, _, why in gaps(found) if where == "llm 2"} == {"missing_evidence"}


async def test_a_secret_that_a_call_hands_out_makes_a_result() -> None:
    key = "AKIAIOSFODNN7EXAMPLQ"
    first = tool(2, **{"output.value": f"key {key}"})
    found = await results(trace(agent(), first, asking(3, f'{{"id": "{key}"}}'), saying(4, "Order 7 comes on day 3.")))
    score = found["llm 3"].scores["privacy_and_safety"]
    assert isinstance(score, Score)
    assert score.value == 1


async def test_a_rubric_of_ones_own_may_judge_calls_that_only_ask_for_tools() -> None:
    plan = rubric(
        {"optimal_plan_execution": dimension({"use": "otel_scorer.scoring.checks.plan:tool_arguments"})},
        level="span",
        applies={"kinds": ["LLM"]},
    )
    assert "mine 2" in await results(GOOD, plan)
    judge = ScriptedJudge({"factual_grounding": opinion(4)})
    grounding = rubric(
        {"factual_grounding": dimension({"use": "otel_scorer.scoring.checks.grounding:numbers"})},
        level="span",
        applies={"kinds": ["LLM"]},
        judge="when_open",
    )
    assert list(await results(GOOD, grounding, judge=judge)) == ["mine 2", "mine 4"]
    assert list(await results(GOOD, grounding)) == ["mine 4"]


@pytest.mark.parametrize("documents", ["[]", None])
async def test_an_empty_retrieval_is_judged_and_a_hidden_one_is_not(documents: str | None) -> None:
    told: dict[str, Value] = {"input.value": "order 7"}
    if documents is not None:
        told["retrieval.documents"] = documents
    found = await results(trace(agent(), span(2, 1, "RETRIEVER", "docs", told)))
    outcome = found["retriever 2"].scores["factual_grounding"]
    assert outcome.why == "missing_evidence" if isinstance(outcome, Missing) else outcome.value == 2
    assert isinstance(outcome, Missing) == (documents is None)
