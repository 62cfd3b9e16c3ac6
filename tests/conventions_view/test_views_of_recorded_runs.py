from __future__ import annotations

import pytest
from recorded_runs import FOLDER, runs

from otel_scorer.conventions.segments import fingerprints, input_length, segments
from otel_scorer.conventions.trace_view import TraceView, view

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the recorded agent runs are not here (../shared/traces)")


def of(part: str, index: int = 0) -> TraceView:
    (found,) = (traces for name, traces in runs().items() if part in name)
    return view(found[index])


def test_every_recorded_run_can_be_looked_at() -> None:
    for name, traces in runs().items():
        for trace in traces:
            seen = view(trace)
            assert seen.root is not None, name
            made = [span for span in trace.spans if span.attributes.get("gen_ai.operation.name") == "create_agent"]
            assert seen.own == (len(made) == len(trace.spans)), name
            assert {step.span_id for step in seen.steps} == {span.span_id for span in trace.spans}
            assert all(use.name for use in seen.tool_uses), name
            assert segments(seen)["retrieval"] in ("on", "off")
            assert isinstance(fingerprints(seen, b""), dict)
            assert (input_length(seen) or 0) >= 0
            _ = seen.contexts, seen.turns, seen.user_text, seen.system, seen.errors


@pytest.mark.parametrize(
    ("part", "task", "answer"),
    [
        ("adk_instrumentor_multi_tool_call", "What is the weather in New York and London?", "The weather in New York"),
        ("adk_instrumentor_multi_agent", "What is the weather in New York?", "OK. The weather in New York is sunny"),
        ("openai_tool_span_instrumentation", "What's the weather in Paris?", "The weather in Paris is sunny."),
        ("openinference_langchain_parallel/tests_test_agents.py", "What is OpenLLMetry?", "OpenLLMetry is an"),
        ("traceai_langchain/tests_test_agents.py", "What is OpenLLMetry?", "OpenLLMetry is an"),
        ("TestAssistantAgent_test_agent_run", "What is the weather in New York?", "The weather in New York is"),
        ("TestTeam_test_team_run", "Write a short poem about the fall season.", "Your revised poem is enchanting"),
        ("smolagents_test_instrumentor.py_TestRuns_test_multiagents", "Fake question.", "Final report."),
        ("router_analytics_complete_workflow", "Can you analyze the sales data", "Here is the report"),
        ("test_agent_with_tool_calls", "What's the weather in San Francisco?", "The weather in San Francisco is sunny"),
        ("test_query_real_agent_span", "Reply with exactly the word: ok", "ok"),
    ],
)  # fmt: skip
def test_what_was_asked_and_answered(part: str, task: str, answer: str) -> None:
    names = [name for name in runs() if part in name]
    seen = view(runs()[min(names, key=len)][0])
    assert (seen.task or "").startswith(task)
    assert (seen.final_answer or "").startswith(answer)
    assert seen.turns is not None
    assert (seen.turns[0].role, seen.turns[-1].role) in {("system", "assistant"), ("user", "assistant")}


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("adk_instrumentor_multi_tool_call", ["get_weather", "get_weather"]),
        ("adk_instrumentor_parallel_tool_calls", ["get_weather", "get_weather"]),
        ("adk_instrumentor_multi_agent", ["transfer_to_agent", "get_weather"]),
        ("test_multiple_tools", ["get_temperature", "get_humidity"]),
        ("TestAssistantAgent_test_agent_run", ["get_weather"]),
        (
            "router_analytics_complete_workflow",
            ["transfer_to_analytics_agent", "analyze_data", "process_results", "generate_report"],
        ),
        ("test_recipe_workflow_agent_handoffs", ["search_recipes", "plan_and_apply_recipe_modifications"]),
    ],
)
def test_each_use_of_a_tool_is_told_once_with_its_request_and_result(part: str, names: list[str]) -> None:
    uses = of(part).tool_uses
    assert [use.name for use in uses] == names
    assert all(use.requested_by and use.result_captured and not use.error for use in uses)


def test_a_parallel_call_is_not_told_again_by_the_span_over_it() -> None:
    assert "(merged tools)" not in [use.name for use in of("adk_instrumentor_parallel_tool_calls").tool_uses]


def test_tokens_of_a_model_call_below_a_model_call_of_another_agent_are_counted() -> None:
    assert of("adk_instrumentor_multi_agent").usage.input == 1263
