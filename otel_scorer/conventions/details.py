"""Request parameters, prompt template, tags and metadata, and what went wrong: the small print of a span."""

from __future__ import annotations

from typing import NamedTuple

from otel_scorer.conventions.found import Prompt, Reads
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import captured, loosened, string, strings, unquoted
from otel_scorer.model import STATUS_ERROR, Attributes, Span, Value

_REQUEST, _SETTINGS = "gen_ai.request.", "ai.settings."
_FUNCTIONS = "gen_ai.request.functions."
_NO_PARAMETER = frozenset({"gen_ai.request.model", "gen_ai.request.parameters"})
_INVOCATION = ("llm.invocation_parameters", "gen_ai.request.parameters", "langfuse.observation.model.parameters")
_NOT_DECODING = frozenset(
    [
        "model",
        "model_name",
        "messages",
        "input",
        "tools",
        "functions",
        "instructions",
        "prompt",
        "contents",
        "system",
        "system_instruction",
        "config",
        "_type",
    ]
)
_NOT_SET = (None, "", "Infinity")
"""What Langfuse and some others write for a parameter that was not given."""
_ALIASES = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "maxTokens": "max_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "stop": "stop_sequences",
    "stopSequences": "stop_sequences",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
}
_REQUESTS = ("gcp.vertex.agent.llm_request", "mlflow.spanInputs", "request_data")
_DECODING = frozenset(
    [
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "frequency_penalty",
        "presence_penalty",
        "stop_sequences",
        "seed",
        "n",
        "response_format",
    ]
)
_OLDER = {
    "llm.top_k": "top_k",
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
    "llm.chat.stop_sequences": "stop_sequences",
    "llm.is_streaming": "stream",
}
"""OpenLLMetry's, which newer releases write under OpenTelemetry's names."""
_LINKED = "mlflow.linkedPrompts"
_PROMPT_NAME = (
    "gen_ai.prompt.name",
    "gen_ai.prompt.template.name",
    "llm.prompt_template.name",
    "langfuse.observation.prompt.name",
    "traceloop.prompt.key",
    "prompt.id",
)
_PROMPT_VERSION = (
    "gen_ai.prompt.version",
    "gen_ai.prompt.template.version",
    "llm.prompt_template.version",
    "langfuse.observation.prompt.version",
    "traceloop.prompt.version",
)
_TEMPLATE = ("llm.prompt_template.template", "traceloop.prompt.template", "gen_ai.prompt.template")
_TAGS = ("tag.tags", "langfuse.trace.tags", "ai.telemetry.metadata.tags", "logfire.tags")
_METADATA_PREFIXES = (
    "traceloop.association.properties.",
    "langfuse.trace.metadata.",
    "langfuse.observation.metadata.",
    "langsmith.metadata.",
    "mlflow.traceTag.",
    "ai.telemetry.metadata.",
    "litellm.metadata.",
    "metadata.",
)
_METADATA_KEYS = ("metadata", "langfuse.trace.metadata", "langfuse.observation.metadata")


class Failure(NamedTuple):
    """`type` and `message` are "" when nothing went wrong."""

    type: str
    message: str


_NO_FAILURE = Failure("", "")
_FAILURE_KEYS = frozenset(
    ["error.type", "langfuse.observation.level", "gen_ai.tool.status", "success", "otel.status_code", "error"]
)


def _parameters(source: Source) -> Attributes:
    """Decoding parameters under OpenTelemetry's names without prefix (`temperature`, `max_tokens`, ...)."""
    found: dict[str, Value] = {}
    for key in _INVOCATION:
        value = source.json(key)
        if isinstance(value, dict):
            found.update(
                {
                    _ALIASES.get(name, name): item
                    for name, item in value.items()
                    if name not in _NOT_DECODING and item not in _NOT_SET
                }
            )
    found.update(_of_request(source))
    for key in source.starting(_REQUEST):
        if key not in _NO_PARAMETER and not key.startswith(_FUNCTIONS):
            found[key[len(_REQUEST) :]] = source.attributes[key]
    for key in _OLDER:
        if key in source.attributes:
            found.setdefault(_OLDER[key], source.attributes[key])
    for key in source.starting(_SETTINGS):
        name = key[len(_SETTINGS) :]
        found.setdefault(_ALIASES.get(name, name), source.attributes[key])
    wanted = source.string("gen_ai.output.type")
    return {**found, "output_type": wanted} if wanted else found


def _of_request(source: Source) -> dict[str, Value]:
    """Out of a whole request, where only names that are parameters for certain are taken."""
    found: dict[str, Value] = {}
    for key in _REQUESTS:
        told = source.json(key)
        told = told.get("config", told) if isinstance(told, dict) else None
        if isinstance(told, dict):
            named = ((_ALIASES.get(name, name), value) for name, value in told.items() if value is not None)
            found.update({name: value for name, value in named if name in _DECODING})
    return found


def _prompt(source: Source) -> Prompt:
    """The managed prompt that the span says it used."""
    name, version = source.string(*_PROMPT_NAME), source.string(*_PROMPT_VERSION)
    linked = source.json(_LINKED) if not name else None
    first = linked[0] if isinstance(linked, list) and linked else None
    if isinstance(first, dict):
        name, version = string(first.get("name")), string(first.get("version"))
    return Prompt(name, version, source.text(*_TEMPLATE))


def _tags(source: Source) -> tuple[str, ...]:
    """Tags in order, without doubles."""
    found = [tag for key in _TAGS if captured(source.attributes.get(key)) for tag in strings(source.attributes[key])]
    joined = string(source.attributes.get("langsmith.span.tags"))
    return tuple(dict.fromkeys(found + [tag for tag in joined.split(", ") if tag]))


def _metadata(source: Source) -> Attributes:
    """The application's own metadata, by name."""
    found: dict[str, Value] = {}
    for key in _METADATA_KEYS:
        value = source.json(key)
        if isinstance(value, dict):
            found.update(value)
    for prefix in _METADATA_PREFIXES:
        for key in source.starting(prefix):
            value = source.attributes[key]
            found[key[len(prefix) :]] = loosened(value) if prefix.startswith("langfuse.") else value
    return found


def failure(span: Span) -> Failure:
    """What went wrong, from status, `error.*`, an exception event or a platform's own words."""
    attributes = span.attributes
    if span.status_code != STATUS_ERROR and _FAILURE_KEYS.isdisjoint(attributes):
        return _NO_FAILURE
    kind = _bare(string(attributes.get("error.type")))
    exception = next((event.attributes for event in span.events if event.name == "exception"), {})
    logged = next((log.attributes for log in span.logs if log.event_name == "gen_ai.client.operation.exception"), {})
    failed = bool(kind) or span.status_code == STATUS_ERROR or _says_failed(attributes)
    if not failed:
        return _NO_FAILURE
    message = (
        string(attributes.get("error.message"))
        or string(exception.get("exception.message"))
        or string(logged.get("exception.message"))
        or span.status_message
        or string(attributes.get("langfuse.observation.status_message"))
        or string(attributes.get("error"))
    )
    kind = kind or string(exception.get("exception.type")) or string(logged.get("exception.type")) or "_OTHER"
    return Failure(kind, message)


def _bare(kind: str) -> str:
    """Some instrumentations write the class's repr: `<class 'openai.BadRequestError'>`."""
    return kind[8:-2] if kind.startswith("<class '") and kind.endswith("'>") else kind


def _says_failed(attributes: Attributes) -> bool:
    if attributes.get("langfuse.observation.level") == "ERROR" or attributes.get("gen_ai.tool.status") == "error":
        return True
    if attributes.get("success") is False and ("span.type" in attributes or "tool_name" in attributes):
        return True
    return unquoted(string(attributes.get("otel.status_code"))) == "ERROR" or attributes.get("error") is True


READS: tuple[Reads, ...] = (
    Reads("parameters", (*_INVOCATION, *_REQUESTS, *_OLDER, _REQUEST, _SETTINGS, "gen_ai.output.type"), _parameters),
    Reads("prompt", (*_PROMPT_NAME, *_PROMPT_VERSION, *_TEMPLATE, _LINKED), _prompt),
    Reads("tags", (*_TAGS, "langsmith.span.tags"), _tags),
    Reads("metadata", (*_METADATA_PREFIXES, *_METADATA_KEYS), _metadata),
)
