"""The parts of one message, in whichever shape: OpenTelemetry parts, OpenAI, Anthropic, Bedrock, Gemini, Vercel,
OpenInference.

Classified by the part's own shape, never by the message's role (tool results travel in `user` messages too).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from otel_scorer.conventions.values import MAX_ITEMS, REDACTED, captured, loosened, parsed, string, text_of
from otel_scorer.model import ToolCall, ToolResult, Value

_MAX_DEPTH = 12
_CALL_ID = ("id", "call_id", "toolCallId", "toolUseId", "tool_call_id", "ref")
_RESULT_ID = ("id", "tool_use_id", "toolUseId", "toolCallId", "tool_call_id", "call_id", "ref")


@dataclass(slots=True)
class Content:
    """What has been gathered of one message. `hidden`: something was there and was redacted."""

    texts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[ToolResult] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    hidden: bool = False

    def add_text(self, value: Value) -> None:
        if isinstance(value, str) and value in REDACTED:
            self.hidden = True
        elif isinstance(value, str):
            self.texts.append(value)

    def add_reasoning(self, value: Value) -> None:
        text = _block_text(value)
        if text:
            self.reasoning.append(text)

    def add(self, value: Value, depth: int = 0) -> None:
        """Gather a message's content: a text, one part, or a list of parts."""
        if isinstance(value, list):
            self.hidden = self.hidden or len(value) > MAX_ITEMS
            for item in value[:MAX_ITEMS] if depth < _MAX_DEPTH else ():
                self._add_part(item, depth + 1) if isinstance(item, dict) else self.add(item, depth + 1)
        elif isinstance(value, dict):
            self._add_part(value, depth)
        else:
            self.add_text(value)

    def _add_part(self, part: dict[str, Value], depth: int) -> None:
        inner = part.get("message_content")
        if isinstance(inner, dict):
            part = inner
        kind = part.get("type") or part.get("block_type")
        handler = _TYPED.get(kind) if isinstance(kind, str) else None
        if handler is not None:
            handler(self, part)
        elif not self._add_untyped(part) and depth < _MAX_DEPTH:
            self.add(part.get("content"), depth + 1)

    def _add_untyped(self, part: dict[str, Value]) -> bool:
        """Bedrock and Gemini name the kind of a part by its only key."""
        text = part.get("text")
        if isinstance(text, str):
            self.add_reasoning(text) if part.get("thought") is True else self.add_text(text)
            return True
        for key, handler in _KEYED.items():
            inner = part.get(key)
            if inner is not None:
                handler(self, inner if isinstance(inner, dict) else part)
                return True
        return False


def tool_call(value: Value) -> ToolCall | None:
    """A requested call in any shape: OpenAI `{id, function{name, arguments}}`, flat `{name, args, id}`,
    OpenInference rows.
    """
    if not isinstance(value, dict):
        return None
    inner = value.get("tool_call")
    outer = inner if isinstance(inner, dict) else value
    function = outer.get("function")
    told = function if isinstance(function, dict) else outer
    name = _first_string(told, "name", "toolName", "tool_name")
    if not name and not isinstance(function, dict):
        return None
    if name[:1] == "'" == name[-1:]:
        name = name[1:-1]  # CrewAI's events tell names as Python prints them
    arguments = first_of(told, "arguments", "args", "input", "parameters", "tool_kwargs")
    call_id = _first_string(outer, *_CALL_ID)
    if not name and not call_id and arguments is None:
        return None
    if arguments is None and outer is inner:
        arguments = {}  # OpenInference leaves out empty ones; what it hides is there, redacted
    return ToolCall(name, call_id, _arguments(arguments))


def result_content(value: Value) -> Value:
    """What a tool gave back, out of its wrapping: joined text of content blocks, Bedrock's `json`, Vercel's `{type,
    value}`.
    """
    if not captured(value):
        return None
    value = loosened(value)
    if isinstance(value, dict) and isinstance(value.get("type"), str) and "value" in value:
        return loosened(value["value"])
    if isinstance(value, list) and value and all(_is_block(item) for item in value):
        texts = [_block_text(item) for item in value]
        return loosened(texts[0]) if len(texts) == 1 else "\n".join(texts)
    return value


def media_name(part: dict[str, Value]) -> str:
    """A picture, sound or file by its address, else by its media type or kind; never its bytes."""
    for key in (
        "uri",
        "url",
        "image_url",
        "image",
        "file_id",
        "source",
        "file_uri",
        "fileUri",
        "audio",
        "video",
        "file",
    ):
        address = _address(part.get(key))
        if address:
            return address
    return (
        _first_string(part, "mime_type", "mimeType", "mediaType", "media_type", "modality", "format", "type") or "media"
    )


def _address(value: Value, depth: int = 0) -> str:
    if isinstance(value, dict) and depth < 4:
        for key in ("url", "uri", "image", "file_id"):
            found = _address(value.get(key), depth + 1)
            if found:
                return found
        return _first_string(value, "media_type", "mime_type", "format")
    if not isinstance(value, str) or value in REDACTED:
        return ""
    if value.startswith("data:"):
        return value[5:].split(";", 1)[0].split(",", 1)[0][:100] or "data"
    return value if "://" in value[:16] or (len(value) <= 100 and " " not in value) else ""


def _is_block(value: Value) -> bool:
    if not isinstance(value, dict) or len(value) > 4:
        return False
    told = "content" if value.get("type") == "text" and "text" not in value else "text"
    return isinstance(value.get(told), str) or "json" in value


def _block_text(value: Value) -> str:
    """The text of a reasoning or result block: a string, `{text}`, `{json}`, or a list of such."""
    if isinstance(value, str):
        return "" if value in REDACTED else value
    if isinstance(value, list):
        return "\n".join(text for item in value if (text := _block_text(item)))
    if isinstance(value, dict):
        found = first_of(value, "text", "content", "thinking", "summary", "reasoningText", "json")
        return found if isinstance(found, str) else text_of(first_of(value, "text", "json")) or ""
    return ""


def first_of(part: dict[str, Value], *keys: str) -> Value:
    """The value of the first of these keys that has one."""
    for key in keys:
        value = part.get(key)
        if value is not None:
            return value
    return None


def _first_string(part: dict[str, Value], *keys: str) -> str:
    for key in keys:
        value = part.get(key)
        if value is not None and (name := string(value)):
            return name
    return ""


def _arguments(value: Value) -> Value:
    return parsed(value) if captured(value) else None


def _text(content: Content, part: dict[str, Value]) -> None:
    text = first_of(part, "content", "text", "refusal")
    if isinstance(text, dict):
        text = text.get("value")
    inner = _parts_in(text) if isinstance(text, str) and text[:2] == "[{" else None
    if inner is None:
        content.add_text(text)
    else:
        content.add(inner)


def _parts_in(text: str) -> list[Value] | None:
    """The parts that an instrumentation wrote as the JSON text of one part (OpenLLMetry of LangChain.js does); None for
    a text that is JSON of another sort.
    """
    inner = loosened(text) if '"type"' in text[:200] else None
    if not isinstance(inner, list) or not all(isinstance(one, dict) and one.get("type") in PART_TYPES for one in inner):
        return None
    return inner


def _call(content: Content, part: dict[str, Value]) -> None:
    call = tool_call(part)
    if call is not None:
        content.calls.append(call)


def _server_call(content: Content, part: dict[str, Value]) -> None:
    _call(content, {"name": part.get("name"), "id": part.get("id"), "arguments": part.get("server_tool_call")})


def tool_result(part: dict[str, Value]) -> ToolResult:
    """What a part hands back to the model, whatever the names of its fields."""
    told = first_of(part, "response", "result", "output", "content", "server_tool_call_response")
    return ToolResult(
        id=_first_string(part, *_RESULT_ID),
        name=_first_string(part, "name", "toolName"),
        content=result_content(told),
        is_error=_is_error(part),
    )


def _result(content: Content, part: dict[str, Value]) -> None:
    content.results.append(tool_result(part))


def _anthropic_result(content: Content, part: dict[str, Value]) -> None:
    _result(content, {key: value for key, value in part.items() if key != "id"} if "tool_use_id" in part else part)


def _called_result(content: Content, part: dict[str, Value]) -> None:
    _result(content, {key: value for key, value in part.items() if key != "id"} if "call_id" in part else part)


def _called(content: Content, part: dict[str, Value]) -> None:
    _call(content, {key: value for key, value in part.items() if key != "id"} if "call_id" in part else part)


def _is_error(part: dict[str, Value]) -> bool | None:
    for key in ("is_error", "isError"):
        told = part.get(key)
        if isinstance(told, bool):
            return told
    status = part.get("status")
    return status == "error" if status in ("error", "success") else None


def _reasoning(content: Content, part: dict[str, Value]) -> None:
    content.add_reasoning(first_of(part, "content", "thinking", "text", "summary", "reasoningText"))


def _media(content: Content, part: dict[str, Value]) -> None:
    content.media.append(media_name(part))


def _code(content: Content, part: dict[str, Value]) -> None:
    content.add_text(first_of(part, "code", "output"))


RESULT_KEYS = ("toolResult", "function_response", "functionResponse", "toolResponse")
"""Keys by which a part without a type says that it is a tool's result (Bedrock, Gemini, Genkit)."""

_Handler = Callable[[Content, "dict[str, Value]"], None]

_TYPED: dict[str, _Handler] = {
    **dict.fromkeys(("text", "input_text", "output_text", "refusal", "compaction"), _text),
    **dict.fromkeys(("tool_call", "tool_use", "toolUse", "tool-call", "function", "mcp_call"), _call),
    **dict.fromkeys(("tool_call_response", "tool-result", "tool_response"), _result),
    **dict.fromkeys(("tool_result", "web_search_tool_result"), _anthropic_result),
    **dict.fromkeys(("reasoning", "thinking", "redacted_thinking"), _reasoning),
    **dict.fromkeys(("blob", "file", "uri", "image", "image_url", "input_image", "input_file", "input_audio"), _media),
    **dict.fromkeys(("audio", "video", "document", "media", "image-url", "binary"), _media),
    "function_call": _called,
    "function_call_output": _called_result,
    "server_tool_call": _server_call,
    "server_tool_use": _call,
    "server_tool_call_response": _result,
}

_KEYED: dict[str, _Handler] = {
    **dict.fromkeys(("toolUse", "function_call", "functionCall", "tool_call", "toolRequest"), _call),
    **dict.fromkeys(RESULT_KEYS, _result),
    "reasoningContent": _reasoning,
    **dict.fromkeys(("executable_code", "executableCode", "code_execution_result", "codeExecutionResult"), _code),
    **dict.fromkeys(
        ("inline_data", "inlineData", "file_data", "fileData", "image", "document", "video", "image_url", "media"),
        _media,
    ),
}

PART_TYPES: frozenset[str] = frozenset(_TYPED)
"""Types by which a JSON object is known to be a part of a message, not a message."""
