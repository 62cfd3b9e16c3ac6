"""Whether a rubric is for a trace or a span, and whether it was written for the prompt version that ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from otel_scorer.model import GenAI, Kind, Span
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.rubrics.assigned import Assigned, ByKind, Segment
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.verdict import Target

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView


def targets(
    rubric: Rubric,
    view: TraceView,
    by_kind: Assigned | ByKind,
    together: Sequence[Rubric] = (),
    once: Once | None = None,
) -> Iterator[tuple[Span, Kind, Target]]:
    """The spans that `rubric` judges, with kind and what is judged: the trace at its root, or steps in order.

    `together`: the rubrics that score the trace with it. `once` is what the trace's targets share.
    """
    assigned = Assigned.of(by_kind)
    once = Once() if once is None else once
    if not _anywhere(rubric, view):
        return
    if rubric.level == "trace":
        root = root_of(view)
        # kinds, not evidence: sealing asks this of every trace, and evidence is read from messages
        kind = view.kinds.get(root.span_id) if root else None
        if root and kind and assigned.judges(rubric, kind, view, together):
            yield root, kind, Target(view, once=once)
        return
    known: dict[Kind, bool] = {}
    for index, step in enumerate(view.steps if rubric.level == "span" else ()):
        if step.kind not in known:
            known[step.kind] = assigned.judges(rubric, step.kind, view, together)
        if known[step.kind] and (not rubric.applies.inner or is_inner(view, index)):
            yield step.span, step.kind, Target(view, step, once)


def is_inner(view: TraceView, index: int) -> bool:
    """Neither the trace's root nor a step with nothing below it."""
    step, after = view.steps[index], view.steps[index + 1 : index + 2]
    return step.span is not view.root and any(one.depth > step.depth for one in after)


def applies_to_trace(
    rubric: Rubric, view: TraceView, by_kind: Assigned | ByKind, together: Sequence[Rubric] = ()
) -> bool:
    """Whether `rubric` has anything to judge in the trace."""
    if rubric.level == "span" and rubric.applies.inner:
        return next(targets(rubric, view, by_kind, together), None) is not None
    # sealing asks this of every trace: the kinds tell, so that neither steps nor targets need be made
    assigned = Assigned.of(by_kind)
    if rubric.level == "trace":
        root = root_of(view)
        fits = root is not None and assigned.judges(rubric, view.kinds[root.span_id], view, together)
    else:
        fits = rubric.level == "span" and any(
            assigned.judges(rubric, kind, view, together) for kind in view.present_kinds
        )
    return fits and _anywhere(rubric, view)


def applies_to_conversation(
    rubric: Rubric, last: TraceView, by_kind: Assigned | ByKind, together: Sequence[Rubric] = ()
) -> bool:
    """Whether `rubric` judges conversations such as the one that ended with the trace `last`."""
    fits = rubric.level == "conversation" and Assigned.of(by_kind).judges(rubric, "CONVERSATION", last, together)
    return fits and _anywhere(rubric, last)


def root_of(view: TraceView) -> Span | None:
    """Where a trace-level result goes: the trace's root; for an incomplete trace the first of what could be one."""
    return view.root or next(iter(view.roots), None)


def stale_version(rubric: Rubric, target: Target) -> str:
    """The prompt version that ran and that the rubric was not written for, "" where there is none.

    A step that tells no version is not stale: nothing shows that it is another one.
    """
    known = rubric.applies.prompt_versions
    if not known:
        return ""
    steps = (target.step,) if target.step else target.view.steps
    return next((ran for step in steps if (ran := _strange_version(step.genai, known))), "")


def _strange_version(genai: GenAI, known: Sequence[str]) -> str:
    """The step's prompt version where `known` has something to say of its prompt, and not this version."""
    name, version = genai.prompt_name, genai.prompt_version
    if not version or version in known or f"{name}@{version}" in known:
        return ""
    named = {prompt for prompt, at, _ in (entry.rpartition("@") for entry in known) if at}
    of_any = any("@" not in entry for entry in known)
    shown = f"{name}@{version}" if name else version
    return shown if of_any or name in named else ""


def _anywhere(rubric: Rubric, view: TraceView) -> bool:
    """Whether the trace meets the conditions of the rubric itself."""
    applies = rubric.applies
    if not (applies.services or applies.agents or applies.tags):
        return True
    return Segment(rubric=rubric.name, services=applies.services, agents=applies.agents, tags=applies.tags).holds(view)
