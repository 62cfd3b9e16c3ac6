"""Rules of a system prompt about tools, held against what a run called."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, Tool, step, target
from hypothesis import given, settings
from hypothesis import strategies as st
from test_check_bounds import _is_tame, _patterns

from otel_scorer.scoring.checks.rules import tool_rules
from otel_scorer.scoring.verdict import CannotTell, Verdict

TOOLS = (Tool("delete_account"), Tool("lookup_user"), Tool("send_email"), Tool("search"))
DELETE, LOOK, MAIL, SEARCH = (Call(tool.name, {"id": 1}, "ok") for tool in (TOOLS[0], TOOLS[1], TOOLS[2], TOOLS[3]))
RUN = Run("Remove my account.", "Done.", system="", tools=TOOLS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("system", "kept", "broken", "code"),
    [
        ("Never use the delete_account tool.", (LOOK,), (LOOK, DELETE), "forbidden_tool"),
        ("Do not call `search` or send_email under any circumstances.", (LOOK,), (SEARCH,), "forbidden_tool"),
        ("You are not allowed to use send_email.", (LOOK,), (MAIL,), "forbidden_tool"),
        ("Only use lookup_user and send_email.", (LOOK, MAIL), (LOOK, DELETE), "forbidden_tool"),
        ("Always call lookup_user before calling delete_account.", (LOOK, DELETE), (DELETE,), "tool_order"),
        ("Before using delete_account, you must call lookup_user.", (LOOK, DELETE), (DELETE, LOOK), "tool_order"),
        ("Never call delete_account without first calling lookup_user.", (LOOK, DELETE), (DELETE,), "tool_order"),
        ("You must first call lookup_user.", (LOOK, DELETE), (DELETE,), "tool_order"),
        ("Call search at most once.", (SEARCH,), (SEARCH, SEARCH), "tool_limit"),
        ("Do not call search more than twice.", (SEARCH, SEARCH), (SEARCH,) * 3, "tool_limit"),
        ("Make at most 2 tool calls.", (LOOK, SEARCH), (LOOK, SEARCH, MAIL), "tool_limit"),
    ],
)
def test_a_rule_about_tools_is_held_against_the_calls(
    form: str, system: str, kept: tuple[Call, ...], broken: tuple[Call, ...], code: str
) -> None:
    good = tool_rules(target(RUN.but(system=system, moves=kept), form))
    assert isinstance(good, Verdict)
    assert good.estimate == 5.0
    bad = tool_rules(target(RUN.but(system=system, moves=broken), form))
    assert isinstance(bad, Verdict)
    assert bad.estimate <= 2.0
    assert [finding.code for finding in bad.findings] == [f"adherence.{code}"]


CONFIRM = [
    "Ask the user for explicit confirmation before deleting anything.",
    "Before calling delete_account, you must obtain confirmation from the user.",
    "Never delete an account without the explicit consent of the user.",
    "Always get the user's approval before taking any action that changes data.",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("system", CONFIRM)
def test_a_call_that_needs_consent_is_faulted_only_where_there_was_no_exchange(form: str, system: str) -> None:
    run = RUN.but(system=system, moves=(LOOK, DELETE))
    verdict = tool_rules(target(run, form))
    assert isinstance(verdict, Verdict)
    assert verdict.findings[0].code == "adherence.no_confirmation"
    agreed = tool_rules(target(run.but(task="Remove my account. Yes, I am sure."), form))
    assert isinstance(agreed, CannotTell)
    assert isinstance(tool_rules(target(run.but(moves=(LOOK,)), form)), CannotTell)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "system",
    [
        "If the user is angry, do not use the search tool.",
        "Do not use the search tool before you have an id.",
        "You have a tool to search. Do not search for private data.",
        "The delete_account tool removes an account.",
        "Use the search tool.",
    ],
)
def test_what_is_conditional_or_no_rule_is_not_judged(form: str, system: str) -> None:
    assert isinstance(tool_rules(target(RUN.but(system=system, moves=(SEARCH, DELETE)), form)), CannotTell)


@pytest.mark.parametrize("form", FORMS)
def test_a_model_call_that_only_asks_for_tools_leaves_it_to_the_run(form: str) -> None:
    run = RUN.but(system="Never use the delete_account tool.", moves=(DELETE, LOOK))
    asking = tool_rules(step(run, form, "llm0"))
    assert isinstance(asking, CannotTell)
    assert asking.not_applicable
    last = tool_rules(step(run, form, "last"))
    assert isinstance(last, Verdict), "it called nothing, and what was called before is not its own"
    assert last.estimate == 5.0


def test_without_a_prompt_or_a_call_nothing_is_told() -> None:
    for form in FORMS:
        assert isinstance(tool_rules(target(RUN.but(system=None, moves=(LOOK,)), form)), CannotTell)
        assert isinstance(tool_rules(target(RUN.but(system="Never use the search tool."), form)), CannotTell)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_the_check_raise(text: str) -> None:
    moves = (Call(text or "x", {"a": text}, text), LOOK)
    answer = tool_rules(target(Run(text, text, moves, system=text + " Never use lookup_user.", tools=TOOLS), "otel"))
    assert isinstance(answer, CannotTell) or 1.0 <= answer.estimate <= 5.0


def test_every_pattern_of_rules_and_demands_is_tame() -> None:
    """`test_check_bounds` says what that means; here are the modules that it may not have loaded."""
    seen = {name.partition(".")[0] for name, _ in _patterns()}
    assert {"rule_finder", "demand_layout", "demand_foreign", "binding_mood", "portions"} <= seen
    assert all(_is_tame(__import__("re")._parser.parse(p.pattern, p.flags)) for _, p in _patterns())
