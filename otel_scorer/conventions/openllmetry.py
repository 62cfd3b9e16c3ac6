"""OpenLLMetry's own forms: flattened `gen_ai.prompt.N`, `gen_ai.completion.N`, functions, entity input and output,
rerank.
"""

from __future__ import annotations

import json
import re

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Reads
from otel_scorer.conventions.otel_genai import chat_of, without_cut_calls
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import string, too_many
from otel_scorer.model import Document, Message, ToolDefinition, Value

_PROMPT, _COMPLETION = "gen_ai.prompt", "gen_ai.completion"
_FUNCTIONS = ("llm.request.functions", "gen_ai.request.functions")
_INPUT, _OUTPUT = ("traceloop.entity.input", "gen_ai.task.input"), ("traceloop.entity.output", "gen_ai.task.output")
_WRAPPED = re.compile(r'\{"(?:inputs|outputs)": ?')
_BESIDE = re.compile(r'(?:, ?"(?:tags|metadata|kwargs)": ?|\}\Z)')
_DECODER = json.JSONDecoder()
_RANKED = re.compile(r"Doc (\d{1,9}), Score: ([0-9.eE+-]{1,30})\n?")


def _messages(source: Source, key: str, default_role: str) -> tuple[Message, ...] | None:
    rows = source.rows(key) if source.kind != "RERANKER" else []
    found = chat_of(source, [_row(row) for row in rows], default_role) if rows else None
    return without_cut_calls(source, found) if found is not None else None


def _row(row: Value) -> Value:
    """Anthropic's completion API: the prompt lies under `gen_ai.prompt.0.user`."""
    if isinstance(row, dict) and "role" not in row and isinstance(row.get("user"), str):
        return {"role": "user", "content": row["user"]}
    return row


def _passed(source: Source, keys: tuple[str, ...]) -> str | None:
    """What a step was given, or gave: of LangChain's `{"inputs": {...}, "tags": [], "kwargs": {}}` what was passed."""
    text = source.text(*keys)
    wrapped = _WRAPPED.match(text) if text else None
    if text is None or wrapped is None or too_many(text):
        return text
    try:
        value, end = _DECODER.raw_decode(text, wrapped.end())
    except (ValueError, RecursionError):
        return text
    if _BESIDE.match(text, end) is None:
        return text
    return value if isinstance(value, str) else text[wrapped.end() : end]


def _functions(source: Source) -> tuple[ToolDefinition, ...] | None:
    rows = next(filter(None, map(source.rows, _FUNCTIONS)), None)
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
    Reads("input_text", _INPUT, lambda source: _passed(source, _INPUT)),
    Reads("output_text", _OUTPUT, lambda source: _passed(source, _OUTPUT)),
    Reads("tool_definitions", _FUNCTIONS, _functions),
    Reads("query", (_PROMPT,), _query),
    Reads("documents", (_PROMPT,), _documents),
    Reads("reranked", (_COMPLETION,), _reranked),
)
