"""The kind of a span, by each dialect's own words."""

from __future__ import annotations

import pytest

from otel_scorer.conventions.kinds import kind_of
from otel_scorer.model import Span, Value


def span(name: str = "s", otlp_kind: int = 1, /, **attributes: Value) -> Span:
    return Span("0" * 32, "1" * 16, "", name, otlp_kind=otlp_kind, attributes=attributes)


CASES: list[tuple[dict[str, Value], str, str]] = [
    ({"openinference.span.kind": "RETRIEVER"}, "RETRIEVER", "RETRIEVER"),
    ({"openinference.span.kind": "llm"}, "LLM", "llm"),
    ({"openinference.span.kind": "CHAIN", "gen_ai.operation.name": "invoke_agent"}, "AGENT", "CHAIN"),
    ({"openinference.span.kind": "CHAIN", "gen_ai.operation.name": "chat"}, "CHAIN", "CHAIN"),
    ({"openinference.span.kind": "TELEPATHY"}, "UNKNOWN", "TELEPATHY"),
    ({"gen_ai.span.kind": "A2A_CLIENT"}, "A2A_CLIENT", "A2A_CLIENT"),
    ({"fi.span.kind": "CONVERSATION"}, "CONVERSATION", "CONVERSATION"),
    ({"gen_ai.span.kind": "LLM", "gen_ai.operation.name": "execute_tool"}, "LLM", "LLM"),
    ({"langfuse.observation.type": "generation"}, "LLM", "generation"),
    ({"langfuse.observation.type": "event"}, "UNKNOWN", "event"),
    ({"langsmith.span.kind": "retriever", "gen_ai.operation.name": "embeddings"}, "RETRIEVER", "retriever"),
    ({"langsmith.span.kind": "prompt", "gen_ai.operation.name": "chat"}, "PROMPT", "prompt"),
    ({"mlflow.spanType": '"CHAT_MODEL"'}, "LLM", "CHAT_MODEL"),
    ({"traceloop.span.kind": "task", "gen_ai.operation.name": "execute_task"}, "CHAIN", "task"),
    ({"traceloop.span.kind": "unknown", "gen_ai.operation.name": "chat"}, "LLM", "chat"),
    ({"gen_ai.operation.name": "generate_content"}, "LLM", "generate_content"),
    ({"gen_ai.operation.name": "invoke_workflow"}, "WORKFLOW", "invoke_workflow"),
    ({"gen_ai.operation.name": "evaluation"}, "EVALUATOR", "evaluation"),
    ({"gen_ai.operation.name": "rerank"}, "RERANKER", "rerank"),
    ({"gen_ai.operation.name": "dream"}, "UNKNOWN", "dream"),
    ({"mcp.method.name": "tools/call"}, "TOOL", "tools/call"),
    ({"ai.operationId": "ai.generateText"}, "AGENT", "ai.generateText"),
    ({"ai.operationId": "ai.streamText.doStream"}, "LLM", "ai.streamText.doStream"),
    ({"operation.name": "ai.toolCall weather"}, "TOOL", "ai.toolCall"),
    ({"span.type": "llm_request"}, "LLM", "llm_request"),
    ({"llm.request.type": "rerank"}, "RERANKER", "rerank"),
    ({"gen_ai.request.model": "m", "gen_ai.prompt.0.role": "user"}, "LLM", ""),
    ({"gen_ai.tool.name": "t", "gen_ai.tool.call.id": "1"}, "TOOL", ""),
    ({"retrieval.documents.0.document.content": "x"}, "RETRIEVER", ""),
    ({"db.system": "milvus"}, "VECTOR_DB", ""),
    ({"db.system": "postgresql", "db.vector.query.top_k": 3}, "VECTOR_DB", ""),
    ({"rail.stop": True}, "UNKNOWN", ""),
    ({"gen_ai.span.kind": "UNKNOWN", "input.value": "x"}, "CHAIN", "UNKNOWN"),
    ({"gen_ai.span.kind": "UNKNOWN", "gen_ai.prompt.template.name": "t", "input.value": "x"}, "PROMPT", "UNKNOWN"),
    ({"openinference.span.kind": "UNKNOWN", "gen_ai.operation.name": "chat"}, "LLM", "chat"),
    ({"openinference.span.kind": "UNKNOWN"}, "UNKNOWN", "UNKNOWN"),
    ({"gen_ai.operation.name": "handoff"}, "CHAIN", "handoff"),
    ({"openinference.span.kind": 7, "gen_ai.operation.name": ["chat"]}, "UNKNOWN", "7"),
    ({}, "UNKNOWN", ""),
]


@pytest.mark.parametrize(("attributes", "kind", "raw"), CASES)
def test_the_first_key_that_speaks_decides(attributes: dict[str, Value], kind: str, raw: str) -> None:
    assert kind_of(span(**attributes)) == (kind, raw)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("agent run", "AGENT"),
        ("running tool", "TOOL"),
        ("call_llm", "LLM"),
        ("agent_run [x]", "AGENT"),
        ("claude_code.interaction", "AGENT"),
        ("guardrails.rail", "GUARDRAIL"),
    ],
)
def test_names_decide_where_no_key_does(name: str, kind: str) -> None:
    assert kind_of(span(name)) == (kind, "")


def test_an_a2a_span_is_client_or_server_by_its_otlp_kind() -> None:
    assert kind_of(span("s", 2, **{"a2a.method.name": "message/send"})) == ("A2A_SERVER", "message/send")
    assert kind_of(span("s", 3, **{"gen_ai.a2a.task.id": "t"})) == ("A2A_CLIENT", "")
