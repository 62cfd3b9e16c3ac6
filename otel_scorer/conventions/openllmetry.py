"""OpenLLMetry's own forms: flattened `gen_ai.prompt.N`, `gen_ai.completion.N`, functions, entity input and output,
rerank.
"""

from __future__ import annotations

import re

from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Found
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import string
from otel_scorer.model import Document, Message, Value

_RANKED = re.compile(r"Doc (\d{1,9}), Score: ([0-9.eE+-]{1,30})\n?")


def read(source: Source) -> Found:
    prompts, completions = source.rows("gen_ai.prompt"), source.rows("gen_ai.completion")
    if source.kind == "RERANKER":
        return _reranked(prompts, completions)
    return Found(
        input_messages=_messages(prompts, "user"),
        output_messages=_messages(completions, "assistant"),
        input_text=source.text("traceloop.entity.input", "mcp.request.argument"),
        output_text=source.text("traceloop.entity.output", "mcp.response.value"),
        tool_definitions=definitions(functions) if (functions := source.rows("llm.request.functions")) else None,
    )


def _messages(rows: list[Value], default_role: str) -> tuple[Message, ...] | None:
    if not rows:
        return None
    found = shapes.messages([_row(row) for row in rows], default_role)
    return found.items if found else None


def _row(row: Value) -> Value:
    """Anthropic's completion API: the prompt lies under `gen_ai.prompt.0.user`."""
    if isinstance(row, dict) and "role" not in row and isinstance(row.get("user"), str):
        return {"role": "user", "content": row["user"]}
    return row


def _reranked(prompts: list[Value], completions: list[Value]) -> Found:
    """Cohere: documents as `system` prompts, the query as the last `user` prompt, results as text with index and
    score.
    """
    asked = [row for row in prompts if isinstance(row, dict)]
    queries = [string(row.get("content")) for row in asked if row.get("role") == "user"]
    inputs = tuple(Document(text=string(row.get("content"))) for row in asked if row.get("role") != "user")
    ranked = tuple(_ranked(string(row.get("content"))) for row in completions if isinstance(row, dict))
    return Found(query=queries[-1] if queries else None, documents=inputs or None, reranked=ranked or None)


def _ranked(text: str) -> Document:
    match = _RANKED.match(text)
    if match is None:
        return Document(text=text)
    try:
        return Document(match[1], text[match.end() :], float(match[2]))
    except ValueError:
        return Document(match[1], text[match.end() :])
