"""The way that a run took through its calls, beside the shortest to the same end: what was of use, what not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_scorer.scoring.checks.plan import repetitions
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.said import result_text
from otel_scorer.scoring.reading.scale import PLAN, Findings, counted, listed
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.content import content
from otel_scorer.scoring.wording.words import clip

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_MAX_USES = 300
_MAX_CHARS = 20_000
_MAX_ALL_CHARS = 500_000
_TELLING = 5
"""New words that a result must bring before their absence says anything."""
_FEWEST = 4
"""Calls of a run in which needless ones are a share."""


def dead_branches(target: Target) -> Verdict | CannotTell:
    """Lookups whose results led nowhere: nothing said or called for later holds a word that they brought.

    One or two are ordinary searching: 5. Three and more, which are half of all calls: 4; four and more, which are two
    thirds: 3. Measures `plan_efficiency`: the calls that the same end took (those that changed something, and those
    whose results the answer or a later call of use took up) to all calls. What failed, repeated another or led
    nowhere is over; what cannot be told is counted as of use, so that the true figure is at most this one. A result
    that was read and rightly put aside looks as if it led nowhere. Cannot tell under four calls, or where no later
    text was captured.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    uses = [use for use in view.tool_uses[:_MAX_USES] if not use.is_answer]
    if not uses:
        return CannotTell("no tool was called", not_applicable=True)
    answer = view.final_answer
    if answer is None or not any(use.result_captured for use in uses):
        return CannotTell("the answer or the results of the calls were not captured", missing_evidence=True)
    dead = _led_nowhere(target, uses)
    over = {id(use) for use in (*dead, *repetitions(uses, 0, target.once))}
    over |= {id(use) for use in uses if target.once(outcome.failed, use)}
    metrics = {"plan_efficiency": 1 - len(over) / len(uses)}
    if len(uses) < _FEWEST:
        return CannotTell("too few calls for a share of them to tell anything", metrics=metrics)
    if outcome.admits(answer) or outcome.refuses(answer) or outcome.asks_back(answer):
        return CannotTell("the run rightly or wrongly stopped short of an end", metrics=metrics)
    share = len(dead) / len(uses)
    if len(dead) < 3 or share < 0.5 or not any(_taken_up(target, use) for use in uses if use not in dead):
        return Verdict(5.0, "what the calls found was taken up", metrics=metrics, weight=0.25)
    findings = Findings(PLAN)
    names = listed(list(dict.fromkeys(use.name for use in dead)), 3)
    text = f"nothing takes up what {counted(len(dead), 'call')} of {len(uses)} found ({names})"
    findings.add("plan.dead_branch", text, stage="TOOL", span_ids=tuple(use.span_id for use in dead[:10]))
    estimate = 3.0 if len(dead) > 3 and share >= 2 / 3 else 4.0
    return Verdict(estimate, text, tuple(findings.all), findings.spans, metrics)


def _taken_up(target: Target, use: ToolUse) -> bool:
    """A lookup that led somewhere: without one there was no branch, the run as a whole came to nothing."""
    looked_up = use.result_captured and not outcome.acts(use.name)
    return looked_up and not target.once(outcome.failed, use) and len((use.result_text or "").split()) >= _TELLING


def _led_nowhere(target: Target, uses: Sequence[ToolUse]) -> list[ToolUse]:
    """Backwards from the answer: a result is of use where the answer, a model's words, or a call of use holds it."""
    view = target.view
    known = _Known(view, uses, target)
    said = content(clip(view.final_answer or "", _MAX_CHARS))
    later = set(said)
    spoken = _spoken(view)
    dead: list[ToolUse] = []
    for index in range(len(uses) - 1, -1, -1):
        use = uses[index]
        while spoken and spoken[-1][0] >= use.start_ns:
            later.update(content(spoken.pop()[1]))
        new = known.new[index]
        if new is not None and new.isdisjoint(later):
            dead.append(use)
        else:
            later.update(target.once(content, clip(use.look, _MAX_CHARS)))
    return dead[::-1]


class _Known:
    """The new words of each result; None where the call is of use anyhow, or it cannot be told."""

    def __init__(self, view: TraceView, uses: Sequence[ToolUse], target: Target) -> None:
        told = "\n".join(filter(None, (view.system, view.user_text, view.task)))
        seen = set(content(clip(told, 2 * _MAX_CHARS)))
        left = _MAX_ALL_CHARS
        self.new: list[frozenset[str] | None] = []
        for use in uses:
            seen.update(target.once(content, clip(use.look, _MAX_CHARS)))
            text = (target.once(result_text, use) or "")[: max(0, min(_MAX_CHARS, left))]
            left -= len(text)
            new = frozenset(target.once(content, text)) - seen
            seen |= new
            self.new.append(new if self._may_be_dead(target, use) and len(new) >= _TELLING and left > 0 else None)

    @staticmethod
    def _may_be_dead(target: Target, use: ToolUse) -> bool:
        if not use.result_captured or outcome.acts(use.name) or len(use.result_text or "") > _MAX_CHARS:
            return False
        return not target.once(outcome.failed, use) and not outcome.is_empty(use.result)


def _spoken(view: TraceView) -> list[tuple[int, str]]:
    """When and what the models said beside their calls, in order of time."""
    found = []
    for step in view.llm[: 2 * _MAX_USES]:
        messages = step.genai.output_messages
        text = step.genai.output_text if messages is None else "\n".join(message.text for message in messages)
        found.append((step.span.start_ns, clip(text or "", _MAX_CHARS)))
    return found


# ---- compounding -----------------------------------------------------------------------------------------------------


def step_success(target: Target) -> CannotTell:
    """A measure `step_success_product`: the chance to get through without a retry, if steps work as often as here.

    The product, over the tools and models that the run used, of the share of their calls that worked: 0.9 and 0.8 make
    0.72. And `tool_success_rate`, the share of all calls of tools that worked. Left out where there are fewer than
    two steps, or where how they went was not captured. Whether what worked was right is not seen.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not compound", not_applicable=True)
    errors = dict(view.errors)
    went: dict[str, list[bool]] = {}
    tools: list[bool] = []
    for use in view.tool_uses[:2000]:
        if use.executed or use.result_captured or use.error:
            tools.append(not target.once(outcome.failed, use))
            went.setdefault(f"tool {use.name}", []).append(tools[-1])
    for step in (*view.llm[:2000], *view.retrievals[:2000]):
        went.setdefault(f"{step.kind} {step.genai.request_model}", []).append(step.span_id not in errors)
    metrics = {"tool_success_rate": sum(tools) / len(tools)} if tools else {}
    if sum(map(len, went.values())) > 1:
        metrics["step_success_product"] = math.prod(sum(one) / len(one) for one in went.values())
    return CannotTell("how often steps work is a measure, no score", metrics=metrics)
