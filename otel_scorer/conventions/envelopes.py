"""The words inside the JSON, or printed object, that a framework wraps around what somebody asked or answered.

Agent and chain spans carry their input and output as `input.value` and the like: plain text, or whatever object the
framework passed (`{"messages": [...]}`, `{"input": ..., "chat_history": []}`, `{"content": {"parts": [...]}}`,
LangChain's serialised messages, ...). Only known wrappings are opened: an object that the user asked for is an
answer as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from otel_scorer.conventions.printed import unprinted_text
from otel_scorer.conventions.state import is_id
from otel_scorer.conventions.values import captured, is_cut, loosened
from otel_scorer.model import Value

Side = Literal["asked", "answered"]

_ASKED_KEYS = (
    "new_message",
    "input_args",
    "user_input",
    "user_prompt",
    "user_message",
    "user_query",
    "input",
    "task",
    "question",
    "query",
    "prompt",
    "request",
    "message",
    "inputs",
    "kwargs",
    "args",
)
_ANSWERED_KEYS = (
    "final_answer",
    "final_output",
    "final_result",
    "return_values",
    "raw",
    "output_text",
    "output",
    "outputs",
    "answer",
    "response",
    "result",
    "completion",
    "generations",
    "choices",
    "message",
)
_BESIDE_ANSWER = frozenset(
    {
        "pydantic",
        "json_dict",
        "tasks_output",
        "token_usage",
        "input",
        "inputs",
        "question",
        "query",
        "task",
        "chat_history",
        "history",
        "intermediate_steps",
        "kwargs",
        "args",
        "tags",
        "metadata",
        "run",
        "llm_output",
        "type",
        "id",
        "name",
        "index",
        "role",
        "finish_reason",
        "logprobs",
        "refusal",
        "generation_info",
        "usage",
        "usage_metadata",
        "context",
        "source_documents",
        "model",
        "created",
        "object",
        "system_fingerprint",
        "trajectory",
        "reasoning",
        "rationale",
        "raw",
        "tool_calls",
        "structured_response",
        "current_agent_name",
        "retry_messages",
    }
)
"""Keys that frameworks put beside the answer: with any other key the whole object is the answer."""

_ASSISTANT = frozenset({"assistant", "ai", "model", "aimessage", "aimessagechunk"})
_USER = frozenset({"user", "human", "humanmessage", "humanmessagechunk"})
_MAX_DEPTH = 12
_PRINTED = re.compile(
    r"\s{0,8}(?:\w{0,20}Message(?:Chunk)?\()?content=('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r",?\ (?:additional_kwargs|response_metadata)=",
    re.DOTALL,
)
"""How Python prints a message of LangChain: `content='Yes' additional_kwargs={} response_metadata={...}`."""


def words(text: str, side: Side) -> str | None:
    """What a person would read: plain text as it is, the words of a known wrapping, None for other JSON and for what
    was left of it when it was cut.
    """
    printed = _PRINTED.match(text)
    if printed:
        return _full(unprinted_text(printed[1]))
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return text
    value = loosened(text)
    if isinstance(value, str):
        return None if is_cut(value) else value
    return _words(value, side, 0)


def is_printed_message(text: str) -> bool:
    """Whether the text is a message of LangChain as Python prints it: all that it says is in its `content`."""
    return _PRINTED.match(text) is not None


def _words(value: Value, side: Side, depth: int) -> str | None:
    if isinstance(value, str):
        wrapped = depth < _MAX_DEPTH and (value.lstrip()[:1] in ("{", "[") or is_printed_message(value))
        return words(value, side) if wrapped else _full(value)
    if depth >= _MAX_DEPTH:
        return None
    if isinstance(value, list):
        return _list_words(value, side, depth + 1)
    return _object_words(value, side, depth + 1) if isinstance(value, dict) else None


def _object_words(value: Mapping[str, Value], side: Side, depth: int) -> str | None:
    messages = value.get("messages")
    if isinstance(messages, list):
        return _list_words(messages, side, depth)
    if _role(value) or "parts" in value:
        return _content(_body(value), side, depth)
    content = value.get("content", value.get("text"))
    if captured(content) and (set(value) <= _BESIDE_ANSWER | {"content", "text"} or isinstance(content, dict)):
        return _content({"content": content}, side, depth)
    return _keyed_words(value, side, depth)


def _keyed_words(value: Mapping[str, Value], side: Side, depth: int) -> str | None:
    keys = _ASKED_KEYS if side == "asked" else _ANSWERED_KEYS
    for key in keys:
        if key not in value or (side == "answered" and not set(value) <= _BESIDE_ANSWER | {key}):
            continue
        found = _words(value[key], side, depth)
        if found is not None:
            return found
    return _only_words(value) if side == "asked" else None


def _only_words(value: Mapping[str, Value]) -> str | None:
    """What a program's one input says (`{"product": "socks"}`); an id is no request."""
    ((name, only),) = value.items() if len(value) == 1 else (("", None),)
    return _full(only) if isinstance(only, str) and not is_id(name) else None


def _list_words(values: Sequence[Value], side: Side, depth: int) -> str | None:
    """The last message of the wanted side; the joined text parts; or what a list of one holds."""
    objects = [value for value in values if isinstance(value, dict)]
    wanted = _USER if side == "asked" else _ASSISTANT
    for value in reversed(objects):
        if _role(value) in wanted and (found := _content(_body(value), side, depth)):
            return found
    if values and len(objects) == len(values) and all("text" in value and not _role(value) for value in objects):
        return _full("\n".join(str(value["text"]) for value in objects))
    return _words(values[0], side, depth) if len(values) == 1 else None


def _content(body: Mapping[str, Value], side: Side, depth: int) -> str | None:
    content = body.get("content", body.get("parts", body.get("text", body.get("blocks"))))
    if isinstance(content, str):
        return _full(content)
    if isinstance(content, list):
        return _full("\n".join(_part_texts(content)))
    return _words(content, side, depth) if isinstance(content, dict) else None


def _part_texts(parts: Sequence[Value]) -> list[str]:
    """Text of content parts; reasoning, tool calls and media are left out."""
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and part.get("type", "text") in ("text", "output_text", "input_text"):
            text = part.get("text", part.get("content"))
            texts += [text] if isinstance(text, str) and not part.get("thought") else []
    return texts


def _role(value: Mapping[str, Value]) -> str:
    """Lower-case role of a message object, "" when it is none. Reads LangChain's serialised forms too."""
    for key in ("role", "type", "source"):
        name = value.get(key)
        if isinstance(name, str) and name.lower() in _USER | _ASSISTANT:
            return name.lower()
    path = value.get("id")
    if value.get("type") == "constructor" and isinstance(path, list) and path and isinstance(path[-1], str):
        return path[-1].lower() if path[-1].lower() in _USER | _ASSISTANT else ""
    return ""


def _body(value: Mapping[str, Value]) -> Mapping[str, Value]:
    """Where a message object keeps its content: itself, or LangChain's `kwargs` or `data`."""
    for key in ("kwargs", "data"):
        inner = value.get(key)
        if isinstance(inner, dict) and "content" in inner and "content" not in value:
            return inner
    return value


def _full(text: str) -> str | None:
    return text if text.strip() else None
