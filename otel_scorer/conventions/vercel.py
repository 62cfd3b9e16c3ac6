"""Vercel AI SDK up to 6 (`ai.*`; version 7 writes OpenTelemetry's keys)."""

from __future__ import annotations

from otel_scorer.conventions import documents as docs
from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.content import tool_call
from otel_scorer.conventions.finish import normalised
from otel_scorer.conventions.found import Found
from otel_scorer.conventions.otel_genai import chat, tools
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import string
from otel_scorer.model import Message, Value


def read(source: Source) -> Found:
    asked = source.json("ai.prompt")
    return Found(
        system_instructions=shapes.texts(asked.get("system")) if isinstance(asked, dict) else None,
        input_messages=chat(source, "ai.prompt.messages", "user") or _asked(asked),
        output_messages=_answer(source),
        input_text=source.text("ai.prompt", "ai.value", "ai.values"),
        output_text=source.text("ai.response.text", "ai.response.object", "ai.result.text", "ai.result.object"),
        tool_definitions=tools(source, "ai.prompt.tools"),
        documents=docs.documents(source.json("ai.documents")),
        reranked=docs.documents(source.json("ai.ranking")),
    )


def _asked(value: Value) -> tuple[Message, ...] | None:
    if not isinstance(value, dict):
        return None
    inner = value.get("messages") or value.get("prompt")
    found = shapes.messages(inner, "user") if inner else None
    return found.items if found else None


def _answer(source: Source) -> tuple[Message, ...] | None:
    """One assistant message put together from the keys of a model's answer; None when none of them is there."""
    text = source.text("ai.response.text", "ai.result.text", "ai.response.object", "ai.result.object")
    calls = source.json("ai.response.toolCalls", "ai.result.toolCalls")
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
