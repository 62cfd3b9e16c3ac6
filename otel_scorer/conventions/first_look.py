"""What sealing wants to know of a model call without reading its messages: tools offered, system prompt, turns.

Every trace is asked this, sampled or not. Texts that are the same on each of a service's spans (tool definitions,
system prompts) are read once and remembered; users' turns are counted by their roles. Dialects whose messages lie in
one object of their own are read whole, which the caller pays for one span of a trace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from otel_scorer.conventions.envelopes import words
from otel_scorer.conventions.read import read
from otel_scorer.conventions.values import captured, dumped, number
from otel_scorer.model import Attributes, GenAI, Span, ToolDefinition

Whole = Callable[[Span], GenAI]
"""Reads all of a span's evidence, and remembers it."""
Opening = dict[str, str | None]
"""How the messages of the call before begin, up to the end of the first one, with the system prompt in it: the calls of
a trace mostly begin alike.
"""
Declared = tuple[tuple[str, str], ...]
"""Tool definitions as they stand in the attributes: keys and texts."""

_TOOL_KEYS = frozenset({"gen_ai.tool.definitions", "mlflow.chat.tools", "ai.prompt.tools", "model_request_parameters"})
_TOOL_PREFIXES = ("llm.tools.", "gen_ai.tool.definitions.", "llm.request.functions.", "gen_ai.request.functions.")
_MESSAGE_LISTS = ("llm.input_messages.", "gen_ai.input.messages.", "gen_ai.prompt.")
_FIRST_MESSAGES = tuple((f"{key}0.{part}role", f"{key}0.{part}") for key in _MESSAGE_LISTS for part in ("message.", ""))
"""The key of the first message's role, and how the keys of that message begin."""
_SCORE_KEY = ".document.score"
_MOST_PARTS = 16
_WHOLE_INPUTS = (
    "input.value",
    "traceloop.entity.input",
    "ai.prompt",
    "user_prompt",
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "gen_ai.prompt",
)
_OWN_FORMS = (
    *_WHOLE_INPUTS,
    "ai.prompt.messages",
    "gcp.vertex.agent.llm_request",
    "gen_ai.input.messages",
    "request_data",
    "events",
)
_ROLE = re.compile(r'"role"\s*:\s*"(?:user|human)"')
_ROLE_KEY = re.compile(r"\.\d+(?:\.message)?\.role")
_DECODER = json.JSONDecoder()
_SPACE, _DIGITS = re.compile(r"\s+"), re.compile(r"\d+")


def may_offer_tools(keys: Collection[str]) -> bool:
    """Whether a call with some of these keys may tell what tools it could use."""
    return any(key in _TOOL_KEYS or key.startswith(_TOOL_PREFIXES) for key in keys)


def offered_tools(span: Span) -> dict[str, str] | None:
    """Canonical definition by name of the tools that this call could use; None: not captured where a look suffices."""
    declared = tuple(
        (key, value if isinstance(value, str) else dumped(value))
        for key, value in span.attributes.items()
        if key in _TOOL_KEYS or key.startswith(_TOOL_PREFIXES)
    )
    return _canonical_tools(declared) if declared else None


def system_texts(calls: Sequence[Span], whole: Whole) -> list[str | None]:
    """The system prompt that stands first in each of these calls; None: unknown, or none.

    `whole` reads the first of them where a look does not do, not all.
    """
    opening: Opening = {}
    return [_system_text(span, None if index else whole, opening) for index, span in enumerate(calls)]


def _system_text(span: Span, whole: Whole | None, opening: Opening) -> str | None:
    attributes = span.attributes
    separate = attributes.get("gen_ai.system_instructions")
    if separate is not None:
        return _system_of("gen_ai.system_instructions", separate if isinstance(separate, str) else dumped(separate))
    messages = attributes.get("gen_ai.input.messages")
    if isinstance(messages, str):
        return _first_system(messages, opening)
    for role, start in _FIRST_MESSAGES:
        if attributes.get(role) in ("system", "developer"):
            return _listed_text(attributes, start)
    return _system_in(whole(span)) if whole is not None and _hides_messages(span) else None


def user_turns(span: Span, whole: Whole) -> int | None:
    """How many user messages this call was given; None: not captured."""
    messages = span.attributes.get("gen_ai.input.messages")
    if isinstance(messages, str):
        return len(_ROLE.findall(messages))
    if _has_listed_messages(span.attributes):
        return sum(1 for key, value in span.attributes.items() if value in ("user", "human") and _is_role(key))
    given = whole(span).input_messages if _hides_messages(span) else None
    return None if given is None else sum(1 for m in given if m.role == "user" and m.text.strip())


def asked_length(span: Span) -> int | None:
    """Characters of what an agent, chain or model call was asked last; None: not captured, or in no place looked at."""
    attributes = span.attributes
    messages = attributes.get("gen_ai.input.messages")
    if isinstance(messages, str):
        return _length(words(messages, "asked"))
    for role, start in _FIRST_MESSAGES:
        if role in attributes:
            return _last_listed(attributes, start)
    raw = next((value for key in _WHOLE_INPUTS if isinstance(value := attributes.get(key), str) and value), None)
    return _length(words(raw, "asked")) if raw is not None and captured(raw) else None


def document_scores(span: Span, whole: Whole) -> list[float]:
    """Scores of the documents that a retriever or reranker returned."""
    listed = {key: value for key, value in span.attributes.items() if key.endswith(_SCORE_KEY)}
    if listed:
        returned = (value for key, value in listed.items() if ".input_documents." not in key)
        return [score for score in map(number, returned) if score is not None]
    genai = whole(span)
    documents = [*(genai.documents or ()), *(genai.reranked or ())]
    return [document.score for document in documents if document.score is not None]


@lru_cache(maxsize=256)
def steady(text: str) -> str:
    """A prompt without what changes from call to call: runs of digits (dates, counts) and of white space."""
    return _SPACE.sub(" ", _DIGITS.sub("0", text)).strip()


@lru_cache(maxsize=128)
def _canonical_tools(declared: Declared) -> dict[str, str] | None:
    found = read(_bare_span(dict(declared))).tool_definitions
    return None if found is None else {tool.name: _canonical(tool) for tool in found}


def _canonical(tool: ToolDefinition) -> str:
    return json.dumps([tool.name, tool.description, tool.parameters], sort_keys=True, default=str)


@lru_cache(maxsize=256)
def _system_of(key: str, text: str) -> str | None:
    return read(_bare_span({key: text})).system_instructions


def _first_system(messages: str, opening: Opening) -> str | None:
    """The first message alone is parsed: the rest of a conversation can be long."""
    for known, system in opening.items():
        if messages.startswith(known):
            return system
    start = max(messages.find("{"), 0)
    try:
        first, end = _DECODER.raw_decode(messages, start)
    except (ValueError, RecursionError):
        return None
    if not isinstance(first, dict):
        return None
    said_by_system = first.get("role") in ("system", "developer")
    system = _system_of("gen_ai.input.messages", f"[{messages[start:end]}]") if said_by_system else None
    opening.clear()
    opening[messages[:end]] = system
    return system


def _system_in(genai: GenAI) -> str | None:
    if genai.system_instructions:
        return genai.system_instructions
    return next((m.text for m in genai.input_messages or () if m.role == "system" and m.text), None)


def _has_listed_messages(attributes: Attributes) -> bool:
    return any(role in attributes for role, _ in _FIRST_MESSAGES)


def _hides_messages(span: Span) -> bool:
    """Messages may be in it, in a form of its own or beside the attributes."""
    if _has_listed_messages(span.attributes):
        return False
    return bool(span.logs or span.events) or any(key in span.attributes for key in _OWN_FORMS)


def _last_listed(attributes: Attributes, first: str) -> int | None:
    prefix, _, part = first.rpartition("0.")
    index, found = 0, None
    while isinstance(role := attributes.get(f"{prefix}{index}.{part}role"), str):
        if role in ("user", "human"):
            text = _listed_text(attributes, f"{prefix}{index}.{part}")
            found = len(text) if text else found
        index += 1
    return found


def _listed_text(attributes: Attributes, start: str) -> str | None:
    """Text of a flattened message: its `content`, or its content parts."""
    whole = attributes.get(f"{start}content")
    if isinstance(whole, str):
        return whole
    parts = (attributes.get(f"{start}contents.{index}.message_content.text") for index in range(_MOST_PARTS))
    return "\n".join(part for part in parts if isinstance(part, str)) or None


def _length(text: str | None) -> int | None:
    return None if text is None else len(text)


def _is_role(key: str) -> bool:
    return key.startswith(_MESSAGE_LISTS) and _ROLE_KEY.search(key) is not None


def _bare_span(attributes: Attributes) -> Span:
    return Span("", "", "", "", attributes={"openinference.span.kind": "LLM", **attributes})
