"""The same LangChain runs, as three instrumentations recorded them, show the same steps, tool uses and answer."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from otlp_json_files import SHARED, spans_in

from otel_scorer.conventions.trace_view import Step, TraceView, view
from otel_scorer.model import Trace

FOLDERS = {
    name: SHARED / "agents" / folder
    for name, folder in (
        ("openinference", "openinference_langchain_parallel"),
        ("openllmetry", "openllmetry_langchain"),
        ("traceai", "traceai_langchain"),
    )
}
pytestmark = pytest.mark.skipif(
    not all(folder.exists() for folder in FOLDERS.values()),
    reason="the recorded agent runs are not here (../shared/traces)",
)

PROGRAM = frozenset({"AGENT", "WORKFLOW", "CHAIN", "PROMPT"})
"""Steps of the program around the models. Each instrumentation has its own words for them (OpenInference says AGENT of
whatever has "agent" in its name, OpenLLMetry WORKFLOW of the outermost and task of every other, prompts too), and a
declared kind stays."""

ONLY_OPENLLMETRY = {
    "invoke_agent": "it writes a span of its own above a graph's",
    "LLM": "it also instruments the model's client, and clients whose callbacks the others miss",
    "UNKNOWN": "the application's own spans, which only this recording exported",
}
"""Steps that the two others did not record at all."""

SILENT = "with_events_with_no_content"
"""In the names of OpenLLMetry's runs that were told to export no content."""
IN_EVENTS = "with_events_with_content"
"""In the names of those that export content in log records, which chains and tools have none of."""


def files() -> list[str]:
    """The runs that all three recorded."""
    if not all(folder.exists() for folder in FOLDERS.values()):
        return []
    every = [{path.name for path in folder.glob("*.json")} for folder in FOLDERS.values()]
    return sorted(name for name in set.intersection(*every) if not name.endswith(".logs.json"))


@cache
def runs(name: str, file: str) -> tuple[TraceView, ...]:
    """The traces of one recording, in an order that does not depend on ids."""
    by_trace: dict[str, list[Any]] = {}
    for span in spans_in(FOLDERS[name] / file):
        by_trace.setdefault(span.trace_id, []).append(span)
    found = [view(Trace("tenant", trace_id, tuple(spans))) for trace_id, spans in by_trace.items()]
    return tuple(sorted(found, key=lambda run: repr(run.final_answer)))


def kinds(run: TraceView) -> list[tuple[str, str]]:
    """(name, kind) of the steps in the order of the tree; the program's own are one kind."""
    return [(_name(step), "program" if step.kind in PROGRAM else step.kind) for step in run.steps]


def tool_uses(run: TraceView) -> list[tuple[str, Any, Any]]:
    return [(use.name, use.arguments, use.result) for use in run.tool_uses]


def answer(run: TraceView) -> Any:
    """The final answer; an object whatever its spacing."""
    try:
        return json.loads(run.final_answer or "null")
    except ValueError:
        return run.final_answer


@pytest.mark.parametrize("file", files())
def test_the_steps_are_of_the_same_kinds(file: str) -> None:
    for one, other, third in zip(*(runs(name, file) for name in FOLDERS), strict=True):
        assert kinds(one) == kinds(third)
        more, known = kinds(other), kinds(one)
        left = [step for step in more if step not in known]
        assert {kind if kind != "program" else name.split(" ")[0] for name, kind in left} <= ONLY_OPENLLMETRY.keys()
        assert [step for step in more if step in known] == known


@pytest.mark.parametrize("file", files())
def test_tools_are_used_with_the_same_arguments_and_results(file: str) -> None:
    for one, other, third in zip(*(runs(name, file) for name in FOLDERS), strict=True):
        assert tool_uses(one) == tool_uses(third)
        if SILENT in file:
            assert {use[0] for use in tool_uses(other)} == {use[0] for use in tool_uses(one)}
            assert all(use[1:] == (None, None) for use in tool_uses(other))
        else:
            assert tool_uses(other) == tool_uses(one)


@pytest.mark.parametrize("file", files())
def test_the_final_answer_is_the_same(file: str) -> None:
    for one, other, third in zip(*(runs(name, file) for name in FOLDERS), strict=True):
        assert answer(one) == answer(third)
        if SILENT in file:
            assert other.final_answer is None
        elif IN_EVENTS in file and one.llm and _asks_for_a_function(one):
            # Of a chain whose output is parsed out of a function call only the call is exported.
            assert other.final_answer is None
        else:
            assert answer(other) == answer(one)


@pytest.mark.parametrize("file", files())
def test_the_task_is_the_same_where_the_chain_s_input_holds_it(file: str) -> None:
    for one, other, third in zip(*(runs(name, file) for name in FOLDERS), strict=True):
        assert one.task == third.task
        given = str(other.steps[0].span.attributes.get("traceloop.entity.input"))
        if one.task and json.dumps(one.task)[1:-1] in given:
            assert other.task == one.task


def test_all_42_runs_are_compared() -> None:
    assert len(files()) == 42
    assert sum(bool(tool_uses(run)) for file in files() for run in runs("openinference", file)) >= 4


def _name(step: Step) -> str:
    """Without what OpenLLMetry puts around the component's name."""
    name = step.span.name.removeprefix("execute_task ").removeprefix("execute_tool ")
    return name.removesuffix(".workflow").removesuffix(".chat").removesuffix(".completion")


def _asks_for_a_function(run: TraceView) -> bool:
    return any(message.tool_calls for message in run.llm[-1].genai.output_messages or ())
