"""OpenTelemetry's `gen_ai.*` attributes, 1.37 and later, and the other encodings found under the same keys.

`gen_ai.input.messages` occurs as JSON text of parts, native AnyValue, OpenAI or Gemini JSON, flattened rows
(traceAI), plain text.
"""

from __future__ import annotations

from dataclasses import replace

from otel_scorer.conventions import documents as docs
from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.finish import finish_reasons_of
from otel_scorer.conventions.found import Reads, text
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import is_cut, loosened, text_of
from otel_scorer.model import Document, Message, ToolCall, ToolDefinition, Value

_INPUT, _OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
_TOOLS, _COMPLETION = "gen_ai.tool.definitions", "gen_ai.completion"
_DOCUMENTS = ("gen_ai.retrieval.documents", "gen_ai.memory.records")


def chat(source: Source, key: str, default_role: str) -> tuple[Message, ...] | None:
    """The messages under one key, flattened or not; None when not captured. Cut JSON is no message (it stays text)."""
    rows: Value = source.rows(key)
    value = rows or source.json(key)
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        return None
    found = chat_of(source, value, default_role)
    if rows and found is not None:
        found = without_cut_calls(source, found)
    return shapes.without_empty(found) if found is not None and default_role == "assistant" else found


def chat_of(source: Source, value: Value, default_role: str) -> tuple[Message, ...] | None:
    """The messages that a parsed value holds; None when not captured. One that lost its content sets `cut`."""
    found = shapes.messages(value, default_role)
    if found is None:
        return None
    source.cut = source.cut or found.hidden
    return found.items


def without_cut_calls(source: Source, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Arguments that are attributes of their own may have been cut like any: then they were not captured.

    A model that stopped at its length, though, leaves arguments that are no JSON.
    """
    if not any(is_cut(call.arguments) for message in messages for call in message.tool_calls):
        return messages
    if "length" in finish_reasons_of(source.span):
        return messages
    source.cut = True
    return tuple(replace(message, tool_calls=tuple(map(_uncut, message.tool_calls))) for message in messages)


def _uncut(call: ToolCall) -> ToolCall:
    return replace(call, arguments=None) if is_cut(call.arguments) else call


def tools(source: Source, key: str) -> tuple[ToolDefinition, ...] | None:
    """The tool definitions under one key, flattened or not; None when not captured."""
    rows = source.rows(key)
    if rows:
        return definitions(rows)
    value = source.value(key)
    found = definitions([loosened(item) for item in value] if isinstance(value, list) else value)
    if found is None and isinstance(value, str):
        source.reparsed(value)
    return found


def _answers(source: Source) -> tuple[Message, ...] | None:
    """LiteLLM leaves a message's parts empty where it asks for tools, and writes the calls in OpenLLMetry's words."""
    found = chat(source, _OUTPUT, "assistant")
    if found and source.rows(_COMPLETION) and not any(map(shapes.has_content, found)):
        return ()
    return found


def _whole(source: Source, *keys: str) -> str | None:
    """A step's input or output in one piece. LangSmith writes `{}` for what it was told to hide."""
    told = source.text(*keys)
    return None if told == "{}" and "langsmith.span.kind" in source.attributes else told


def _unread(source: Source, key: str) -> str | None:
    """The text under a key of messages where it is no JSON, or only the front part of it."""
    value = source.json(key)
    return value if isinstance(value, str) else None


def _system(source: Source) -> str | None:
    value = source.json("gen_ai.system_instructions")
    return text_of(value) if isinstance(value, str) else shapes.texts(value)


def _documents(source: Source) -> tuple[Document, ...] | None:
    """Under the first key that has any; () where what was captured is an empty list, None where nothing was."""
    told = [found for key in _DOCUMENTS if (found := docs.documents(source.rows(key) or source.json(key))) is not None]
    return next(filter(None, told), told[0] if told else None)


READS: tuple[Reads, ...] = (
    Reads("system_instructions", ("gen_ai.system_instructions",), _system),
    Reads("input_messages", (_INPUT,), lambda source: chat(source, _INPUT, "user")),
    Reads("output_messages", (_OUTPUT,), _answers),
    Reads("input_text", (_INPUT,), lambda source: _unread(source, _INPUT)),
    Reads(
        "input_text",
        ("gen_ai.prompt", "gen_ai.prompts"),
        lambda source: _whole(source, "gen_ai.prompt", "gen_ai.prompts"),
    ),
    Reads("output_text", (_OUTPUT,), lambda source: _unread(source, _OUTPUT)),
    Reads("output_text", (_COMPLETION,), lambda source: _whole(source, _COMPLETION)),
    Reads("tool_definitions", (_TOOLS,), lambda source: tools(source, _TOOLS)),
    text("query", "gen_ai.retrieval.query.text", "gen_ai.retrieval.query", "gen_ai.memory.query.text"),
    Reads("documents", _DOCUMENTS, _documents),
)
