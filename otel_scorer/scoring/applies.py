"""Whether a rubric is for a trace or a span, and whether it was written for the prompt version that ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from otel_scorer.model import Kind, Span
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.rubric import Rubric
from otel_scorer.scoring.verdict import Target

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, TraceView


def targets(
    rubric: Rubric, view: TraceView, by_kind: Mapping[Kind, str], once: Once | None = None
) -> Iterator[tuple[Span, Kind, Target]]:
    """The spans that `rubric` judges, with kind and what is judged: the trace at its root, or steps in order.

    `once` is what the trace's targets share.
    """
    once = Once() if once is None else once
    if not _meets_conditions(rubric, view):
        return
    if rubric.level == "trace":
        root = root_of(view)
        # kinds, not evidence: sealing asks this of every trace, and evidence is read from messages
        kind = view.kinds.get(root.span_id) if root else None
        if root and kind and judges(rubric, kind, by_kind):
            yield root, kind, Target(view, once=once)
        return
    for step in view.steps if rubric.level == "span" else ():
        if judges(rubric, step.kind, by_kind):
            yield step.span, step.kind, Target(view, step, once)


def applies_to_trace(rubric: Rubric, view: TraceView, by_kind: Mapping[Kind, str]) -> bool:
    """Whether `rubric` has anything to judge in the trace."""
    # sealing asks this of every trace: the kinds tell, so that neither steps nor targets need be made
    if rubric.level == "trace":
        root = root_of(view)
        fits = root is not None and judges(rubric, view.kinds[root.span_id], by_kind)
    else:
        fits = rubric.level == "span" and any(judges(rubric, kind, by_kind) for kind in view.present_kinds)
    return fits and _meets_conditions(rubric, view)


def names(reference: str, rubric: Rubric) -> bool:
    """Whether `agent` or `agent@1` means `rubric`."""
    return reference == rubric.name or reference == str(rubric)


def judges(rubric: Rubric, kind: Kind, by_kind: Mapping[Kind, str]) -> bool:
    """Whether `rubric` scores spans of `kind`.

    A rubric that `by_kind` names keeps to the kinds that it is named for; any other one takes all that it applies to.
    """
    if kind not in rubric.applies.kinds:
        return False
    configured = by_kind.get(kind)
    if configured is not None and names(configured, rubric):
        return True
    return not any(names(reference, rubric) for reference in by_kind.values())


def root_of(view: TraceView) -> Span | None:
    """Where a trace-level result goes: the trace's root; for an incomplete trace the first of what could be one."""
    return view.root or next(iter(view.roots), None)


def stale_version(rubric: Rubric, target: Target) -> str:
    """The prompt version that ran and that the rubric was not written for, "" where there is none."""
    known = rubric.applies.prompt_versions
    if not known:
        return ""
    steps = (target.step,) if target.step else target.view.steps
    return next((version for version in map(_prompt_version, steps) if version and version not in known), "")


def _prompt_version(step: Step) -> str:
    return step.genai.prompt_version


def _meets_conditions(rubric: Rubric, view: TraceView) -> bool:
    applies = rubric.applies
    if applies.services and view.service not in applies.services:
        return False
    if applies.agents and view.agent_name not in applies.agents:
        return False
    if not applies.tags:
        return True
    return any(tag in applies.tags for step in view.steps for tag in step.genai.tags)
