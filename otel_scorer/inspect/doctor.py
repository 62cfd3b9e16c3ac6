"""What the spans of a service can be scored in, and what to switch on for the rest.

Asks the same question as scoring does (`scoring.evidence`): has what a rubric's dimension needs been captured?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from otel_scorer.conventions.trace_view import Step, TraceView, view
from otel_scorer.inspect.evidence_advice import attribute_for, switch_for
from otel_scorer.inspect.span_scores import split_own
from otel_scorer.inspect.view import printable
from otel_scorer.model import ROOT_KINDS, Span, Trace
from otel_scorer.scoring.evidence import lacking
from otel_scorer.scoring.rubric import Rubric
from otel_scorer.scoring.verdict import Target

TRACE = "trace"
_SHOWN = {"factual_grounding": "grounding", "privacy_and_safety": "safety"} | {
    "instruction_adherence": "instruction",
    "optimal_plan_execution": "plan",
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Who wrote the spans, and what of them is judged: whole traces (TRACE) or spans of one kind."""

    service: str
    scope: str
    dialect: str
    level: str


@dataclass(slots=True)
class Coverage:
    """How many subjects of a place were seen, and for each dimension what was lacking in how many of them."""

    seen: int = 0
    lacking: dict[str, Counter[str]] = field(default_factory=dict)
    supported: Counter[str] = field(default_factory=Counter)

    def add(self, dimension: str, missing: Sequence[str]) -> None:
        """Counts one subject: supported when nothing is missing."""
        self.lacking.setdefault(dimension, Counter()).update(missing)
        self.supported[dimension] += not missing


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was seen, where; and what to do, one sentence each."""

    traces: int
    spans: int
    places: dict[Place, Coverage]
    advice: tuple[str, ...]
    notices: tuple[str, ...]


def diagnose(traces: Iterable[Trace], rubrics: Sequence[Rubric]) -> Diagnosis:
    """Reads the evidence of every trace for the dimensions of `rubrics`; traces that are evaluations are left out."""
    views = [seen for trace in traces if not (seen := view(split_own(trace)[0])).own and seen.trace.spans]
    places: dict[Place, Coverage] = {}
    for seen in views:
        for rubric in rubrics:
            for place, target in _subjects(seen, rubric):
                _count(places.setdefault(place, Coverage()), rubric, target)
    spans = sum(len(seen.trace.spans) for seen in views)
    return Diagnosis(len(views), spans, dict(sorted(places.items())), tuple(_advice(places)), tuple(_notices(views)))


def render(diagnosis: Diagnosis) -> RenderableType:
    """Tables and sentences for a terminal."""
    if not diagnosis.traces:
        return Text("No agent spans were seen: nothing to say. Is the exporter pointed here, and did the agent run?")
    headline = Text(f"{diagnosis.traces} traces, {diagnosis.spans} agent spans", style="bold")
    lines = [Text(f"• {sentence}") for sentence in (*diagnosis.notices, *diagnosis.advice)]
    if not diagnosis.advice:
        lines.append(Text("• All evidence that the rubrics ask for is captured.", style="green"))
    return Group(headline, _table(diagnosis), *lines)


def to_plain(diagnosis: Diagnosis) -> dict[str, object]:
    """The diagnosis as JSON-ready values."""
    return {
        "traces": diagnosis.traces,
        "spans": diagnosis.spans,
        "places": [
            {
                "service": place.service,
                "scope": place.scope,
                "dialect": place.dialect,
                "level": place.level,
                "seen": coverage.seen,
                "supported": dict(coverage.supported),
                "lacking": {name: dict(missing) for name, missing in coverage.lacking.items() if missing},
            }
            for place, coverage in diagnosis.places.items()
        ],
        "advice": list(diagnosis.advice),
        "notices": list(diagnosis.notices),
    }


def _subjects(seen: TraceView, rubric: Rubric) -> Iterator[tuple[Place, Target]]:
    """What a rubric would judge in this trace: the trace itself, or its spans of the rubric's kinds."""
    if rubric.level == "trace":
        yield _place(seen, seen.root or seen.trace.spans[0], TRACE), Target(seen)
    elif rubric.level == "span":
        for step in seen.steps:
            if step.genai.kind in rubric.applies.kinds:
                yield _place(seen, step.span, step.genai.kind), Target(seen, step)


def _place(seen: TraceView, span: Span, level: str) -> Place:
    service = span.resource.attributes.get("service.name", seen.service)
    return Place(
        str(service or "unknown service"), span.scope.name or "no scope", seen.genai[span.span_id].dialect, level
    )


def _count(coverage: Coverage, rubric: Rubric, target: Target) -> None:
    coverage.seen += 1
    for name, rules in rubric.dimensions.items():
        coverage.add(name, lacking(target, rules.needs))


# ---- sentences -------------------------------------------------------------------------------------------------------


def _advice(places: dict[Place, Coverage]) -> Iterator[str]:
    """One sentence for each scope that lacks content, then one for each attribute that it would be found in."""
    for (service, scope, dialect), group in _by_scope(places).items():
        missing: Counter[str] = Counter()
        dimensions: dict[str, list[str]] = {}
        for coverage in group:
            for name, needs in coverage.lacking.items():
                missing.update(needs)
                for need in needs:
                    dimensions.setdefault(need, []).append(name)
        if missing:
            yield f"{printable(service, 60)} / {printable(scope, 60)}: {switch_for(dialect)}"
        for need in missing:
            named = ", ".join(dict.fromkeys(dimensions[need]))
            yield (
                f"{printable(service, 60)} / {printable(scope, 60)}: {need} was not captured, so {named} "
                f"cannot be scored everywhere: write {attribute_for(dialect, need)}"
            )


def _by_scope(places: dict[Place, Coverage]) -> dict[tuple[str, str, str], list[Coverage]]:
    groups: dict[tuple[str, str, str], list[Coverage]] = {}
    for place, coverage in sorted(places.items()):
        groups.setdefault((place.service, place.scope, place.dialect), []).append(coverage)
    return groups


def _notices(views: Sequence[TraceView]) -> Iterator[str]:
    incomplete = sum(seen.incomplete for seen in views)
    if incomplete:
        yield (
            f"{incomplete} of {len(views)} traces have no span of the agent itself (AGENT, WORKFLOW or CHAIN, or a "
            "single root): they end `incomplete` unless it comes later"
        )
    if _agent_spans_only(views):
        yield (
            "only agent spans come here, and some of their parents never do: set `complete.agent_spans_only: true`, "
            "else such traces wait for those parents (`complete.local_parent_s`)"
        )
    cut = sum(any(step.genai.truncated for step in seen.steps) for seen in views)
    if cut:
        yield (
            f"{cut} of {len(views)} traces carry content that was cut off: raise OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT and "
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT of the senders"
        )


def _agent_spans_only(views: Sequence[TraceView]) -> bool:
    """No other spans at all, and an agent, workflow or chain whose parent was not seen."""
    if any(not head.agent for seen in views for head in seen.trace.heads.values()):
        return False
    return any(_has_unseen_parent(seen, step) for seen in views for step in seen.steps)


def _has_unseen_parent(seen: TraceView, step: Step) -> bool:
    parent_id = step.span.parent_id
    known = {span.span_id for span in seen.trace.spans} | seen.trace.heads.keys()
    return bool(parent_id) and parent_id not in known and step.genai.kind in ROOT_KINDS


def _table(diagnosis: Diagnosis) -> Table:
    table = Table(title="What the spans can be scored in (supported / seen)", title_justify="left")
    for column in ("service", "scope", "dialect", "judged", *_SHOWN.values()):
        table.add_column(column, overflow="fold")
    for place, coverage in diagnosis.places.items():
        texts = [printable(place.service, 40), printable(place.scope, 50), place.dialect, place.level]
        table.add_row(*texts, *(_cell(coverage, name) for name in _SHOWN))
    return table


def _cell(coverage: Coverage, dimension: str) -> Text:
    if dimension not in coverage.lacking:
        return Text("-", style="dim")
    count = coverage.supported[dimension]
    return Text(f"{count}/{coverage.seen}", style="green" if count == coverage.seen else "yellow" if count else "red")
