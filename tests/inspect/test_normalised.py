"""The normalised form for programs: its names are documented, and what was not captured is not empty."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from recorded_spans import TRACE_ID, agent, marked, messages, model, run, tool, trace

from otel_scorer.inspect.normalised import FIELDS, FORM, to_json
from otel_scorer.model import GenAI, Trace, Value
from otel_scorer.otlp import read_traces

SHARED = Path(__file__).resolve().parents[3] / "shared" / "traces"
_ANY = re.compile(r" \(any\)$")


def form_of(each: Trace) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(to_json(each))
    return told


def paths(value: Any, above: str = "") -> Iterator[str]:
    """The paths of all names and list elements, as `FIELDS` writes them; values of any shape are not entered."""
    if _ANY.search(FIELDS.get(above, "")):
        yield above
    elif isinstance(value, dict):
        for name, inner in value.items():
            step = "<span id>" if above == "scores" else name
            yield from paths(inner, f"{above}.{step}" if above else step)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{above}[]")
    else:
        yield above


def recorded() -> list[Path]:
    every = sorted(SHARED.glob("*/*/*.json"))
    return [path for path in every if path.name != "versions.json" and not path.name.endswith(".logs.json")]


def step_of(each: Trace, kind: str) -> dict[str, Any]:
    return next(step for step in form_of(each)["steps"] if step["kind"] == kind)


def test_the_form_has_steps_tools_scores_and_what_was_asked_and_answered() -> None:
    form = form_of(trace(marked(agent(), score__factual_grounding=3), tool(), model()))
    assert (form["form"], form["trace_id"]) == (FORM, TRACE_ID)
    assert [step["kind"] for step in form["steps"]] == ["AGENT", "TOOL", "LLM"]
    assert (form["task"], form["final_answer"]) == ("Where is order 12?", "Order 12 is on its way.")
    assert form["tool_uses"][0]["arguments"] == {"order": 12}
    assert form["scores"][agent().span_id]["scores"] == {"factual_grounding": 3}
    assert form["turns"][-1] == {"role": "assistant", "text": "Order 12 is on its way."}


def test_it_is_one_line() -> None:
    assert "\n" not in to_json(run())


def test_what_was_not_captured_is_left_out_and_what_is_empty_is_there() -> None:
    bare = form_of(run(content=False))
    assert {"task", "system", "final_answer"}.isdisjoint(bare)
    evidence = step_of(run(content=False), "LLM")["evidence"]
    assert {"input_messages", "output_messages", "tool_definitions", "system_instructions"}.isdisjoint(evidence)
    assert evidence["usage"].items() >= {"input": 120, "output": 8}.items()
    assert None not in evidence["usage"].values()
    assert {"tool_arguments", "tool_result"}.isdisjoint(step_of(run(content=False), "TOOL")["evidence"])
    empty: dict[str, Value] = {
        "gen_ai.output.messages": messages(("assistant", "")),
        "gen_ai.tool.definitions": "[]",
    }
    evidence = step_of(trace(agent(), replace(model(), attributes={**model().attributes, **empty})), "LLM")["evidence"]
    assert evidence["output_messages"] == [{"role": "assistant", "text": ""}]
    assert evidence["tool_definitions"] == []


def test_a_result_that_is_null_was_captured() -> None:
    told: dict[str, Value] = {"gen_ai.tool.call.arguments": "{}", "gen_ai.tool.call.result": "null"}
    evidence = step_of(trace(agent(), replace(tool(), attributes={**tool().attributes, **told})), "TOOL")["evidence"]
    assert evidence["tool_arguments"] == {}
    assert "tool_result" in evidence


def test_values_that_json_does_not_know_are_told_in_json() -> None:
    odd: dict[str, Value] = {
        "gen_ai.tool.call.arguments": {"raw": b"\xff\x00", "number": float("nan")},
        "gen_ai.tool.call.result": ["\ud800"],
    }
    text = to_json(trace(agent(), replace(tool(), attributes={**tool().attributes, **odd})))
    assert text.encode()
    evidence = next(step for step in json.loads(text, parse_constant=_refused)["steps"] if step["kind"] == "TOOL")
    assert evidence["evidence"]["tool_arguments"] == {"raw": "/wA=", "number": "nan"}


def test_every_evidence_field_is_documented_and_nothing_else_is() -> None:
    told = {path.removeprefix("steps[].evidence.").split(".")[0].removesuffix("[]") for path in FIELDS}
    wanted = {each.name for each in fields(GenAI)} - {"kind", "tool_arguments_captured", "tool_result_captured"}
    assert wanted <= told
    documented = {path for path in FIELDS if path.startswith("steps[].evidence.")}
    assert {path.split(".")[2].removesuffix("[]") for path in documented} == wanted


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded traces are not here (../shared/traces)")
def test_every_name_in_the_forms_of_recorded_traces_is_documented() -> None:
    found: set[str] = set()
    for path in recorded():
        for each in read_traces([path], keep_scores=True):
            text = to_json(each)
            assert not re.search(r"<[\w.]+ object at 0x|\b(Message|ToolCall|Document|Usage)\(", _ours(text)), path
            found.update(paths(json.loads(text)))
    assert found - FIELDS.keys() == set()
    assert {"steps[].evidence.documents[].text", "steps[].evidence.output_messages[].tool_calls[].id"} <= found


def _ours(text: str) -> str:
    """The names and structure alone: texts of the recorded spans may hold what Python printed."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


def _refused(word: str) -> Any:
    raise AssertionError(f"{word} is not JSON")
