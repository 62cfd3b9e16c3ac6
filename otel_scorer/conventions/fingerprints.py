"""Hashes of a trace's set-up, to notice that a part of it changed: prompts, tools, retrieval, models, parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from otel_scorer.conventions.first_look import steady, system_texts
from otel_scorer.conventions.identity import models_of
from otel_scorer.conventions.steps import RETRIEVAL_KINDS
from otel_scorer.conventions.trace_view import TraceView, canonical
from otel_scorer.conventions.values import loosened
from otel_scorer.model import Kind, Span, Value

FINGERPRINTS: tuple[str, ...] = (
    "prompt_template",
    "tool_schemas",
    "retrieval_settings",
    "embedding_model",
    "decoding_parameters",
    "tool_arguments",
)

_LLM: frozenset[Kind] = frozenset({"LLM"})
_EMBEDDING: frozenset[Kind] = frozenset({"EMBEDDING"})
_TEMPLATE_KEYS = ("llm.prompt_template.template", "traceloop.prompt.template", "traceloop.prompt.version_hash")
_VERSION_KEYS = (
    "gen_ai.prompt.version",
    "gen_ai.prompt.template.version",
    "llm.prompt_template.version",
    "langfuse.observation.prompt.version",
    "traceloop.prompt.version",
    "mlflow.linkedPrompts",
)
_NAME_KEYS = (
    "gen_ai.prompt.name",
    "gen_ai.prompt.template.name",
    "langfuse.observation.prompt.name",
    "traceloop.prompt.key",
    "prompt.id",
)
_RETRIEVAL_KEYS = (
    "gen_ai.data_source.id",
    "gen_ai.retrieval.top_k",
    "gen_ai.request.top_k",
    "gen_ai.request.model",
    "db.system",
    "db.system.name",
    "db.collection.name",
    "db.namespace",
    "db.operation.name",
    "db.vector.query.top_k",
    "reranker.model_name",
    "reranker.top_k",
    "gen_ai.reranker.model",
    "gen_ai.reranker.top_n",
)
_PARAMETER_OBJECTS = (
    "llm.invocation_parameters",
    "gen_ai.request.parameters",
    "langfuse.observation.model.parameters",
)
_PARAMETER_PREFIXES = ("gen_ai.request.", "ai.settings.", "gen_ai.request.ai.settings.")
_DECODING: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "topP": "top_p",
    "top_k": "top_k",
    "topK": "top_k",
    "max_tokens": "max_tokens",
    "maxTokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "frequency_penalty": "frequency_penalty",
    "frequencyPenalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "presencePenalty": "presence_penalty",
    "stop": "stop",
    "stop_sequences": "stop",
    "stopSequences": "stop",
    "seed": "seed",
    "n": "n",
    "reasoning_effort": "reasoning",
    "reasoning.level": "reasoning",
}

_DECODING_KEYS = {f"{prefix}{key}": name for prefix in _PARAMETER_PREFIXES for key, name in _DECODING.items()}
_DECODING_TOLD_BY = frozenset({*_DECODING_KEYS, *_PARAMETER_OBJECTS})


def fingerprints(view: TraceView, salt: bytes) -> dict[str, str]:
    """16 hex digits for each part of the set-up that is known, keyed with the tenant's salt.

    Two traces share one where that part was the same; without the salt nobody can try what it was.
    """
    key = salt if len(salt) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(salt).digest()
    return {name: hashed(f"{name}\0{text}", key) for name, part in _PARTS if (text := part(view))}


def hashed(text: str, key: bytes = b"") -> str:
    """16 hex digits of a text, keyed or not."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=key).hexdigest()


def _prompt_template(view: TraceView) -> str | None:
    """The template, or its name and version, where told; else the calls' system prompts without their numbers."""
    calls = view.spans_of(_LLM)
    told_by = (*calls, *([view.root] if view.root else []))
    for keys in (_TEMPLATE_KEYS, _VERSION_KEYS):
        if not view.attribute_keys.isdisjoint(keys) and any(_picked(span, keys) for span in told_by):
            told = {_picked(span, (*keys, *_NAME_KEYS)) for span in told_by}
            return "\n".join(sorted(text for text in told if text))
    texts = system_texts(calls, view.read)
    return "\n".join(sorted({steady(text) for text in texts if text})) or None


def _tool_schemas(view: TraceView) -> str | None:
    tools = view.offered_tools
    return "\n".join(tools[name] for name in sorted(tools)) if tools else None


def _retrieval_settings(view: TraceView) -> str | None:
    told = {_picked(span, _RETRIEVAL_KEYS) for span in view.spans_of(RETRIEVAL_KINDS)}
    return "\n".join(sorted(text for text in told if text)) or None


def _embedding_model(view: TraceView) -> str | None:
    spans = view.spans_of(_EMBEDDING)
    return "\n".join(sorted({served or asked for asked, served in map(models_of, spans)} - {""})) or None


def _decoding_parameters(view: TraceView) -> str | None:
    if view.attribute_keys.isdisjoint(_DECODING_TOLD_BY):
        return None
    told = {_decoding(span) for span in view.spans_of(_LLM)}
    return "\n".join(sorted(text for text in told if text)) or None


def _tool_arguments(view: TraceView) -> str | None:
    """Names and arguments of the executed tools, in order: equal for two runs that did the same things."""
    texts = view.argument_texts
    told = [f"[{canonical(call.name)}, {text}]" for span, call in view.tool_calls if (text := texts.get(span.span_id))]
    return f"[{', '.join(told)}]" if told else None


def _decoding(span: Span) -> str | None:
    found: dict[str, Value] = {}
    for key in _PARAMETER_OBJECTS:
        value = span.attributes.get(key)
        if isinstance(value, str):
            found.update(_parameters(value))
    for key, value in span.attributes.items():
        if key in _DECODING_KEYS:
            found[_DECODING_KEYS[key]] = value
    return canonical(found) if found else None


@lru_cache(maxsize=512)
def _parameters(text: str) -> dict[str, Value]:
    value = loosened(text)
    if not isinstance(value, dict):
        return {}
    return {_DECODING[key]: item for key, item in value.items() if key in _DECODING and item is not None}


def _picked(span: Span, keys: Iterable[str]) -> str | None:
    attributes = span.attributes
    found = [[key, attributes[key]] for key in keys if attributes.get(key) is not None]
    return canonical(found) if found else None


_PARTS: tuple[tuple[str, Callable[[TraceView], str | None]], ...] = (
    ("prompt_template", _prompt_template),
    ("tool_schemas", _tool_schemas),
    ("retrieval_settings", _retrieval_settings),
    ("embedding_model", _embedding_model),
    ("decoding_parameters", _decoding_parameters),
    ("tool_arguments", _tool_arguments),
)
