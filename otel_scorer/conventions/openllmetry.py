"""OpenLLMetry's own forms: flattened `gen_ai.prompt.N`, `gen_ai.completion.N`, functions, entity input and output,
rerank.
"""

from __future__ import annotations

import re

from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Reads, text
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import string
from otel_scorer.model import Document, Message, ToolDefinition, Value

_PROMPT, _COMPLETION, _FUNCTIONS = "gen_ai.prompt", "gen_ai.completion", "llm.request.functions"
_RANKED = re.compile(r"Doc (\d{1,9}), Score: ([0-9.eE+-]{1,30})\n?")


def _messages(source: Source, key: str, default_role: str) -> tuple[Message, ...] | None:
    rows = source.rows(key) if source.kind != "RERANKER" else []
    found = shapes.messages([_row(row) for row in rows], default_role) if rows else None
    return found.items if found else None


def _row(row: Value) -> Value:
    """Anthropic's completion API: the prompt lies under `gen_ai.prompt.0.user`."""
    if isinstance(row, dict) and "role" not in row and isinstance(row.get("user"), str):
        return {"role": "user", "content": row["user"]}
    return row


def _functions(source: Source) -> tuple[ToolDefinition, ...] | None:
    rows = source.rows(_FUNCTIONS)
    return definitions(rows) if rows else None


def _ranking(source: Source, key: str) -> list[dict[str, Value]]:
    """Cohere's reranking: documents as `system` prompts, the query as the last `user` prompt, results as text with
    index and score.
    """
    return [row for row in source.rows(key) if isinstance(row, dict)] if source.kind == "RERANKER" else []


def _query(source: Source) -> str | None:
    queries = [string(row.get("content")) for row in _ranking(source, _PROMPT) if row.get("role") == "user"]
    return queries[-1] if queries else None


def _documents(source: Source) -> tuple[Document, ...] | None:
    rows = (row for row in _ranking(source, _PROMPT) if row.get("role") != "user")
    return tuple(Document(text=string(row.get("content"))) for row in rows) or None


def _reranked(source: Source) -> tuple[Document, ...] | None:
    return tuple(_ranked(string(row.get("content"))) for row in _ranking(source, _COMPLETION)) or None


def _ranked(text: str) -> Document:
    match = _RANKED.match(text)
    if match is None:
        return Document(text=text)
    try:
        return Document(match[1], text[match.end() :], float(match[2]))
    except ValueError:
        return Document(match[1], text[match.end() :])


READS: tuple[Reads, ...] = (
    Reads("input_messages", (_PROMPT,), lambda source: _messages(source, _PROMPT, "user")),
    Reads("output_messages", (_COMPLETION,), lambda source: _messages(source, _COMPLETION, "assistant")),
    text("input_text", "traceloop.entity.input", "mcp.request.argument"),
    text("output_text", "traceloop.entity.output", "mcp.response.value"),
    Reads("tool_definitions", (_FUNCTIONS,), _functions),
    Reads("query", (_PROMPT,), _query),
    Reads("documents", (_PROMPT,), _documents),
    Reads("reranked", (_COMPLETION,), _reranked),
)
