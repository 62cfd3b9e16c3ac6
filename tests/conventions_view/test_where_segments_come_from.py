"""Each segment key, from the attributes of at least three conventions (reference, section 3)."""

from __future__ import annotations

import json

import pytest
from spans_by_hand import trace
from told_by_conventions import CITY, OPENAI_TOOL, ROOT, TOOL, Spans, below, called, langfuse, openinference, root

from otel_scorer.conventions.segments import SEGMENT_KEYS, segments
from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Attributes, Event, Value

DOCUMENTS = [{"id": "1", "score": 0.35}, {"id": "2", "score": 0.83}]


def flattened(prefix: str, middle: str, roles: list[str]) -> dict[str, Value]:
    return {f"{prefix}.{index}.{middle}role": role for index, role in enumerate(roles)} | {
        f"{prefix}.{index}.{middle}content": f"text {index}" for index in range(len(roles))
    }


def parts(roles: list[str]) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": "x"}]} for role in roles])


TURNS = ["system", "user", "assistant", "user"]
FAILED = {"status_code": 2, "status_message": "Error code: 429 - rate limit exceeded"}

SEGMENTS: dict[str, tuple[str, dict[str, Spans]]] = {
    "service": (
        "orders",
        {
            "otel_genai": root(),
            "openinference": root(**openinference("AGENT")),
            "traceai": root(**{"gen_ai.span.kind": "AGENT"}),
            "openllmetry": root(**{"traceloop.span.kind": "workflow"}),
        },
    ),
    "version": (
        "1.4.2",
        {
            "otel_genai": root(),
            "openinference": root(**openinference("CHAIN")),
            "openllmetry": root(**{"traceloop.span.kind": "agent"}),
        },
    ),
    "agent": (
        "clerk",
        {
            "otel_genai": root(**{**ROOT, "gen_ai.agent.name": "clerk"}),
            "openinference": root(**openinference("AGENT", **{"agent.name": "clerk"})),
            "openllmetry": root(**{"traceloop.span.kind": "agent", "traceloop.entity.name": "clerk"}),
            "pydantic_ai": root(**{**ROOT, "agent_name": "clerk"}),
        },
    ),
    "model": (
        "gpt-x",
        {
            "otel_genai": below(called(**{"gen_ai.request.model": "gpt", "gen_ai.response.model": "gpt-x"})),
            "openinference": below(openinference("LLM", **{"llm.model_name": "gpt-x"})),
            "openllmetry": below({"llm.request.type": "chat", "gen_ai.response.model": "gpt-x"}),
            "vercel": below({"ai.operationId": "ai.generateText.doGenerate", "ai.response.model": "gpt-x"}),
            "mlflow": below({"mlflow.spanType": '"LLM"', "mlflow.llm.model": '"gpt-x"'}),
            "langfuse": below(langfuse("generation", **{"langfuse.observation.model.name": "gpt-x"})),
        },
    ),
    "task_type": (
        "refund",
        {
            "openinference": root(**openinference("AGENT", metadata='{"task_type": "refund"}')),
            "openllmetry": root(**{**ROOT, "traceloop.association.properties.task_type": "refund"}),
            "otel_genai": root(**{**ROOT, "gen_ai.workflow.name": "refund"}),
            "langfuse": root(**langfuse("agent", **{"langfuse.trace.metadata.task_type": '"refund"'})),
            "langsmith": root(**{"langsmith.span.kind": "chain", "langsmith.metadata.task_type": "refund"}),
        },
    ),
    "retrieval": (
        "on",
        {
            "otel_genai": below({"gen_ai.operation.name": "retrieval"}),
            "openinference": below(openinference("RETRIEVER")),
            "openllmetry": below({"db.system": "chroma"}),
            "traceai": below({"gen_ai.span.kind": "VECTOR_DB"}),
            "langfuse": below(langfuse("retriever")),
        },
    ),
    "tool_set": (
        "weather",
        {
            "otel_genai": below(called(**{"gen_ai.tool.definitions": json.dumps([{"type": "function", **TOOL}])})),
            "openinference": below(openinference("LLM", **{"llm.tools.0.tool.json_schema": json.dumps(OPENAI_TOOL)})),
            "traceai": below(
                {
                    "gen_ai.span.kind": "LLM",
                    "gen_ai.tool.definitions.0.tool.json_schema": json.dumps(OPENAI_TOOL),
                }
            ),
            "openllmetry_old": below(
                {
                    "llm.request.type": "chat",
                    "llm.request.functions.0.name": "weather",
                    "llm.request.functions.0.description": "The weather.",
                    "llm.request.functions.0.parameters": json.dumps(CITY),
                }
            ),
            "vercel": below(
                {
                    "ai.operationId": "ai.generateText.doGenerate",
                    "ai.prompt.tools": [
                        json.dumps(
                            {
                                "type": "function",
                                "name": "weather",
                                "description": "The weather.",
                                "inputSchema": CITY,
                            }
                        )
                    ],
                }
            ),
            "mlflow": below({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.chat.tools": json.dumps([OPENAI_TOOL])}),
        },
    ),
    "truncated": (
        "true",
        {
            "otel_genai": below(called(**{"gen_ai.response.finish_reasons": ["length"]})),
            "openinference": below(openinference("LLM", **{"llm.finish_reason": "length"})),
            "openllmetry_old": below({"llm.request.type": "chat", "gen_ai.completion.0.finish_reason": "max_tokens"}),
            "vercel": below({"ai.operationId": "ai.streamText.doStream", "ai.response.finishReason": "length"}),
        },
    ),
    "retrieval_confidence": (
        "0.8-1.0",
        {
            "otel_genai": below(
                {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": json.dumps(DOCUMENTS)}
            ),
            "openinference": below(
                openinference(
                    "RETRIEVER",
                    **{
                        "retrieval.documents.0.document.score": 0.35,
                        "retrieval.documents.1.document.score": 0.83,
                    },
                )
            ),
            "traceai": below({"gen_ai.span.kind": "RETRIEVER", "retrieval.documents.0.document.score": 0.83}),
            "openinference_reranker": below(
                openinference(
                    "RERANKER",
                    **{
                        "reranker.input_documents.0.document.score": 0.1,
                        "reranker.output_documents.0.document.score": 0.83,
                    },
                )
            ),
            "langfuse": below(
                langfuse("retriever", **{"langfuse.observation.output": json.dumps({"documents": DOCUMENTS})})
            ),
        },
    ),
    "conversation_length": (
        "2-3",
        {
            "otel_genai": below(called(**{"gen_ai.input.messages": parts(TURNS)})),
            "openinference": below(openinference("LLM", **flattened("llm.input_messages", "message.", TURNS))),
            "openllmetry_old": below({"llm.request.type": "chat", **flattened("gen_ai.prompt", "", TURNS)}),
            "traceai": below({"gen_ai.span.kind": "LLM", **flattened("gen_ai.input.messages", "message.", TURNS)}),
            "vercel": below(
                {
                    "ai.operationId": "ai.generateText.doGenerate",
                    "ai.prompt.messages": json.dumps(
                        [{"role": role, "content": [{"type": "text", "text": "x"}]} for role in TURNS]
                    ),
                }
            ),
        },
    ),
    "guardrail": (
        "blocked",
        {
            "otel_genai": below(called(**{"gen_ai.response.finish_reasons": ["content_filter"]})),
            "openllmetry": below(
                {
                    "gen_ai.operation.name": "guardrail.run",
                    "gen_ai.guardrail.name": "pii",
                    "gen_ai.guardrail.status": "FAILED",
                }
            ),
            "traceai": below({"gen_ai.span.kind": "GUARDRAIL", "guardrail.status": "failed"}),
            "otel_genai_proposed": below(
                {
                    "gen_ai.operation.name": "run_guardrail",
                    "gen_ai.security.guardrail.name": "pii",
                    "gen_ai.security.guardrail.verdict.type": "deny",
                }
            ),
        },
    ),
    "budget_constrained": (
        "true",
        {
            "otel_genai": below(called(**{"error.type": "RateLimitError"}), status_code=2),
            "openinference": below(
                openinference("LLM"),
                status_code=2,
                events=(Event("exception", 2, {"exception.type": "RateLimitError", "exception.message": "slow down"}),),
            ),
            "openllmetry": below({"llm.request.type": "chat"}, **FAILED),
            "langfuse": below(
                langfuse(
                    "generation",
                    **{
                        "langfuse.observation.level": "ERROR",
                        "langfuse.observation.status_message": "429 Too Many Requests",
                    },
                )
            ),
        },
    ),
}
SEGMENTS["tool_schema"] = ("", SEGMENTS["tool_set"][1])
"""{key: (value, {convention: spans})}; the schema's hash is the same for all that offer the same tools."""


def cases(table: dict[str, tuple[str, dict[str, Spans]]]) -> list[tuple[str, str]]:
    return [(key, convention) for key, (_, forms) in table.items() for convention in forms]


@pytest.mark.parametrize(("key", "convention"), cases(SEGMENTS))
def test_a_segment_key_is_read_from_each_convention(key: str, convention: str) -> None:
    value, forms = SEGMENTS[key]
    found = segments(view(trace(*forms[convention])))
    assert found.get(key) == (value or segments(view(trace(*next(iter(forms.values())))))[key])


def test_every_segment_key_has_at_least_three_conventions() -> None:
    assert set(SEGMENTS) == set(SEGMENT_KEYS)
    assert all(len(forms) >= 3 for _, forms in SEGMENTS.values())


def test_a_key_of_which_a_convention_says_nothing_is_not_there() -> None:
    bare = segments(view(trace(*below(called()))))
    assert {"model", "task_type", "tool_set", "guardrail", "conversation_length"}.isdisjoint(bare)


@pytest.mark.parametrize(
    "attributes",
    [
        {"traceloop.association.properties.plan": "gold"},
        {"langfuse.trace.metadata.plan": "gold"},
        {"langsmith.metadata.plan": "gold"},
    ],
)
def test_chosen_attributes_are_those_of_any_convention(attributes: Attributes) -> None:
    (key,) = attributes
    assert segments(view(trace(*root(**{**ROOT, **attributes}))), [key])[f"attribute.{key}"] == "gold"
