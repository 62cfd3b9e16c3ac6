"""One span's evidence in one form, whichever instrumentation wrote it.

`read` reads everything. The functions re-exported here (`usage_of`, `finish_reasons_of`, `tool_call_of`, `feedback_of`,
`conversation_of`, `models_of`, ...) read one thing from the attributes without touching messages, for every span at
sealing.
"""

from __future__ import annotations

from collections.abc import Callable

from otel_scorer.conventions import (
    claude_code,
    details,
    google_adk,
    openinference,
    openllmetry,
    otel_events,
    otel_genai,
    platforms,
    pydantic_ai,
    vector_db,
    vercel,
)
from otel_scorer.conventions.by_kind import by_kind
from otel_scorer.conventions.feedback import feedback_of, guardrails_of
from otel_scorer.conventions.finish import finish_reasons_of
from otel_scorer.conventions.found import Found, merged
from otel_scorer.conventions.identity import agent_of, conversation_of, models_of, provider_of, response_id_of, user_of
from otel_scorer.conventions.kinds import kind_of
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.tool_span import call_id_of, name_of, tool_call_of
from otel_scorer.conventions.usage import usage_of
from otel_scorer.model import GenAI, Kind, Span, Usage

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

_READERS: tuple[tuple[frozenset[str], Callable[[Source], Found]], ...] = (
    (frozenset({"gen_ai"}), otel_genai.read),
    (frozenset({"openinference", "llm", "fi", "input", "output", "retrieval", "reranker", "raw"}), openinference.read),
    (frozenset({"gen_ai", "traceloop", "llm", "mcp"}), openllmetry.read),
    (frozenset({"pydantic_ai", "events", "all_messages_events", "final_result", "request_data"}), pydantic_ai.read),
    (frozenset({"ai"}), vercel.read),
    (frozenset({"gcp"}), google_adk.read),
    (frozenset({"span", "user_prompt", "new_context", "tool_input", "tool_use_id"}), claude_code.read),
    (
        frozenset({"langfuse", "mlflow", "genkit:input", "genkit:output", "lmnr", "agent", "llm", "guardrails"}),
        platforms.read,
    ),
    (frozenset({"db"}), vector_db.read),
)
"""In order of precedence, each with the first segments of the keys it reads. Events and logs come right after the
first.
"""
_AGENT_KINDS: frozenset[Kind] = frozenset({"AGENT", "WORKFLOW", "A2A_CLIENT", "A2A_SERVER"})
_DIALECTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("openinference", ("openinference.span.kind",)),
    ("traceai", ("gen_ai.span.kind", "fi.span.kind")),
    ("langfuse", ("langfuse.observation.type",)),
    ("langsmith", ("langsmith.span.kind",)),
    ("mlflow", ("mlflow.spanType",)),
    ("openllmetry", ("traceloop.span.kind", "traceloop.entity.name", "llm.request.type", "gen_ai.prompt.0.role")),
    ("vercel", ("ai.operationId",)),
)
_SCOPES: tuple[tuple[str, str], ...] = (
    ("pydantic-ai", "pydantic_ai"),
    ("gcp.vertex.agent", "google_adk"),
    ("strands", "strands"),
    ("opentelemetry.instrumentation.openai.v1", "openllmetry"),
    ("openlit", "openlit"),
    ("litellm", "litellm"),
    ("com.anthropic", "claude_code"),
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
    kind, raw_kind = kind_of(span)
    source = Source(span, kind)
    found = by_kind(source, _found(source))
    request_model, response_model = models_of(span)
    agent_name, agent_version = agent_of(span, kind in _AGENT_KINDS)
    prompt, failure = details.prompt(source), details.failure(span)
    tool = kind == "TOOL"
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
        tool_name=name_of(span) if tool else "",
        tool_call_id=call_id_of(span.attributes) if tool else "",
        tool_arguments=found.get("tool_arguments"),
        tool_result=found.get("tool_result"),
        tool_arguments_captured=found.get("tool_arguments_captured", False),
        tool_result_captured=found.get("tool_result_captured", False),
        query=found.get("query"),
        documents=found.get("documents"),
        reranked=found.get("reranked"),
        request_model=request_model,
        response_model=response_model or found.get("response_model", ""),
        provider=provider_of(span),
        parameters=details.parameters(source),
        prompt_name=prompt.name,
        prompt_version=prompt.version,
        prompt_template=prompt.template,
        usage=_usage(span, found),
        finish_reasons=finish_reasons_of(span) or found.get("finish_reasons", ()),
        error_type=failure.type,
        error_message=failure.message,
        conversation_id=conversation_of(span),
        response_id=response_id_of(span) or found.get("response_id", ""),
        user_id=user_of(span),
        agent_name=agent_name,
        agent_version=agent_version,
        tags=details.tags(source),
        metadata=details.metadata(source),
        guardrails=guardrails_of(span),
        feedback=feedback_of(span),
        truncated=source.cut,
    )


def _found(source: Source) -> Found:
    roots = {key.partition(".")[0] for key in source.attributes}
    parts = [reader(source) for keys, reader in _READERS if not roots.isdisjoint(keys)]
    parts.insert(1 if "gen_ai" in roots else 0, otel_events.read(source))
    if source.kind == "VECTOR_DB" or source.kind == "RETRIEVER":
        parts.append(vector_db.read(source))
    return merged(parts)


def _usage(span: Span, found: Found) -> Usage:
    """Told in the attributes, else in the provider's own response."""
    told = usage_of(span)
    return told if told != Usage() else found.get("usage") or told


def _dialect(span: Span) -> str:
    for name, keys in _DIALECTS:
        if any(key in span.attributes for key in keys):
            return name
    for start, name in _SCOPES:
        if span.scope.name.startswith(start):
            return name
    return "claude_code" if span.name.startswith("claude_code.") else "otel_genai"
