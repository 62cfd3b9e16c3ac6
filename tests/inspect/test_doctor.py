"""What a service's spans can be scored in, and the exact switch for what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hidden_content import SHARED, recorded, without_content
from recorded_spans import SCOPE, agent, model, run, span, tool, trace
from rich.console import Console

from otel_scorer.inspect.capture_switches import OPENINFERENCE, OPENLLMETRY, OTEL, SIDE_OF, TRACEAI, switch_for
from otel_scorer.inspect.doctor import Advice, diagnose
from otel_scorer.inspect.doctor_report import render, to_plain
from otel_scorer.inspect.evidence_advice import attribute_for
from otel_scorer.model import DIMENSIONS, Head, Resource, Scope, Value
from otel_scorer.otlp import read_traces
from otel_scorer.scoring.evidence import SPAN_NEEDS, TRACE_NEEDS
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.requested import RequestedRubrics
from otel_scorer.scoring.rubrics.rubric import Applies, DimensionRubric, Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.settings import DEFAULT_BY_KIND

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


LLM = Rubric(
    name="llm",
    version=1,
    level="span",
    applies=Applies(kinds=("LLM",)),
    dimensions={"instruction_adherence": DimensionRubric(needs=("input", "output"), anchors=ANCHORS, ask="?")},
)
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
OLD_OR_LATEST = ("OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental", f"{CAPTURE}=SPAN_ONLY", f"{CAPTURE}=true")
HIDING = {"OPENINFERENCE": "openinference", "FI": "traceai"}

WANTED: dict[str, tuple[str, ...]] = {
    "dialects/openinference": ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    "dialects/openllmetry": ("TRACELOOP_TRACE_CONTENT=true",),
    "dialects/openllmetry_old": ("TRACELOOP_TRACE_CONTENT=true",),
    "dialects/otel_genai_new": (f"{CAPTURE}=SPAN_ONLY",),
    "dialects/otel_genai_old": OLD_OR_LATEST,
    "dialects/traceai": ("FI_HIDE_INPUTS", "FI_HIDE_OUTPUTS"),
    "dialects/traceai_old": ("FI_HIDE_INPUTS", "FI_HIDE_OUTPUTS"),
    "agents/openinference_agent_framework": ("ENABLE_SENSITIVE_DATA=true",),
    "agents/openinference_autogen": ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    "agents/openinference_claude_agent_sdk": ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    "agents/openinference_crewai": ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    "agents/openinference_google_adk": ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    "agents/openinference_langchain": (
        "OPENINFERENCE_HIDE_INPUTS",
        "OPENINFERENCE_HIDE_OUTPUTS",
        "OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS",
    ),
    "agents/openinference_langchain_parallel": ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    "agents/openinference_pydantic_ai": ("InstrumentationSettings(include_content=True)",),
    "agents/openinference_smolagents": ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    "agents/openllmetry_agno": ("TRACELOOP_TRACE_CONTENT=true",),
    "agents/openllmetry_langchain": ("TRACELOOP_TRACE_CONTENT=true",),
    "agents/openllmetry_openai_agents": ("TRACELOOP_TRACE_CONTENT=true",),
    "agents/otel_openai_agents_v2": OLD_OR_LATEST,
    "agents/traceai_langchain": ("FI_HIDE_INPUTS", "FI_HIDE_OUTPUTS"),
}
"""What the advice has to name when an instrumentation captured no content."""


def words(advice: tuple[Advice, ...]) -> str:
    return "\n".join(switch for each in advice for switch in each.switches)


def test_traces_with_content_support_every_dimension_and_need_no_advice() -> None:
    diagnosis = diagnose([run(), run()], [AGENT, TOOL])
    (tools, whole) = sorted(diagnosis.places.items())
    assert (tools[0].level, whole[0].level) == ("TOOL", "trace")
    assert whole[1].seen == 2
    assert dict(whole[1].supported) == dict.fromkeys(DIMENSIONS, 2)
    assert diagnosis.advice == ()


def test_without_content_the_switch_and_the_attributes_are_named() -> None:
    diagnosis = diagnose([run(content=False)], [AGENT])
    (advice,) = diagnosis.advice
    assert (advice.service, advice.scope, advice.dialect) == ("shop", SCOPE.name, OTEL)
    assert all(word in words((advice,)) for word in OLD_OR_LATEST)
    missing = {each.need: each for each in advice.missing}
    assert set(missing["final_answer"].dimensions) == set(DIMENSIONS) - {"optimal_plan_execution"}
    assert missing["tool_definitions"].dimensions == ("optimal_plan_execution",)
    assert "gen_ai.tool.definitions" in missing["tool_definitions"].attribute
    assert all(each.lacking == each.seen for each in advice.missing)
    assert sum(next(iter(diagnosis.places.values())).supported.values()) <= 1


def test_one_missing_attribute_is_named_with_the_dimension_that_it_costs() -> None:
    bare = replace(model(), attributes={k: v for k, v in model().attributes.items() if "definitions" not in k})
    (advice,) = diagnose([trace(agent(), tool(), bare)], [AGENT]).advice
    (missing,) = advice.missing
    assert (missing.need, missing.dimensions) == ("tool_definitions", ("optimal_plan_execution",))
    assert "gen_ai.tool.definitions on LLM spans" in missing.attribute


def test_no_switch_is_named_where_content_is_captured_on_that_side() -> None:
    other = replace(model(content=False), span_id="d".rjust(16, "0"))
    (advice,) = diagnose([trace(agent(), tool(), model(), other)], [LLM]).advice
    assert {(each.need, each.lacking, each.seen) for each in advice.missing} == {("input", 1, 2), ("output", 1, 2)}
    assert advice.switches == ()


def test_what_a_trace_lacks_is_told_to_the_instrumentation_that_would_write_it_and_not_to_a_handmade_root() -> None:
    by_hand = replace(agent(content=False), scope=Scope("our-agent"))
    (advice,) = diagnose([trace(by_hand, model(content=False))], [AGENT]).advice
    assert advice.scope == SCOPE.name
    alone = diagnose([trace(by_hand)], [AGENT]).advice
    assert [each.scope for each in alone] == ["our-agent"]
    assert "their code has to write the attributes" in words(alone)


def test_each_scope_is_told_with_its_dialect_and_its_own_switch() -> None:
    attributes: dict[str, Value] = {"openinference.span.kind": "TOOL", "tool.name": "lookup"}
    other = span("c", "a", attributes=attributes, scope=Scope("openinference.instrumentation.langchain"))
    diagnosis = diagnose([trace(agent(), other, model())], [AGENT, TOOL])
    assert {writer.scope: dialects for writer, dialects in diagnosis.dialects.items()} == {
        "openinference.instrumentation.langchain": (OPENINFERENCE,),
        SCOPE.name: (OTEL,),
    }
    (advice,) = (each for each in diagnosis.advice if "langchain" in each.scope)
    assert "unset OPENINFERENCE_HIDE_INPUTS" in words((advice,))


@pytest.mark.parametrize("logged", [True, False])
def test_whether_log_records_come_is_part_of_the_advice(logged: bool) -> None:
    told = switch_for("opentelemetry.instrumentation.openai_v2", OTEL, "input", logged=logged)
    assert ("OTEL_LOGS_EXPORTER=otlp" in told) is not logged


@pytest.mark.parametrize("need", sorted(SPAN_NEEDS | TRACE_NEEDS))
@pytest.mark.parametrize("dialect", [OTEL, OPENINFERENCE, OPENLLMETRY, TRACEAI, "langfuse"])
def test_every_need_of_a_rubric_has_an_attribute_and_a_switch_to_name(dialect: str, need: str) -> None:
    assert attribute_for(dialect, need) != need
    assert SIDE_OF[need] in ("input", "output")
    assert switch_for("any scope", dialect, need)


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded traces are not here (../shared/traces)")
@pytest.mark.parametrize("folder", WANTED)
def test_recorded_spans_without_their_content_get_the_advice_that_brings_it_back(folder: str) -> None:
    rubrics = list(RubricSet.load([shipped_rubrics()]))
    traces = recorded(folder)
    diagnosis = diagnose(without_content(traces), rubrics)
    told = words(diagnosis.advice)
    assert all(word in told for word in WANTED[folder]), told
    assert len({each.switches for each in diagnosis.advice}) == 1, "one instrumentation, one thing to do"
    needs = {(each.need, each.level) for advice in diagnosis.advice for each in advice.missing}
    assert {("final_answer", "trace"), ("task", "trace")} <= needs
    llm = [coverage for place, coverage in diagnosis.places.items() if place.level == "LLM"]
    assert not sum(sum(coverage.supported.values()) for coverage in llm)
    # with its content most of it is there, so nothing of this is said of a whole instrumentation
    assert words(diagnose(traces, rubrics).advice) == ""


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded traces are not here (../shared/traces)")
@pytest.mark.parametrize(("side", "other"), [("input", "output"), ("output", "input")])
@pytest.mark.parametrize("prefix", HIDING)
def test_where_one_side_is_hidden_only_its_variable_is_named(prefix: str, side: str, other: str) -> None:
    hidden = without_content(recorded(f"dialects/{HIDING[prefix]}"), side)  # type: ignore[arg-type]
    told = words(diagnose(hidden, [LLM]).advice)
    assert f"{prefix}_HIDE_{side.upper()}S" in told
    assert f"{prefix}_HIDE_{other.upper()}S" not in told


def test_agent_spans_without_their_parents_recommend_agent_spans_only() -> None:
    orphan = replace(agent(), parent_id="9" * 16)
    (notice,) = diagnose([trace(orphan, tool(), model())], [AGENT]).notices
    assert "complete.agent_spans_only: true" in notice


def test_mixed_traffic_does_not_recommend_agent_spans_only() -> None:
    orphan = replace(agent(), parent_id="9" * 16)
    web = Head("9" * 16, "8" * 16)
    assert diagnose([trace(orphan, tool(), model(), heads={web.span_id: web})], [AGENT]).notices == ()


def test_incomplete_and_cut_traces_are_noticed() -> None:
    cut = replace(model(), dropped_attributes=3)
    lost = [replace(tool(), parent_id="9" * 16), replace(cut, parent_id="8" * 16)]
    notices = "\n".join(diagnose([trace(*lost)], [AGENT]).notices)
    assert "1 of 1 traces have no span of the agent itself" in notices
    assert "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT" in notices


def test_json_that_was_cut_off_is_noticed() -> None:
    cut = replace(model(), attributes={**model().attributes, "gen_ai.output.messages": '[{"role": "assistant", "par'})
    (notice,) = diagnose([trace(agent(), tool(), cut)], [AGENT]).notices
    assert "1 of 1 traces carry content that was cut off" in notice


def test_hidden_content_is_noticed_and_not_taken_for_cut_content() -> None:
    attributes: dict[str, Value] = {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "__REDACTED__",
    }
    (notice,) = diagnose([trace(span("a", attributes=attributes))], [LLM]).notices
    assert "__REDACTED__" in notice


def test_evaluations_that_code_asks_for_are_told_with_what_answers_them() -> None:
    tags = [{"eval_name": name, "value": "AGENT"} for name in ("pii", "tone", "is_email")]
    resource = Resource({"service.name": "shop", "eval_tags": json.dumps(tags)})
    asking = trace(*(replace(each, resource=resource) for each in (agent(), tool(), model())))
    requested = RequestedRubrics(RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND), {"is_email": ""})
    answered, unknown = diagnose([asking], [AGENT], requested.answers).notices
    assert "pii (agent@3)" in answered
    assert "no rubric answers: tone; name" in unknown
    assert "scoring.requests" in unknown


def test_nothing_seen_is_said() -> None:
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        console.print(render(diagnose([], [AGENT])))
        console.print(render(diagnose([run(content=False)], [AGENT])))
    assert "No agent spans were seen" in capture.get()
    assert "1 trace, 3 agent spans" in capture.get()
    assert "1 of 1 traces" in capture.get()
    assert to_plain(diagnose([run()], [AGENT]))["traces"] == 1


@pytest.mark.parametrize(
    ("scope", "dialect", "words"),
    [
        ("com.anthropic.sdk.python", OTEL, ("ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content",)),
        ("langfuse-sdk", "langfuse", ("LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED",)),
        ("litellm", OPENLLMETRY, ("turn_off_message_logging", "SPAN_ONLY")),
        ("openlit.instrumentation.openai", "openlit", ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",)),
    ],
)
def test_the_switches_of_platforms_are_those_of_their_packages(
    scope: str, dialect: str, words: tuple[str, ...]
) -> None:
    told = switch_for(scope, dialect, "output")
    assert all(word in told for word in words), told


@pytest.mark.parametrize("name", ["traceloop-sdk-0.62.4", "logfire-5.2.0"])
def test_a_client_s_own_spans_need_no_content_where_those_of_an_instrumentation_have_it(name: str) -> None:
    recorded_run = Path(__file__).parents[1] / "conventions" / "recorded" / f"{name}.jsonl"
    diagnosis = diagnose(read_traces([recorded_run]), [LLM])
    assert diagnosis.advice == ()
