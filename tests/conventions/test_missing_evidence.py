"""What was not captured, or was cut by a limit, reaches the scorer as missing evidence, whatever the dialect: never as
an empty answer, a wrong argument or a bad score.
"""

from __future__ import annotations

import json
import time

import pytest

from otel_scorer.conventions.read import evidence, tool_call_of
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Missing, Result, Span, Trace, Value
from otel_scorer.scoring.evidence import lacking
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.verdict import Target

J = json.dumps
LONG = "Order 7 was shipped on Monday and comes on Thursday. " * 8
PARTS = J([{"role": "assistant", "parts": [{"type": "text", "content": LONG}], "finish_reason": "stop"}])
CHOICES = J({"choices": [{"message": {"role": "assistant", "content": LONG}, "finish_reason": "stop"}]})

ANSWERS: dict[str, tuple[dict[str, Value], str, str]] = {
    "otel": ({"gen_ai.operation.name": "chat"}, "gen_ai.output.messages", PARTS),
    "openinference": ({"openinference.span.kind": "LLM"}, "output.value", CHOICES),
    "openllmetry": (
        {"traceloop.span.kind": "unknown", "gen_ai.operation.name": "chat"},
        "gen_ai.output.messages",
        PARTS,
    ),
    "traceai": ({"gen_ai.span.kind": "LLM"}, "output.value", CHOICES),
    "traceai old": ({"fi.span.kind": "LLM"}, "raw.output", CHOICES),
    "langfuse": ({"langfuse.observation.type": "generation"}, "langfuse.observation.output", CHOICES),
    "mlflow": ({"mlflow.spanType": '"CHAT_MODEL"'}, "mlflow.spanOutputs", CHOICES),
    "langsmith": ({"langsmith.span.kind": "llm"}, "gen_ai.completion", CHOICES),
    "logfire": (
        {"gen_ai.operation.name": "chat"},
        "response_data",
        J({"message": {"role": "assistant", "content": LONG}}),
    ),
    "google adk": (
        {"gen_ai.operation.name": "generate_content"},
        "gcp.vertex.agent.llm_response",
        J({"content": {"role": "model", "parts": [{"text": LONG}]}}),
    ),
    "vercel object": ({"ai.operationId": "ai.generateObject.doGenerate"}, "ai.response.object", J({"answer": LONG})),
}
"""The dialects that write an answer as one JSON text: (marks, key, the whole text)."""

TOOLS: dict[str, tuple[dict[str, Value], str, str]] = {
    "otel": ({"gen_ai.operation.name": "execute_tool"}, "gen_ai.tool.call.arguments", "gen_ai.tool.call.result"),
    "openinference": ({"openinference.span.kind": "TOOL"}, "input.value", "output.value"),
    "openllmetry": ({"traceloop.span.kind": "tool"}, "traceloop.entity.input", "traceloop.entity.output"),
    "traceai": ({"gen_ai.span.kind": "TOOL"}, "input.value", "output.value"),
    "langfuse": ({"langfuse.observation.type": "tool"}, "langfuse.observation.input", "langfuse.observation.output"),
    "mlflow": ({"mlflow.spanType": '"TOOL"'}, "mlflow.spanInputs", "mlflow.spanOutputs"),
    "vercel": ({"ai.operationId": "ai.toolCall"}, "ai.toolCall.args", "ai.toolCall.result"),
    "google adk": (
        {"gen_ai.operation.name": "execute_tool"},
        "gcp.vertex.agent.tool_call_args",
        "gcp.vertex.agent.tool_response",
    ),
    "pydantic ai": ({"gen_ai.operation.name": "execute_tool"}, "tool_arguments", "tool_response"),
    "openlit": ({"gen_ai.operation.name": "execute_tool"}, "gen_ai.tool.args", "gen_ai.tool.output"),
    "claude code": ({"span.type": "tool"}, "tool_input", ""),
}


def made(number: int, parent: int, attributes: dict[str, Value]) -> Span:
    ids = f"{number:016x}", f"{parent:016x}" if parent else ""
    return Span(
        "1" * 32, *ids, f"s{number}", start_ns=number * 10**9, end_ns=(50 + number) * 10**9, attributes=attributes
    )


def run(*spans: dict[str, Value]) -> TraceView:
    """An agent that tells nothing itself, and these spans below it in order of time."""
    agent = made(1, 0, {"openinference.span.kind": "AGENT"})
    below = [made(at, 1, attributes) for at, attributes in enumerate(spans, 2)]
    return view(Trace("tenant", "1" * 32, (agent, *below)))


async def scored(seen: TraceView, dimension: str, check: str, *needs: str) -> Result:
    rules = {
        "anchors": {number: f"anchor {number}" for number in range(1, 6)},
        "checks": [{"use": f"otel_scorer.scoring.checks.{check}"}],
        "ask": "How is it?",
        "needs": list(needs),
    }
    rubric = Rubric.model_validate(
        {
            "name": "mine",
            "version": 1,
            "level": "trace",
            "applies": {"kinds": ["AGENT"]},
            "dimensions": {dimension: rules},
        }
    )
    (result,) = await score_trace(seen.trace, [rubric], None, deadline=time.monotonic() + 5)
    return result


def small_talk(dialect: str) -> dict[str, Value]:
    """An earlier call of the same dialect, whose answer is whole."""
    marks, key, whole = ANSWERS[dialect]
    return {**marks, key: whole.replace(LONG, "Let me look.")}


@pytest.mark.parametrize("dialect", ANSWERS)
def test_a_whole_answer_is_the_final_one(dialect: str) -> None:
    marks, key, whole = ANSWERS[dialect]
    seen = run(small_talk(dialect), {**marks, key: whole})
    assert (seen.final_answer or "").strip().endswith(LONG.strip()) or LONG in (seen.final_answer or "")
    assert not any(step.genai.truncated for step in seen.steps)


@pytest.mark.parametrize("dialect", ANSWERS)
def test_a_cut_answer_is_kept_as_text_flagged_and_no_answer(dialect: str) -> None:
    marks, key, whole = ANSWERS[dialect]
    seen = run(small_talk(dialect), {**marks, key: whole[:300]})
    genai = seen.steps[-1].genai
    assert genai.truncated
    assert genai.output_messages is None
    assert genai.output_text in (whole[:300], None)
    assert seen.final_answer is None
    assert lacking(Target(seen), ["final_answer"]) == ("final_answer",)
    assert lacking(Target(seen, seen.steps[-1]), ["output"]) == ("output",)


@pytest.mark.parametrize("dialect", ANSWERS)
@pytest.mark.parametrize("told", ["absent", "cut"])
async def test_the_scorer_is_told_that_evidence_is_missing(dialect: str, told: str) -> None:
    marks, key, whole = ANSWERS[dialect]
    seen = run(small_talk(dialect), {**marks, key: whole[:300]}) if told == "cut" else run(marks)
    result = await scored(seen, "instruction_adherence", "adherence:output_format", "final_answer")
    outcome = result.scores["instruction_adherence"]
    assert isinstance(outcome, Missing)
    assert outcome.why == "missing_evidence"


@pytest.mark.parametrize("dialect", TOOLS)
def test_a_tool_s_arguments_and_result_are_absent_not_empty(dialect: str) -> None:
    marks, asked, told = TOOLS[dialect]
    absent = evidence(made(1, 0, marks))
    assert (absent.tool_arguments_captured, absent.tool_result_captured) == (False, False)
    whole = evidence(made(1, 0, {**marks, asked: '{"city": "Rome"}', **({told: '""'} if told else {})}))
    assert (whole.tool_arguments, whole.tool_arguments_captured) == ({"city": "Rome"}, True)
    assert whole.tool_result_captured == bool(told)
    assert not whole.truncated


@pytest.mark.parametrize("dialect", TOOLS)
async def test_cut_arguments_are_kept_as_text_and_are_not_wrong_ones(dialect: str) -> None:
    marks, asked, _ = TOOLS[dialect]
    cut = J({"city": "Rome", "days": list(range(60))})[:80]
    span = made(2, 1, {**marks, asked: cut})
    genai = evidence(span)
    assert (genai.tool_arguments, genai.tool_arguments_captured, genai.truncated) == (cut, False, True)
    call = tool_call_of(span)
    assert call is not None
    assert call.arguments is None
    seen = run({**marks, asked: cut})
    outcome = (await scored(seen, "optimal_plan_execution", "plan:tool_arguments")).scores["optimal_plan_execution"]
    assert isinstance(outcome, Missing)
    assert outcome.why == "missing_evidence"


def test_a_call_whose_arguments_were_cut_as_an_attribute_is_not_a_wrong_call() -> None:
    flattened: dict[str, dict[str, Value]] = {
        "openinference": {
            "openinference.span.kind": "LLM",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "w",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city": "Ro',
        },
        "openllmetry": {
            "gen_ai.operation.name": "chat",
            "gen_ai.completion.0.tool_calls.0.name": "w",
            "gen_ai.completion.0.tool_calls.0.arguments": '{"city": "Ro',
        },
        "traceai": {
            "gen_ai.span.kind": "LLM",
            "gen_ai.output.messages.0.message.tool_calls.0.tool_call.function.name": "w",
            "gen_ai.output.messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city": "Ro',
        },
    }
    for dialect, attributes in flattened.items():
        genai = evidence(made(1, 0, attributes))
        assert genai.output_messages is not None, dialect
        assert [call.arguments for call in genai.output_messages[0].tool_calls] == [None], dialect
        assert genai.truncated, dialect
        stopped = evidence(made(1, 0, {**attributes, "gen_ai.response.finish_reasons": ["length"]}))
        assert stopped.output_messages is not None
        assert [call.arguments for call in stopped.output_messages[0].tool_calls] == ['{"city": "Ro'], dialect


def test_an_agent_s_own_output_that_was_cut_leaves_the_word_to_its_model() -> None:
    root = made(1, 0, {"openinference.span.kind": "AGENT", "output.value": '{"messages": [{"role": "user", "con'})
    model = made(2, 1, {"openinference.span.kind": "LLM", "output.value": "Order 7 was shipped."})
    assert view(Trace("tenant", "1" * 32, (root, model))).final_answer == "Order 7 was shipped."
    assert view(Trace("tenant", "1" * 32, (root,))).final_answer is None


def test_a_cut_request_is_no_task() -> None:
    root = made(1, 0, {"openinference.span.kind": "AGENT", "input.value": '{"messages": [{"role": "user", "con'})
    seen = view(Trace("tenant", "1" * 32, (root,)))
    assert seen.task is None
    assert seen.steps[0].genai.truncated
