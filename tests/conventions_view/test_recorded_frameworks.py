"""Published agent frameworks as they write a run today (`recorded/README.md`)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.otlp import read_traces

FOLDER = Path(__file__).with_name("recorded")
QUESTION = "When does order A-1042 arrive, and may I still return the two books?"
ANSWER = (
    "Your order A-1042 was shipped with DHL and arrives on 2026-03-14. "
    "Books can be returned within 30 days of delivery."
)
TOOLS = ("lookup_order", "lookup_order", "return_policy")


class Run(NamedTuple):
    """What a recording tells, as the model server and the program knew it."""

    kinds: dict[str, int]
    tokens: tuple[int | None, int | None]
    tools: tuple[str, ...] = TOOLS
    system: bool = True
    says_failed: bool = True


RUNS = {
    "ag2-0.14.0-openinference": Run({"AGENT": 9, "TOOL": 3}, (None, None), system=False),
    "ag2-0.14.0-own": Run({"WORKFLOW": 1, "AGENT": 8, "LLM": 4, "TOOL": 3}, (407, 81)),
    "agent_framework-1.23.0-workflow": Run({"AGENT": 2, "LLM": 5, "TOOL": 3}, (518, 100)),
    "crewai-1.15.30-openinference_events": Run({"CHAIN": 1, "AGENT": 1, "LLM": 4, "TOOL": 3}, (589, 81)),
    "dspy-3.4.1-openinference": Run(
        {"CHAIN": 14, "LLM": 4, "TOOL": 3}, (None, None), ("lookup_order", "lookup_order", "finish")
    ),
    "google_adk-2.13.0-schema_1": Run(
        {"AGENT": 2, "LLM": 10, "TOOL": 4},
        (1969, 108),
        ("lookup_order", "lookup_order", "transfer_to_agent", "return_policy"),
        says_failed=False,
    ),
    "llama_index-0.14.25-openllmetry": Run({"WORKFLOW": 1, "LLM": 4}, (396, 81), says_failed=False),
    "openai_agents-0.24.0-openinference": Run(
        {"AGENT": 3, "CHAIN": 6, "LLM": 5, "TOOL": 4},
        (556, 96),
        ("lookup_order", "lookup_order", "transfer_to_policydesk", "return_policy"),
    ),
}


def seen_of(name: str) -> TraceView:
    (seen,) = [seen for seen in map(view, read_traces([FOLDER / f"{name}.jsonl"])) if not seen.own]
    return seen


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_read_as_it_was(name: str) -> None:
    run, seen = RUNS[name], seen_of(name)
    assert (seen.task, seen.final_answer) == (QUESTION, ANSWER)
    assert (seen.system is not None) == run.system
    assert [use.name for use in seen.tool_uses] == list(run.tools)
    first, second = seen.tool_uses[:2]
    assert first.arguments == second.arguments == {"order_id": "A-1042"}
    assert bool(first.error) == run.says_failed
    assert "DHL" in (second.result_text or "")
    kinds = Counter(step.kind for step in seen.steps)
    assert {kind: kinds[kind] for kind in run.kinds} == run.kinds
    assert (seen.usage.input, seen.usage.output) == run.tokens


def test_the_making_of_an_agent_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    path.write_text(
        '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"000000000000000000000000000000a1",'
        '"spanId":"00000000000000b1","name":"create_agent x","startTimeUnixNano":"1","endTimeUnixNano":"2",'
        '"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"create_agent"}}]}]}]}]}'
    )
    (seen,) = map(view, read_traces([path]))
    assert seen.own


def test_a_model_s_output_that_is_a_list_of_calls_is_read_as_calls() -> None:
    seen = seen_of("crewai-1.15.30-openinference_events")
    asked = [
        call.name for step in seen.llm for message in step.genai.output_messages or () for call in message.tool_calls
    ]
    assert asked == list(TOOLS)
    assert all(use.requested_by for use in seen.tool_uses)
