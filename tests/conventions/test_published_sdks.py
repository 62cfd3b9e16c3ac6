"""Runs of one small agent, as the published SDKs export them today (recorded/README.md): each is read as it was.

The agent is asked for an order, looks it up (the first try fails), looks it up again and the policy beside it, and
answers.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.otlp import read_traces

FOLDER = Path(__file__).with_name("recorded")
QUESTION = "What does order 4711 cost, and can I still return it?"
ANSWER = "Order 4711 costs 129.90 EUR, and you can return it within 30 days of delivery."
SYSTEM = "You are the order desk of Fjord Supplies."
DATABASE_FAILED = "the order database did not answer in time"


class Told(NamedTuple):
    """What an SDK's export tells. `usage`: input, output, cache read, cache write and reasoning tokens of all calls;
    `definitions`: it tells which tools the model could use; `executed`: its tools have spans; `ids`: of the
    conversation and the user.
    """

    root: tuple[str, str]
    kinds: dict[str, int]
    usage: tuple[int | None, ...]
    definitions: bool = True
    executed: bool = True
    ids: tuple[str, str] = ("", "")
    documents: bool = False
    system: bool = True


IDS = ("session-7", "user-3")
OPENAI_USAGE = (606, 60, 192, None, 24)
ANTHROPIC_USAGE = (846, 60, 192, 48, None)
FUNCTIONS = {"AGENT": 1, "LLM": 3, "TOOL": 3}
GRAPH = {"CHAIN": 7, "LLM": 3, "TOOL": 3, "RETRIEVER": 1}
SDKS = {
    "agentops-0.4.21": Told(
        ("order desk.session", "WORKFLOW"), FUNCTIONS | {"WORKFLOW": 1, "CHAIN": 1}, (609, 60, None, None, None)
    ),
    "anthropic-2.12.0": Told(
        ("anthropic.messages.tool_runner", "AGENT"), FUNCTIONS, ANTHROPIC_USAGE, definitions=False
    ),
    "langfuse-5.0.4": Told(
        ("order-desk", "AGENT"), FUNCTIONS | {"RETRIEVER": 1}, OPENAI_USAGE, ids=IDS, documents=True
    ),
    "langfuse-langchain-5.0.4": Told(("order_desk", "CHAIN"), GRAPH, OPENAI_USAGE, ids=IDS, documents=True),
    "langsmith-0.15.0": Told(
        ("order_desk", "CHAIN"),
        {"CHAIN": 1, "LLM": 3, "TOOL": 3, "RETRIEVER": 1},
        OPENAI_USAGE,
        ids=IDS,
        documents=True,
    ),
    # MLflow's sum has no reasoning tokens; those of a span's own output count for that span only
    "mlflow-3.17.2": Told(
        ("order_desk", "AGENT"), FUNCTIONS | {"RETRIEVER": 1}, (606, 60, 192, None, None), documents=True
    ),
    # the client's own spans stand beside OpenLLMetry's, and a stream has one token more in one of them
    "traceloop-sdk-0.62.4": Told(
        ("order_desk.workflow", "WORKFLOW"),
        {"WORKFLOW": 1, "AGENT": 1, "LLM": 6, "TOOL": 3, "CHAIN": 1, "VECTOR_DB": 2},
        (846, 61, 192, 48, None),
        ids=IDS,
        documents=True,
    ),
    "openinference-bedrock-0.1.61": Told(
        ("invoke_agent order_desk", "AGENT"), FUNCTIONS, ANTHROPIC_USAGE, ids=("session-7", "")
    ),
    "openlit-1.45.0": Told(("order_desk", "CHAIN"), {"CHAIN": 1, "LLM": 3}, (606, 60, 192, 0, None), executed=False),
    "opentelemetry-genai-langchain-1.3b0": Told(
        ("invoke_agent order_desk", "AGENT"), FUNCTIONS | {"RETRIEVER": 1}, OPENAI_USAGE
    ),
}


@cache
def recorded(name: str) -> tuple[TraceView, ...]:
    return tuple(view(trace) for trace in read_traces([FOLDER / f"{name}.jsonl"]))


def run(name: str) -> TraceView:
    (seen,) = recorded(name)
    return seen


def usage_of(seen: TraceView) -> tuple[int | None, ...]:
    usage = seen.usage
    return usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning


@pytest.mark.parametrize("name", SDKS)
def test_what_was_asked_and_answered(name: str) -> None:
    seen = run(name)
    assert (seen.task, seen.final_answer) == (QUESTION, ANSWER)
    assert (seen.system or "").startswith(SYSTEM)
    assert seen.user_text == QUESTION


@pytest.mark.parametrize("name", SDKS)
def test_the_root_and_the_kinds(name: str) -> None:
    seen, told = run(name), SDKS[name]
    assert seen.root is not None
    assert (seen.root.name, seen.kinds[seen.root.span_id]) == told.root
    assert Counter(seen.kinds.values()) == told.kinds


@pytest.mark.parametrize("name", SDKS)
def test_each_use_of_a_tool_with_what_it_was_given_and_gave(name: str) -> None:
    uses, told = run(name).tool_uses, SDKS[name]
    in_order = sorted(
        uses, key=lambda use: (use.name, not use.error and DATABASE_FAILED not in (use.result_text or ""))
    )
    assert [(use.name, use.arguments) for use in in_order] == [
        ("lookup_order", {"order_id": "4711"}),
        ("lookup_order", {"order_id": "4711"}),
        ("search_policy", {"query": "return window"}),
    ]
    failed, found, policy = in_order
    assert DATABASE_FAILED in (failed.result_text or "")
    assert '"total_eur":129.9' in (found.result_text or "")
    assert "within 30 days" in (policy.result_text or "")
    assert "additional_kwargs" not in (found.result_text or "")
    assert (bool(failed.error), found.error, policy.error) == (told.executed, "", "")
    assert {use.executed for use in uses} == {told.executed}
    assert all(use.id for use in uses)
    assert {bool(use.definition and use.definition.parameters) for use in uses} == {told.definitions}


@pytest.mark.parametrize("name", SDKS)
def test_tokens_are_counted_once(name: str) -> None:
    assert usage_of(run(name)) == SDKS[name].usage


@pytest.mark.parametrize("name", SDKS)
def test_conversation_user_and_documents(name: str) -> None:
    seen, told = run(name), SDKS[name]
    assert (seen.conversation_id, seen.user_id) == told.ids
    documents = {context.text for context in seen.contexts if context.source == "retrieval"}
    assert any("within 30 days" in text for text in documents) == told.documents
    assert not any('"type":"function"' in context.text for context in seen.contexts)


def test_litellm_writes_calls_in_other_words_than_texts() -> None:
    (seen,) = [seen for seen in recorded("litellm-1.106.2") if seen.root is not None and seen.root.name == "order_desk"]
    first, second = (step.genai for step in seen.llm if step.span.name == "litellm_request")
    assert [[call.name for call in message.tool_calls] for message in first.output_messages or ()] == [["lookup_order"]]
    assert [[call.name for call in message.tool_calls] for message in second.output_messages or ()] == [
        ["lookup_order", "search_policy"]
    ]
    assert seen.final_answer is None
    assert seen.task == QUESTION
    failed = next(use for use in seen.tool_uses if use.result_captured)
    assert failed.result_text == f"Error: {DATABASE_FAILED}"


def test_litellm_s_asynchronous_calls_are_model_calls() -> None:
    seen = run("litellm-async-1.106.2")
    assert Counter(seen.kinds.values()) == {"AGENT": 1, "LLM": 2}
    assert (seen.task, seen.usage.input) == (QUESTION, 201)


def test_logfire_tells_a_stream_twice_and_the_client_a_third_time() -> None:
    seen = run("logfire-5.2.0")
    assert Counter(seen.kinds.values()) == {"LLM": 5}
    assert usage_of(seen) == ANTHROPIC_USAGE
    assert (seen.task, seen.final_answer) == (QUESTION, ANSWER)
    assert [use.name for use in seen.tool_uses] == ["lookup_order", "lookup_order", "search_policy"]


def test_mistral_s_own_spans_are_the_calls_that_stand_beside_them() -> None:
    seen = run("mistralai-1-traceloop-sdk-0.62.4")
    own = [step for step in seen.llm if step.span.scope.name == "mistralai_sdk_tracer"]
    assert [seen.by_id[step.parent_id].span.name for step in own] == ["mistralai.chat"] * 3
    assert usage_of(seen) == (606, 60, 192, None, None)
    assert (seen.task, seen.final_answer) == (QUESTION, ANSWER)
