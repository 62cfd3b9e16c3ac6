"""What a check is asked and what it may answer.

A check is a function `check(target: Target, **options) -> Verdict | CannotTell`, named in a rubric as
`package.module:function`. It is pure, linear in its input, and never answers with a number that it did not find:
what it cannot tell, it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from otel_scorer.model import Finding
from otel_scorer.scoring.once import Once

if TYPE_CHECKING:
    from otel_scorer.conventions.conversation_view import ConversationView
    from otel_scorer.conventions.trace_view import Step, TraceView

LOWEST, HIGHEST = 1.0, 5.0
"""Ends of the scale of every rubric."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `estimate` is 1.0 (the worst anchor) to 5.0 (the best); `evidence` are span ids of the trace.

    `weight` is how much the check could see (0.0 to 1.0): it softens a good word, never a bad one. A good word
    counts when the checks of its dimension saw enough together (0.5 in sum); a fault counts whatever its weight.
    `metrics` are plain numbers that travel beside the scores (`context_relevance`, `tool_success_rate`).
    `doubtful`: no more than likely. It stands where there is no judge; where there is one, it is asked all the same,
    and what it says counts instead.
    """

    estimate: float
    reason: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    weight: float = 1.0
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class CannotTell:
    """No answer, and why. `missing_evidence`: the content that would be needed was not captured.

    `not_applicable`: what the check looks at does not exist here (a model call that only asks for tools says nothing).
    A step on which every check of every dimension says so has no result.
    """

    why: str
    missing_evidence: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    not_applicable: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What is scored: the whole trace (`step` None), one step of it, or a conversation (`view` is its last trace).

    `once` remembers what checks found out about the trace's texts (`target.once(words, text)`); all targets of a trace
    that is being scored share it.
    """

    view: TraceView
    step: Step | None = None
    once: Once = field(default_factory=Once, repr=False, compare=False)
    conversation: ConversationView | None = None


Check: TypeAlias = "Callable[..., Verdict | CannotTell]"
"""`check(target: Target, **options)`; options are keyword arguments with defaults."""
