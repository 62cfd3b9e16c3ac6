"""What JavaScript's agent frameworks and coding agents really export, read (see recorded_js/README.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Kind
from otel_scorer.otlp.files import read_traces

FOLDER = Path(__file__).parent / "recorded_js"
FILES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
SYSTEM = "You are the stock clerk of a kitchen shop. Use the tools, answer in one sentence."
QUESTION = "How many kettles KT-7 are in stock in Oslo, and at what price?"
ANSWER = "The Oslo warehouse has 42 kettles (KT-7) in stock, at 349 NOK each."
CODING = ("claude-code-2.1.197", "gemini-cli-0.61.0")
WITHOUT_ROOT = ("anthropic-1.12.0-openinference-0.2.8", "openai-6.49.0-opentelemetry-0.21.0")
"""Instrumentations of a provider's client alone: the agent is the program itself, and has no span."""
SHOP = [name for name in FILES if name not in CODING]


def of(name: str) -> TraceView:
    (trace,) = read_traces([FOLDER / f"{name}.jsonl"])
    return view(trace)


def test_every_recording_is_small_and_named_in_the_readme() -> None:
    told = (FOLDER / "README.md").read_text()
    for path in FOLDER.glob("*.jsonl"):
        assert path.stat().st_size <= 40_000
        assert f"`{path.stem}`" in told


@pytest.mark.parametrize("name", SHOP)
def test_what_was_asked_and_answered(name: str) -> None:
    seen = of(name)
    assert (seen.system or "").endswith(SYSTEM)  # Google's ADK tells the agent its name before
    assert seen.task == QUESTION
    # Mastra's agent hands over the text of all its steps
    said = f"The stock service failed, I try again.{ANSWER}" if name.startswith("mastra") else ANSWER
    assert seen.final_answer == said
    assert seen.incomplete == (name in WITHOUT_ROOT)
    assert not any(step.genai.truncated for step in seen.steps)


@pytest.mark.parametrize("name", SHOP)
def test_each_use_of_a_tool_once_with_its_arguments_and_result(name: str) -> None:
    first, *later = of(name).tool_uses
    assert (first.name, first.arguments) == ("get_stock", {"sku": "KT-7"})
    assert "error" in f"{first.error} {first.result_text or ''}".lower() or "reset" in first.error
    assert sorted((use.name, use.error) for use in later) == [("get_price", ""), ("get_stock", "")]
    results = {use.name: use.result for use in later}
    assert results["get_stock"] == {"sku": "KT-7", "warehouse": "Oslo", "units": 42}
    assert results["get_price"] == {"sku": "KT-7", "price": 349, "currency": "NOK"}
    assert all(use.arguments_captured for use in later)
    ids = {use.id for use in (first, *later)}
    assert len(ids) == 3 or name.startswith("genkit"), "Gemini's calls have no ids"


@pytest.mark.parametrize("name", SHOP)
def test_tokens_of_three_calls_are_counted_once(name: str) -> None:
    seen = of(name)
    assert (seen.usage.input, seen.usage.output) == (101 + 102 + 103, 11 + 12 + 13)
    assert seen.models[0].removeprefix("googleai/").startswith(("pretend-1", "claude-pretend-1", "gemini-2.5-flash"))


@pytest.mark.parametrize("name", sorted(set(SHOP) - {"openai-6.49.0-opentelemetry-0.21.0"}))
def test_the_tools_that_were_offered(name: str) -> None:
    assert set(of(name).tool_definitions or ()) == {"get_stock", "get_price"}


KINDS: Mapping[str, Mapping[Kind, int]] = {
    "vercel-7.0.173": {"AGENT": 1, "CHAIN": 3, "LLM": 3, "TOOL": 3},
    "vercel-6.0.326-openinference-2.8.1": {"AGENT": 1, "LLM": 3, "TOOL": 3},
    "google-adk-2.0.0": {"AGENT": 1, "LLM": 3, "TOOL": 4},
    "mastra-1.71.0": {"AGENT": 1, "CHAIN": 4, "LLM": 3, "TOOL": 3},
    "genkit-1.42.0": {"WORKFLOW": 1, "CHAIN": 3, "LLM": 3, "TOOL": 3},
    "langchain-1.5.14-openinference-4.1.1": {"CHAIN": 7, "LLM": 3, "TOOL": 3},
    "langchain-1.5.14-traceloop-0.27.0": {"WORKFLOW": 2, "LLM": 6, "TOOL": 3},
    "anthropic-1.12.0-openinference-0.2.8": {"LLM": 6},
    "openai-6.49.0-traceloop-0.27.0": {"AGENT": 1, "LLM": 3, "TOOL": 2},
    "openai-6.49.0-opentelemetry-0.21.0": {"LLM": 3},
    "openai-7.57.0-langfuse-5.11.1": {"AGENT": 1, "LLM": 3, "TOOL": 3},
    "openai-agents-0.20.0-openinference-0.2.15": {"AGENT": 2, "CHAIN": 4, "LLM": 3, "TOOL": 3},
    "claude-code-2.1.197": {"AGENT": 1, "CHAIN": 2, "LLM": 3, "TOOL": 4},
    "gemini-cli-0.61.0": {"LLM": 1},
}


@pytest.mark.parametrize("name", FILES)
def test_kinds(name: str) -> None:
    kinds = list(of(name).kinds.values())
    assert {kind: kinds.count(kind) for kind in kinds} == KINDS[name]


@pytest.mark.parametrize(
    "name", ["mastra-1.71.0", "langchain-1.5.14-traceloop-0.27.0", "openai-7.57.0-langfuse-5.11.1"]
)
def test_the_conversation(name: str) -> None:
    assert of(name).conversation_id == "session-7"


def test_one_call_told_side_by_side_stands_once_in_the_tree() -> None:
    seen = of("langchain-1.5.14-traceloop-0.27.0")
    doubles = [step for step in seen.llm if step.parent_id and seen.kinds[step.parent_id] == "LLM"]
    assert [step.span.scope.name for step in doubles] == ["@traceloop/instrumentation-openai"] * 3


def test_an_error_that_a_processor_gives_to_later_spans_is_the_first_ones_alone() -> None:
    seen = of("vercel-6.0.326-openinference-2.8.1")
    failed = {span_id for span_id, _ in seen.errors}
    assert {seen.by_id[span_id].span.name for span_id in failed} == {
        "ai.toolCall stock-clerk",
        "ai.generateText stock-clerk",
    }
    assert len(failed) == 2, "the call that failed, and the root, which began before"


def test_reasoning_between_messages_is_the_models() -> None:
    turns = of("openai-agents-0.20.0-openinference-0.2.15").turns or ()
    assert [turn.role for turn in turns].count("user") == 1


def test_claude_code() -> None:
    seen = of("claude-code-2.1.197")
    assert seen.task == f"{QUESTION} See the stock file here."
    assert seen.final_answer == ANSWER
    assert [(use.name, use.arguments, bool(use.error)) for use in seen.tool_uses] == [
        ("Bash", {"command": "cat stocks.txt", "description": "Read the stock"}, True),
        ("Bash", {"command": "cat stock.txt", "description": "Read the stock"}, False),
    ]
    assert seen.tool_uses[1].result == "KT-7;kettle;Oslo;42;349 NOK"
    assert [[message.role for message in call.genai.input_messages or ()] for call in seen.llm] == [
        ["user"],
        ["tool"],
        ["tool"],
    ]
    assert {"Bash", "Read"} <= set(seen.tool_definitions or ())
    assert (seen.usage.input, seen.usage.output, seen.usage.cache_read) == (306, 36, 186)


def test_gemini_cli_tells_a_streamed_answer_chunk_by_chunk() -> None:
    seen = of("gemini-cli-0.61.0")
    assert seen.final_answer == ANSWER
    assert (seen.task or "").endswith(f"{QUESTION} See the stock file here.")
    assert [use.result_captured for use in seen.tool_uses] == [True, True]
    assert seen.conversation_id
