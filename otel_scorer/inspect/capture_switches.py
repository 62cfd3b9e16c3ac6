"""How content capture is switched on, by the instrumentation that wrote a scope. Names as the instrumentations have
them: their sources and documents, and for those of the live tests a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

OTEL, OPENINFERENCE, OPENLLMETRY, TRACEAI = "otel_genai", "openinference", "openllmetry", "traceai"
"""Dialects as `conventions.read` names them."""

Side = Literal["input", "output"]

SIDE_OF: Mapping[str, Side] = {
    "task": "input",
    "system": "input",
    "input": "input",
    "arguments": "input",
    "query": "input",
    "tool_definitions": "input",
    "tool_uses": "output",
    "final_answer": "output",
    "output": "output",
    "result": "output",
    "documents": "output",
    "context": "output",
}
"""Whether what a rubric needs goes into a step or comes out of it: some instrumentations switch them apart."""

HIDDEN_ALONE: frozenset[str] = frozenset({"tool_definitions", "documents"})
"""Needs that can be hidden while everything else on their side is captured."""

_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_LATEST = "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental"
_OLD_OR_LATEST = f"set {_LATEST} and {_CAPTURE}=SPAN_ONLY (or, without the opt-in, {_CAPTURE}=true: "
_LOGGED = _OLD_OR_LATEST + "the content then travels in log records, as they come here already)"
_NOT_LOGGED = _OLD_OR_LATEST + "the content then travels in log records, and none came: OTEL_LOGS_EXPORTER=otlp)"
_HANDMADE = "no instrumentation that we know wrote these spans: their code has to write the attributes below"


class _Switches(NamedTuple):
    """One instrumentation: what to do for any need, and what else for inputs, outputs or one need."""

    every: str
    special: Mapping[str, str] = {}

    def for_need(self, need: str) -> str:
        return self.special.get(need) or self.special.get(SIDE_OF[need]) or self.every


def _hidden_by(prefix: str, **more: str) -> _Switches:
    """Families that capture everything unless a variable hides it."""
    sides = {
        side: f"unset {prefix}_HIDE_{side.upper()}S, {prefix}_HIDE_{side.upper()}_MESSAGES and "
        f"{prefix}_HIDE_{side.upper()}_TEXT (it captures by default)"
        for side in ("input", "output")
    }
    return _Switches(f"unset {prefix}_HIDE_INPUTS and {prefix}_HIDE_OUTPUTS (it captures by default)", sides | more)


_OPENLIT = _Switches(
    f"unset {_CAPTURE} and take openlit.init(capture_message_content=False) away (it captures by default)"
)
_LITELLM = _Switches(
    f"unset litellm.turn_off_message_logging, and {_CAPTURE} or set it to SPAN_ONLY (with true the content leaves "
    "the spans for log records; it captures by default)"
)
_ADK = _Switches(f"set {_CAPTURE}=SPAN_ONLY (before ADK 2.13: ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS=true)")
_OF_SCOPE: tuple[tuple[str, _Switches], ...] = (
    ("opentelemetry.util.genai", _Switches(f"set {_CAPTURE}=SPAN_ONLY (older releases ask for {_LATEST} beside it)")),
    ("agent_framework", _Switches("set ENABLE_SENSITIVE_DATA=true")),
    ("pydantic-ai", _Switches("set InstrumentationSettings(include_content=True)")),
    ("gcp.vertex.agent", _ADK),
    ("openlit", _OPENLIT),
    ("litellm", _LITELLM),
    (
        "com.anthropic.sdk",
        _Switches("set ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content (the client's spans hold no content else)"),
    ),
)
"""By the beginning of the scope's name: these say more than the dialect does."""

_OF_DIALECT: Mapping[str, _Switches] = {
    OPENINFERENCE: _hidden_by(
        "OPENINFERENCE",
        tool_definitions="unset OPENINFERENCE_HIDE_LLM_TOOLS and OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS (it "
        "captures by default)",
        documents="unset OPENINFERENCE_HIDE_OUTPUTS and OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS (it captures by "
        "default)",
    ),
    TRACEAI: _hidden_by("FI"),
    OPENLLMETRY: _Switches("set TRACELOOP_TRACE_CONTENT=true (it captures by default)"),
    "pydantic_ai": _Switches("set InstrumentationSettings(include_content=True)"),
    "google_adk": _ADK,
    "claude_code": _Switches("set OTEL_LOG_USER_PROMPTS=1, OTEL_LOG_TOOL_DETAILS=1 and OTEL_LOG_TOOL_CONTENT=1"),
    "langsmith": _Switches(
        "unset LANGSMITH_HIDE_INPUTS and LANGSMITH_HIDE_OUTPUTS",
        {"input": "unset LANGSMITH_HIDE_INPUTS", "output": "unset LANGSMITH_HIDE_OUTPUTS"},
    ),
    "vercel": _Switches(
        "set experimental_telemetry: {recordInputs: true, recordOutputs: true}",
        {
            "input": "set experimental_telemetry: {recordInputs: true}",
            "output": "set experimental_telemetry: {recordOutputs: true}",
        },
    ),
    "openlit": _OPENLIT,
    "litellm": _LITELLM,
    "langfuse": _Switches(
        "unset LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED, take @observe(capture_input=False, capture_output=False) "
        "and Langfuse(mask=...) away (it captures by default)"
    ),
}


def switch_for(scope: str, dialect: str, need: str, *, logged: bool = False) -> str:
    """How to have `need` captured by the instrumentation that wrote a scope's spans in this dialect; `logged`: some of
    them came with log records.
    """
    found = next((switches for start, switches in _OF_SCOPE if scope.startswith(start)), _OF_DIALECT.get(dialect))
    if found is not None:
        return found.for_need(need)
    if dialect != OTEL:
        return f"switch on content capture in what writes the {dialect} spans"
    if not scope.startswith("opentelemetry.instrumentation."):
        return _HANDMADE
    return _LOGGED if logged else _NOT_LOGGED
