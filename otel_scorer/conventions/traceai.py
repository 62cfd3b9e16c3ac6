"""traceAI, beside OpenInference's keys (its older form) and OpenTelemetry's (its newer one): a copy of the provider's
own input and output, and a retriever's bare `query` and `response`.
"""

from __future__ import annotations

from otel_scorer.conventions.found import Reads, text

READS: tuple[Reads, ...] = (
    text("input_text", "raw.input", "fi.raw_input", "eval.input"),
    text("output_text", "fi.llm.output", "raw.output", "fi.raw_output"),
    Reads("output_text", ("fi.span.kind",), lambda source: source.text("response")),
    Reads("query", ("fi.span.kind",), lambda source: source.text("query") if source.kind == "RETRIEVER" else None),
)
