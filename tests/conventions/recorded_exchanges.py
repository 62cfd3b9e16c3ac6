"""The 28 provider exchanges: what was asked, what was answered, and what each instrumentation exported of it.

What was asked is the request body of `exchanges.jsonl`; what was answered is the provider's own response, which
OpenInference exports verbatim as `output.value`. Neither is read by the code under test.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from otlp_json_files import SHARED, spans_in

from otel_scorer.conventions.read import evidence
from otel_scorer.model import GenAI, Message, ToolCall

DIALECTS = (
    "openinference",
    "openllmetry",
    "openllmetry_old",
    "otel_genai_new",
    "otel_genai_old",
    "traceai",
    "traceai_old",
)
FOLDER = SHARED / "dialects"
FINISH = {"completed": "stop", "tool_calls": "tool_call"}
"""Words of the provider that our vocabulary has another word for, as far as these exchanges use them."""


class Truth(NamedTuple):
    """What a dialect should read; `told_as`: the values by which a raw export would tell it."""

    value: Any
    told_as: tuple[Any, ...]


@cache
def exchanges() -> dict[str, dict[str, Any]]:
    lines = (FOLDER / "exchanges.jsonl").read_text().splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


@cache
def readings() -> dict[str, dict[str, GenAI]]:
    """{exchange id: {dialect: evidence}}"""
    found: dict[str, dict[str, GenAI]] = {}
    for dialect in DIALECTS:
        for path in sorted((FOLDER / dialect).glob("*.json")):
            if path.name != "versions.json" and not path.name.endswith(".logs.json"):
                (span,) = spans_in(path)
                found.setdefault(path.stem, {})[dialect] = evidence(span)
    return found


@cache
def response(exchange: str) -> dict[str, Any] | None:
    """The provider's own response; None for an exchange that failed."""
    (span,) = spans_in(FOLDER / "openinference" / f"{exchange}.json")
    told = span.attributes.get("output.value")
    return json.loads(told) if isinstance(told, str) else None


@cache
def truth(exchange: str) -> dict[str, Truth]:
    """Each thing that there is to tell of an exchange, by a name for it."""
    asked, answered = exchanges()[exchange]["request"], response(exchange)
    found = {"kind": Truth("LLM", ()), "model asked": Truth(asked["model"], (asked["model"],))}
    for at, message in enumerate(_asked(asked)):
        found |= _of_message(f"input[{at}]", message)
    for at, tool in enumerate(asked.get("tools", ())):
        told = tool["function"]
        value = (told["name"], told.get("description", ""), told.get("parameters"))
        # The name alone is told by each call of the tool, too.
        found[f"tool[{at}]"] = Truth(value, value[1:])
    return found if answered is None else found | _of_response(answered)


def read(genai: GenAI) -> dict[str, Any]:
    """The same things, as they were read."""
    found: dict[str, Any] = {"kind": genai.kind, "model asked": genai.request_model}
    if genai.response_model:
        found["model served"] = genai.response_model
    for name, messages in (("input", genai.input_messages), ("answer", genai.output_messages)):
        for at, message in enumerate(messages or ()):
            found |= _read_message(f"{name}[{at}]", message)
    for at, tool in enumerate(genai.tool_definitions or ()):
        found[f"tool[{at}]"] = (tool.name, tool.description, tool.parameters)
    for at, reason in enumerate(genai.finish_reasons):
        found[f"finish reason[{at}]"] = reason
    usage = genai.usage
    counts = {"input": usage.input, "output": usage.output, "total": usage.total}
    counts |= {"cached": usage.cache_read or None, "reasoning": usage.reasoning or None}
    return found | {f"{name} tokens": count for name, count in counts.items() if count is not None}


def _asked(request: dict[str, Any]) -> list[dict[str, Any]]:
    if "messages" in request:
        return list(request["messages"])
    system = [{"role": "system", "content": request["instructions"]}] if "instructions" in request else []
    asked = request["input"]
    return system + ([{"role": "user", "content": asked}] if isinstance(asked, str) else asked)


def _of_message(name: str, message: dict[str, Any]) -> dict[str, Truth]:
    found = {f"{name}.role": _plain(message["role"])}
    text = _text_of(message.get("content"))
    if message["role"] == "tool":
        return found | {f"{name}.result": _plain(text), f"{name}.result id": _plain(message["tool_call_id"])}
    if text is not None:
        found[f"{name}.text"] = _plain(text)
    for at, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        found[f"{name}.call[{at}].id"] = _plain(call["id"])
        found[f"{name}.call[{at}].name"] = _plain(function["name"])
        found[f"{name}.call[{at}].arguments"] = _plain(json.loads(function["arguments"]))
    return found


def _text_of(content: Any) -> str | None:
    if not isinstance(content, list):
        return content
    return "\n".join(part["text"] for part in content if part["type"] in ("text", "output_text"))


def _of_response(answered: dict[str, Any]) -> dict[str, Truth]:
    found = {"model served": _plain(answered["model"])}
    if "choices" in answered:
        messages = [choice["message"] for choice in answered["choices"]]
        words = [choice["finish_reason"] for choice in answered["choices"]]
    else:
        messages = [one for one in answered["output"] if one["type"] == "message"]
        words = [answered["status"]]
    for at, message in enumerate(messages):
        found |= _of_message(f"answer[{at}]", message)
    for at, word in enumerate(words):
        found[f"finish reason[{at}]"] = Truth(FINISH.get(word, word), (word, FINISH.get(word, word)))
    return found | {name: _plain(count) for name, count in _tokens(answered.get("usage") or {})}


def _tokens(usage: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """A zero of cached or reasoning tokens says what no count says, so only others are compared."""
    for name, keys in (
        ("input", ("prompt_tokens", "input_tokens")),
        ("output", ("completion_tokens", "output_tokens")),
    ):
        yield from ((f"{name} tokens", usage[key]) for key in keys if key in usage)
    if "total_tokens" in usage:
        yield "total tokens", usage["total_tokens"]
    asked = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    told = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    if asked.get("cached_tokens"):
        yield "cached tokens", asked["cached_tokens"]
    if told.get("reasoning_tokens"):
        yield "reasoning tokens", told["reasoning_tokens"]


def _plain(value: Any) -> Truth:
    return Truth(value, (value,))


def _read_message(name: str, message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {f"{name}.role": message.role}
    if message.text or not (message.tool_calls or message.tool_results):
        found[f"{name}.text"] = message.text
    for result in message.tool_results:
        found |= {f"{name}.result": result.content, f"{name}.result id": result.id}
    for at, call in enumerate(message.tool_calls):
        found |= _read_call(f"{name}.call[{at}]", call)
    return found


def _read_call(name: str, call: ToolCall) -> dict[str, Any]:
    return {f"{name}.id": call.id, f"{name}.name": call.name, f"{name}.arguments": call.arguments}


class RawExport:
    """One exchange as one instrumentation exported it, to search in: its text, and every value that it holds, also
    those within JSON texts, printed objects and texts within these.
    """

    def __init__(self, dialect: str, exchange: str) -> None:
        paths = [FOLDER / dialect / f"{exchange}{end}" for end in (".json", ".logs.json")]
        self.texts = [path.read_text() for path in paths if path.exists()]
        self.values = [value for text in self.texts for value in _within(json.loads(text))]
        self.strings = [value for value in self.values if isinstance(value, str)]

    def tells(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | str):
            return any(value == one for one in self.values)
        if isinstance(value, int):
            return any(_number(one) == value for one in self.values)
        if value in self.strings or len(value) < 12:
            # A short word of an enumeration stands in texts by chance: it must be a value of its own.
            return value.lower() in {text.lower() for text in self.strings}
        return any(value in text for text in self.strings) or any(
            form in text for text in self.texts for form in _escaped(value)
        )


def _within(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for one in (*value, *value.values()):
            yield from _within(one)
    elif isinstance(value, list):
        for one in value:
            yield from _within(one)
    elif isinstance(value, str) and value[:1] in '{["':
        inner = _parsed(value)
        if inner is not None and inner != value:
            yield from _within(inner)


def _parsed(text: str) -> Any:
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError):
            continue
    return None


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return None if isinstance(value, bool) else value


def _escaped(text: str) -> Iterator[str]:
    """As JSON and Python write it, up to JSON in JSON in JSON."""
    for ascii_only in (True, False):
        form = text
        for _ in range(3):
            yield form
            form = json.dumps(form, ensure_ascii=ascii_only)[1:-1]
        yield form
    yield repr(text)[1:-1]
