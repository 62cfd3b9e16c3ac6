"""OpenInference, and traceAI's older form, which has the same keys: flattened messages, `input.value`, documents,
rerankers.
"""

from __future__ import annotations

from dataclasses import replace

from otel_scorer.conventions import documents as docs
from otel_scorer.conventions import exchange
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Reads, text
from otel_scorer.conventions.otel_genai import chat, tools
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import MAX_ITEMS, captured, string
from otel_scorer.model import Document, Message, ToolDefinition, Value

_INPUT, _OUTPUT, _TOOLS = "llm.input_messages", "llm.output_messages", "llm.tools"
_INVOCATION = ("llm.invocation_parameters", "gen_ai.request.parameters")
_SYSTEM = ('"system"', '"instructions"', '"system_instruction"')
_DOCUMENTS = ("retrieval.documents", "reranker.input_documents", "gen_ai.reranker.input_documents")
_RERANKED = ("reranker.output_documents", "gen_ai.reranker.output_documents")


def _rows(source: Source, prefixes: tuple[str, ...]) -> tuple[Document, ...] | None:
    for prefix in prefixes:
        found = docs.documents(source.rows(prefix) or source.json(prefix))
        if found is not None:
            return found
    return None


def _asked(source: Source) -> tuple[Message, ...] | None:
    """The flattened messages; where an instrumentation lost some on the way, those of the request beside them."""
    cut = source.cut
    found = chat(source, _INPUT, "user")
    if found is None:
        return None
    rows = [_message_in(row) for row in source.rows(_INPUT)]
    if source.cut or any("tool_call_id" in row and row.get("role") == "user" for row in rows):
        # Of Anthropic's results of several calls, which are one message of the user, a flattened one has the last.
        whole = _whole(source, found)
        if whole is not None:
            source.cut = cut
            return whole
    return found if all("role" in row for row in rows) or len(rows) != len(found) else _with_roles(rows, found)


def _message_in(row: Value) -> dict[str, Value]:
    message = row.get("message") if isinstance(row, dict) else None
    return message if isinstance(message, dict) else {}


def _with_roles(rows: list[dict[str, Value]], found: tuple[Message, ...]) -> tuple[Message, ...]:
    """Between messages that name a role, one that names none is the model's reasoning (OpenAI's Responses API)."""
    if not any("role" in row for row in rows):
        return found
    told = zip(rows, found, strict=True)
    return tuple(message if "role" in row else replace(message, role="assistant") for row, message in told)


def _whole(source: Source, found: tuple[Message, ...]) -> tuple[Message, ...] | None:
    """The messages of the request; None where it has no more than the flattened ones."""
    request = _request(source)
    if request is None or request.hidden or not request.messages:
        return None
    spoken = [sum(message.role != "system" for message in messages) for messages in (request.messages, found)]
    return request.messages if spoken[0] >= spoken[1] else None


def _request(source: Source) -> exchange.Request | None:
    """The request as it was made, where `input.value` holds one (LangChain's is a list of lists of messages)."""
    value = source.json("input.value")
    return exchange.request(value) if isinstance(value, dict) else None


def _told(source: Source) -> tuple[Message, ...] | None:
    """The flattened answer; one that says nothing at all is looked for in the response beside it."""
    found = chat(source, _OUTPUT, "assistant")
    if not found or any(_says(message) for message in found):
        return found
    value = source.json("output.value")
    return exchange.response(value).messages or found if isinstance(value, dict) else found


def _says(message: Message) -> bool:
    return bool(message.text or message.tool_calls or message.tool_results or message.media)


def _system(source: Source) -> str | None:
    """Anthropic's and Gemini's system prompt stands beside the messages, and so among the request's parameters."""
    for key in _INVOCATION:
        told = source.attributes.get(key)
        if isinstance(told, str) and any(name in told for name in _SYSTEM):
            parameters = source.json(key)
            return exchange.system_of(parameters) if isinstance(parameters, dict) else None
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
    Reads("system_instructions", _INVOCATION, _system),
    Reads("input_messages", (_INPUT,), _asked),
    Reads("input_messages", ("llm.prompts", "gen_ai.prompts"), _prompts),
    Reads("output_messages", (_OUTPUT,), _told),
    Reads("output_messages", ("llm.choices",), _completions),
    text("input_text", "input.value"),
    text("output_text", "output.value"),
    Reads("tool_definitions", (_TOOLS,), lambda source: tools(source, _TOOLS)),
    Reads("tool_definitions", _INVOCATION, _invoked_with),
    text("query", "reranker.query", "gen_ai.reranker.query"),
    Reads("documents", _DOCUMENTS, lambda source: _rows(source, _DOCUMENTS)),
    Reads("reranked", _RERANKED, lambda source: _rows(source, _RERANKED)),
)
