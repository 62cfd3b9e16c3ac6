"""Did the agent keep the rules of its system prompt about tools: which not to use, in which order, and when to ask?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_scorer.model import Message
from otel_scorer.scoring.checks.rule_finder import Move, Moves, Rule, rules_of
from otel_scorer.scoring.evidence import asks_only
from otel_scorer.scoring.reading.prompts import one_prompt
from otel_scorer.scoring.reading.said import ASKS_ONLY
from otel_scorer.scoring.reading.scale import ADHERENCE, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, TraceView

_MAX_MOVES = 2000
_MAX_NAMES = 300
_SEEN = 0.5
"""How much a kept rule says of all that was asked."""


def tool_rules(target: Target) -> Verdict | CannotTell:
    """Rules of the system prompt about tools: not to use one, one before another, at most so often, to ask before.

    Found are sentences without a condition that name a tool that is on offer or was called, or the kind of action that
    needs the user's consent. A call without consent is faulted only where the talk before it is known, the assistant
    had said nothing yet and the user nothing that agrees. Does not see rules in other words or languages. A model call
    that only asks for tools has no result: the run answers for it.
    """
    step = target.step
    if step is not None and step.kind != "LLM":
        return CannotTell("rules about tools bind a run or a model call", not_applicable=True)
    if step is not None and asks_only(step.genai):
        return ASKS_ONLY
    system = target.view.system if step is None else _system_of(step)
    if system is None:
        return CannotTell("there is no system prompt, or it was not captured")
    if step is None and not target.once(one_prompt, target.view):
        return CannotTell("several system prompts bind several agents")
    moves, names = _of_trace(target.view) if step is None else _of_step(step)
    if not any(move.kind == "call" for move in moves.moves):
        return CannotTell("no tool was called")
    told = [(rule, kept) for rule in target.once(rules_of, system, names) if (kept := rule.kept(moves)) is not None]
    if not told:
        return CannotTell("no rule about tools that can be verified was touched")
    return _verdict(told, target)


def _verdict(told: Sequence[tuple[Rule, bool]], target: Target) -> Verdict:
    broken = [rule for rule, kept in told if not kept]
    span = target.step.span_id if target.step is not None else ""
    if not broken:
        texts = "; ".join(shorten(rule.text, 60) for rule, _ in told[:3])
        return Verdict(5.0, f"kept: {texts}", (), (span,) if span else (), weight=_SEEN)
    findings = Findings(ADHERENCE)
    for rule in broken:
        findings.add(rule.code, f"broken: {shorten(rule.text, 160)}", stage="LLM", span_ids=(span,))
    guards = any(rule.code in ("adherence.forbidden_tool", "adherence.no_confirmation") for rule in broken)
    reason = "; ".join(finding.text for finding in findings.all[:4])
    return Verdict(1.5 if guards else 2.0, reason, tuple(findings.all), findings.spans)


def _system_of(step: Step) -> str | None:
    told = [message.text for message in step.genai.input_messages or () if message.role == "system" and message.text]
    return step.genai.system_instructions or ("\n".join(dict.fromkeys(told)) or None)


def _of_trace(view: TraceView) -> tuple[Moves, tuple[str, ...]]:
    """Names and order come from the uses of tools; where the conversation tells all calls, what was said comes too."""
    used = [use.name for use in view.tool_uses][:_MAX_MOVES]
    names = _names([*(view.tool_definitions or {}), *used])
    talk = _moves(view.turns or ())
    if sorted(move.text for move in talk if move.kind == "call") == sorted(used):
        return Moves(talk, 0, talk=True), names
    return Moves([Move("call", name) for name in used]), names


def _of_step(step: Step) -> tuple[Moves, tuple[str, ...]]:
    """The calls that this one asks for are judged, those before are known."""
    before = _moves(step.genai.input_messages or ())
    own = _moves(step.genai.output_messages or ())
    defined = [definition.name for definition in step.genai.tool_definitions or ()]
    names = _names([*defined, *(move.text for move in (*before, *own) if move.kind == "call")])
    return Moves([*before, *own], len(before), talk=bool(before)), names


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))[:_MAX_NAMES]


def _moves(messages: Sequence[Message]) -> list[Move]:
    found: list[Move] = []
    for message in messages:
        if message.role in ("user", "assistant") and message.text.strip():
            found.append(Move(message.role, message.text))
        found.extend(Move("call", call.name) for call in message.tool_calls)
        if len(found) > _MAX_MOVES:
            break
    return found
