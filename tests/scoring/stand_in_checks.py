"""Checks that answer as their options say: `stand_in_checks:says` in a test's rubric."""

from __future__ import annotations

from otel_scorer.model import Finding
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict


def says(
    target: Target,
    *,
    estimate: float = 5.0,
    weight: float = 1.0,
    reason: str = "as told",
    code: str = "",
    share: float = -1.0,
) -> Verdict:
    span_id = (target.step.span if target.step else target.view.roots[0]).span_id
    findings = (Finding(code, "factual_grounding", reason, "LLM", (span_id,)),) if code else ()
    metrics = {"share": share} if share >= 0 else {}
    return Verdict(estimate, reason, findings, (span_id,), metrics, weight)


def shrugs(target: Target, *, missing: bool = False) -> CannotTell:
    return CannotTell("nothing to go by", missing_evidence=missing)


def crashes(target: Target) -> Verdict:
    raise KeyError("anna@example.com")


def babbles(target: Target) -> object:
    return 7
