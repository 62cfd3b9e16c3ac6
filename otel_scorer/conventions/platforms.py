"""Platforms that put a step's whole input and output into one attribute each: Langfuse, MLflow, LangSmith, Genkit
and others.
"""

from __future__ import annotations

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Reads, text

_INPUT = (
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "genkit:input",
    "lmnr.span.input",
    "llm.messages",
    "agent.messages",
    "guardrails.request.input",
    "guardrails.rail.input",
    "gen_ai.guardrail.input",
    "langfuse.trace.input",
)
_OUTPUT = (
    "langfuse.observation.output",
    "mlflow.spanOutputs",
    "genkit:output",
    "lmnr.span.output",
    "guardrails.request.output",
    "gen_ai.guardrail.output",
    "gen_ai.guardrail.modified_output",
    "langfuse.trace.output",
)
_TOOLS = "mlflow.chat.tools"

READS: tuple[Reads, ...] = (
    text("input_text", *_INPUT),
    text("output_text", *_OUTPUT),
    Reads("tool_definitions", (_TOOLS,), lambda source: definitions(source.value(_TOOLS))),
)
