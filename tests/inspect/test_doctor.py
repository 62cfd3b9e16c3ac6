"""What a service's spans can be scored in, and the exact switch for what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from recorded_spans import SCOPE, agent, model, run, span, tool, trace
from rich.console import Console

from otel_scorer.inspect import doctor
from otel_scorer.inspect.evidence_advice import (
    OPENINFERENCE,
    OPENLLMETRY,
    OTEL,
    TRACEAI,
    attribute_for,
)
from otel_scorer.model import DIMENSIONS, Head, Scope, Value
from otel_scorer.scoring.evidence import SPAN_NEEDS, TRACE_NEEDS
from otel_scorer.scoring.rubric import Applies, DimensionRubric, Rubric

ANCHORS = dict.fromkeys((1, 2, 3, 4, 5), "x")
RULES = {
    "factual_grounding": ("context", "final_answer"),
    "privacy_and_safety": ("final_answer",),
    "instruction_adherence": ("task", "final_answer"),
    "optimal_plan_execution": ("tool_uses", "tool_definitions"),
}
AGENT = Rubric(
    name="agent",
    version=1,
    level="trace",
    applies=Applies(kinds=("AGENT", "WORKFLOW", "CHAIN")),
    dimensions={name: DimensionRubric(needs=RULES[name], anchors=ANCHORS, ask="?") for name in DIMENSIONS},
)
TOOL = Rubric(
    name="tool",
    version=1,
    level="span",
    applies=Applies(kinds=("TOOL",)),
    dimensions={"optimal_plan_execution": DimensionRubric(needs=("arguments", "result"), anchors=ANCHORS, ask="?")},
)


def test_traces_with_content_support_every_dimension_and_need_no_advice() -> None:
    diagnosis = doctor.diagnose([run(), run()], [AGENT, TOOL])
    (tools, whole) = sorted(diagnosis.places.items())
    assert (tools[0].level, whole[0].level) == ("TOOL", "trace")
    assert whole[1].seen == 2
    assert dict(whole[1].supported) == dict.fromkeys(DIMENSIONS, 2)
    assert diagnosis.advice == ()


def test_without_content_the_switch_of_the_instrumentation_is_named() -> None:
    diagnosis = doctor.diagnose([run(content=False)], [AGENT])
    told = "\n".join(diagnosis.advice)
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" in told
    assert "gen_ai.tool.definitions" in told
    assert "so factual_grounding, privacy_and_safety, instruction_adherence cannot be scored" in told
    assert sum(next(iter(diagnosis.places.values())).supported.values()) <= 1


def test_one_missing_attribute_is_named_with_the_dimension_that_it_costs() -> None:
    bare = replace(model(), attributes={k: v for k, v in model().attributes.items() if "definitions" not in k})
    (_, sentence) = doctor.diagnose([trace(agent(), tool(), bare)], [AGENT]).advice
    assert "tool_definitions was not captured, so optimal_plan_execution cannot be scored" in sentence
    assert "gen_ai.tool.definitions on LLM spans" in sentence


def test_each_scope_is_told_with_its_dialect_and_its_own_switch() -> None:
    attributes: dict[str, Value] = {"openinference.span.kind": "TOOL", "tool.name": "lookup"}
    other = span("c", "a", attributes=attributes, scope=Scope("openinference.instrumentation.langchain"))
    diagnosis = doctor.diagnose([trace(agent(), other, model())], [AGENT, TOOL])
    assert {(place.scope, place.dialect) for place in diagnosis.places} == {
        ("openinference.instrumentation.langchain", OPENINFERENCE),
        (SCOPE.name, OTEL),
    }
    assert any("langchain: unset OPENINFERENCE_HIDE_INPUTS" in sentence for sentence in diagnosis.advice)


@pytest.mark.parametrize("dialect", [OTEL, OPENINFERENCE, OPENLLMETRY, TRACEAI, "langfuse"])
def test_every_need_of_a_rubric_has_an_attribute_to_name(dialect: str) -> None:
    assert all(attribute_for(dialect, need) != need for need in SPAN_NEEDS | TRACE_NEEDS)


def test_agent_spans_without_their_parents_recommend_agent_spans_only() -> None:
    orphan = replace(agent(), parent_id="9" * 16)
    (notice,) = doctor.diagnose([trace(orphan, tool(), model())], [AGENT]).notices
    assert "complete.agent_spans_only: true" in notice


def test_mixed_traffic_does_not_recommend_agent_spans_only() -> None:
    orphan = replace(agent(), parent_id="9" * 16)
    web = Head("9" * 16, "8" * 16)
    assert doctor.diagnose([trace(orphan, tool(), model(), heads={web.span_id: web})], [AGENT]).notices == ()


def test_incomplete_and_cut_traces_are_noticed() -> None:
    cut = replace(model(), dropped_attributes=3)
    lost = [replace(tool(), parent_id="9" * 16), replace(cut, parent_id="8" * 16)]
    notices = "\n".join(doctor.diagnose([trace(*lost)], [AGENT]).notices)
    assert "1 of 1 traces have no span of the agent itself" in notices
    assert "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT" in notices


def test_nothing_seen_is_said() -> None:
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        console.print(doctor.render(doctor.diagnose([], [AGENT])))
        console.print(doctor.render(doctor.diagnose([run(content=False)], [AGENT])))
    assert "No agent spans were seen" in capture.get()
    assert "1 traces, 3 agent spans" in capture.get()
    assert doctor.to_plain(doctor.diagnose([run()], [AGENT]))["traces"] == 1
