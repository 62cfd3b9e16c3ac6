"""One span's evidence in one form, whichever instrumentation wrote it.

`read` reads everything. The functions re-exported here (`usage_of`, `finish_reasons_of`, `tool_call_of`, `feedback_of`,
`conversation_of`, `models_of`, ...) read one thing from the attributes without touching messages, for every span at
sealing.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from otel_scorer.conventions import (
    claude_code,
    crewai,
    details,
    feedback,
    google_adk,
    langfuse,
    mastra,
    mcp,
    mlflow,
    openinference,
    openllmetry,
    otel_events,
    otel_genai,
    platforms,
    pydantic_ai,
    strands,
    tool_span,
    traceai,
    vector_db,
    vercel,
)
from otel_scorer.conventions.by_kind import by_kind
from otel_scorer.conventions.catalogue import Catalogue
from otel_scorer.conventions.feedback import feedback_of, guardrails_of
from otel_scorer.conventions.finish import finish_reasons_of
from otel_scorer.conventions.found import Prompt
from otel_scorer.conventions.identity import agent_of, conversation_of, models_of, provider_of, response_id_of, user_of
from otel_scorer.conventions.kinds import kind_of
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.tool_span import call_id_of, name_of, tool_call_of
from otel_scorer.conventions.usage import both, usage_of
from otel_scorer.conventions.values import MAX_ITEMS
from otel_scorer.model import GenAI, Kind, Span

__all__ = [
    "agent_of",
    "conversation_of",
    "evidence",
    "feedback_of",
    "finish_reasons_of",
    "guardrails_of",
    "kind_of",
    "models_of",
    "provider_of",
    "read",
    "response_id_of",
    "tool_call_of",
    "usage_of",
    "user_of",
]

CATALOGUE = Catalogue(
    (
        *tool_span.READS,
        *otel_genai.READS,
        *otel_events.READS,
        *crewai.READS,
        *openinference.READS,
        *traceai.READS,
        *openllmetry.READS,
        *mcp.READS,
        *pydantic_ai.READS,
        *vercel.READS,
        *strands.READS,
        *google_adk.READS,
        *mastra.READS,
        *claude_code.READS,
        *langfuse.READS,
        *mlflow.READS,
        *platforms.READS,
        *langfuse.OF_TRACE,
        *vector_db.READS,
        *details.READS,
        *feedback.READS,
    )
)
"""All dialects, in order of precedence."""
_MAX_KEYS = 4096
_NO_PROMPT = Prompt("", "", None)
_AGENT_KINDS: frozenset[Kind] = frozenset({"AGENT", "WORKFLOW", "A2A_CLIENT", "A2A_SERVER"})
_DIALECTS: tuple[tuple[str, str], ...] = (
    ("openinference.span.kind", "openinference"),
    ("gen_ai.span.kind", "traceai"),
    ("fi.span.kind", "traceai"),
    ("langfuse.observation.type", "langfuse"),
    ("langsmith.span.kind", "langsmith"),
    ("mlflow.spanType", "mlflow"),
    ("traceloop.span.kind", "openllmetry"),
    ("traceloop.entity.name", "openllmetry"),
    ("llm.request.type", "openllmetry"),
    ("gen_ai.prompt.0.role", "openllmetry"),
    ("ai.operationId", "vercel"),
)
_SCOPES: tuple[tuple[str, str], ...] = (
    ("pydantic-ai", "pydantic_ai"),
    ("gcp.vertex.agent", "google_adk"),
    ("strands", "strands"),
    ("opentelemetry.instrumentation.openai.v1", "openllmetry"),
    ("openlit", "openlit"),
    ("litellm", "litellm"),
    ("com.anthropic.claude_code", "claude_code"),
)


def read(span: Span) -> GenAI:
    """All evidence of one span. Never raises: what cannot be read is left out and `truncated` set."""
    try:
        return evidence(span)
    except Exception:
        # Spans are written by strangers: one that we misread must not take its trace down. The tests call `evidence`.
        kind, raw = kind_of(span)
        return GenAI(kind=kind, raw_kind=raw, truncated=True)


def evidence(span: Span) -> GenAI:
    """`read` without its net."""
    bounded = _bounded(span)
    cut, span = bounded is not span, bounded
    kind, raw_kind = kind_of(span)
    source = Source(span, kind, CATALOGUE)
    found = by_kind(source, source.found())
    request_model, response_model = models_of(span)
    agent_name, agent_version = agent_of(span, kind in _AGENT_KINDS)
    prompt, failure = found.get("prompt", _NO_PROMPT), details.failure(span)
    arguments, result = found.get("tool_arguments"), found.get("tool_result")
    tool, (told_name, told_id) = kind == "TOOL", found.get("answered_call", ("", ""))
    return GenAI(
        kind=kind,
        raw_kind=raw_kind,
        dialect=_dialect(span),
        system_instructions=found.get("system_instructions"),
        input_messages=found.get("input_messages"),
        output_messages=found.get("output_messages"),
        input_text=found.get("input_text"),
        output_text=found.get("output_text"),
        tool_definitions=found.get("tool_definitions"),
        tool_name=(told_name or name_of(span)) if tool else "",
        tool_call_id=(call_id_of(span.attributes) or told_id) if tool else "",
        tool_arguments=arguments.value if arguments else None,
        tool_result=result.value if result else None,
        tool_arguments_captured=arguments is not None and arguments.whole,
        tool_result_captured=result is not None,
        query=found.get("query"),
        documents=found.get("documents"),
        reranked=found.get("reranked"),
        request_model=request_model,
        response_model=_served(request_model, response_model, found.get("response_model", "")),
        provider=provider_of(span),
        parameters=found.get("parameters", {}),
        prompt_name=prompt.name,
        prompt_version=prompt.version,
        prompt_template=prompt.template,
        usage=both(usage_of(span), found.get("usage")),
        finish_reasons=found.get("finish_reasons", ()),
        error_type=failure.type,
        error_message=failure.message,
        conversation_id=conversation_of(span),
        response_id=response_id_of(span) or found.get("response_id", ""),
        user_id=user_of(span),
        agent_name=agent_name,
        agent_version=agent_version,
        tags=found.get("tags", ()),
        metadata=found.get("metadata", {}),
        guardrails=found.get("guardrails", ()),
        feedback=found.get("feedback", ()),
        truncated=source.cut or cut,
    )


def _served(asked: str, served: str, in_response: str) -> str:
    """The model that answered. Where one key stands for both, the response itself knows better."""
    return in_response if in_response and served in ("", asked) else served


def _bounded(span: Span) -> Span:
    """The span, or the front part of one with more attributes, events or log records than anybody means to write."""
    if len(span.attributes) <= _MAX_KEYS and len(span.events) <= MAX_ITEMS and len(span.logs) <= MAX_ITEMS:
        return span
    attributes = dict(islice(span.attributes.items(), _MAX_KEYS))
    return replace(span, attributes=attributes, events=span.events[:MAX_ITEMS], logs=span.logs[:MAX_ITEMS])


def _dialect(span: Span) -> str:
    for key, name in _DIALECTS:
        if key in span.attributes:
            return name
    for start, name in _SCOPES:
        if span.scope.name.startswith(start):
            return name
    return "claude_code" if span.name.startswith("claude_code.") else "otel_genai"
