"""Streamed answers, as they came over the wire, put together to the response that they are."""

from __future__ import annotations

from typing import Any

from otel_scorer.model import Value

_MOST_CHUNKS = 20_000
_MOST_CHOICES = 128
_MOST_CALLS = 1000


def assembled(chunks: list[Value]) -> dict[str, Value] | None:
    """One response object out of the chunks of OpenAI's chat, completions or Responses API; None for other lists."""
    objects = [chunk for chunk in chunks[:_MOST_CHUNKS] if isinstance(chunk, dict)]
    whole = [told for chunk in objects if isinstance(told := chunk.get("response"), dict)]
    if whole:
        return whole[-1]
    choices: dict[int, dict[str, Any]] = {}
    for chunk in objects:
        told = chunk.get("choices")
        for choice in told if isinstance(told, list) else ():
            if isinstance(choice, dict):
                _add_choice(choices, choice)
    if not any(choice["told"] for choice in choices.values()):
        return None
    about = {key: chunk[key] for chunk in objects for key in ("id", "model", "usage") if chunk.get(key)}
    return {**about, "choices": [_finished(choices[at]) for at in sorted(choices)]}


def _add_choice(choices: dict[int, dict[str, Any]], choice: dict[str, Value]) -> None:
    at = choice.get("index")
    if not isinstance(at, int) or not 0 <= at < _MOST_CHOICES:
        at = 0
    found = choices.setdefault(at, {"texts": [], "calls": {}, "reason": None, "told": False})
    found["reason"] = choice.get("finish_reason") or found["reason"]
    delta = choice.get("delta")
    text = delta.get("content") if isinstance(delta, dict) else choice.get("text")
    if isinstance(text, str):
        found["texts"].append(text)
        found["told"] = True
    calls = delta.get("tool_calls") if isinstance(delta, dict) else None
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            _add_call(found["calls"], call)
            found["told"] = True


def _add_call(calls: dict[int, dict[str, str]], call: dict[str, Value]) -> None:
    """The name and id come once, the arguments in pieces."""
    at, function = call.get("index"), call.get("function")
    if not isinstance(at, int) or not 0 <= at < _MOST_CALLS:
        at = 0
    found = calls.setdefault(at, {"id": "", "name": "", "arguments": ""})
    told = {"id": call.get("id"), **(function if isinstance(function, dict) else {})}
    for name in found:
        piece = told.get(name)
        if isinstance(piece, str):
            found[name] += piece


def _finished(choice: dict[str, Any]) -> dict[str, Value]:
    calls: list[Value] = [
        {"id": call["id"], "function": {"name": call["name"], "arguments": call["arguments"]}}
        for _, call in sorted(choice["calls"].items())
    ]
    message: Value = {"role": "assistant", "content": "".join(choice["texts"]), "tool_calls": calls}
    return {"message": message, "finish_reason": choice["reason"]}
