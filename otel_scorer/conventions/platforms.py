"""Platforms that put a step's whole input and output into one attribute each: Langfuse, MLflow, LangSmith, Genkit
and others.
"""

from __future__ import annotations

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Found
from otel_scorer.conventions.source import Source

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


def read(source: Source) -> Found:
    return Found(
        input_text=source.text(*_INPUT),
        output_text=source.text(*_OUTPUT),
        tool_definitions=definitions(source.value("mlflow.chat.tools")),
    )
