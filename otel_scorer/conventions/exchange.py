"""A provider's own request and response JSON (OpenAI chat, completions and responses; Anthropic; Gemini; Bedrock;
LangChain).

Instrumentations put them whole into `input.value`, `raw.input`, `langfuse.observation.output`, `mlflow.spanInputs`
and the like: the evidence of last resort, where the message attributes are missing.
"""

from __future__ import annotations

from typing import NamedTuple

from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.finish import normalised
from otel_scorer.conventions.printed import printed_object
from otel_scorer.conventions.streams import assembled
from otel_scorer.conventions.usage import from_object
from otel_scorer.conventions.values import loosened, string
from otel_scorer.model import Message, ToolDefinition, Usage, Value


class Request(NamedTuple):
    messages: tuple[Message, ...] | None = None
    system: str | None = None
    tools: tuple[ToolDefinition, ...] | None = None
    hidden: bool = False
    """Some message lost its content."""


class Response(NamedTuple):
    messages: tuple[Message, ...] | None = None
    finish_reasons: tuple[str, ...] = ()
    id: str = ""
    model: str = ""
    usage: Usage | None = None


def request(value: Value) -> Request:
    """Read what was asked; all fields empty when the value is no such request."""
    value = loosened(value)
    if isinstance(value, list) and shapes.is_chat(value):
        chat, offered = _apart(value)
        return _request(shapes.messages(chat, "user"), None, definitions(offered) if offered else None)
    if not isinstance(value, dict):
        return Request()
    body = value.get("kwargs")
    if isinstance(body, dict) and ("messages" in body or "input" in body):
        value = body
    tools = definitions(value["tools"]) if value.get("tools") else None
    return _request(_asked(value), system_of(value), tools)


def system_of(body: dict[str, Value]) -> str | None:
    """The system prompt that a request's body has beside its messages; None where it has none."""
    keys = ("system", "instructions", "system_instruction")
    return next((text for key in keys if (text := _system(body.get(key)))), None)


def _apart(chat: list[Value]) -> tuple[list[Value], list[Value]]:
    """(messages, tools): Langfuse's callback for LangChain writes each offered tool as one more message."""
    offered = [_dict(message)["content"] for message in chat if _is_definition(message)]
    return ([message for message in chat if not _is_definition(message)] if offered else chat), offered


def _is_definition(message: Value) -> bool:
    told = _dict(_dict(message).get("content"))
    return (
        told.get("type") == "function"
        and isinstance(told.get("function"), dict)
        and _dict(message).get("role") == "tool"
    )


def _request(
    asked: shapes.Messages | None, system: str | None = None, tools: tuple[ToolDefinition, ...] | None = None
) -> Request:
    if asked is None:
        return Request(None, system, tools)
    first = (Message("system", text=system),) if system and asked.items else ()
    return Request((*first, *asked.items), system, tools, asked.hidden)


def response(value: Value, *, about_only: bool = False) -> Response:
    """Read what was answered; all fields empty when the value is no such response.

    `about_only` leaves the messages, and the finish reasons that they tell, unread.
    """
    value = loosened(value)
    if isinstance(value, str):
        value = printed_object(value)
    if isinstance(value, list):
        if _are_calls(value):
            value = [{"role": "assistant", "tool_calls": value}]
        if shapes.is_chat(value):
            return Response(None if about_only else _items(value, "assistant"))
        value = assembled(value)
    if not isinstance(value, dict):
        return Response()
    found = None if about_only else _answered(value)
    reasons = shapes.with_finish_reasons(found or ()) or _stop_reason(value)
    usage = value.get("usage")
    told = from_object(usage, cache_apart=value.get("type") == "message") if isinstance(usage, dict) else None
    response_id, model = _about(value)
    return Response(found, reasons, response_id, model, told)


def _are_calls(value: list[Value]) -> bool:
    return bool(value) and all(isinstance(one, dict) and isinstance(one.get("function"), dict) for one in value)


def _about(body: dict[str, Value]) -> tuple[str, str]:
    """(id, served model) of a response, "" where not told. LangChain's LLMResult has them in `llm_output`; of a stream
    only its message tells them.
    """
    response_id, model = string(body.get("id")), string(body.get("model"))
    if "generations" not in body:
        return response_id, model
    outer, inner = _dict(body.get("llm_output")), _dict(_dict(_message_of(body["generations"])).get("kwargs"))
    told = _dict(inner.get("response_metadata"))
    model = model or string(outer.get("model_name")) or string(told.get("model_name"))
    return response_id or string(outer.get("id")) or string(told.get("id")), model


def _message_of(generations: Value) -> Value:
    while isinstance(generations, list) and generations:
        generations = generations[0]
    return _dict(generations).get("message")


def _dict(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _items(value: Value, role: str) -> tuple[Message, ...] | None:
    found = shapes.messages(value, role)
    return found.items if found else None


def _system(value: Value) -> str | None:
    if isinstance(value, dict):
        value = value.get("parts", value)
    return shapes.texts(value)


def _asked(body: dict[str, Value]) -> shapes.Messages | None:
    for key in ("messages", "contents", "input", "prompt", "new_message"):
        value = loosened(body.get(key))
        if key == "new_message" and isinstance(value, dict):
            return shapes.messages([value], "user")
        if isinstance(value, list) and value and isinstance(value[0], dict | list):
            return shapes.messages(value, "user")
        if isinstance(value, str) and key in ("input", "prompt") and ("model" in body or "stream" in body):
            return shapes.messages(value, "user")
    return None


def _answered(body: dict[str, Value]) -> tuple[Message, ...] | None:
    for key in ("choices", "candidates", "generations"):
        value = body.get(key)
        if isinstance(value, list) and value:
            return _choices(value)
    conversation = body.get("messages")
    if isinstance(conversation, list):
        return _last_said(_items(conversation, "assistant"))
    content = body.get("content")
    if isinstance(content, dict) and "parts" in content:
        return _choices([body])
    output = body.get("output")
    if isinstance(output, list) and shapes.is_chat(
        [one for one in output if isinstance(one, dict) and one.get("type") == "message"]
    ):
        found = _items(output, "assistant")
        return shapes.without_empty(found) if found else None
    if isinstance(output, dict):
        return _items(output.get("message"), "assistant")
    if body.get("role") == "assistant" or isinstance(body.get("message"), dict):
        return _items([body], "assistant")
    return None


def _last_said(items: tuple[Message, ...] | None) -> tuple[Message, ...] | None:
    """Of a whole conversation, what the assistant said at its end; all of it when it ends otherwise."""
    at = len(items or ())
    while items and at and items[at - 1].role == "assistant":
        at -= 1
    return items[at:] or items if items else None


def _choices(value: list[Value]) -> tuple[Message, ...] | None:
    flat = value[0] if isinstance(value[0], list) else value
    read = [_choice(choice) for choice in flat if isinstance(choice, dict)]
    found = [message for message in read if message is not None]
    return tuple(found) or None


def _choice(choice: dict[str, Value]) -> Message | None:
    """One of OpenAI's choices, Gemini's candidates or LangChain's generations."""
    content = choice.get("content")
    if isinstance(content, dict):
        choice = {**content, "finish_reason": choice.get("finishReason") or choice.get("finish_reason")}
    info = choice.get("generation_info")
    if isinstance(info, dict):
        choice = {**choice, "finish_reason": info.get("finish_reason")}
    found = _items([choice], "assistant")
    return found[0] if found else None


def _stop_reason(body: dict[str, Value]) -> tuple[str, ...]:
    word = next((word for key in ("stop_reason", "stopReason", "finish_reason") if (word := string(body.get(key)))), "")
    if not word and body.get("object") == "response":
        word = _responses_status(body)
    return (normalised(word),) if word else ()


def _responses_status(body: dict[str, Value]) -> str:
    details = body.get("incomplete_details")
    return (string(details.get("reason")) if isinstance(details, dict) else "") or string(body.get("status"))
