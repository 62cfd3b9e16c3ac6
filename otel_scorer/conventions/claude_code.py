"""Claude Code (beta): prompts, answers and tool details as plain attributes, tool output in a span event."""

from __future__ import annotations

from otel_scorer.conventions.found import Found
from otel_scorer.conventions.found import arguments as arguments_found
from otel_scorer.conventions.found import result as result_found
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import captured, text_of
from otel_scorer.model import Message

_DETAILS = ("full_command", "file_path", "skill_name", "subagent_type")
_OUTPUT = ("output", "content", "diff")


def read(source: Source) -> Found:
    if source.kind == "TOOL":
        return _tool(source)
    asked, told = source.text("user_prompt", "new_context"), source.text("response.model_output")
    found = Found(input_text=asked, output_text=told)
    if source.kind == "LLM":
        found["input_messages"] = (Message("user", text=asked),) if asked is not None else None
        found["output_messages"] = (Message("assistant", text=told),) if told is not None else None
    return found


def _tool(source: Source) -> Found:
    found = Found()
    arguments = source.json("tool_input")
    if arguments is None:
        arguments = {key: text for key in _DETAILS if (text := source.text(key)) is not None} or None
    if arguments is not None:
        found.update(arguments_found(arguments))
    for event in source.span.events:
        result = next((event.attributes[key] for key in _OUTPUT if captured(event.attributes.get(key))), None)
        if event.name == "tool.output" and result is not None:
            found.update(result_found(text_of(result)))
    return found
