"""Right calls with one mistake of a kind that models make, the kind chosen by a hash of the record's id.

value        an argument gets another value of its type       other tool   another one of the offered is called
type         an argument comes as another type                dropped      one of several calls is left out
missing      a required argument is left out                  repeated     one of several calls is made twice
invented     an argument that the tool does not have          called       a tool is called though none fits
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.quality.runs import Call, Tool

Calls = tuple[Call, ...]


def mistaken(record_id: str, request: str, tools: Sequence[Tool], right: Calls) -> tuple[str, Calls]:
    """The kind and the calls of the bad run: the first of the kinds, in an order by hash, that can be made here."""
    if not right:
        return "called", (Call(tools[0].name, _filled(tools[0].parameters, request)),)
    ordered = sorted(KINDS, key=lambda kind: _draw(f"{record_id} {kind}"))
    for kind in ordered:
        wrong = KINDS[kind](record_id, tools, right)
        if wrong is not None:
            return kind, wrong
    raise ValueError(f"{record_id}: no mistake can be made of it")


def _draw(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _changed(right: Calls, at: int, arguments: Any) -> Calls:
    return (*right[:at], Call(right[at].name, arguments), *right[at + 1 :])


def _one_argument(record_id: str, tools: Sequence[Tool], right: Calls) -> tuple[int, str] | None:
    """A call and one of its required arguments."""
    at = _draw(f"{record_id} call") % len(right)
    required = _tool(tools, right[at]).parameters.get("required") or ()
    names = sorted(name for name in required if name in right[at].arguments)
    return (at, names[_draw(f"{record_id} argument") % len(names)]) if names else None


def _tool(tools: Sequence[Tool], call: Call) -> Tool:
    return next(tool for tool in tools if tool.name == call.name)


def _value(record_id: str, tools: Sequence[Tool], right: Calls) -> Calls | None:
    found = _one_argument(record_id, tools, right)
    if found is None:
        return None
    at, name = found
    return _changed(right, at, {**right[at].arguments, name: _another(right[at].arguments[name], record_id)})


_OTHERS = ("Lisbon", "blue", "2019-03-14", "standard", "Mrs. Okafor", "north")


def _another(value: Any, record_id: str) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 7 if value < 100 else value // 2 + 3
    if isinstance(value, str):
        others = [other for other in _OTHERS if other.lower() not in value.lower()]
        return others[_draw(record_id) % len(others)]
    if isinstance(value, list):
        return [_another(item, record_id) for item in value] or ["north"]
    if isinstance(value, dict):
        return {key: _another(item, record_id) for key, item in value.items()}
    return "north"


def _type(record_id: str, tools: Sequence[Tool], right: Calls) -> Calls | None:
    found = _one_argument(record_id, tools, right)
    if found is None:
        return None
    at, name = found
    value = right[at].arguments[name]
    wrong = {"value": value} if isinstance(value, str) else json.dumps(value)
    return _changed(right, at, {**right[at].arguments, name: wrong})


def _missing(record_id: str, tools: Sequence[Tool], right: Calls) -> Calls | None:
    found = _one_argument(record_id, tools, right)
    if found is None:
        return None
    at, gone = found
    return _changed(right, at, {name: value for name, value in right[at].arguments.items() if name != gone})


def _invented(record_id: str, tools: Sequence[Tool], right: Calls) -> Calls | None:
    at = _draw(f"{record_id} call") % len(right)
    known = _tool(tools, right[at]).parameters.get("properties") or {}
    name = next(name for name in ("format", "language", "verbose") if name not in known)
    return _changed(right, at, {**right[at].arguments, name: "default"})


def _other_tool(record_id: str, tools: Sequence[Tool], right: Calls) -> Calls | None:
    at = _draw(f"{record_id} call") % len(right)
    others = [tool for tool in tools if tool.name != right[at].name]
    if not others:
        return None
    other = others[_draw(f"{record_id} tool") % len(others)]
    values = _filled(other.parameters, json.dumps(right[at].arguments))
    same = {name: value for name, value in right[at].arguments.items() if name in values}
    return (*right[:at], Call(other.name, {**values, **same}), *right[at + 1 :])


def _dropped(record_id: str, _tools: Sequence[Tool], right: Calls) -> Calls | None:
    at = _draw(f"{record_id} call") % len(right)
    return (*right[:at], *right[at + 1 :]) if len(right) > 1 else None


def _repeated(record_id: str, _tools: Sequence[Tool], right: Calls) -> Calls | None:
    return (*right, right[_draw(f"{record_id} call") % len(right)]) if len(right) > 1 else None


KINDS: Mapping[str, Callable[[str, Sequence[Tool], Calls], Calls | None]] = {
    "value": _value,
    "type": _type,
    "missing": _missing,
    "invented": _invented,
    "other tool": _other_tool,
    "dropped": _dropped,
    "repeated": _repeated,
}


def _filled(rules: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The required arguments, of the right types, out of the numbers and words of `text` in their order."""
    numbers = iter([json.loads(found) for found in re.findall(r"(?<![\w.])[1-9]\d*(?:\.\d+)?(?![\w.])", text)])
    words = iter(sorted(set(re.findall(r"[^\W\d_]{4,}", text)), key=lambda word: (not word[0].isupper(), word)))

    def made(of: Mapping[str, Any]) -> Any:
        kind = of.get("type")
        if of.get("enum"):
            return of["enum"][0]
        if kind in ("integer", "number"):
            number = next(numbers, 1)
            return int(number) if kind == "integer" else number
        if kind == "boolean":
            return True
        if kind == "array":
            return [made(of.get("items") or {"type": "string"})]
        if kind == "object":
            return {name: made(inner) for name, inner in (of.get("properties") or {}).items()}
        return next(words, "it")

    known = rules.get("properties") or {}
    return {name: made(known[name]) for name in rules.get("required") or () if name in known}
