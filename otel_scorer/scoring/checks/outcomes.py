"""What came of a run, as measures: did it end as done, and which outcomes of the user's own trade did it reach?

Measures, never scores: a run that hands a case over may be as good as one that settles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, model_validator

from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.verdict import CannotTell, Target
from otel_scorer.scoring.wording.words import clip

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_MAX_USES = 2000
_MAX_ANSWER_CHARS = 50_000


class Reached(BaseModel):
    """How an outcome shows. Several fields, and several entries of one, are alternatives.

    `tools`: names (with * and ?) of tools, one of which ran without failing. `attributes`: span attributes and their
    values, as the application sets them. `answer_says`: words that the final answer holds, whatever their case.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tools: tuple[str, ...] = ()
    attributes: Mapping[str, str | bool | int | float] = {}
    answer_says: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _shows_somehow(self) -> Reached:
        if not (self.tools or self.attributes or self.answer_says):
            raise ValueError("give tools, attributes or answer_says")
        return self


def reached(target: Target, *, outcomes: Mapping[str, Reached]) -> CannotTell:
    """A measure `outcome_<name>` for each outcome: 1.0 where it shows, 0.0 where it does not.

    Left out where it cannot be told: the answer was not captured, no span carries the attribute, how the tool ended is
    unknown. A tool that ran without failing counts, whatever its result means.
    """
    if target.step is not None:
        return CannotTell("a single step has no outcome", not_applicable=True)
    found = {name: _shows(target.view, rule) for name, rule in outcomes.items()}
    metrics = {f"outcome_{name}": float(value) for name, value in found.items() if value is not None}
    return CannotTell("outcomes are measures, no score", metrics=metrics)


def _shows(view: TraceView, rule: Reached) -> bool | None:
    told = [
        _by_tool(view, rule.tools) if rule.tools else None,
        _by_attribute(view, rule.attributes) if rule.attributes else None,
        _by_answer(view, rule.answer_says) if rule.answer_says else None,
    ]
    known = [value for value in told if value is not None]
    return any(known) if known else None


def _by_tool(view: TraceView, names: Sequence[str]) -> bool | None:
    wanted = [name.casefold() for name in names]
    uses = [use for use in view.tool_uses[:_MAX_USES] if any(fnmatchcase(use.name.casefold(), name) for name in wanted)]
    if any(_worked(use) for use in uses):
        return True
    return None if any(not outcome.failed(use) for use in uses) else False


def _worked(use: ToolUse) -> bool:
    return (use.executed or use.result_captured) and not outcome.failed(use)


def _by_attribute(view: TraceView, wanted: Mapping[str, str | bool | int | float]) -> bool | None:
    found = [
        step.span.attributes[key] == value
        for step in view.steps
        for key, value in wanted.items()
        if key in step.span.attributes
    ]
    return any(found) if found else None


def _by_answer(view: TraceView, phrases: Sequence[str]) -> bool | None:
    if view.final_answer is None:
        return None
    answer = " ".join(clip(view.final_answer, _MAX_ANSWER_CHARS).casefold().split())
    return any(" ".join(phrase.casefold().split()) in answer for phrase in phrases)


def task_completion(target: Target) -> CannotTell:
    """A measure from 0 to 1: whether the run ended as one that did its task. It sees the end, not whether it is right.

    0.0: no answer, the run failed, or the answer declines. 0.25: a tool that acts failed for good. 0.5: the answer asks
    the user for something or says that something could not be done. 1.0: an answer without any of these. Left out
    where answer or request was not captured.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step is no task", not_applicable=True)
    failed = view.root is not None and view.root.span_id in dict(view.errors)
    if not failed and (view.final_answer is None or view.task is None):
        return CannotTell("the answer or the request was not captured", missing_evidence=True)
    metrics = {"task_completion": 0.0 if failed else _completion(view, view.final_answer or "")}
    return CannotTell("task completion is a measure, no score", metrics=metrics)


def _completion(view: TraceView, answer: str) -> float:
    if not answer.strip() or outcome.refuses(answer):
        return 0.0
    last = {use.name: use for use in view.tool_uses[:_MAX_USES] if outcome.acts(use.name)}
    if any(outcome.failed(use) for use in last.values()):
        return 0.25
    return 0.5 if outcome.asks_back(answer) or outcome.admits(answer) else 1.0
