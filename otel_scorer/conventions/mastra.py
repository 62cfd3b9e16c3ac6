"""Mastra's own exporter: beside OpenTelemetry's keys on model calls and tools, an agent's, workflow's or step's whole
input and output under a key that names its type (`mastra.agent_run.input`).
"""

from __future__ import annotations

from otel_scorer.conventions.found import Reads
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import loosened

_TYPE = "mastra.span.type"


def _asked(source: Source) -> str | None:
    return source.text(f"mastra.{source.string(_TYPE)}.input")


def _told(source: Source) -> str | None:
    text = source.text(f"mastra.{source.string(_TYPE)}.output")
    if text is None or text[:1] != "{":
        return text
    value = loosened(text)
    told = value.get("text") if isinstance(value, dict) else None
    return told if isinstance(told, str) and told else text


READS: tuple[Reads, ...] = (
    Reads("input_text", (_TYPE,), _asked),
    Reads("output_text", (_TYPE,), _told),
)
