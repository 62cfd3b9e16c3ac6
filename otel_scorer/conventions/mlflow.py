"""MLflow: a span's inputs and outputs as JSON, and the tools that a chat model was offered."""

from __future__ import annotations

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Reads, text

_TOOLS = "mlflow.chat.tools"

READS: tuple[Reads, ...] = (
    text("input_text", "mlflow.spanInputs"),
    text("output_text", "mlflow.spanOutputs"),
    Reads("tool_definitions", (_TOOLS,), lambda source: definitions(source.value(_TOOLS))),
)
