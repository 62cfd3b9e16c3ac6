"""The one list of what makes a span an agent span.

`wire` builds its byte search from these constants and proves a hit with `is_agent`; nobody else keeps such a list.
A marker is a key (by prefix or exact), a key with one of a few values, or a span name. Keys that ordinary spans carry
too (`session.id`, `user.id`, `input.value`, `error.type`, `server.address`, `db.system=postgresql`, ...) are no
markers.
"""

from __future__ import annotations

from collections.abc import Mapping

from otel_scorer.model import Value

OWN_PREFIX = "otel_scorer."
"""Our own attributes: stripped when forged, never a reason to hold a span."""

PREFIXES: tuple[str, ...] = (
    # OpenTelemetry, OpenInference, OpenLLMetry, traceAI
    "gen_ai.",
    "llm.",
    "openinference.",
    "traceloop.",
    "fi.",
    "embedding.",
    "reranker.",
    "retrieval.documents.",
    "mcp.",
    "a2a.",
    # platforms and frameworks
    "langfuse.",
    "langsmith.",
    "mlflow.",
    "pydantic_ai.",
    "logfire.feedback.",
    "gcp.vertex.agent.",
    "strands.",
    "litellm.",
    "openlit.",
    "smolagents.",
    "crewai.",
    "agno.",
    "agent_framework.",
    "spring.ai.",
    "aws.bedrock.",
    "genkit:",
    "mastra.",
    "lmnr.",
    "lk.",
    "voltagent.",
    "agentops.",
    "claude_code.",
    # Vercel AI: not `ai.` alone, which is Azure Application Insights too (`ai.operation.id`, `ai.cloud.role`)
    "ai.operationId",
    "ai.model.",
    "ai.prompt",
    "ai.response.",
    "ai.result.",
    "ai.settings.",
    "ai.telemetry.",
    "ai.toolCall.",
    "ai.usage.",
    "ai.embedding",
    "ai.documents",
    "ai.ranking",
    "ai.schema",
    "ai.stream.",
    # guardrails
    "guardrail.",
    "guardrails.",
    # vector databases
    "db.vector.",
    "db.chroma.",
    "db.pinecone.",
    "db.qdrant.",
    "db.weaviate.",
    "db.milvus.",
    "db.lancedb.",
    "db.marqo.",
    "pinecone.",
    "milvus.",
)

EXACT_KEYS: frozenset[str] = frozenset(
    {
        "all_messages_events",
        "model_request_parameters",
        "tool_use_id",
        "guardrail_name",
        "guardrail_status",
        "rail.type",
        "rail.stop",
        "rail.decisions",
    }
)

_VECTOR_DATABASES = (
    "chroma",
    "chromadb",
    "pinecone",
    "qdrant",
    "weaviate",
    "milvus",
    "zilliz",
    "pgvector",
    "lancedb",
    "marqo",
    "faiss",
    "turbopuffer",
    "astra",
    "vespa",
)
VECTOR_DATABASES: frozenset[str] = frozenset(_VECTOR_DATABASES) | frozenset(n.capitalize() for n in _VECTOR_DATABASES)
"""Values of `db.system` that name a vector database."""

KEY_VALUES: Mapping[str, frozenset[str]] = {
    "db.system": VECTOR_DATABASES,
    "db.system.name": VECTOR_DATABASES,
    "logfire.span_type": frozenset({"annotation"}),
    "span.type": frozenset({"interaction", "llm_request", "tool", "tool.execution", "tool.blocked_on_user"}),
}

SPAN_NAMES: frozenset[str] = frozenset(
    {
        "agent run",
        "running tool",
        "call_llm",
        "execute_event_loop_cycle",
        "execute_agent_loop_cycle",
        "litellm_request",
        "raw_gen_ai_request",
        "guardrails.request",
        "guardrails.rail",
        "guardrails.action",
    }
)

SPAN_NAME_PREFIXES: tuple[str, ...] = (
    "claude_code.",
    "agent_run [",
    "invoke_agent ",
    "execute_tool ",
)

PROPAGATED_PREFIXES: tuple[str, ...] = (
    "traceloop.association.properties.",
    "traceloop.prompt.",
    "langfuse.trace.",
    "langfuse.experiment.",
    "mlflow.trace.",
)
PROPAGATED_KEYS: frozenset[str] = frozenset(
    {
        "traceloop.workflow.name",
        "traceloop.entity.path",
        "gen_ai.conversation.id",
        "gen_ai.agent.name",
        "langfuse.environment",
        "langfuse.release",
        "langfuse.version",
        "langfuse.session.id",
        "langfuse.user.id",
        "mlflow.traceRequestId",
    }
)
"""Keys that some SDKs' span processors put on every span of the process, HTTP and database spans too: alone they prove
nothing, whatever their prefix says."""

LOG_EVENT_PREFIXES: tuple[str, ...] = ("gen_ai.",)
"""Event names of log records that carry GenAI content, by prefix (the names below and those still to come)."""

LOG_EVENTS: frozenset[str] = frozenset(
    {
        "gen_ai.client.inference.operation.details",
        "gen_ai.client.operation.exception",
        "gen_ai.system.message",
        "gen_ai.user.message",
        "gen_ai.assistant.message",
        "gen_ai.tool.message",
        "gen_ai.choice",
        "gen_ai.content.prompt",
        "gen_ai.content.completion",
        "gen_ai.evaluation.result",
    }
)


def is_agent(attributes: Mapping[str, Value], name: str) -> bool:
    """Exact proof that a span with these attributes and this name is an agent span."""
    if name in SPAN_NAMES or name.startswith(SPAN_NAME_PREFIXES):
        return True
    return any(_marks(key, value) for key, value in attributes.items())


def is_genai_log(event_name: str, attributes: Mapping[str, Value]) -> bool:
    """Whether a log record carries GenAI content; older SDKs put the event's name into the attribute `event.name`."""
    name = event_name or attributes.get("event.name")
    return isinstance(name, str) and name.startswith(LOG_EVENT_PREFIXES)


def _marks(key: str, value: Value) -> bool:
    if key.startswith(PREFIXES):
        return key not in PROPAGATED_KEYS and not key.startswith(PROPAGATED_PREFIXES)
    if key in EXACT_KEYS:
        return True
    values = KEY_VALUES.get(key)
    return values is not None and isinstance(value, str) and value in values
