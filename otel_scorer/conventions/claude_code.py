"""Claude Code (beta): prompts, answers and tool details as plain attributes, tool output in a span event."""

from __future__ import annotations

import re

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Captured, Reads
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import captured, parsed, text_of
from otel_scorer.model import Message, ToolDefinition, ToolResult

_OWN = ("span.type", "user_prompt", "new_context", "response.model_output", "tool_name", "tool_input", "tool_use_id")
"""Its other keys are too common to be read on a span that has none of these."""
_DETAILS = ("full_command", "file_path", "skill_name", "subagent_type")
_OUTPUT = ("output", "content", "diff")
_SECTION = re.compile(r"(?:\A|\n\n---\n\n)\[(USER|USER PROMPT|TOOL RESULT: [^\]\n]{1,200})\]\n")
"""How what is new in a request's context begins, and each part of it."""
_NAMED = re.compile(r"\[TOOL INPUT: [^\]\n]{1,200}\]\n")


def _asked(source: Source) -> str | None:
    text = source.text("user_prompt", "new_context") if source.kind != "TOOL" else None
    return None if text is None else _SECTION.sub("", text, count=1)


def _told(source: Source) -> str | None:
    return source.text("response.model_output") if source.kind != "TOOL" else None


def _input(source: Source) -> tuple[Message, ...] | None:
    text = source.text("user_prompt", "new_context") if source.kind == "LLM" else None
    if text is None:
        return None
    before, *told = _SECTION.split(text)
    rest = zip(told[::2], told[1::2], strict=True)
    first = (Message("user", text=before),) if before.strip() or not told else ()
    return (*first, *[_message(head, body) for head, body in rest])


def _message(head: str, body: str) -> Message:
    if head.startswith("USER"):
        return Message("user", text=body)
    return Message("tool", tool_results=(ToolResult(head.removeprefix("TOOL RESULT: "), content=body),))


def _tools(source: Source) -> tuple[ToolDefinition, ...] | None:
    """The names, of which it tells no more than a hash besides."""
    return definitions(source.json("tools")) if source.kind == "LLM" else None


def _output(source: Source) -> tuple[Message, ...] | None:
    told = _told(source) if source.kind == "LLM" else None
    return (Message("assistant", text=told),) if told is not None else None


def _arguments(source: Source) -> Captured | None:
    if source.kind != "TOOL":
        return None
    arguments = source.json("tool_input")
    if isinstance(arguments, str):
        arguments = parsed(_NAMED.sub("", arguments, count=1))
    if arguments is None:
        arguments = {key: text for key in _DETAILS if (text := source.text(key)) is not None} or None
    return None if arguments is None else Captured(arguments, not source.is_cut(arguments))


def _result(source: Source) -> Captured | None:
    found = None
    for event in source.span.events if source.kind == "TOOL" else ():
        result = next((event.attributes[key] for key in _OUTPUT if captured(event.attributes.get(key))), None)
        if event.name == "tool.output" and result is not None:
            found = Captured(text_of(result))
    return found


READS: tuple[Reads, ...] = (
    Reads("input_text", _OWN, _asked),
    Reads("output_text", _OWN, _told),
    Reads("input_messages", _OWN, _input),
    Reads("output_messages", _OWN, _output),
    Reads("tool_definitions", ("span.type",), _tools),
    Reads("tool_arguments", _OWN, _arguments),
    Reads("tool_result", _OWN, _result),
)
