"""Whole agent runs of 14 instrumentations: nothing raises, and each kind of step gives its evidence."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from otlp_json_files import SHARED, spans_in

from otel_scorer.conventions.read import evidence, feedback_of, guardrails_of, tool_call_of, usage_of
from otel_scorer.model import GenAI, Span

FOLDER = SHARED / "agents"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the recorded agent runs are not here (../shared/traces)")


@cache
def runs() -> dict[str, list[tuple[Span, GenAI]]]:
    """{instrumentation: its spans with their evidence}"""
    found: dict[str, list[tuple[Span, GenAI]]] = {}
    for path in sorted(FOLDER.glob("*/*.json")):
        if not path.name.endswith(".logs.json"):
            found.setdefault(path.parent.name, []).extend((span, evidence(span)) for span in spans_in(path))
    return found


def steps(instrumentation: str, kind: str) -> list[GenAI]:
    return [genai for _, genai in runs()[instrumentation] if genai.kind == kind]


def test_all_14_instrumentations_are_read() -> None:
    assert len(runs()) == 14
    assert sum(len(spans) for spans in runs().values()) == 1174


def test_the_kinds_are_those_that_the_instrumentations_declare() -> None:
    kinds = Counter(genai.kind for spans in runs().values() for _, genai in spans)
    assert {"AGENT", "LLM", "TOOL", "CHAIN", "WORKFLOW", "RETRIEVER", "PROMPT"} <= kinds.keys()
    assert kinds["UNKNOWN"] == 71 + sum(genai.raw_kind == "UNKNOWN" for genai in steps("traceai_langchain", "UNKNOWN"))


def test_tools_have_name_arguments_and_result_unless_hidden() -> None:
    for instrumentation, spans in runs().items():
        for span, genai in spans:
            if genai.kind == "TOOL":
                assert genai.tool_name, (instrumentation, span.name)
                assert genai.tool_arguments_captured or genai.tool_arguments is None
                assert genai.tool_result_captured or genai.tool_result is None


@pytest.mark.parametrize(
    ("instrumentation", "name", "arguments"),
    [
        ("openinference_agent_framework", "get_weather", {"location": "San Francisco"}),
        ("openinference_autogen", "get_weather", {"city": "New York"}),
        ("openinference_google_adk", "get_weather", {"city": "New York"}),
        ("openinference_pydantic_ai", "get_weather", {"city": "Paris"}),
        ("openinference_smolagents", "final_answer", ["Report on the current US president"]),
        ("openllmetry_agno", "multiply", {"a": 6, "b": 7}),
        ("openllmetry_langchain", "tavily_search_results_json", {"query": "OpenLLMetry"}),
        ("openllmetry_openai_agents", "analyze_data", {"data_request": "Sales data from last quarter"}),
        ("otel_openai_agents_v2", "fetch_weather", {"city": "Paris"}),
        ("traceai_langchain", "tavily_search_results_json", "OpenLLMetry"),
    ],
)
def test_arguments_come_out_of_their_wrapping(instrumentation: str, name: str, arguments: object) -> None:
    told = [genai.tool_arguments for genai in steps(instrumentation, "TOOL") if genai.tool_name == name]
    assert arguments in told


def test_the_cheap_tool_call_is_the_one_that_reading_finds() -> None:
    for spans in runs().values():
        for span, genai in spans:
            call = tool_call_of(span)
            assert (call is None) == (genai.kind != "TOOL")
            if call is not None:
                assert (call.name, call.id) == (genai.tool_name, genai.tool_call_id)
                assert call.arguments == genai.tool_arguments


def test_redacted_content_counts_as_not_captured() -> None:
    masked = [
        evidence(span)
        for span in spans_in(
            FOLDER / "openinference_crewai/tests_test_event_listener.py_test_event_listener_trace_config_masking.json"
        )
    ]
    assert all(genai.input_text is None and genai.output_text is None for genai in masked)
    assert all(genai.input_messages is None and genai.output_messages is None for genai in masked)
    assert not any(genai.tool_arguments_captured or genai.tool_result_captured for genai in masked)


def test_retrieved_documents_are_read() -> None:
    found = steps("openinference_langchain", "RETRIEVER")
    assert found
    assert all(genai.query and genai.documents and genai.documents[0].text for genai in found)


def test_message_events_without_content_are_not_captured_not_empty() -> None:
    silent = FOLDER.glob("openllmetry_langchain/*with_events_with_no_content*.json")
    spans = [span for path in silent if not path.name.endswith(".logs.json") for span in spans_in(path)]
    said = [message for span in spans for message in evidence(span).output_messages or () if message.text]
    assert len(spans) > 10
    assert said == []


def test_message_events_with_content_are_read() -> None:
    path = FOLDER / "openllmetry_langchain/tests_test_lcel.py_test_invoke_with_events_with_content.json"
    (genai, *_) = [found for span in spans_in(path) if (found := evidence(span)).input_messages]
    assert genai.input_messages is not None
    assert genai.output_messages is not None
    assert genai.input_messages[0].text
    assert genai.output_messages[0].text


def test_nobody_has_scored_or_guarded_these_runs() -> None:
    for spans in runs().values():
        for span, _ in spans:
            assert feedback_of(span) == ()
            assert guardrails_of(span) == ()
            assert usage_of(span) is not None
