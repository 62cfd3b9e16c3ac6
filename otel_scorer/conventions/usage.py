"""Tokens of one span, from whichever keys tell them. `input` includes cached tokens, also where counted apart."""

from __future__ import annotations

from otel_scorer.conventions.printed import printed_object
from otel_scorer.conventions.values import decode, integer
from otel_scorer.model import Attributes, Span, Usage, Value

_INPUT = ("gen_ai.usage.input_tokens", "llm.token_count.prompt", "gen_ai.usage.prompt_tokens", "ai.usage.inputTokens")
_OUTPUT = (
    "gen_ai.usage.output_tokens",
    "llm.token_count.completion",
    "gen_ai.usage.completion_tokens",
    "ai.usage.outputTokens",
)
_KEYS: dict[str, tuple[str, ...]] = {
    "input": (
        *_INPUT,
        "ai.usage.promptTokens",
        "ai.usage.tokens",
        "gen_ai.aggregated_usage.input_tokens",
        "llm.usage.prompt_tokens",
    ),
    "output": (
        *_OUTPUT,
        "ai.usage.completionTokens",
        "gen_ai.aggregated_usage.output_tokens",
        "llm.usage.completion_tokens",
    ),
    "total": ("llm.token_count.total", "gen_ai.usage.total_tokens", "llm.usage.total_tokens", "ai.usage.totalTokens"),
    "cache_read": (
        "gen_ai.usage.cache_read.input_tokens",
        "llm.token_count.prompt_details.cache_read",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cache_read_tokens",
        "gen_ai.usage.input_tokens.cache_read",
        "gen_ai.usage.details.cache_read_tokens",
        "ai.usage.cachedInputTokens",
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "llm.token_count.prompt_details.cache_input",
    ),
    "cache_write": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "llm.token_count.prompt_details.cache_write",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_input_tokens",
        "gen_ai.usage.cache_write_tokens",
        "gen_ai.usage.input_tokens.cache_write",
        "gen_ai.usage.details.cache_write_tokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens",
        "llm.token_count.completion_details.reasoning",
        "gen_ai.usage.reasoning_tokens",
        "llm.usage.reasoning_tokens",
        "gen_ai.usage.output_tokens.reasoning",
        "gen_ai.usage.details.reasoning_tokens",
        "ai.usage.reasoningTokens",
        "ai.usage.outputTokenDetails.reasoningTokens",
    ),
}
_FIELDS = {key: name for name, keys in _KEYS.items() for key in keys}
_LANGFUSE, _MLFLOW = "langfuse.observation.usage_details", "mlflow.chat.tokenUsage"
_GENKIT = "genkit:output"
_LANGSMITH_IN, _LANGSMITH_OUT = "gen_ai.usage.input_token_details", "gen_ai.usage.output_token_details"
_LOGFIRE = "gen_ai.usage.raw"
_TOLD_BY = frozenset({*_FIELDS, _LANGFUSE, _MLFLOW, _GENKIT, _LANGSMITH_IN, _LANGSMITH_OUT, "input_tokens"})
_NOTHING = Usage()


def usage_of(span: Span) -> Usage:
    """What this span tells of its tokens; a few dictionary look-ups. Never add an agent's to its model calls'."""
    attributes = span.attributes
    if _TOLD_BY.isdisjoint(attributes):
        return _NOTHING
    if "input_tokens" in attributes and ("span.type" in attributes or span.name.startswith("claude_code.")):
        return _claude_code(attributes)
    for key, read in _OBJECTS:
        if key in attributes and (usage := read(_object(attributes[key]))) != _NOTHING:
            return usage
    told = {_FIELDS[key] for key in attributes if key in _FIELDS}
    found = {name: _first(attributes, keys) if name in told else None for name, keys in _KEYS.items()}
    if _LANGSMITH_IN in attributes or _LANGSMITH_OUT in attributes:
        _add_langsmith(found, attributes)
    whole = _whole(**found)
    return both(whole, from_object(_object(attributes[_LOGFIRE]))) if _LOGFIRE in attributes else whole


def both(first: Usage, second: Usage | None) -> Usage:
    """Two tellings of one call's tokens: what the first leaves open is taken from the second."""
    if second is None or second == first:
        return first
    told = ((name, getattr(first, name)) for name in _KEYS)
    counts = {name: getattr(second, name) if count is None else count for name, count in told}
    return _whole(**counts)


def _whole(
    input: int | None,  # noqa: A002 - the field's name
    output: int | None,
    total: int | None,
    cache_read: int | None = None,
    cache_write: int | None = None,
    reasoning: int | None = None,
) -> Usage:
    """A total that nobody tells is the sum of its two parts."""
    if total is None and input is not None and output is not None:
        total = input + output
    return Usage(input, output, total, cache_read, cache_write, reasoning)


def _first(attributes: Attributes, keys: tuple[str, ...]) -> int | None:
    for key in keys:
        value = attributes.get(key)
        if value is not None and (count := integer(value)) is not None:
            return count
    return None


def _object(value: Value) -> dict[str, Value]:
    found = decode(value).value if isinstance(value, str) else value
    if isinstance(found, str):
        found = printed_object(found)
    return found if isinstance(found, dict) else {}


def _claude_code(attributes: Attributes) -> Usage:
    """Its `input_tokens` leave out what the cache read and wrote."""
    fresh = integer(attributes.get("input_tokens"))
    read, written = integer(attributes.get("cache_read_tokens")), integer(attributes.get("cache_creation_tokens"))
    whole = None if fresh is None else fresh + (read or 0) + (written or 0)
    return _whole(whole, integer(attributes.get("output_tokens")), None, read, written)


def _langfuse(details: dict[str, Value]) -> Usage:
    """Its integrations split both counts into disjoint parts (`input_cached_tokens`, `output_reasoning_tokens`); the
    wrapper of OpenAI's client writes the response's own object.
    """
    if "prompt_tokens" in details and "input" not in details:
        return from_object(details)
    return _whole(
        input=_parts(details, "input", "prompt_tokens"),
        output=_parts(details, "output", "completion_tokens"),
        total=_first(details, ("total", "total_tokens")),
        cache_read=_first(details, ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read")),
        cache_write=_first(details, ("cache_creation_input_tokens", "input_cache_creation")),
        reasoning=_first(details, ("output_reasoning_tokens", "output_reasoning")),
    )


def _parts(details: dict[str, Value], name: str, other: str) -> int | None:
    if integer(details.get(name)) is None:
        return _first(details, (f"{name}_tokens", other))
    counts = [integer(value) for key, value in details.items() if key == name or key.startswith(f"{name}_")]
    return sum(count for count in counts if count is not None)


def from_object(details: dict[str, Value], *, cache_apart: bool = False) -> Usage:
    """Usage as a provider's response holds it, and MLflow's likeness of it. `cache_apart`: its input leaves out what
    the cache read and wrote (Anthropic).
    """
    asked = _object(details.get("prompt_tokens_details") or details.get("input_tokens_details"))
    told = _object(details.get("completion_tokens_details") or details.get("output_tokens_details"))
    asked_for = _first(details, ("input_tokens", "prompt_tokens"))
    read = _first(details, ("cache_read_input_tokens",))
    written = _first(details, ("cache_creation_input_tokens",))
    if cache_apart and asked_for is not None:
        asked_for += (read or 0) + (written or 0)
    return _whole(
        input=asked_for,
        output=_first(details, ("output_tokens", "completion_tokens")),
        total=_first(details, ("total_tokens",)),
        cache_read=integer(asked.get("cached_tokens")) if read is None else read,
        cache_write=written,
        reasoning=integer(told.get("reasoning_tokens")),
    )


def _genkit(response: dict[str, Value]) -> Usage:
    """What its models answer holds the tokens too."""
    details = _object(response.get("usage"))
    return _whole(
        input=_first(details, ("inputTokens",)),
        output=_first(details, ("outputTokens",)),
        total=_first(details, ("totalTokens",)),
        cache_read=_first(details, ("cachedContentTokens",)),
        reasoning=_first(details, ("thoughtsTokens",)),
    )


def _add_langsmith(found: dict[str, int | None], attributes: Attributes) -> None:
    asked, told = _object(attributes.get(_LANGSMITH_IN)), _object(attributes.get(_LANGSMITH_OUT))
    for name, details, key in (
        ("cache_read", asked, "cache_read"),
        ("cache_write", asked, "cache_creation"),
        ("reasoning", told, "reasoning"),
    ):
        if found[name] is None:
            found[name] = integer(details.get(key))


_OBJECTS = ((_LANGFUSE, _langfuse), (_MLFLOW, from_object), (_GENKIT, _genkit))
