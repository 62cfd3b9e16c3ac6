"""Seals a complete trace: decodes it once, asks the signals, decides (design 2.3, 2.4, 4). Pure; between its two steps
the batch is counted in the ledger where strata or a budget ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.contents import Content
from otel_scorer.model import Decision, RubricRef, Trace
from otel_scorer.online.scorer import decoded
from otel_scorer.sampling.decide import Looked, conclude, look
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.sampling.windows import Standing

Refs = Callable[[TraceView, Sequence[str] | None], tuple[RubricRef, ...]]
"""The rubrics that apply to a trace: those named, or all that the settings give its kinds."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A trace with its decision."""

    trace: Trace
    view: TraceView
    decision: Decision


def look_at(claim: Claim, content: Content, sampling: SamplingSettings, refs: Refs) -> Looked:
    """Decodes a complete trace and asks the rules. CPU only."""
    return look(view(decoded(claim.member, content, claim.heads, truncated=claim.over_limit)), sampling, refs)


def is_scorable(claim: Claim) -> bool:
    """False for a trace that a bypass has partly sent, or that was cut at a limit: it cannot be judged."""
    return not claim.bypassed and not claim.over_limit


def seal(
    claim: Claim, looked: Looked, standing: Standing, sampling: SamplingSettings, *, salt: bytes, shed: bool
) -> Sealed:
    """`shed`: scoring is under pressure, nothing new is scored.

    What the ledger knows comes before what the spans say.
    """
    decision = conclude(looked, standing, sampling, salt=salt)
    if claim.bypassed:
        decision = replace(decision, status="bypassed", rubrics=())
    elif claim.over_limit and decision.status != "own":
        decision = replace(decision, status="too_large", rubrics=())
    elif shed and decision.rubrics:
        decision = replace(decision, status=decision.status or "shed", rubrics=())
    return Sealed(looked.view.trace, looked.view, decision)
