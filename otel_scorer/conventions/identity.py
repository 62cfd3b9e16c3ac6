"""Who and what: models, provider, conversation, user, agent, response, prompt. Key tables over all dialects, first
hit wins.
"""

from __future__ import annotations

from collections.abc import Iterable

from otel_scorer.conventions.values import decode, string, unquoted
from otel_scorer.model import Attributes, Span, Value

_CONVERSATION = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "langsmith.metadata.session_id",
    "langsmith.metadata.thread_id",
    "langsmith.metadata.conversation_id",
    "traceloop.association.properties.session_id",
    "mlflow.trace.session",
    "ai.telemetry.metadata.sessionId",
    "ai.settings.context.sessionId",
    "mastra.metadata.sessionId",
    "mastra.metadata.threadId",
    "genkit:sessionId",
    "gcp.vertex.agent.session_id",
    "litellm.metadata.session_id",
    "metadata.session_id",
)
"""Never `mcp.session.id` (a transport's session), nor `langsmith.trace.session_id` (a project)."""
_USER = (
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "traceloop.association.properties.user_id",
    "llm.user",
    "langsmith.metadata.user_id",
    "mlflow.trace.user",
    "ai.telemetry.metadata.userId",
    "ai.settings.context.userId",
    "mastra.metadata.userId",
)
CONVERSATION_KEYS, USER_KEYS = frozenset(_CONVERSATION), frozenset(_USER)
"""Every span of a trace is asked, and most have none of them."""
_AGENT = (
    "gen_ai.agent.name",
    "agent.name",
    "agent_name",
    "ai.telemetry.functionId",
    "gen_ai.workflow.name",
    "traceloop.workflow.name",
)
_PROVIDER = (
    "gen_ai.provider.name",
    "llm.provider",
    "gen_ai.system",
    "llm.system",
    "ai.model.provider",
    "mlflow.llm.provider",
)
_FRAMEWORKS = frozenset(
    [
        "strands-agents",
        "gcp.vertex.agent",
        "langchain",
        "langgraph",
        "agno",
        "crewai",
        "autogen",
        "openai_agents",
        "llamaindex",
        "haystack",
        "microsoft.agent_framework",
        "semantic_kernel",
        "pydantic-ai",
    ]
)
"""Values of `gen_ai.system` that name a framework, no model provider."""
_PROVIDER_ALIASES = {
    "aws": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "az.ai.openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "google": "gcp.gen_ai",
    "gemini": "gcp.gemini",
    "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "xai": "x_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "moonshot": "moonshot_ai",
}
_REQUEST_MODEL = (
    "gen_ai.request.model",
    "llm.request.model_name",
    "ai.model.id",
    "langfuse.observation.model.name",
    "mlflow.llm.model",
)
_OTHER_MODELS = ("embedding.model_name", "reranker.model_name", "gen_ai.reranker.model", "model")
_RESPONSE_MODEL = ("gen_ai.response.model", "llm.response.model_name", "ai.response.model")
_INVOCATION = ("gen_ai.request.parameters", "llm.invocation_parameters")
_SERVED_OR_ASKED = "llm.model_name"
_GENKIT_KEY = "genkit:key"
_RESPONSE_ID = ("gen_ai.response.id", "ai.response.id", "llm.response.id")


def conversation_of(span: Span) -> str:
    """The conversation's id, "" when there is none."""
    return "" if CONVERSATION_KEYS.isdisjoint(span.attributes) else _named(span.attributes, _CONVERSATION)


def user_of(span: Span) -> str:
    """The end user's id as the instrumentation gives it, "" when there is none."""
    return "" if USER_KEYS.isdisjoint(span.attributes) else _named(span.attributes, _USER)


def response_id_of(span: Span) -> str:
    """The provider's id of the response, "" when not told."""
    return _named(span.attributes, _RESPONSE_ID)


def models_of(span: Span) -> tuple[str, str]:
    """(model asked for, model that answered), "" where not told.

    OpenInference's and traceAI's one model key holds the served model once the answer is in; the asked one is then
    among the invocation parameters.
    """
    attributes = span.attributes
    asked, served = _named(attributes, _REQUEST_MODEL), _named(attributes, _RESPONSE_MODEL)
    either = string(attributes.get(_SERVED_OR_ASKED))
    invoked = "" if served else _invoked_model(attributes)
    if invoked:
        return invoked, either or (asked if asked != invoked else "")
    if either and not served:
        return asked or either, either
    if not asked and _GENKIT_KEY in attributes:
        asked = _genkit_model(attributes)
    return asked or either or _named(attributes, _OTHER_MODELS), served


def _genkit_model(attributes: Attributes) -> str:
    """`/model/googleai/gemini-2.5-flash` is the key of a model of a plugin's; tools and flows have such keys too."""
    key = string(attributes[_GENKIT_KEY])
    return key.removeprefix("/model/") if key.startswith("/model/") else ""


def provider_of(span: Span) -> str:
    """The model provider under OpenTelemetry's name for it where we know it, "" when not told (a framework's name
    is none).
    """
    for key in _PROVIDER:
        told = unquoted(string(span.attributes.get(key))).lower()
        if key.startswith("ai."):
            told = told.split(".", 1)[0]
        if told and told not in _FRAMEWORKS:
            return _PROVIDER_ALIASES.get(told, told)
    return ""


def agent_of(span: Span, agent: bool) -> tuple[str, str]:
    """(name, version) of the agent; for a span that is an agent, its entity or span name where no key tells."""
    attributes = span.attributes
    version = string(attributes.get("gen_ai.agent.version"))
    name = _named(attributes, _AGENT)
    if agent and not name:
        name = _named(attributes, ("traceloop.entity.name", "graph.node.name", "graph.node.id", "subagent_type"))
    return name or (span.name if agent else ""), version


def _named(attributes: Attributes, keys: Iterable[str]) -> str:
    for key in keys:
        value = attributes.get(key)
        if value is not None and (name := string(value)):
            return unquoted(name)
    return ""


def _invoked_model(attributes: Attributes) -> str:
    for key in _INVOCATION:
        value: Value = attributes.get(key)
        if isinstance(value, str) and '"model"' in value:
            parameters = decode(value).value
            if isinstance(parameters, dict):
                return string(parameters.get("model"))
    return ""
