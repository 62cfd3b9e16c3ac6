"""What of a conversation is put before the judge: its turns, numbered s1, s2, …, each told once.

A turn is what an exhibit calls a step, so reduction, scrubbing and the answer's `evidence` are those of a trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from otel_scorer.conventions.conversation_view import ConversationView, Turn
from otel_scorer.model import ToolDefinition, Value
from otel_scorer.scoring.clean import clip, visible
from otel_scorer.scoring.judging.exhibit import MAX_FIELD, Exhibit, exhibit
from otel_scorer.scoring.verdict import Target

if TYPE_CHECKING:
    from otel_scorer.conventions.tool_use import ToolUse

_USES, _TEXTS, _TOOLS = 100, 50, 100


def exhibit_of(target: Target) -> Exhibit:
    """The evidence of a conversation, of a trace, or of one step of it."""
    return exhibit(target) if target.conversation is None else _of_conversation(target.conversation)


def _of_conversation(talk: ConversationView) -> Exhibit:
    turns = {f"s{number}": turn for number, turn in enumerate(talk.turns, 1)}
    facts: dict[str, Value] = {
        "system_prompt": None if talk.system is None else _text(talk.system),
        "tools_offered": _tools(talk.tool_definitions),
        "traces_not_recorded": talk.not_told,
    }
    return Exhibit(
        facts=facts,
        steps=tuple(_turn(number, turn) for number, turn in turns.items()),
        aliases={number: turn.span_id for number, turn in turns.items()},
        important=frozenset(number for number, turn in turns.items() if turn.broken_off or _failed(turn)),
    )


def _turn(number: str, turn: Turn) -> dict[str, Value]:
    shown: dict[str, Value] = {
        "id": number,
        "trace": turn.place + 1,
        "user": _text(turn.asked),
        "tool_runs": [_use(use) for use in turn.uses[:_USES]],
        "tool_results": [] if turn.uses else [_text(text) for text in turn.read[:_TEXTS]],
        "agent": [_text(text) for text in turn.said[-_TEXTS:]],
    }
    told = {key: value for key, value in shown.items() if value not in ("", [])}
    told["agent"] = shown["agent"]  # nothing said is something to see
    if turn.history:
        told["from_history"] = True
    return told


def _use(use: ToolUse) -> dict[str, Value]:
    shown: dict[str, Value] = {
        "tool": visible(use.name)[:200],
        "arguments": _text(use.look) if use.arguments_captured else None,
        "result": _text(use.result_text or "") if use.result_captured else None,
    }
    if use.error:
        shown["error"] = _text(use.error)
    return shown


def _failed(turn: Turn) -> bool:
    return any(use.error for use in turn.uses)


def _tools(tools: Mapping[str, ToolDefinition] | None) -> Value:
    if tools is None:
        return None
    return [
        {"name": visible(tool.name)[:200], "description": clip(visible(tool.description), 300)}
        for tool in list(tools.values())[:_TOOLS]
    ]


def _text(text: str) -> str:
    return clip(visible(text), MAX_FIELD)
