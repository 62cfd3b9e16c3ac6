"""Messages in any of the JSON shapes that instrumentations write, in one form (see `content` for what is inside a
message).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from otel_scorer.conventions.content import (
    PART_TYPES,
    RESULT_KEYS,
    Content,
    first_of,
    result_content,
    tool_call,
    tool_result,
)
from otel_scorer.conventions.finish import normalised
from otel_scorer.conventions.values import MAX_ITEMS, captured, loosened, string
from otel_scorer.model import Message, ToolCall, ToolResult, Value

_ROLES: dict[str, str] = {
    **dict.fromkeys(("system", "developer", "systemmessage", "systemmessagechunk"), "system"),
    **dict.fromkeys(("user", "human", "humanmessage", "humanmessagechunk"), "user"),
    **dict.fromkeys(("assistant", "model", "ai", "aimessage", "aimessagechunk", "bot"), "assistant"),
    **dict.fromkeys(("tool", "function", "toolmessage", "functionmessage", "tool-response"), "tool"),
}
_SPEAKERS = {name: role for name, role in _ROLES.items() if role != "tool"}
_CONTENT_KEYS = ("parts", "content", "contents", "text", "blocks")
_ITEMS = frozenset({"function_call", "function_call_output", "reasoning"})
"""Types of the items of OpenAI's Responses API that stand beside messages, and name no role."""
_CALL_KEYS = frozenset({"tool_calls", "additional_kwargs", "function_call", "function_call_name"})


class Messages(NamedTuple):
    """`hidden`: some content was redacted, lost, or more than is read."""

    items: tuple[Message, ...]
    hidden: bool = False


def role_of(value: Value) -> str:
    """One of system, user, assistant, tool, other."""
    return _ROLES.get(value.lower(), "other") if isinstance(value, str) else "other"


def messages(value: Value, default_role: str) -> Messages | None:
    """Read messages from a parsed value; None when nothing was captured: no message, or roles without any content, or
    all content redacted.

    `default_role` is for a message that names none: a bare text, a list of parts, a completion.
    """
    if isinstance(value, str) and captured(value):
        return Messages((Message(default_role, text=value),))
    found: list[_Read] = []
    _gather(value, default_role, found, 0)
    if not found and not isinstance(value, list):
        return None
    if found and not any(read.told or has_content(read.message) for read in found):
        return None
    hidden = any(read.hidden for read in found) or (isinstance(value, list) and len(value) > MAX_ITEMS)
    return Messages(tuple(read.message for read in found), hidden)


def is_chat(value: Value) -> bool:
    """Whether a parsed value is certainly a list of messages (each names its role, or is LangChain's serialised
    form).
    """
    if not isinstance(value, list) or not value:
        return False
    items = value[0] if isinstance(value[0], list) else value
    return bool(items) and all(isinstance(item, dict) and _names_role(item) for item in items)


def texts(value: Value) -> str | None:
    """The text of system instructions: a text, one part or a list of parts (or of messages); None when not captured."""
    if not captured(value):
        return None
    content = Content()
    content.add(value)
    return None if content.hidden and not content.texts else "\n".join(content.texts)


def with_finish_reasons(items: tuple[Message, ...]) -> tuple[str, ...]:
    """The finish reasons that messages tell themselves, in order."""
    return tuple(item.finish_reason for item in items if item.finish_reason)


def without_empty(items: tuple[Message, ...]) -> tuple[Message, ...]:
    """Drop answers that say nothing beside others that do (a Responses API reasoning item without summary)."""
    told = tuple(item for item in items if has_content(item))
    return told or items


def joined(items: tuple[Message, ...] | None) -> tuple[Message, ...] | None:
    """The items by which some APIs tell one turn of the assistant (reasoning, text, then each call) as one message.

    Alternative answers stay apart: they both have a text, or both a finish reason.
    """
    if not items or len(items) < 2 or not any(one.role == other.role == "assistant" for one, other in pairwise(items)):
        return items
    found: list[Message] = []
    for item in items:
        if found and _is_same_turn(found[-1], item):
            found[-1] = _both(found[-1], item)
        else:
            found.append(item)
    return tuple(found)


def _is_same_turn(one: Message, other: Message) -> bool:
    if one.role != "assistant" or other.role != "assistant" or one.tool_results or other.tool_results:
        return False
    return not (other.text and (one.text or one.tool_calls)) and not (one.finish_reason and other.finish_reason)


def _both(one: Message, other: Message) -> Message:
    return Message(
        role="assistant",
        text=one.text or other.text,
        tool_calls=one.tool_calls + other.tool_calls,
        reasoning="\n".join(filter(None, (one.reasoning, other.reasoning))),
        media=one.media + other.media,
        finish_reason=one.finish_reason or other.finish_reason,
        name=one.name or other.name,
    )


class _Read(NamedTuple):
    """`hidden`: content was there and is not to be read; `told`: some was there, be it an empty text."""

    message: Message
    hidden: bool
    told: bool


def _gather(value: Value, default_role: str, found: list[_Read], depth: int) -> None:
    if isinstance(value, list):
        _gather_list(value, default_role, found, depth)
    elif isinstance(value, dict):
        found.append(_message(value, default_role))
    elif isinstance(value, str):
        found.append(_Read(Message(default_role, text=value), False, True))


def _gather_list(value: list[Value], default_role: str, found: list[_Read], depth: int) -> None:
    if _are_parts(value):
        found.append(_message({"content": value}, default_role))
        return
    if default_role == "assistant" and len(value) > 1:
        value = _streamed(value)
    for item in value[:MAX_ITEMS]:
        if depth < 3:
            _gather(item, default_role, found, depth + 1)


def _streamed(value: list[Value]) -> list[Value]:
    """Gemini CLI tells a streamed answer as it came, one message a chunk: in Gemini's own form (role `model`, parts
    without types) they are one.
    """
    parts: list[Value] = []
    for item in value:
        told = item.get("parts") if isinstance(item, dict) and item.get("role") == "model" else None
        if not isinstance(told, list) or any(isinstance(part, dict) and "type" in part for part in told):
            return value
        parts += told
    return [{"role": "model", "parts": parts}]


def _are_parts(value: list[Value]) -> bool:
    first = value[0] if value else None
    if not isinstance(first, dict) or not _is_part(first):
        return False
    return all(isinstance(item, dict) and _is_part(item) for item in value)


def _message(item: dict[str, Value], default_role: str) -> _Read:
    outer, item = item, _unwrapped(item)
    plain = _plain(item) if outer is item or len(outer) == 1 else None
    if plain is not None:
        return plain
    content = Content()
    role = _role(item, default_role)
    _add_content(content, item, role)
    _add_calls(content, item)
    if outer is not item:
        _add_calls(content, outer)
    if "function" in outer:
        _add_function_results(content, outer)
    if content.results and not content.texts and not content.calls:
        role = "tool"
    message = Message(
        role=role,
        # Gemini and Genkit, whose models' role this is, cut one text into parts as it streams.
        text=("" if item.get("role") == "model" else "\n").join(content.texts),
        tool_calls=tuple(content.calls),
        tool_results=tuple(content.results),
        reasoning="\n".join(content.reasoning),
        media=tuple(content.media),
        finish_reason=_finish_reason(outer) or _finish_reason(item),
        name=string(item.get("name")) if role != "tool" and not _is_part(item) else "",
    )
    # Nobody asks with an empty message: there the exporter lost the parts. A model does answer with none. Parts that
    # hold nothing readable (`{"type": "text"}` alone, redacted ones) were not captured.
    told = bool(content.texts) or (role == "assistant" and item.get("parts") == [])
    lost = role != "assistant" and not told and not has_content(message)
    return _Read(message, content.hidden or lost, told)


def _plain(item: dict[str, Value]) -> _Read | None:
    """A message as most are (`{role, content}`, or `{role, parts}` of texts, calls and results), read without ceremony;
    None for any other.
    """
    role, reason = item.get("role"), item.get("finish_reason", "")
    if len(item) != 3 - ("finish_reason" not in item) or not isinstance(role, str) or not isinstance(reason, str):
        return None
    reason = normalised(reason) if reason else ""
    parts = item.get("parts")
    if isinstance(parts, list):
        return _of_parts(_ROLES.get(role), parts, reason)
    speaker, text = _SPEAKERS.get(role), item.get("content")
    if speaker is None or not isinstance(text, str) or text[:1] == "[" or not captured(text):
        return None
    return _Read(Message(speaker, text, finish_reason=reason), False, True)


def _of_parts(role: str | None, parts: list[Value], reason: str) -> _Read | None:
    """OpenTelemetry's parts, where all are of the common kinds and whole."""
    texts: list[str] = []
    calls: list[ToolCall] = []
    results: list[ToolResult] = []
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(text := part.get("content"), str) and captured(text):  # type: ignore[union-attr]
            texts.append(text)
        elif kind == "tool_call" and (call := tool_call(part)) is not None:
            calls.append(call)
        elif kind == "tool_call_response":
            results.append(tool_result(part))  # type: ignore[arg-type]
        else:
            return None
    if role is None or not parts or len(parts) > MAX_ITEMS or (texts and _needs_care(role, texts)):
        return None
    if results and not texts and not calls:
        role = "tool"
    text = texts[0] if len(texts) == 1 else "\n".join(texts)
    return _Read(Message(role, text, tuple(calls), tuple(results), finish_reason=reason), False, bool(texts))


def _needs_care(role: str, texts: list[str]) -> bool:
    """The texts are a tool's result, or may be JSON of parts themselves."""
    return role == "tool" or any(text[:2] == "[{" for text in texts)


def _unwrapped(item: dict[str, Value]) -> dict[str, Value]:
    """Rows `{message: {...}}`, choices `{message, finish_reason}`, LangChain's `{lc, id, kwargs}` and `{type,
    data}`.
    """
    inner = item.get("message")
    if isinstance(inner, dict):
        item = inner
    kwargs = item.get("kwargs")
    if isinstance(kwargs, dict) and isinstance(item.get("id"), list):
        return {"role": _last(item["id"]), **kwargs}
    data = item.get("data")
    if isinstance(data, dict) and isinstance(item.get("type"), str) and "role" not in item:
        return {"role": item["type"], **data}
    return item


def _last(value: Value) -> Value:
    return value[-1] if isinstance(value, list) and value else None


def _role(item: dict[str, Value], default_role: str) -> str:
    plain = item.get("role")
    if isinstance(plain, str) and plain in _ROLES:
        return _ROLES[plain]
    for key in ("role", "type", "_type"):
        told = item.get(key)
        if isinstance(told, str) and (told.lower() in _ROLES or (key == "role" and told not in ("", "unknown"))):
            return role_of(told)
    kind = item.get("type")
    if kind in ("function_call", "reasoning"):
        return "assistant"
    if isinstance(item.get("source"), str) and isinstance(kind, str):
        return "user" if item["source"] == "user" else "assistant"
    return "tool" if kind == "function_call_output" else default_role


def _add_content(content: Content, item: dict[str, Value], role: str) -> None:
    if "role" not in item and _is_part(item):
        content.add(item)
        return
    if isinstance(responses := item.get("tool_responses"), list):
        _add_responses(content, responses)
        return
    told = first_of(item, *_CONTENT_KEYS)
    if isinstance(told, dict) and "" in told:
        content.add(told[""])
        told = [part for key, part in told.items() if key]
    if isinstance(told, str) and told[:1] == "[" and '"type"' in told:
        told = loosened(told)
    if (role == "tool" or item.get("tool_call_id")) and role != "assistant" and _is_plain(told):
        _add_result(content, item, told)
    else:
        content.add(told)
    if "refusal" in item:
        content.add_text(item["refusal"])
    if "reasoning_content" in item:
        content.add_reasoning(item["reasoning_content"])


def _is_plain(told: Value) -> bool:
    """A tool message's content that is the result itself, not parts that say so themselves."""
    if not isinstance(told, list):
        return told is not None
    typed = ("tool_call_response", "tool_result", "tool-result")
    return not any(
        isinstance(part, dict) and (part.get("type") in typed or not part.keys().isdisjoint(RESULT_KEYS))
        for part in told
    )


def _add_result(content: Content, item: dict[str, Value], told: Value) -> None:
    if not captured(told):
        content.hidden = True
        return
    call_id = string(item.get("tool_call_id")) or string(item.get("id"))
    told = (
        [part["message_content"] if isinstance(part, dict) and "message_content" in part else part for part in told]
        if isinstance(told, list)
        else told
    )
    failed = item.get("status")
    is_error = failed == "error" if failed in ("error", "success") else None
    content.results.append(ToolResult(call_id, string(item.get("name")), result_content(told), is_error))


def _add_responses(content: Content, responses: list[Value]) -> None:
    """AG2's message of several results; its own content is all of them again, its name the agent's that called."""
    for one in responses:
        if isinstance(one, dict):
            _add_result(content, one, one.get("content"))


def _add_function_results(content: Content, row: dict[str, Value]) -> None:
    """AutoGen writes the results of calls as a list of JSON texts beside the message (`function.0`)."""
    told = row["function"]
    for one in told if isinstance(told, list) else ():
        result = loosened(one)
        if isinstance(result, dict) and "content" in result:
            failed = result.get("is_error")
            found = ToolResult(
                string(result.get("call_id")) or string(result.get("id")),
                string(result.get("name")),
                result_content(result["content"]),
                failed if isinstance(failed, bool) else None,
            )
            content.results.append(found)


def _add_calls(content: Content, item: dict[str, Value]) -> None:
    if _CALL_KEYS.isdisjoint(item):
        return
    extra = item.get("additional_kwargs")
    for calls in (item.get("tool_calls"), extra.get("tool_calls") if isinstance(extra, dict) else None):
        calls = loosened(calls)
        if isinstance(calls, list) and not content.calls:
            content.calls.extend(call for one in calls if (call := tool_call(one)) is not None)
    if not content.calls:
        _add_function_call(content, item, extra if isinstance(extra, dict) else {})


def _add_function_call(content: Content, item: dict[str, Value], extra: dict[str, Value]) -> None:
    """The legacy single call, as an object or as OpenInference's two keys."""
    if item.get("type") == "function_call":
        return
    call = tool_call(item.get("function_call") or extra.get("function_call"))
    if call is None and item.get("function_call_name") is not None:
        call = tool_call({"name": item["function_call_name"], "arguments": item.get("function_call_arguments_json")})
    if call is not None:
        content.calls.append(call)


def _finish_reason(item: dict[str, Value]) -> str:
    told = item.get("finish_reason") or item.get("finishReason") or item.get("stop_reason")
    return normalised(told) if isinstance(told, str) and told else ""


def _is_part(item: dict[str, Value]) -> bool:
    if "role" in item or "message" in item:
        return False
    if "message_content" in item:
        return True
    kind = item.get("type")
    if not isinstance(kind, str) or kind.lower() in _ROLES or "data" in item:
        return False
    return kind in PART_TYPES or (kind not in ("message", "constructor") and "content" not in item)


def _names_role(item: dict[str, Value]) -> bool:
    if isinstance(item.get("role"), str) or isinstance(item.get("message"), dict):
        return True
    kind = item.get("type")
    return isinstance(item.get("kwargs"), dict) or (
        isinstance(kind, str) and (kind.lower() in _ROLES or kind in _ITEMS)
    )


def has_content(message: Message) -> bool:
    """Whether a message says, asks for, returns or shows anything."""
    return bool(message.text or message.tool_calls or message.tool_results or message.reasoning or message.media)
