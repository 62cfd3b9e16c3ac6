"""What a model was asked and answered, in the words of our normalised form: from a call's bodies, and from a step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from live.model_server import Exchange

FINISH = {"stop": "stop", "length": "length", "tool_calls": "tool_call"}
Told = Mapping[str, Any]


def of_exchange(exchange: Exchange) -> Told:
    """The ground truth, by field."""
    asked, answered = exchange.asked, exchange.answered
    usage = answered["usage"]
    told = {
        "request_model": asked["model"],
        "response_model": answered["model"],
        "input_tokens": usage["prompt_tokens"],
    }
    if exchange.path == "embeddings":
        return {"kind": "EMBEDDING", **told}
    (choice,) = answered["choices"]
    return {
        "kind": "LLM",
        **told,
        "output_tokens": usage["completion_tokens"],
        "response_id": answered["id"],
        "input_messages": [_asked_message(message) for message in asked["messages"]],
        "output_messages": [_asked_message(choice["message"])],
        "tool_definitions": [_definition(each["function"]) for each in asked.get("tools", ())],
        "finish_reasons": [FINISH[choice["finish_reason"]]],
        "parameters": {name: asked[name] for name in ("temperature", "top_p", "max_tokens") if name in asked},
    }


def of_step(step: Mapping[str, Any], names: Mapping[str, Any]) -> Told:
    """What our reading of a span says of these fields; None for what it does not tell."""
    evidence = step["evidence"]
    usage = evidence.get("usage", {})
    read = {
        "kind": step["kind"],
        "input_tokens": usage.get("input"),
        "output_tokens": usage.get("output"),
        "input_messages": _read_messages(evidence, "input_messages"),
        "output_messages": _read_messages(evidence, "output_messages"),
        "parameters": {
            name: value
            for name, value in evidence.get("parameters", {}).items()
            if name in ("temperature", "top_p", "max_tokens")
        },
    }
    return {name: read[name] if name in read else evidence.get(name) for name in names}


def _asked_message(message: Mapping[str, Any]) -> Told:
    content, role = message.get("content"), message["role"]
    texts, media = [content or ""], []
    if isinstance(content, list):
        texts = [part["text"] for part in content if part["type"] == "text"]
        media = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    told: dict[str, Any] = {"role": role, "text": "" if role == "tool" else "\n".join(texts)}
    calls = [
        {"name": each["function"]["name"], "id": each["id"], "arguments": json.loads(each["function"]["arguments"])}
        for each in message.get("tool_calls", ())
    ]
    results = [{"id": message["tool_call_id"], "content": content}] if role == "tool" else []
    return told | {
        name: each for name, each in (("tool_calls", calls), ("tool_results", results), ("media", media)) if each
    }


def _read_messages(evidence: Mapping[str, Any], name: str) -> list[Told] | None:
    if name not in evidence:
        return None
    wanted = ("role", "text", "tool_calls", "media")
    found = []
    for message in evidence[name]:
        told = {each: message[each] for each in wanted if each in message}
        if "tool_results" in message:
            told["tool_results"] = [
                {each: result[each] for each in ("id", "content") if each in result}
                for result in message["tool_results"]
            ]
        found.append(told)
    return found


def _definition(function: Mapping[str, Any]) -> Told:
    return {name: function[name] for name in ("name", "description", "parameters")}
