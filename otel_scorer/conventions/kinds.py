"""Which kind of step a span is: an explicit kind first, then operation names, then structure. First hit wins."""

from __future__ import annotations

from otel_scorer.conventions.markers import VECTOR_DATABASES
from otel_scorer.conventions.values import string, unquoted
from otel_scorer.model import Attributes, Kind, Span

_UPPER: dict[str, Kind] = {
    "LLM": "LLM",
    "CHAT_MODEL": "LLM",
    "TOOL": "TOOL",
    "CHAIN": "CHAIN",
    "TASK": "CHAIN",
    "STEP": "CHAIN",
    "PARSER": "CHAIN",
    "DECISION": "CHAIN",
    "RETRIEVER": "RETRIEVER",
    "MEMORY": "RETRIEVER",
    "EMBEDDING": "EMBEDDING",
    "AGENT": "AGENT",
    "RERANKER": "RERANKER",
    "GUARDRAIL": "GUARDRAIL",
    "EVALUATOR": "EVALUATOR",
    "PROMPT": "PROMPT",
    "WORKFLOW": "WORKFLOW",
    "CONVERSATION": "CONVERSATION",
    "VECTOR_DB": "VECTOR_DB",
    "A2A_CLIENT": "A2A_CLIENT",
    "A2A_SERVER": "A2A_SERVER",
    "MCP": "MCP",
}
"""Upper-case kinds of OpenInference, traceAI, LoongSuite and MLflow."""

_LANGFUSE: dict[str, Kind] = {
    **{
        name.lower(): _UPPER[name]
        for name in ("EMBEDDING", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "GUARDRAIL", "EVALUATOR")
    },
    "span": "CHAIN",
    "generation": "LLM",
}
_LANGSMITH: dict[str, Kind] = {
    **{name.lower(): _UPPER[name] for name in ("LLM", "CHAIN", "TOOL", "RETRIEVER", "EMBEDDING", "PROMPT", "PARSER")},
}
_TRACELOOP: dict[str, Kind] = {
    "workflow": "WORKFLOW",
    "task": "CHAIN",
    "agent": "AGENT",
    "tool": "TOOL",
    "handoff": "CHAIN",
}
_AGENTOPS: dict[str, Kind] = {
    **_TRACELOOP,
    **dict.fromkeys(("operation", "chain", "text"), "CHAIN"),
    **dict.fromkeys(("session", "trace"), "WORKFLOW"),
    "llm": "LLM",
    "guardrail": "GUARDRAIL",
    "evaluator": "EVALUATOR",
    "retriever": "RETRIEVER",
}
_OPERATIONS: dict[str, Kind] = {
    **dict.fromkeys(
        ("chat", "generate_content", "text_completion", "completion", "llm_request", "llm_call", "response"), "LLM"
    ),
    **dict.fromkeys(("acompletion", "atext_completion", "responses", "aresponses"), "LLM"),
    **dict.fromkeys(("anthropic_messages", "aanthropic_messages"), "LLM"),
    **dict.fromkeys(("embeddings", "embedding", "aembedding"), "EMBEDDING"),
    **dict.fromkeys(("retrieval", "vector_db_retrieve", "search_memory", "retrieve"), "RETRIEVER"),
    **dict.fromkeys(
        ("execute_tool", "tool_call", "create_memory", "update_memory", "upsert_memory", "delete_memory"), "TOOL"
    ),
    **dict.fromkeys(("create_memory_store", "delete_memory_store"), "TOOL"),
    **dict.fromkeys(("create_agent", "invoke_agent", "plan", "agent_call"), "AGENT"),
    **dict.fromkeys(("execute_task", "execute_event_loop_cycle", "user_prompt", "handoff", "agent_handoff"), "CHAIN"),
    **dict.fromkeys(("agent_step", "model_generation", "workflow_step"), "CHAIN"),
    **dict.fromkeys(("run_guardrail", "guardrail.run", "guard"), "GUARDRAIL"),
    **dict.fromkeys(("invoke_workflow", "workflow_run", "conversation"), "WORKFLOW"),
    "handle_conversation_turn": "CONVERSATION",
    "evaluation": "EVALUATOR",
    **dict.fromkeys(("rerank", "arerank"), "RERANKER"),
    "system_prompt": "PROMPT",
}
_MCP: dict[str, Kind] = {"tools/call": "TOOL", "prompts/get": "PROMPT", "resources/read": "RETRIEVER"}
_VERCEL: dict[str, Kind] = {
    **dict.fromkeys(("ai.generateText", "ai.streamText"), "AGENT"),
    **dict.fromkeys(("ai.generateObject", "ai.streamObject"), "CHAIN"),
    **dict.fromkeys(("ai.embed", "ai.embedMany", "ai.embed.doEmbed", "ai.embedMany.doEmbed"), "EMBEDDING"),
    **dict.fromkeys(("ai.rerank", "ai.rerank.doRerank"), "RERANKER"),
    "ai.toolCall": "TOOL",
}
_SPAN_TYPE: dict[str, Kind] = {
    "interaction": "AGENT",
    **dict.fromkeys(("tool", "tool.execution"), "TOOL"),
    "tool.blocked_on_user": "CHAIN",
    "llm_request": "LLM",
}
_GENKIT: dict[str, Kind] = {
    "model": "LLM",
    "background-model": "LLM",
    "tool.v2": "TOOL",
    "prompt": "PROMPT",
    "executable-prompt": "PROMPT",
    "reranker": "RERANKER",
    "evaluator": "EVALUATOR",
    "tool": "TOOL",
    "flow": "WORKFLOW",
    "retriever": "RETRIEVER",
    "embedder": "EMBEDDING",
    "agent": "AGENT",
}
_GENKIT_TYPE: dict[str, Kind] = {"util": "CHAIN", "flowStep": "CHAIN"}
"""`generate` over its model calls and tools, one in another for each turn; a flow's own steps."""
_LAMINAR: dict[str, Kind] = {
    "LLM": "LLM",
    "TOOL": "TOOL",
    "DEFAULT": "CHAIN",
    "EVALUATOR": "EVALUATOR",
    "CACHED": "LLM",
}
_REQUEST_TYPE: dict[str, Kind] = {"chat": "LLM", "completion": "LLM", "rerank": "RERANKER", "embedding": "EMBEDDING"}
_NAMES: dict[str, Kind] = {
    "agent run": "AGENT",
    "running tool": "TOOL",
    "call_llm": "LLM",
    "execute_agent_loop_cycle": "CHAIN",
    "guardrail": "GUARDRAIL",
    "guardrails.request": "CHAIN",
    "guardrails.rail": "GUARDRAIL",
    "guardrails.action": "TOOL",
    "litellm_request": "LLM",
    "raw_gen_ai_request": "LLM",
    "claude_code.interaction": "AGENT",
    "claude_code.llm_request": "LLM",
    "claude_code.tool": "TOOL",
    "claude_code.tool.execution": "TOOL",
    "claude_code.tool.blocked_on_user": "CHAIN",
}
_NAME_PREFIXES: tuple[tuple[str, Kind], ...] = (
    ("agent_run [", "AGENT"),
    ("invoke_agent ", "AGENT"),
    ("execute_tool ", "TOOL"),
)
_NO_WORD = "UNKNOWN"
_TEMPLATES = ("gen_ai.prompt.template.", "llm.prompt_template.")
_OUTPUT = "gen_ai.output.messages"
_AGENT_OPERATIONS: dict[str, Kind] = {"invoke_agent": "AGENT", "create_agent": "AGENT", "invoke_workflow": "WORKFLOW"}

_EXPLICIT: tuple[tuple[str, dict[str, Kind]], ...] = (
    ("gen_ai.span.kind", _UPPER),
    ("fi.span.kind", _UPPER),
    ("langfuse.observation.type", _LANGFUSE),
    ("langsmith.span.kind", _LANGSMITH),
    ("mlflow.spanType", _UPPER),
    ("traceloop.span.kind", _TRACELOOP),
    ("agentops.span.kind", _AGENTOPS),
    ("gen_ai.operation.name", _OPERATIONS),
    ("mcp.method.name", _MCP),
)
_LATER: tuple[tuple[str, dict[str, Kind]], ...] = (
    ("genkit:metadata:subtype", _GENKIT),
    ("genkit:type", _GENKIT_TYPE),
    ("lmnr.span.type", _LAMINAR),
    ("llm.request.type", _REQUEST_TYPE),
)


def kind_of(span: Span) -> tuple[Kind, str]:
    """(kind, the word that the span says it with, as it stands there; "" where only its structure tells).

    An unknown word of a known key gives UNKNOWN and the word; the word "unknown" itself leaves it to the rules that
    follow (traceAI has no other for prompts and parsers), and so does an unknown operation (LiteLLM writes the name
    of the function that was called). `langsmith.span.kind` comes before `gen_ai.operation.name`, which is wrong on
    its retriever and prompt runs; a CHAIN that invokes an agent or workflow is that.
    """
    attributes = span.attributes
    declared = string(attributes.get("openinference.span.kind"))
    if declared and declared != _NO_WORD:
        return _openinference(declared, attributes), declared
    for key, kinds in _EXPLICIT:
        word = _word(attributes, key) if key in attributes else ""
        if word and word.upper() != _NO_WORD and not _is_model_task(word, attributes):
            kind = _looked_up(kinds, word)
            if word == "task" and kinds is _TRACELOOP:
                kind = _of_task(attributes)
            if kind != "UNKNOWN" or kinds is not _OPERATIONS:
                return kind, word
        declared = declared or word
    told = _a2a(span) or _vercel(attributes) or _span_type(attributes) or _later(attributes)
    return told or (_structural(span, declared), declared)


def _word(attributes: Attributes, key: str) -> str:
    value = attributes.get(key)
    if value is None:
        return ""
    word = string(value)
    return unquoted(word) if word[:1] == '"' else word


def _is_model_task(word: str, attributes: Attributes) -> bool:
    """OpenLLMetry calls a model call a task where a framework's own callbacks told it of the call (LlamaIndex)."""
    return word == "task" and _OPERATIONS.get(string(attributes.get("gen_ai.operation.name"))) == "LLM"


def _looked_up(kinds: dict[str, Kind], word: str) -> Kind:
    found = kinds.get(word)
    if found is None:
        found = kinds.get(word.upper() if kinds is _UPPER else word.lower(), "UNKNOWN")
    return found


def _openinference(declared: str, attributes: Attributes) -> Kind:
    kind = _looked_up(_UPPER, declared)
    if kind == "CHAIN":
        return _AGENT_OPERATIONS.get(string(attributes.get("gen_ai.operation.name")), kind)
    return kind


def _of_task(attributes: Attributes) -> Kind:
    """OpenLLMetry of LangChain.js calls the run of a tool a task too, and says what it is by its operation."""
    return "TOOL" if string(attributes.get("gen_ai.operation.name")) == "execute_tool" else "CHAIN"


def _a2a(span: Span) -> tuple[Kind, str] | None:
    method = _word(span.attributes, "a2a.method.name")
    if not method and not any(key.startswith("gen_ai.a2a.") for key in span.attributes):
        return None
    return ("A2A_SERVER" if span.otlp_kind in (2, 5) else "A2A_CLIENT"), method


def _vercel(attributes: Attributes) -> tuple[Kind, str] | None:
    word = _word(attributes, "ai.operationId") or _word(attributes, "operation.name").split(" ", 1)[0]
    if not word.startswith("ai."):
        return None
    if word.endswith((".doGenerate", ".doStream")):
        return "LLM", word
    return _VERCEL.get(word, "UNKNOWN"), word


def _span_type(attributes: Attributes) -> tuple[Kind, str] | None:
    """Claude Code. Other tools use this key too: a value that is not its own says nothing."""
    word = _word(attributes, "span.type")
    kind = _SPAN_TYPE.get(word)
    return (kind, word) if kind else None


def _later(attributes: Attributes) -> tuple[Kind, str] | None:
    for key, kinds in _LATER:
        word = _word(attributes, key)
        if word:
            return _looked_up(kinds, word), word
    return None


def _structural(span: Span, declared: str) -> Kind:
    named = _NAMES.get(span.name) or next((kind for start, kind in _NAME_PREFIXES if span.name.startswith(start)), None)
    if named:
        return named
    attributes = span.attributes
    if _is_tool(attributes):
        return "TOOL"
    if "gen_ai.retrieval.documents" in attributes or any(key.startswith("retrieval.documents.") for key in attributes):
        return "RETRIEVER"
    if _is_model_call(attributes):
        return "LLM"
    return _undeclared(span) if not declared else _step(attributes)


def _is_tool(attributes: Attributes) -> bool:
    return "gen_ai.tool.name" in attributes and (
        "gen_ai.tool.call.id" in attributes or "gen_ai.tool.call.arguments" in attributes
    )


def _is_model_call(attributes: Attributes) -> bool:
    if not any(key in attributes for key in ("gen_ai.request.model", "llm.model_name", "gen_ai.response.model")):
        return False
    starts = (
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.prompt",
        "gen_ai.completion",
        "llm.input_messages",
    )
    used = "gen_ai.usage.input_tokens" in attributes or "gen_ai.usage.prompt_tokens" in attributes
    return used or any(key.startswith(starts) for key in attributes)


def _step(attributes: Attributes) -> Kind:
    """A step of which its instrumentation says that it has no word for it."""
    if any(key.startswith(_TEMPLATES) for key in attributes):
        return "PROMPT"
    return "CHAIN" if "input.value" in attributes or "output.value" in attributes else "UNKNOWN"


def _undeclared(span: Span) -> Kind:
    attributes = span.attributes
    for key in ("db.system", "db.system.name"):
        if string(attributes.get(key)) in VECTOR_DATABASES:
            return "VECTOR_DB"
    if any(key.startswith("db.vector.") for key in attributes):
        return "VECTOR_DB"
    if "guardrail_name" in attributes or "guardrail.status" in attributes:
        return "GUARDRAIL"
    if "logfire.feedback.name" in attributes:
        return "EVALUATOR"
    if any(key.startswith("mcp.") for key in attributes):
        return "MCP"
    # OpenLIT's decorator writes what a function returned as if a model had said it, and names no model
    return "CHAIN" if _OUTPUT in attributes and "gen_ai.request.model" not in attributes else "UNKNOWN"
