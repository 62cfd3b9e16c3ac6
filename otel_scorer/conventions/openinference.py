"""OpenInference, and traceAI's older form, which has the same keys: flattened messages, `input.value`, documents,
rerankers.
"""

from __future__ import annotations

from otel_scorer.conventions import documents as docs
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Reads, text
from otel_scorer.conventions.otel_genai import chat, tools
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import MAX_ITEMS, captured, string
from otel_scorer.model import Document, Message, ToolDefinition, Value

_INPUT, _OUTPUT, _TOOLS = "llm.input_messages", "llm.output_messages", "llm.tools"
_INVOCATION = ("llm.invocation_parameters", "gen_ai.request.parameters")
_DOCUMENTS = ("retrieval.documents", "reranker.input_documents", "gen_ai.reranker.input_documents")
_RERANKED = ("reranker.output_documents", "gen_ai.reranker.output_documents")


def _rows(source: Source, prefixes: tuple[str, ...]) -> tuple[Document, ...] | None:
    for prefix in prefixes:
        found = docs.documents(source.rows(prefix) or source.json(prefix))
        if found is not None:
            return found
    return None


def _prompts(source: Source) -> tuple[Message, ...] | None:
    """The completions API: prompts are bare texts."""
    texts = _texts(source.rows("llm.prompts"), "prompt") or _texts(
        source.json("llm.prompts", "gen_ai.prompts"), "prompt"
    )
    return tuple(Message("user", text=text) for text in texts) or None


def _completions(source: Source) -> tuple[Message, ...] | None:
    return tuple(Message("assistant", text=text) for text in _texts(source.rows("llm.choices"), "completion")) or None


def _texts(rows: Value, name: str) -> list[str]:
    found: list[str] = []
    for row in rows[:MAX_ITEMS] if isinstance(rows, list) else [rows]:
        inner = row.get(name) if isinstance(row, dict) else row
        text = inner.get("text") if isinstance(inner, dict) else inner
        if isinstance(text, str) and captured(text):
            found.append(text)
    return found


def _invoked_with(source: Source) -> tuple[ToolDefinition, ...] | None:
    """Some spans hold the tools only among the invocation parameters."""
    for key in _INVOCATION:
        told = source.attributes.get(key)
        if isinstance(told, str) and ('"tools"' in told or '"functions"' in told):
            parameters = source.json(key)
            value = (parameters.get("tools") or parameters.get("functions")) if isinstance(parameters, dict) else None
            return None if isinstance(value, str) and not string(value) else definitions(value)
    return None


READS: tuple[Reads, ...] = (
    Reads("input_messages", (_INPUT,), lambda source: chat(source, _INPUT, "user")),
    Reads("input_messages", ("llm.prompts", "gen_ai.prompts"), _prompts),
    Reads("output_messages", (_OUTPUT,), lambda source: chat(source, _OUTPUT, "assistant")),
    Reads("output_messages", ("llm.choices",), _completions),
    text("input_text", "input.value"),
    text("output_text", "output.value"),
    Reads("tool_definitions", (_TOOLS,), lambda source: tools(source, _TOOLS)),
    Reads("tool_definitions", _INVOCATION, _invoked_with),
    text("query", "reranker.query", "gen_ai.reranker.query"),
    Reads("documents", _DOCUMENTS, lambda source: _rows(source, _DOCUMENTS)),
    Reads("reranked", _RERANKED, lambda source: _rows(source, _RERANKED)),
)
