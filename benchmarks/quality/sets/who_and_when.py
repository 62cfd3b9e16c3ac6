"""Who&When: failed runs of several agents; people said which agent made the decisive mistake, and in which step.

Each message is one agent's turn. A speaker that has no system prompt, in a run that gives system prompts, is a tool
(it executes what the turn before holds); a turn of the user who asked is none of an agent. All runs failed, and the
product is told so: it is asked for the likely mistake as somebody asks who knows that the run went wrong. The figures
say how often the place is the one that people named, not whether a finding would be right to come up unasked.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.case import Case, facts_of, records
from benchmarks.quality.figures import Asking, Entry, Row, chosen_row
from benchmarks.quality.runs import Said, joined, root, span_id, trace_id_of
from benchmarks.quality.sets import LabelledSet, Seen
from otel_scorer.conventions.trace_view import view
from otel_scorer.model import STATUS_OK, Span, Trace, Value
from otel_scorer.scoring.checks.mistake import likely_mistake
from otel_scorer.scoring.verdict import CannotTell, Target

FILE = "plan/who_and_when.jsonl"
BY = "measure `mistake:likely_mistake`"
_SECOND = 1_000_000_000
_START = 1_790_000_001 * _SECOND


def cases(folder: Path) -> list[Case]:
    return [_case(record) for record in records(folder / FILE)]


def _case(record: dict[str, Any]) -> Case:
    name = f"who_and_when {record['id']}"
    speakers = [_speaker(message) for message in record["history"]]
    texts = [message["content"] or "" for message in record["history"]]
    trace, step_of_span = _trace(name, record, speakers, texts)
    gold = {
        "agent": record["mistake_agent"],
        "step": int(record["mistake_step"]),
        "speakers": speakers,
        "lengths": [len(text) for text in texts],
        "steps": step_of_span,
        **_named(trace, step_of_span),
    }
    return Case(name, name, trace, None, facts_of([Said(text) for text in texts]), gold)


def _named(trace: Trace, steps: Mapping[str, int]) -> dict[str, Any]:
    """The step that the product points at, and why; None where it names none."""
    told = likely_mistake(Target(view(trace)), failed=True)
    if isinstance(told, CannotTell):
        return {"named": None, "why": told.why}
    return {"named": steps[told.evidence[0]], "why": told.reason}


def _speaker(message: Mapping[str, str]) -> str:
    """The agent's name, without what it is about to do: `Orchestrator (thought)` is the Orchestrator."""
    return (message.get("name") or message["role"]).partition(" (")[0]


def _trace(
    name: str, record: Mapping[str, Any], speakers: Sequence[str], texts: Sequence[str]
) -> tuple[Trace, dict[str, int]]:
    """The trace, and which step each of its spans belongs to."""
    prompts: Mapping[str, str] = record.get("system_prompt") or {}
    trace_id = trace_id_of(name)
    spans: list[Span] = []
    steps: dict[str, int] = {}
    for step, (speaker, text) in enumerate(zip(speakers, texts, strict=True)):
        if step == 0 and speaker == "human":
            continue  # what the user asked, which the root tells
        before = texts[step - 1] if step else record["question"]
        is_tool = bool(prompts) and speaker not in prompts
        made = _tool_turn(speaker, before, text) if is_tool else _agent_turn(speaker, prompts, before, text)
        parent = span_id(trace_id, 0)
        for label, attributes in made:
            own = span_id(trace_id, len(spans) + 1)
            start = _START + 2 * step * _SECOND + len(spans)
            end = start + _SECOND - len(spans)
            spans.append(Span(trace_id, own, parent, label, 1, start, end, attributes, status_code=STATUS_OK))
            steps[own] = step
            parent = own
    told: dict[str, Value] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "group",
        "gen_ai.input.messages": _messages("user", record["question"]),
        "gen_ai.output.messages": _messages("assistant", texts[-1]),
    }
    end = _START + 2 * len(texts) * _SECOND
    return joined(trace_id, root(trace_id, "invoke_agent group", told, end), spans), steps


def _agent_turn(speaker: str, prompts: Mapping[str, str], before: str, text: str) -> list[tuple[str, dict[str, Value]]]:
    """An agent's span and its model call."""
    told: dict[str, Value] = {
        "gen_ai.input.messages": _messages("user", before),
        "gen_ai.output.messages": _messages("assistant", text),
    }
    if speaker in prompts:
        told["gen_ai.system_instructions"] = json.dumps([{"type": "text", "content": prompts[speaker]}])
    agent: dict[str, Value] = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": speaker, **told}
    call: dict[str, Value] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", **told}
    return [(f"invoke_agent {speaker}", agent), ("chat m", call)]


def _tool_turn(speaker: str, before: str, text: str) -> list[tuple[str, dict[str, Value]]]:
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": speaker,
        "gen_ai.tool.call.arguments": json.dumps({"input": before}, ensure_ascii=False),
        "gen_ai.tool.call.result": text,
    }
    return [(f"execute_tool {speaker}", attributes)]


def _messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}], ensure_ascii=False)


# ---- questions -------------------------------------------------------------------------------------------------------


def rows(seen: Seen) -> Sequence[Row]:
    every = [case for case, _ in seen]
    steps = [_entry(case, _step_right) for case in every]
    agents = [_entry(case, _agent_right) for case in every]
    return [
        chosen_row(
            Asking("Who&When", "the agent that made the mistake", BY, 0.53), "named", agents, _agent_guesses(every)
        ),
        chosen_row(Asking("Who&When", "the step of the mistake", BY, 0.15), "named", steps, _step_guesses(every)),
    ]


def _entry(case: Case, right: Callable[[Case, int], bool]) -> Entry:
    step = case.gold["named"]
    value = float(step is not None and right(case, step))
    reason = f"named {step}, was {case.gold['step']} ({case.gold['agent']}): {case.gold['why']}"
    return Entry(case.id, case.group, True, value, False, step is not None, {}, reason=reason)


def _step_right(case: Case, step: int) -> bool:
    return bool(case.gold["step"] == step)


def _agent_right(case: Case, step: int) -> bool:
    return bool(case.gold["speakers"][step] == case.gold["agent"])


def _trivial_steps(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    """Guess -> id -> step."""
    guesses: dict[str, dict[str, int]] = {}
    for number in range(12):
        guesses[f"always step {number}"] = {one.id: min(number, len(one.gold["speakers"]) - 1) for one in cases}
    guesses["always the last step"] = {one.id: len(one.gold["speakers"]) - 1 for one in cases}
    lengths = {one.id: one.gold["lengths"] for one in cases}
    guesses["the longest message"] = {name: every.index(max(every)) for name, every in lengths.items()}
    return guesses


def _step_guesses(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    return {
        guess: {one.id: float(_step_right(one, steps[one.id])) for one in cases}
        for guess, steps in _trivial_steps(cases).items()
    }


def _agent_guesses(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    found = {
        f"the speaker of: {guess}": {one.id: float(_agent_right(one, steps[one.id])) for one in cases}
        for guess, steps in _trivial_steps(cases).items()
    }
    often = {one.id: Counter(one.gold["speakers"]).most_common(1)[0][0] for one in cases}
    found["the most frequent speaker"] = {one.id: float(often[one.id] == one.gold["agent"]) for one in cases}
    common = Counter(one.gold["agent"] for one in cases).most_common(1)[0][0]
    found["always one agent"] = {one.id: float(common == one.gold["agent"]) for one in cases}
    return found


WHO_AND_WHEN = LabelledSet("who_and_when", (FILE,), cases, rows)
