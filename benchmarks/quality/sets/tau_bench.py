"""tau-bench (airline): whole conversations with tools; the reward says whether the data base is as it should be.

Definitions of the tools are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.case import Case, case_of, records
from benchmarks.quality.figures import Asking, Row, auc_row
from benchmarks.quality.runs import Asked, Call, Said, Turn, trace_of
from benchmarks.quality.sets import LabelledSet, Seen, entries_by
from otel_scorer.model import DIMENSIONS

FILE = "plan/tau_bench_airline.jsonl"


def cases(folder: Path) -> list[Case]:
    return [_case(record) for record in records(folder / FILE)]


def _case(record: dict[str, Any]) -> Case:
    name = f"tau_bench {record['task_id']} {record['trial']}"
    messages = record["traj"]
    system = "\n".join(message["content"] for message in messages if message["role"] == "system")
    turns = _turns(messages)
    trace = trace_of(name, turns, system=system)
    return case_of(name, str(record["task_id"]), trace, turns, record["reward"] < 1)


def _turns(messages: Sequence[dict[str, Any]]) -> list[Turn]:
    results = {message["tool_call_id"]: message["content"] for message in messages if message["role"] == "tool"}
    turns: list[Turn] = []
    for message in messages:
        if message["role"] == "user":
            turns.append(Asked(message["content"]))
        elif message["role"] == "assistant":
            calls = (call for call in message.get("tool_calls") or ())
            made = tuple(
                Call(call["function"]["name"], json.loads(call["function"]["arguments"]), results.get(call["id"]))
                for call in calls
            )
            turns.append(Said(message["content"] or "", made))
    return turns


def rows(seen: Seen) -> Sequence[Row]:
    asked = "runs that failed against runs that solved their task"
    names = ["agent/optimal_plan_execution", "agent/lowest", *(f"agent/{name}" for name in DIMENSIONS[:3])]
    return [auc_row(Asking("tau-bench", asked, by), entries_by(by, seen)) for by in names]


TAU_BENCH = LabelledSet("tau_bench", (FILE,), cases, rows)
