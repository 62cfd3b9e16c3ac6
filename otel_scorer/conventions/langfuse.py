"""Langfuse: an observation's input and output; on a trace's root those of the trace, which stand back for its own."""

from __future__ import annotations

from otel_scorer.conventions.found import Reads, text

READS: tuple[Reads, ...] = (
    text("input_text", "langfuse.observation.input"),
    text("output_text", "langfuse.observation.output"),
)
OF_TRACE: tuple[Reads, ...] = (
    text("input_text", "langfuse.trace.input"),
    text("output_text", "langfuse.trace.output"),
)
"""Asked after every other dialect."""
