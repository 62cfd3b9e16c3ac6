"""Recorded traces as their instrumentations would have written them with content capture off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from otel_scorer.model import Attributes, Span, Trace
from otel_scorer.otlp import read_traces

SHARED = Path(__file__).resolve().parents[3] / "shared" / "traces"

_INPUT = (
    "gen_ai.input.messages", "gen_ai.system_instructions", "gen_ai.prompt.", "gen_ai.tool.call.arguments",
    "gen_ai.tool.definitions", "gen_ai.request.parameters", "gen_ai.task.input",
    "llm.input_messages.", "llm.prompts", "llm.tools.", "llm.invocation_parameters", "llm.request.functions.",
    "input.value", "raw.input", "eval.input", "fi.raw_input", "query", "tool.parameters",
    "traceloop.entity.input", "pydantic_ai.all_messages", "all_messages_events", "tool_arguments", "message",
    "model_request_parameters", "gen_ai.prompts", "gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args",
)  # fmt: skip
_OUTPUT = (
    "gen_ai.output.messages", "gen_ai.completion.", "gen_ai.tool.call.result", "gen_ai.task.output",
    "llm.output_messages.", "llm.choices", "output.value", "raw.output", "fi.raw_output", "fi.llm.output",
    "response", "retrieval.documents.", "reranker.output_documents.", "traceloop.entity.output",
    "pydantic_ai.all_messages", "all_messages_events", "final_result", "tool_response",
    "gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response",
)  # fmt: skip

Side = Literal["input", "output", "both"]


def recorded(folder: str) -> list[Trace]:
    """The traces of `dialects/openinference` and the like."""
    every = sorted((SHARED / folder).glob("*.json"))
    files = [path for path in every if path.name != "versions.json" and not path.name.endswith(".logs.json")]
    return [trace for path in files for trace in read_traces([path])]


def without_content(traces: Sequence[Trace], side: Side = "both") -> list[Trace]:
    """The same traces with the content of one side, or of both, gone from attributes, events and log records."""
    return [replace(trace, spans=tuple(_hidden(span, side) for span in trace.spans)) for trace in traces]


def _hidden(span: Span, side: Side) -> Span:
    logs = tuple(replace(record, body={}, attributes=_kept(record.attributes, side)) for record in span.logs)
    events = tuple(event for event in span.events if event.name == "exception")
    return replace(span, attributes=_kept(span.attributes, side), logs=logs, events=events)


def _kept(attributes: Attributes, side: Side) -> Attributes:
    hidden = {"input": _INPUT, "output": _OUTPUT, "both": _INPUT + _OUTPUT}[side]
    return {
        key: value
        for key, value in attributes.items()
        if not any(key == start or (start[-1] == "." and key.startswith(start)) or key.startswith(f"{start}.")
                   for start in hidden)
    }  # fmt: skip
