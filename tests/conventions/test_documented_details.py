"""Every key that the reference page names for retrieval, prompts and parameters is read."""

from __future__ import annotations

import json

import pytest
from spans_by_key import span

from otel_scorer.conventions.read import evidence
from otel_scorer.model import Document, Value

J = json.dumps
LLM: dict[str, Value] = {"openinference.span.kind": "LLM"}
CHAT: dict[str, Value] = {"gen_ai.operation.name": "chat"}
RETRIEVER: dict[str, Value] = {"openinference.span.kind": "RETRIEVER"}

RETRIEVED: list[dict[str, Value]] = [
    {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.retrieval.query.text": "q",
        "gen_ai.retrieval.documents": J([{"id": "d", "score": 0.5, "content": "t"}]),
    },
    {
        **RETRIEVER,
        "input.value": "q",
        "retrieval.documents.0.document.id": "d",
        "retrieval.documents.0.document.content": "t",
        "retrieval.documents.0.document.score": 0.5,
    },
    {
        "gen_ai.span.kind": "RETRIEVER",
        "gen_ai.retrieval.query": "q",
        "gen_ai.retrieval.documents.0.document.id": "d",
        "gen_ai.retrieval.documents.0.document.content": "t",
        "gen_ai.retrieval.documents.0.document.score": 0.5,
    },
    {
        "langfuse.observation.type": "retriever",
        "langfuse.observation.input": "q",
        "langfuse.observation.output": J([{"id": "d", "text": "t", "score": 0.5}]),
    },
    {
        "mlflow.spanType": '"RETRIEVER"',
        "mlflow.spanInputs": J({"query": "q"}),
        "mlflow.spanOutputs": J([{"id": "d", "page_content": "t", "score": 0.5}]),
    },
    {
        "langsmith.span.kind": "retriever",
        "gen_ai.prompt": J({"query": "q"}),
        "gen_ai.completion": J({"documents": [{"id": "d", "page_content": "t", "score": 0.5}]}),
    },
    {
        "gen_ai.operation.name": "search_memory",
        "gen_ai.memory.query.text": "q",
        "gen_ai.memory.records": J([{"id": "d", "content": "t", "score": 0.5}]),
    },
]

RERANKED: list[dict[str, Value]] = [
    {
        f"{prefix}.query": "q",
        f"{prefix}.input_documents.0.document.id": "d",
        f"{prefix}.input_documents.0.document.content": "t",
        f"{prefix}.output_documents.0.document.id": "d",
        f"{prefix}.output_documents.0.document.content": "t",
        f"{prefix}.output_documents.0.document.score": 0.5,
    }
    for prefix in ("reranker", "gen_ai.reranker")
]

PROMPTS: list[dict[str, Value]] = [
    {"gen_ai.prompt.name": "greet", "gen_ai.prompt.version": "3"},
    {"gen_ai.prompt.template.name": "greet", "gen_ai.prompt.template.version": "3"},
    {"langfuse.observation.prompt.name": "greet", "langfuse.observation.prompt.version": 3},
    {"traceloop.prompt.key": "greet", "traceloop.prompt.version": 3},
    {"prompt.id": "greet", "llm.prompt_template.version": "3"},
    {"llm.prompt_template.name": "greet", "llm.prompt_template.version": "3"},
    {"mlflow.linkedPrompts": J([{"name": "greet", "version": "3"}])},
]

PARAMETERS: list[dict[str, Value]] = [
    {"gen_ai.request.temperature": 0.5, "gen_ai.request.top_p": 0.9, "gen_ai.request.max_tokens": 10},
    {"llm.invocation_parameters": J({"temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 10})},
    {"gen_ai.request.parameters": J({"temperature": 0.5, "top_p": 0.9, "max_tokens": 10})},
    {"langfuse.observation.model.parameters": J({"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 10})},
    {"ai.settings.temperature": 0.5, "ai.settings.topP": 0.9, "ai.settings.maxOutputTokens": 10},
    {
        "gcp.vertex.agent.llm_request": J(
            {"contents": [], "config": {"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 10}}
        )
    },
    {"mlflow.spanInputs": J({"messages": [], "temperature": 0.5, "top_p": 0.9, "max_tokens": 10})},
]


@pytest.mark.parametrize("attributes", RETRIEVED, ids=lambda keys: " ".join(list(keys)[1:2]))
def test_retrieved_documents(attributes: dict[str, Value]) -> None:
    genai = evidence(span(**attributes))
    assert (genai.kind, genai.query, genai.documents) == ("RETRIEVER", "q", (Document("d", "t", 0.5),))


def test_a_vector_store_of_traceai_tells_ids_and_scores() -> None:
    attributes: dict[str, Value] = {
        "gen_ai.span.kind": "VECTOR_DB",
        "db.vector.results.ids": '["d1", "d2"]',
        "db.vector.results.scores": "[0.5, 0.25]",
        "db.vector.results.count": 2,
    }
    assert evidence(span(**attributes)).documents == (Document("d1", None, 0.5), Document("d2", None, 0.25))


@pytest.mark.parametrize("attributes", RERANKED, ids=lambda keys: next(iter(keys)))
def test_reranked_documents(attributes: dict[str, Value]) -> None:
    genai = evidence(span(**{"gen_ai.span.kind": "RERANKER", **attributes}))
    assert (genai.query, genai.documents, genai.reranked) == ("q", (Document("d", "t"),), (Document("d", "t", 0.5),))


@pytest.mark.parametrize("attributes", PROMPTS, ids=lambda keys: next(iter(keys)))
def test_prompt_name_and_version(attributes: dict[str, Value]) -> None:
    genai = evidence(span(**{**CHAT, **attributes}))
    assert (genai.prompt_name, genai.prompt_version) == ("greet", "3")


@pytest.mark.parametrize("attributes", PARAMETERS, ids=lambda keys: next(iter(keys)))
def test_decoding_parameters(attributes: dict[str, Value]) -> None:
    found = evidence(span(**{**CHAT, **attributes})).parameters
    assert {name: found.get(name) for name in ("temperature", "top_p", "max_tokens")} == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 10,
    }


def test_older_names_of_openllmetry_s_parameters() -> None:
    attributes: dict[str, Value] = {
        "llm.request.type": "chat",
        "llm.top_k": 5,
        "llm.frequency_penalty": 0.1,
        "llm.presence_penalty": 0.2,
        "llm.chat.stop_sequences": ["x"],
    }
    assert evidence(span(**attributes)).parameters == {
        "top_k": 5,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "stop_sequences": ["x"],
    }
