"""OpenInference, and traceAI's older form, which has the same keys: flattened messages, `input.value`, documents,
rerankers.
"""

from __future__ import annotations

from otel_scorer.conventions import documents as docs
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Found
from otel_scorer.conventions.otel_genai import chat, tools
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import captured, string
from otel_scorer.model import Document, Message, ToolDefinition, Value


def read(source: Source) -> Found:
    return Found(
        input_messages=chat(source, "llm.input_messages", "user") or _prompts(source),
        output_messages=chat(source, "llm.output_messages", "assistant") or _completions(source),
        input_text=source.text("input.value", "raw.input", "fi.raw_input", "eval.input"),
        output_text=source.text("output.value", "fi.llm.output", "raw.output", "fi.raw_output"),
        tool_definitions=tools(source, "llm.tools") or _invoked_with(source),
        query=source.text("reranker.query", "gen_ai.reranker.query"),
        documents=_rows(source, "retrieval.documents", "reranker.input_documents", "gen_ai.reranker.input_documents"),
        reranked=_rows(source, "reranker.output_documents", "gen_ai.reranker.output_documents"),
    )


def _rows(source: Source, *prefixes: str) -> tuple[Document, ...] | None:
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
    for row in rows if isinstance(rows, list) else [rows]:
        inner = row.get(name) if isinstance(row, dict) else row
        text = inner.get("text") if isinstance(inner, dict) else inner
        if isinstance(text, str) and captured(text):
            found.append(text)
    return found


def _invoked_with(source: Source) -> tuple[ToolDefinition, ...] | None:
    """Older spans hold the tools only among the invocation parameters."""
    told = source.attributes.get("llm.invocation_parameters")
    if not isinstance(told, str) or ('"tools"' not in told and '"functions"' not in told):
        return None
    parameters = source.json("llm.invocation_parameters")
    if not isinstance(parameters, dict):
        return None
    value = parameters.get("tools") or parameters.get("functions")
    return None if isinstance(value, str) and not string(value) else definitions(value)
