"""Conversations made by hand, one trace for each turn, as OTel GenAI instrumentations write them.

talk(("What does it cost?", "It costs $12."), Turn("Where is it?", "In Rome.", tools=(Ran("find", {}, "Rome"),)))
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from otel_scorer.conventions.conversation_view import ConversationView, conversation
from otel_scorer.model import STATUS_ERROR, Conversation, Span, Trace
from otel_scorer.scoring.verdict import Target

_START = 1_790_000_000 * 10**9
_MINUTE = 60 * 10**9


@dataclass(frozen=True)
class Ran:
    """A tool that ran in a turn."""

    name: str
    arguments: Any
    result: str
    error: str = ""


@dataclass(frozen=True)
class Turn:
    """`answer` None: the run failed before it answered."""

    asked: str
    answer: str | None
    tools: tuple[Ran, ...] = ()


Told = Literal["all", "none", "last"]
"""What each trace repeats of the turns before it: everything, nothing, the last turn."""


def talk(*turns: Turn | tuple[str, str], told: Told = "all", system: str = "You help.", known: int = 0) -> Conversation:
    made = [turn if isinstance(turn, Turn) else Turn(*turn) for turn in turns]
    traces = [_trace(number, made, told, system) for number in range(len(made))]
    return conversation("default", "talk-1", traces, known)


def target(*turns: Turn | tuple[str, str], **options: Any) -> Target:
    seen = ConversationView(talk(*turns, **options))
    return Target(seen.last, conversation=seen)


def root_id(number: int) -> str:
    """Of the trace of the turn, from 1."""
    return f"{number:016x}"


def call_id(number: int) -> str:
    return f"{number + 0xA000:016x}"


def trace_id(number: int) -> str:
    return f"{number:032x}"


def _trace(number: int, turns: Sequence[Turn], told: Told, system: str) -> Trace:
    turn, at = turns[number], _START + number * _MINUTE
    before = {"all": turns[:number], "none": (), "last": turns[max(0, number - 1) : number]}[told]
    history = [one for past in before for one in _messages(past)]
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "talk-1"}
    failed = turn.answer is None
    ids = trace_id(number + 1), root_id(number + 1)
    spans = [
        Span(*ids, "", "invoke_agent a", 1, at, at + 10**9, attributes, status_code=STATUS_ERROR if failed else 0),
        *(_tool(ids, index, ran, at) for index, ran in enumerate(turn.tools)),
    ]
    if turn.answer is not None:
        said = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": system}]),
            "gen_ai.input.messages": json.dumps([*history, _message("user", turn.asked)]),
            "gen_ai.output.messages": json.dumps([_message("assistant", turn.answer)]),
        }
    else:
        said = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.input.messages": json.dumps([*history, _message("user", turn.asked)]),
        }
    spans.append(Span(ids[0], call_id(number + 1), ids[1], "chat m", 1, at + 5 * 10**8, at + 9 * 10**8, said))
    return Trace("default", ids[0], tuple(spans))


def _tool(ids: tuple[str, str], index: int, ran: Ran, at: int) -> Span:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": ran.name,
        "gen_ai.tool.call.arguments": json.dumps(ran.arguments),
        "gen_ai.tool.call.result": ran.result,
        **({"error.type": ran.error} if ran.error else {}),
    }
    span_id = f"{int(ids[1], 16) * 256 + index + 0xB0000:016x}"
    code = STATUS_ERROR if ran.error else 0
    return Span(ids[0], span_id, ids[1], f"execute_tool {ran.name}", 1, at + 1, at + 2, attributes, status_code=code)


def _messages(turn: Turn) -> list[dict[str, Any]]:
    answer = [_message("assistant", turn.answer)] if turn.answer is not None else []
    return [_message("user", turn.asked), *answer]


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}
