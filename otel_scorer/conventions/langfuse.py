"""Langfuse: an observation's input and output; on a trace's root those of the trace, which stand back for its own.

Its wrapper of OpenAI's Responses API keeps instructions and tools among the metadata.
"""

from __future__ import annotations

from otel_scorer.conventions.found import Reads, text
from otel_scorer.conventions.otel_genai import tools

_TOOLS = "langfuse.observation.metadata.tools"

READS: tuple[Reads, ...] = (
    text("system_instructions", "langfuse.observation.metadata.instructions"),
    Reads("tool_definitions", (_TOOLS,), lambda source: tools(source, _TOOLS)),
    text("input_text", "langfuse.observation.input"),
    text("output_text", "langfuse.observation.output"),
)
OF_TRACE: tuple[Reads, ...] = (
    text("input_text", "langfuse.trace.input"),
    text("output_text", "langfuse.trace.output"),
)
"""Asked after every other dialect."""
