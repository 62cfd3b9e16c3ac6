"""What of the evidence that rubrics ask for a trace's spans carry, and which instrumentation's spans would carry it.

Asks the same question as scoring does (`scoring.evidence`): has what a rubric's dimension needs been captured?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from otel_scorer.conventions.trace_view import Step, TraceView
from otel_scorer.inspect.capture_switches import Side
from otel_scorer.model import GenAI, Kind, Span
from otel_scorer.scoring.evidence import lacking
from otel_scorer.scoring.rubrics.applies import is_inner
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.verdict import Target

TRACE = "trace"
_LLM: frozenset[Kind] = frozenset({"LLM"})
_TOOL: frozenset[Kind] = frozenset({"TOOL", "MCP"})
_FOUND: frozenset[Kind] = frozenset({"TOOL", "MCP", "RETRIEVER", "RERANKER", "VECTOR_DB"})
_WRITERS: Mapping[str, tuple[frozenset[Kind], ...]] = {
    "task": (_LLM,),
    "system": (_LLM,),
    "final_answer": (_LLM,),
    "tool_definitions": (_LLM,),
    "tool_uses": (_TOOL, _LLM),
    "context": (_FOUND, _LLM),
}
"""Of a need that whole traces have, the kinds of spans that mostly tell it, best first; else the root has to."""


@dataclass(frozen=True, slots=True, order=True)
class Writer:
    """Who wrote spans: a service, with one instrumentation (its scope)."""

    service: str
    scope: str


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What of a writer's spans is judged: whole traces with its root (TRACE), or spans of one kind."""

    writer: Writer
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


@dataclass(slots=True)
class Lack:
    """A need that a writer's spans did not meet: in how many of how many subjects, for which dimensions, and the kinds
    of spans that would tell it.
    """

    lacking: int = 0
    seen: int = 0
    dimensions: dict[str, None] = field(default_factory=dict)
    kinds: set[Kind] = field(default_factory=set)


@dataclass(slots=True)
class Written:
    """What was seen of one writer."""

    dialects: Counter[str] = field(default_factory=Counter)
    captured: Counter[tuple[Kind, Side]] = field(default_factory=Counter)
    """Spans with a text on that side."""
    logged: int = 0
    """Spans that log records belong to."""
    lacks: dict[tuple[str, str], Lack] = field(default_factory=dict)
    """By level and need."""

    @property
    def dialect(self) -> str:
        """The dialect that tells most of the instrumentation: plain OpenTelemetry only where all spans speak it."""
        return max(self.dialects, key=lambda name: (name != "otel_genai", self.dialects[name]), default="")

    def captures(self, kinds: Iterable[Kind], side: Side) -> bool:
        """Whether capture is on: some of these spans have a text on that side."""
        return any(self.captured[kind, side] for kind in kinds)


class Survey:
    """Reads trace after trace; `places` and `written` hold the sum."""

    def __init__(self) -> None:
        self.places: dict[Place, Coverage] = {}
        self.written: dict[Writer, Written] = {}

    def add(self, seen: TraceView, rubrics: Sequence[Rubric]) -> None:
        """Counts one trace."""
        for step in seen.steps:
            self._count_span(_writer(seen, step.span), step)
        for rubric in rubrics:
            for target, span, level in _subjects(seen, rubric):
                self._count_subject(seen, rubric, target, span, level)

    def _count_span(self, writer: Writer, step: Step) -> None:
        written = self.written.setdefault(writer, Written())
        written.dialects[step.genai.dialect] += 1
        written.logged += bool(step.span.logs)
        written.captured[step.genai.kind, "input"] += _has_input(step.genai)
        written.captured[step.genai.kind, "output"] += _has_output(step.genai)

    def _count_subject(self, seen: TraceView, rubric: Rubric, target: Target, span: Span, level: str) -> None:
        place = Place(_writer(seen, span), level)
        coverage = self.places.setdefault(place, Coverage())
        coverage.seen += 1
        for name, rules in rubric.dimensions.items():
            coverage.add(name, lacking(target, rules.needs))
        for need, dimensions in _needs(rubric).items():
            missing = bool(lacking(target, [need]))
            for writer, kinds in _asked_of(seen, span, place, need).items():
                lack = self.written[writer].lacks.setdefault((place.level, need), Lack())
                lack.seen += 1
                lack.lacking += missing
                lack.dimensions.update(dict.fromkeys(dimensions))
                lack.kinds |= kinds


def _needs(rubric: Rubric) -> dict[str, list[str]]:
    """The dimensions of a rubric by what they need."""
    found: dict[str, list[str]] = {}
    for name, rules in rubric.dimensions.items():
        for need in rules.needs:
            found.setdefault(need, []).append(name)
    return found


def _subjects(seen: TraceView, rubric: Rubric) -> Iterator[tuple[Target, Span, str]]:
    """What a rubric would judge in this trace: the trace itself, or its spans of the rubric's kinds."""
    if rubric.level == "trace":
        yield Target(seen), seen.root or seen.trace.spans[0], TRACE
    elif rubric.level == "span":
        retold = _told_by_another(seen)
        for index, step in enumerate(seen.steps):
            inner = not rubric.applies.inner or is_inner(seen, index)
            if inner and step.genai.kind in rubric.applies.kinds and step.span_id not in retold:
                yield Target(seen, step), step.span, step.genai.kind


def _told_by_another(seen: TraceView) -> frozenset[str]:
    """Model calls without content of which another instrumentation tells all, in a span right above or below."""
    calls = [step for step in seen.steps if step.genai.kind == "LLM"]
    whole = {step.span_id for step in calls if _has_input(step.genai) and _has_output(step.genai)}
    ids, told = {step.span_id for step in calls}, set(whole)
    for step in reversed(calls):
        if step.span_id in told and step.parent_id in ids:
            told.add(step.parent_id)
    told.update(step.span_id for step in calls if step.parent_id in told)
    return frozenset(told - whole)


def _asked_of(seen: TraceView, span: Span, place: Place, need: str) -> dict[Writer, set[Kind]]:
    """Whose spans would tell a need, and of which kinds. Of a whole trace's mostly not the root's, which often is
    written by hand.
    """
    found: dict[Writer, set[Kind]] = {}
    for kinds in _WRITERS.get(need, ()) if place.level == TRACE else ():
        for step in (step for step in seen.steps if step.genai.kind in kinds):
            found.setdefault(_writer(seen, step.span), set()).add(step.genai.kind)
        if found:
            return found
    return {place.writer: {seen.genai[span.span_id].kind}}


def _writer(seen: TraceView, span: Span) -> Writer:
    service = span.resource.attributes.get("service.name", seen.service)
    return Writer(str(service or "unknown service"), span.scope.name or "no scope")


def _has_input(genai: GenAI) -> bool:
    told = any(message.text or message.tool_results for message in genai.input_messages or ())
    return told or bool(genai.input_text or genai.system_instructions or genai.query) or genai.tool_arguments_captured


def _has_output(genai: GenAI) -> bool:
    messages = genai.output_messages or ()
    told = any(message.text for message in messages)
    called = any(call.arguments is not None for message in messages for call in message.tool_calls)
    found = any(document.text for document in (*(genai.documents or ()), *(genai.reranked or ())))
    return told or called or found or bool(genai.output_text) or genai.tool_result_captured
