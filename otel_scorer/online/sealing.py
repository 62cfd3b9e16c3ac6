"""Seals a complete trace: decodes it once, asks the signals, decides (design 2.3, 2.4, 4). Pure but for the clock
handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.contents import Content
from otel_scorer.model import Decision, RubricRef, Trace
from otel_scorer.online.scorer import decoded
from otel_scorer.sampling.decide import decide
from otel_scorer.sampling.settings import SamplingSettings

Refs = Callable[[TraceView, Sequence[str] | None], tuple[RubricRef, ...]]
"""The rubrics that apply to a trace: those named, or all that the settings give its kinds."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A trace with its decision."""

    trace: Trace
    view: TraceView
    decision: Decision


def seal(claim: Claim, content: Content, sampling: SamplingSettings, refs: Refs, *, salt: bytes, shed: bool) -> Sealed:
    """`shed`: scoring is under pressure, nothing new is scored.

    What the ledger knows comes before what the spans say: a trace that a bypass has partly sent cannot be judged, nor
    one that was cut at a limit.
    """
    trace = decoded(claim.member, content, claim.heads, truncated=claim.over_limit)
    seen = view(trace)
    decision = decide(seen, sampling, refs, salt=salt)
    if claim.bypassed:
        decision = replace(decision, status="bypassed", rubrics=())
    elif claim.over_limit and decision.status != "own":
        decision = replace(decision, status="too_large", rubrics=())
    elif shed and decision.rubrics:
        decision = replace(decision, status=decision.status or "shed", rubrics=())
    return Sealed(trace, seen, decision)
