"""BFCL: requests with the tools on offer and the calls that answer them.

The set has right calls only, so a good run makes them (of several right values the first), and a bad run is the same
with one mistake (`bfcl_mistakes`). Where no tool fits, the good run says so instead. Nothing is executed: the set has
no results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.case import Case, case_of, records
from benchmarks.quality.figures import Asking, Row, auc_row, false_alarm_row
from benchmarks.quality.runs import Asked, Call, Said, Tool, Turn, trace_of
from benchmarks.quality.sets import FAULT, LabelledSet, Seen, entries_by
from benchmarks.quality.sets.bfcl_mistakes import KINDS, mistaken

FILE = "plan/bfcl.jsonl"
SCORE = "agent/optimal_plan_execution"
NO_TOOL_FITS = "None of the tools that I have can do that."


def cases(folder: Path) -> list[Case]:
    return [case for record in records(folder / FILE) for case in _pair(record)]


def _pair(record: dict[str, Any]) -> list[Case]:
    tools = [Tool(one["name"], one.get("description", ""), _schema(one["parameters"])) for one in record["function"]]
    right = tuple(_right(call, tools) for call in record["ground_truth"] or ())
    request = "\n".join(message["content"] for message in record["question"][0] if message["role"] == "user")
    system = "\n".join(message["content"] for message in record["question"][0] if message["role"] == "system")
    kind, wrong = mistaken(record["id"], request, tools, right)
    found = []
    for bad, calls in ((False, right), (True, wrong)):
        name = f"bfcl {record['id']} {kind if bad else 'right'}"
        turns: list[Turn] = [Asked(request), Said("", calls) if calls else Said(NO_TOOL_FITS)]
        trace = trace_of(name, turns, system=system, tools=tools)
        found.append(case_of(name, record["id"], trace, turns, bad, kind=kind))
    return found


_TYPES = {"dict": "object", "float": "number", "tuple": "array", "list": "array", "double": "number", "long": "integer"}


def _schema(rules: Any) -> Any:
    """The set names types as Python does; JSON Schema has its own names, and `any` is no type."""
    if isinstance(rules, list):
        return [_schema(item) for item in rules]
    if not isinstance(rules, dict):
        return rules
    found = {key: _schema(value) for key, value in rules.items()}
    kind = found.get("type")
    if kind == "any":
        del found["type"]
    elif isinstance(kind, str):
        found["type"] = _TYPES.get(kind, kind)
    return found


def _right(call: Mapping[str, Mapping[str, list[Any]]], tools: Sequence[Tool]) -> Call:
    """The first right value of each argument; where leaving it out comes first, that."""
    ((name, accepted),) = call.items()
    rules = next(tool for tool in tools if tool.name == name).parameters
    known, required = rules["properties"], rules.get("required") or ()
    values = {}
    for key, options in accepted.items():
        given = [option for option in options if option != ""]
        if given and (options[0] != "" or key in required):
            values[key] = _plain(given[0], known.get(key, {}))
    return Call(name, values)


def _plain(value: Any, rules: Mapping[str, Any]) -> Any:
    """Objects name right values for each of their fields in turn: the first."""
    if isinstance(value, dict):
        return {key: each[0] if isinstance(each, list) and each else each for key, each in value.items()}
    if isinstance(value, list) and rules.get("type") == "array":
        return [_plain(item, rules.get("items", {})) for item in value]
    return value


def rows(seen: Seen) -> Sequence[Row]:
    found = [auc_row(Asking("BFCL", "runs with a mistake against right ones", SCORE, 0.75), entries_by(SCORE, seen))]
    faulted = entries_by(SCORE, seen, mark=FAULT)
    found.append(false_alarm_row(Asking("BFCL", "right runs that have a fault", SCORE), faulted))
    for kind in (*KINDS, "called"):
        of_kind = [one for one in seen if one[0].gold["kind"] == kind]
        found.append(auc_row(Asking("BFCL", f"of these: {kind}", SCORE), entries_by(SCORE, of_kind)))
    return found


BFCL = LabelledSet("bfcl", (FILE,), cases, rows)
