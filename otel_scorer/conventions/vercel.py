"""Vercel AI SDK up to 6 (`ai.*`; version 7 writes OpenTelemetry's keys)."""

from __future__ import annotations

from otel_scorer.conventions import documents as docs
from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.content import tool_call
from otel_scorer.conventions.finish import normalised
from otel_scorer.conventions.found import Reads, text
from otel_scorer.conventions.otel_genai import chat, chat_of, tools
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import is_cut, string
from otel_scorer.model import Message

_PROMPT, _MESSAGES, _TOOLS = "ai.prompt", "ai.prompt.messages", "ai.prompt.tools"
_TEXT, _OBJECT = ("ai.response.text", "ai.result.text"), ("ai.response.object", "ai.result.object")
_CALLS = ("ai.response.toolCalls", "ai.result.toolCalls")


def _system(source: Source) -> str | None:
    asked = source.json(_PROMPT)
    return shapes.texts(asked.get("system")) if isinstance(asked, dict) else None


def _asked(source: Source) -> tuple[Message, ...] | None:
    value = source.json(_PROMPT)
    if not isinstance(value, dict):
        return None
    inner = value.get("messages") or value.get("prompt")
    return chat_of(source, inner, "user") if inner else None


def _answer(source: Source) -> tuple[Message, ...] | None:
    """One assistant message put together from the keys of a model's answer; None when none of them is there."""
    text, calls = source.text(*_TEXT), source.json(*_CALLS)
    if text is None:
        text = source.text(*_OBJECT)
        if is_cut(text):
            source.cut = True
            return None
    if text is None and calls is None:
        return None
    found = [tool_call(item) for item in calls] if isinstance(calls, list) else []
    return (
        Message(
            "assistant",
            text=text or "",
            tool_calls=tuple(call for call in found if call is not None),
            reasoning=source.text("ai.response.reasoning") or "",
            finish_reason=normalised(string(source.attributes.get("ai.response.finishReason"))),
        ),
    )


READS: tuple[Reads, ...] = (
    Reads("system_instructions", (_PROMPT,), _system),
    Reads("input_messages", (_MESSAGES,), lambda source: chat(source, _MESSAGES, "user")),
    Reads("input_messages", (_PROMPT,), _asked),
    Reads("output_messages", (*_TEXT, *_OBJECT, *_CALLS), _answer),
    text("input_text", _PROMPT, "ai.value", "ai.values"),
    text("output_text", "ai.response.text", "ai.response.object", "ai.result.text", "ai.result.object"),
    Reads("tool_definitions", (_TOOLS,), lambda source: tools(source, _TOOLS)),
    Reads("documents", ("ai.documents",), lambda source: docs.documents(source.json("ai.documents"))),
    Reads("reranked", ("ai.ranking",), lambda source: docs.documents(source.json("ai.ranking"))),
)
