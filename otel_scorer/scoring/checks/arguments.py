"""Arguments that a tool does not have: invented by the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_scorer.scoring.checks.plan import uses_of
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.scale import PLAN, Findings, listed
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_NO_CALLS = CannotTell("no tool was called", not_applicable=True)


def known_parameters(target: Target) -> Verdict | CannotTell:
    """Arguments under names that the tool's definition does not have: invented by the model.

    JSON Schema lets additional properties through unless it says otherwise; a tool's function rarely does. So the
    definition must list its properties and must not allow others, and the model itself must have asked with the name:
    what a framework adds when it runs the tool is no invention. The call failed: 2; it is not known how it went: 3;
    it worked all the same: 4. Says nothing of values.
    """
    uses = uses_of(target)
    if not uses:
        return _NO_CALLS
    judged = [(use, closed) for use in uses if (closed := _properties(use)) is not None]
    if not judged:
        return CannotTell("no closed list of the tools' parameters was captured", missing_evidence=True)
    findings = Findings(PLAN)
    estimate = 5.0
    for use, known in judged:
        extra = [name for name in _asked_names(target.view, use) if name not in known]
        if not extra:
            continue
        text = f"{use.name} has no parameter {listed(extra, 3)}"
        findings.add("plan.invented_argument", text, stage="LLM", span_ids=(use.span_id,))
        estimate = min(estimate, _cost(target, use))
    if not findings.all:
        return Verdict(5.0, "the tools have every parameter that was given", weight=0.25)
    return Verdict(estimate, findings.all[0].text, tuple(findings.all), findings.spans)


def _cost(target: Target, use: ToolUse) -> float:
    if target.once(outcome.failed, use):
        return 2.0
    return 4.0 if use.executed and use.result_captured else 3.0


def _properties(use: ToolUse) -> frozenset[str] | None:
    """The names of the tool's parameters; None where others may be given too, or nobody says."""
    rules = use.definition.parameters if use.definition is not None else None
    if not isinstance(rules, dict) or rules.get("additionalProperties") or rules.get("patternProperties"):
        return None
    if any(key in rules for key in ("$ref", "allOf", "anyOf", "oneOf")):
        return None
    known = rules.get("properties")
    return frozenset(map(str, known)) if isinstance(known, dict) and known else None


def _asked_names(view: TraceView, use: ToolUse) -> list[str]:
    """Names of the arguments with which a model asked for the call."""
    step = view.by_id.get(use.requested_by)
    if step is None or not isinstance(use.arguments, dict) or {"args", "kwargs"} <= use.arguments.keys():
        return []
    asked: set[str] = set()
    for message in step.genai.output_messages or ():
        for call in message.tool_calls:
            if call.name == use.name and isinstance(call.arguments, dict) and (not use.id or call.id in ("", use.id)):
                asked.update(call.arguments)
    return [name for name in use.arguments if name in asked]
