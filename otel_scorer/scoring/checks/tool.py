"""One tool call by itself: did it get what it takes, and did it work?"""

from __future__ import annotations

from otel_scorer.scoring.checks.plan import faults_of
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.said import use_of
from otel_scorer.scoring.reading.scale import PLAN, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

_NO_TOOL = CannotTell("this step is no call of a tool, or is told twice", not_applicable=True)


def arguments_valid(target: Target) -> Verdict | CannotTell:
    """The call's arguments against the tool's JSON Schema. One fault: 2; several: 1. Not whether they are right."""
    use = use_of(target)
    if use is None:
        return _NO_TOOL
    if not use.arguments_captured:
        return CannotTell("the arguments were not captured", missing_evidence=True)
    found = target.once(faults_of, use, target.once)
    if found is None:
        return CannotTell("the definition of the tool's parameters was not captured", missing_evidence=True)
    if not found:
        return Verdict(5.0, "the arguments fit the definition", evidence=(use.span_id,))
    findings = Findings(PLAN)
    for fault in found:
        findings.add("tool.invalid_arguments", f"{use.name}: {fault}", stage="TOOL", span_ids=(use.span_id,))
    return Verdict(2.0 if len(found) == 1 else 1.0, "; ".join(found[:3]), tuple(findings.all), findings.spans)


def tool_failed(target: Target) -> Verdict | CannotTell:
    """Whether the call failed: raised (1), or gave a result that says so (1.5). A lookup that found
    nothing is 4: may be right. What thinks, edits or runs something returns nothing by nature.
    """
    use = use_of(target)
    if use is None:
        return _NO_TOOL
    findings = Findings(PLAN)
    if target.once(outcome.failed, use):
        findings.add(
            "tool.failed",
            f"{use.name} failed: {shorten(outcome.error_text(use))}",
            stage="TOOL",
            span_ids=(use.span_id,),
        )
        return Verdict(1.0 if use.error else 1.5, findings.all[0].text, tuple(findings.all), findings.spans)
    if not use.result_captured:
        return CannotTell("the result was not captured", missing_evidence=True)
    if outcome.is_empty(use.result) and outcome.reads(use.name):
        findings.add("tool.empty_result", f"{use.name} returned nothing", stage="TOOL", span_ids=(use.span_id,))
        return Verdict(4.0, findings.all[0].text, tuple(findings.all), findings.spans)
    return Verdict(5.0, "the call returned a result", evidence=(use.span_id,))
