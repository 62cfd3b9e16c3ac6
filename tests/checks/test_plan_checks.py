"""Minimal pairs for plan execution, and for single tool calls and retrievals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agent_runs import FORMS, Call, Fetch, Run, Tool, both, step, target

from otel_scorer.scoring.checks import plan, retriever, tool
from otel_scorer.scoring.verdict import CannotTell, Verdict

SCHEMA = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "depth": {"type": "integer", "enum": [1, 2]}},
    "required": ["order_id"],
    "additionalProperties": False,
}
LOOKUP = Tool("lookup_order", "Look up the status of an order by its number", SCHEMA)
CANCEL = Tool("cancel_order", "Cancel an order", {"type": "object", "properties": {"order_id": {"type": "string"}}})
CALL = Call("lookup_order", {"order_id": "ORD-4711"}, '{"status": "shipped"}')
TRACK = Run("What is the status of my order ORD-4711?", "It has shipped.", (CALL,), tools=(LOOKUP, CANCEL))


def estimate(answer: Verdict | CannotTell) -> float:
    assert isinstance(answer, Verdict), answer
    return answer.estimate


def codes(answer: Verdict | CannotTell) -> set[str]:
    assert isinstance(answer, Verdict), answer
    assert all(finding.dimension == "optimal_plan_execution" for finding in answer.findings)
    return {finding.code for finding in answer.findings}


@pytest.mark.parametrize("form", FORMS)
def test_every_repetition_costs_more(form: str) -> None:
    estimates = [estimate(plan.repeated_calls(target(TRACK.but(moves=(CALL,) * n), form))) for n in (1, 2, 3, 4, 6)]
    assert estimates == [5.0, 4.0, 3.0, 2.0, 1.0]
    assert codes(plan.repeated_calls(target(TRACK.but(moves=(CALL, CALL)), form))) == {"plan.repeated_call"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "between",
    [
        Call("lookup_order", {"order_id": "ORD-4712"}, '{"status": "open"}'),
        Call("lookup_order", {"order_id": "ORD-4711"}, '{"status": "packed"}'),
    ],
)
def test_other_arguments_and_a_changing_status_are_no_repetition(form: str, between: Call) -> None:
    assert estimate(plan.repeated_calls(target(TRACK.but(moves=(CALL, between)), form))) == 5.0


@pytest.mark.parametrize("form", FORMS)
def test_looking_again_after_a_change_is_right(form: str) -> None:
    cancelled = Call("cancel_order", {"order_id": "ORD-4711"}, '{"ok": true}')
    assert estimate(plan.repeated_calls(target(TRACK.but(moves=(CALL, cancelled, CALL)), form))) == 5.0


BROKEN = Call("lookup_order", {"order_id": "ORD-4711"}, error="503 service unavailable")


@pytest.mark.parametrize("form", FORMS)
def test_a_failure_is_judged_by_how_the_run_got_over_it(form: str) -> None:
    def of(*moves: Call, answer: str = "It has shipped.") -> Verdict:
        verdict = plan.tool_errors(target(TRACK.but(moves=moves, answer=answer), form))
        assert isinstance(verdict, Verdict)
        return verdict

    fine, once, storm = of(CALL), of(BROKEN, CALL), of(BROKEN, BROKEN, BROKEN, CALL)
    lost, owned = of(BROKEN), of(BROKEN, answer="I could not look it up: the service is unavailable.")
    assert fine.estimate == 5.0
    assert once.estimate == 4.5
    assert owned.estimate == 4.0
    mistaken = of(replace(BROKEN, error="no such column: id"), answer="I could not look it up.")
    assert mistaken.estimate == 3.0
    assert lost.estimate == 2.0
    assert storm.estimate == 2.0
    assert of(BROKEN, BROKEN, BROKEN).estimate == 1.0
    assert "plan.retry_storm" in codes(storm)
    assert "plan.unrecovered_error" in codes(lost)
    assert once.metrics["tool_success_rate"] == 0.5


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "arguments",
    [{}, {"order_id": 4711}, {"order_id": "ORD-4711", "depth": 3}, {"order_id": "ORD-4711", "verbose": True}],
)
def test_arguments_must_fit_the_definition(form: str, arguments: dict[str, Any]) -> None:
    wrong = TRACK.but(moves=(Call("lookup_order", arguments, "{}"),))
    assert estimate(plan.tool_arguments(target(TRACK, form))) == 5.0
    assert estimate(plan.tool_arguments(target(wrong, form))) == 1.0
    assert codes(plan.tool_arguments(target(wrong, form))) == {"plan.invalid_arguments"}
    assert estimate(tool.arguments_valid(step(TRACK, form, "move0"))) == 5.0
    assert estimate(tool.arguments_valid(step(wrong, form, "move0"))) <= 2.0


def test_without_definitions_there_is_no_telling() -> None:
    for at in both(TRACK.but(tools=None)):
        for check in (plan.tool_arguments, plan.unknown_tools):
            verdict = check(at)
            assert isinstance(verdict, CannotTell)
            assert verdict.missing_evidence


@pytest.mark.parametrize("form", FORMS)
def test_a_tool_that_was_never_offered_is_found_out(form: str) -> None:
    assert estimate(plan.unknown_tools(target(TRACK, form))) == 5.0
    invented = TRACK.but(moves=(Call("teleport_parcel", {}, "no such tool", ran=False),))
    assert estimate(plan.unknown_tools(target(invented, form))) <= 2.5
    assert codes(plan.unknown_tools(target(invented, form))) == {"plan.unknown_tool"}


@pytest.mark.parametrize("form", FORMS)
def test_a_status_needs_the_lookup_that_knows_it(form: str) -> None:
    assert estimate(plan.needed_tool(target(TRACK, form))) == 5.0
    guessed = TRACK.but(moves=())
    verdict = plan.needed_tool(target(guessed, form))
    assert estimate(verdict) <= 2.0
    assert codes(verdict) == {"plan.needed_tool_not_called"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "change",
    [
        {"answer": "Could you please tell me your order number?"},
        {"answer": "I'm sorry, I cannot look that up."},
        {"task": "What does the status 'shipped' mean in plain words?", "tools": (CANCEL,)},
        {"task": "Tell me a joke about lamps."},
    ],
)
def test_asking_back_declining_and_other_questions_need_no_lookup(form: str, change: dict[str, Any]) -> None:
    verdict = plan.needed_tool(target(TRACK.but(moves=(), **change), form))
    assert isinstance(verdict, CannotTell) or verdict.estimate == 5.0


@pytest.mark.parametrize("form", FORMS)
def test_a_tool_that_the_instructions_demand_must_be_called(form: str) -> None:
    system = "You help people. Always call `check_policy` before answering questions about returns."
    run = Run(
        "Are returns of lamps free?",
        "Yes, they are.",
        (Call("check_policy", {}, "free"),),
        system=system,
        tools=(Tool("check_policy"),),
    )
    assert estimate(plan.needed_tool(target(run, form))) == 5.0
    assert estimate(plan.needed_tool(target(run.but(moves=()), form))) <= 2.0
    assert estimate(plan.needed_tool(target(run.but(moves=(), tools=None), form))) <= 2.0
    other = run.but(moves=(), task="Who painted the ceiling?")
    assert isinstance(plan.needed_tool(target(other, form)), CannotTell)


def test_plan_checks_cannot_tell_without_calls_or_content() -> None:
    for at in both(TRACK.but(moves=())):
        for check in (plan.repeated_calls, plan.tool_errors, plan.tool_arguments, plan.unknown_tools):
            assert isinstance(check(at), CannotTell)
    for at in both(TRACK.but(content=False)):
        for check in (plan.repeated_calls, plan.tool_arguments, plan.unknown_tools, plan.needed_tool):
            verdict = check(at)
            assert isinstance(verdict, CannotTell), check.__name__
            assert verdict.missing_evidence, check.__name__


@pytest.mark.parametrize("form", FORMS)
def test_one_tool_call_failed_or_came_back_empty(form: str) -> None:
    assert estimate(tool.tool_failed(step(TRACK, form, "move0"))) == 5.0
    assert estimate(tool.tool_failed(step(TRACK.but(moves=(BROKEN,)), form, "move0"))) == 1.0
    said = TRACK.but(moves=(Call("lookup_order", {}, '{"error": "no such order"}'),))
    assert estimate(tool.tool_failed(step(said, form, "move0"))) == 1.5
    nothing = TRACK.but(moves=(Call("lookup_order", {}, "[]"),))
    assert estimate(tool.tool_failed(step(nothing, form, "move0"))) == 4.0
    hidden = tool.tool_failed(step(TRACK.but(content=False), form, "move0"))
    assert isinstance(hidden, CannotTell)
    assert hidden.missing_evidence


FOUND = Run("q", "a", (Fetch("warranty of the Aurora lamp", ("The Aurora lamp has a warranty of two years.",)),))


@pytest.mark.parametrize("form", FORMS)
def test_documents_must_be_about_the_query(form: str) -> None:
    good = retriever.context_relevance(step(FOUND, form, "move0"))
    assert estimate(good) == 5.0
    chaff = FOUND.but(moves=(Fetch("warranty of the Aurora lamp", ("Bananas are rich in potassium.",)),))
    bad = retriever.context_relevance(step(chaff, form, "move0"))
    assert estimate(bad) == 2.0
    assert good.metrics["context_relevance"] > bad.metrics["context_relevance"]
    measured = retriever.context_relevance(target(FOUND, form))
    assert isinstance(measured, CannotTell)
    assert measured.metrics["context_relevance"] == good.metrics["context_relevance"]


def test_an_empty_retrieval_is_told_from_one_that_was_not_captured() -> None:
    assert estimate(retriever.empty(step(FOUND, "openinference", "move0"))) == 5.0
    assert estimate(retriever.empty(step(FOUND.but(moves=(Fetch("q", ()),)), "openinference", "move0"))) == 2.0
    for form in FORMS:
        for check in (retriever.empty, retriever.context_relevance):
            verdict = check(step(FOUND.but(moves=(Fetch("q", None),)), form, "move0"))
            assert isinstance(verdict, CannotTell)
            assert verdict.missing_evidence
