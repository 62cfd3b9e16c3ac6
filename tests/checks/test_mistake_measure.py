"""Where a run likely went wrong: small runs of several turns, each with one symptom."""

from __future__ import annotations

import json

import pytest

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import STATUS_ERROR, STATUS_OK, Span, Trace, Value
from otel_scorer.scoring.checks.mistake import likely_mistake
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

_SECOND = 1_000_000_000
TRACE_ID = "cd" * 16
Turn = tuple[str, str, str]
"""Agent, what it said, and what its tool answered ("": none was called)."""


def said(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def run(*turns: Turn, answer: str = "It is 12.", failed: bool = False) -> Target:
    spans: list[Span] = []

    def add(span_id: str, parent: str, at: int, attributes: dict[str, Value], status: int = STATUS_OK) -> None:
        ends = at + _SECOND // 2 if parent else 10**15
        spans.append(Span(TRACE_ID, span_id, parent, span_id, 1, at, ends, attributes, status_code=status))

    root: dict[str, Value] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.output.messages": said("assistant", answer),
    }
    root["gen_ai.input.messages"] = said("user", "How many stops are there?")
    add("root", "", 1, root, STATUS_ERROR if failed else STATUS_OK)
    for number, (agent, text, result) in enumerate(turns):
        at = (number + 1) * _SECOND
        add(f"agent{number}", "root", at, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent})
        told: dict[str, Value] = {"gen_ai.operation.name": "chat", "gen_ai.output.messages": said("assistant", text)}
        add(f"turn{number}", f"agent{number}", at + 1, told)
        if result:
            tool: dict[str, Value] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "shell"}
            add(f"tool{number}", "root", at + _SECOND // 2, {**tool, "gen_ai.tool.call.result": result})
    return Target(view(Trace("default", TRACE_ID, tuple(spans))))


PLAN = ("planner", "We shall count the stops of the line with a small script that reads the time table.", "")
CODE = ("coder", "Read the table, keep the rows between both stations, and print how many of them there are.", "12")
CHECK = ("checker", "The count was taken from the table and both ends were left out, as the question demands it.", "")


@pytest.mark.parametrize(
    ("turns", "span"),
    [
        ((PLAN, (CODE[0], CODE[1], "Traceback (most recent call last): KeyError"), CHECK), "turn1"),
        ((PLAN, (CODE[0], CODE[1], "No results found"), CHECK), "turn1"),
        (
            (PLAN, (CODE[0], CODE[1] + " Let us assume that the table has these placeholder rows.", "12"), CHECK),
            "turn1",
        ),
        ((PLAN, (CODE[0], CODE[1] + " I cannot access the table, so look it up manually.", ""), CHECK), "turn1"),
        ((PLAN, CODE, ("checker", "This is incorrect: " + CHECK[1], "")), "turn1"),
    ],
)
def test_a_symptom_names_the_turn_and_its_agent(turns: tuple[Turn, ...], span: str) -> None:
    told = likely_mistake(run(*turns), failed=True)
    assert isinstance(told, Verdict)
    assert told.evidence[0] == span
    (finding,) = told.findings
    assert finding.code == "run.likely_mistake"
    assert finding.text.startswith("coder: ")


def test_unasked_it_speaks_only_of_runs_that_show_that_they_failed() -> None:
    broken = (PLAN, (CODE[0], CODE[1], "Error: no such file"), CHECK)
    fixed = (*broken, CODE)
    assert isinstance(likely_mistake(run(PLAN, CODE, CHECK)), CannotTell)
    assert isinstance(likely_mistake(run(*broken)), Verdict), "the tool never worked"
    assert isinstance(likely_mistake(run(*fixed)), CannotTell), "it was got over"
    assert isinstance(likely_mistake(run(*fixed, failed=True)), Verdict)
    assert isinstance(likely_mistake(run(*fixed, answer="I'm sorry, I can't say.")), Verdict)
    assert isinstance(likely_mistake(run(PLAN, CODE, CHECK, failed=True)), CannotTell), "no symptom"


def test_without_any_symptom_the_turn_that_brought_most_is_named_where_asked() -> None:
    long = ("coder", " ".join(f"stop{n}" for n in range(200)), "")
    told = likely_mistake(run(PLAN, long, CHECK), failed=True)
    assert isinstance(told, Verdict)
    assert told.evidence == ("turn1",)


def test_too_few_turns_tell_nothing() -> None:
    assert isinstance(likely_mistake(run(CODE), failed=True), CannotTell)
    assert isinstance(likely_mistake(run(PLAN, (CODE[0], CODE[1], "Error: no"))), CannotTell)
    seen = run(PLAN, CODE, CHECK).view
    assert isinstance(likely_mistake(Target(seen, seen.llm[0]), failed=True), CannotTell)
