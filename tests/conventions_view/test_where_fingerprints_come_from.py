"""Each fingerprint, from the attributes of at least three conventions (reference, section 3)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from spans_by_hand import trace
from told_by_conventions import CITY, TOOL, Spans, below, called, langfuse, openinference

from otel_scorer.conventions.segments import FINGERPRINTS, fingerprints
from otel_scorer.conventions.trace_view import view

SALT = b"tenant"
PARAMETERS = {"temperature": 0.2, "max_tokens": 50}


def otel_system(text: str) -> Spans:
    return below(called(**{"gen_ai.system_instructions": json.dumps([{"type": "text", "content": text}])}))


def openinference_system(text: str) -> Spans:
    prefix = "llm.input_messages.0.message."
    return below(openinference("LLM", **{f"{prefix}role": "system", f"{prefix}content": text}))


def openllmetry_system(text: str) -> Spans:
    return below({"llm.request.type": "chat", "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": text})


def traceai_system(text: str) -> Spans:
    prefix = "gen_ai.input.messages.0.message."
    return below({"gen_ai.span.kind": "LLM", f"{prefix}role": "system", f"{prefix}content": text})


Make = Callable[[str], Spans]
SAME: dict[str, dict[str, Make]] = {
    "prompt_template": {
        "otel_genai": otel_system,
        "openinference": openinference_system,
        "openllmetry_old": openllmetry_system,
        "traceai": traceai_system,
    },
    "tool_schemas": {
        "otel_genai": lambda text: below(
            called(**{"gen_ai.tool.definitions": json.dumps([{**TOOL, "description": text}])})
        ),
        "openinference": lambda text: below(
            openinference("LLM", **{"llm.tools.0.tool.json_schema": json.dumps({**TOOL, "description": text})})
        ),
        "openllmetry_old": lambda text: below(
            {
                "llm.request.type": "chat",
                "llm.request.functions.0.name": "weather",
                "llm.request.functions.0.description": text,
                "llm.request.functions.0.parameters": json.dumps(CITY),
            }
        ),
        "mlflow": lambda text: below(
            {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.chat.tools": json.dumps([{"type": "function", "function": {**TOOL, "description": text}}]),
            }
        ),
    },
    "embedding_model": {
        "otel_genai": lambda text: below({"gen_ai.operation.name": "embeddings", "gen_ai.request.model": text}),
        "openinference": lambda text: below(openinference("EMBEDDING", **{"embedding.model_name": text})),
        "openllmetry": lambda text: below({"llm.request.type": "embedding", "gen_ai.request.model": text}),
        "vercel": lambda text: below({"ai.operationId": "ai.embed.doEmbed", "ai.model.id": text}),
    },
    "decoding_parameters": {
        "otel_genai": lambda text: below(
            called(
                **{f"gen_ai.request.{key}": value for key, value in PARAMETERS.items()},
                **{"gen_ai.request.stop_sequences": [text]},
            )
        ),
        "openinference": lambda text: below(
            openinference("LLM", **{"llm.invocation_parameters": json.dumps({**PARAMETERS, "stop": [text]})})
        ),
        "traceai": lambda text: below(
            {
                "gen_ai.span.kind": "LLM",
                "gen_ai.request.parameters": json.dumps({**PARAMETERS, "stop": [text]}),
            }
        ),
        "langfuse": lambda text: below(
            langfuse(
                "generation",
                **{"langfuse.observation.model.parameters": json.dumps({**PARAMETERS, "stop": [text]})},
            )
        ),
        "vercel": lambda text: below(
            {
                "ai.operationId": "ai.generateText.doGenerate",
                "ai.settings.temperature": 0.2,
                "ai.settings.maxOutputTokens": 50,
                "ai.settings.stopSequences": [text],
            }
        ),
    },
    "tool_arguments": {
        "otel_genai": lambda text: below(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "weather",
                "gen_ai.tool.call.arguments": json.dumps({"city": text}),
            }
        ),
        "openinference": lambda text: below(
            openinference("TOOL", **{"tool.name": "weather", "input.value": json.dumps({"city": text})})
        ),
        "vercel": lambda text: below(
            {
                "ai.operationId": "ai.toolCall",
                "ai.toolCall.name": "weather",
                "ai.toolCall.args": json.dumps({"city": text}),
            }
        ),
        "pydantic_ai": lambda text: below(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "weather",
                "tool_arguments": json.dumps({"city": text}),
            }
        ),
    },
}
"""Fingerprints that are the same whichever convention told what they are of."""

OWN: dict[str, dict[str, Make]] = {
    "retrieval_settings": {
        "otel_genai": lambda text: below(
            {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": text, "gen_ai.request.top_k": 5}
        ),
        "openllmetry": lambda text: below({"db.system": "chroma", "db.vector.query.top_k": text}),
        "openinference": lambda text: below(
            openinference("RERANKER", **{"reranker.model_name": text, "reranker.top_k": 3})
        ),
        "traceai": lambda text: below({"gen_ai.span.kind": "RETRIEVER", "gen_ai.retrieval.top_k": text}),
    },
    "prompt_template": {
        "otel_genai": lambda text: below(called(**{"gen_ai.prompt.name": "p", "gen_ai.prompt.version": text})),
        "openinference": lambda text: below(
            openinference("LLM", **{"llm.prompt_template.template": text, "llm.prompt_template.variables": "{}"})
        ),
        "openllmetry": lambda text: below({"llm.request.type": "chat", "traceloop.prompt.template": text}),
        "langfuse": lambda text: below(
            langfuse(
                "generation",
                **{"langfuse.observation.prompt.name": "p", "langfuse.observation.prompt.version": text},
            )
        ),
        "traceai": lambda text: below(
            {
                "gen_ai.span.kind": "LLM",
                "gen_ai.prompt.template.name": "p",
                "gen_ai.prompt.template.version": text,
            }
        ),
    },
}
"""Fingerprints of what each convention tells in its own way: they notice change, and do not compare."""


def mark(spans: Spans, name: str) -> str | None:
    return fingerprints(view(trace(*spans)), SALT).get(name)


@pytest.mark.parametrize("name", SAME)
def test_a_fingerprint_is_the_same_from_each_convention_and_another_for_another_thing(name: str) -> None:
    marks = {convention: mark(make("One thing"), name) for convention, make in SAME[name].items()}
    assert None not in marks.values(), marks
    assert len(set(marks.values())) == 1, marks
    assert all(mark(make("Another"), name) != marks[convention] for convention, make in SAME[name].items())


@pytest.mark.parametrize(
    ("name", "convention"), [(name, convention) for name, forms in OWN.items() for convention in forms]
)
def test_a_fingerprint_notices_a_change_in_each_convention(name: str, convention: str) -> None:
    make = OWN[name][convention]
    first = mark(make("One thing"), name)
    assert first is not None
    assert mark(make("One thing"), name) == first
    assert mark(make("Another"), name) != first


def test_every_fingerprint_has_at_least_three_conventions() -> None:
    assert set(SAME) | set(OWN) == set(FINGERPRINTS)
    assert all(len(forms) >= 3 for forms in (*SAME.values(), *OWN.values()))
