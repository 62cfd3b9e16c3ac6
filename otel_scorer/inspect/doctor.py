"""What the spans of a service can be scored in, and what to switch on for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from otel_scorer.conventions.trace_view import Step, TraceView, view
from otel_scorer.conventions.values import REDACTED, decode
from otel_scorer.inspect.capture_switches import HIDDEN_ALONE, SIDE_OF, switch_for
from otel_scorer.inspect.coverage import Coverage, Lack, Place, Survey, Writer, Written
from otel_scorer.inspect.evidence_advice import attribute_for
from otel_scorer.inspect.span_scores import split_own
from otel_scorer.inspect.wording import printable
from otel_scorer.model import ROOT_KINDS, Span, Trace
from otel_scorer.scoring.rubrics.requested import Answer
from otel_scorer.scoring.rubrics.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Missing:
    """Evidence that rubrics need and that was not captured in `lacking` of `seen` subjects.

    `level` says which: whole traces ("trace") or spans of a kind. `switch` is "" where content is captured on that side
    of the writer's spans, so that no switch can be the reason.
    """

    need: str
    level: str
    lacking: int
    seen: int
    dimensions: tuple[str, ...]
    attribute: str
    switch: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about one writer's spans."""

    service: str
    scope: str
    dialect: str
    missing: tuple[Missing, ...]

    @property
    def switches(self) -> tuple[str, ...]:
        """What to switch, each once."""
        return tuple(dict.fromkeys(each.switch for each in self.missing if each.switch))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was seen, where; and what to do."""

    traces: int
    spans: int
    places: dict[Place, Coverage]
    dialects: dict[Writer, tuple[str, ...]]
    advice: tuple[Advice, ...]
    notices: tuple[str, ...]


Asked: TypeAlias = Callable[[TraceView], Sequence[Answer]]
"""The evaluations that a trace asks for, and what answers them."""


def diagnose(traces: Iterable[Trace], rubrics: Sequence[Rubric], asked: Asked | None = None) -> Diagnosis:
    """Reads the evidence of every trace for the dimensions of `rubrics`; traces that are evaluations are left out."""
    views = [seen for trace in traces if not (seen := view(split_own(trace)[0])).own and seen.trace.spans]
    survey = Survey()
    for seen in views:
        survey.add(seen, rubrics)
    spans = sum(len(seen.trace.spans) for seen in views)
    dialects = {writer: tuple(sorted(written.dialects)) for writer, written in survey.written.items()}
    notices = (*_notices(views), *(_requests(views, asked) if asked else ()))
    places = dict(sorted(survey.places.items()))
    return Diagnosis(len(views), spans, places, dialects, tuple(_advice(survey)), notices)


def _advice(survey: Survey) -> Iterator[Advice]:
    for writer, written in sorted(survey.written.items()):
        missing = tuple(
            _missing(writer, written, level, need, lack)
            for (level, need), lack in written.lacks.items()
            if lack.lacking
        )
        if missing:
            yield Advice(writer.service, writer.scope, written.dialect, missing)


def _missing(writer: Writer, written: Written, level: str, need: str, lack: Lack) -> Missing:
    is_on = written.captures(lack.kinds, SIDE_OF[need]) and (lack.lacking < lack.seen or need not in HIDDEN_ALONE)
    switch = "" if is_on else switch_for(writer.scope, written.dialect, need, logged=bool(written.logged))
    attribute = attribute_for(written.dialect, need)
    return Missing(need, level, lack.lacking, lack.seen, tuple(lack.dimensions), attribute, switch)


# ---- what else there is to say ---------------------------------------------------------------------------------------


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
    cut = sum(any(_is_cut(span) for span in seen.trace.spans) for seen in views)
    if cut:
        yield (
            f"{cut} of {len(views)} traces carry content that was cut off: raise OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT and "
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT of the senders"
        )
    hidden = sum(any(_is_hidden(span) for span in seen.trace.spans) for seen in views)
    if hidden:
        yield (
            f"{hidden} of {len(views)} traces carry marks such as __REDACTED__ in place of content: what is hidden so "
            "counts as not captured"
        )


def _requests(views: Sequence[TraceView], asked: Asked) -> Iterator[str]:
    answers = {answer.request.name: answer for seen in views for answer in asked(seen)}
    told = [f"{printable(name, 60)} ({answer.rubric})" for name, answer in answers.items() if answer.rubric]
    if told:
        yield f"evaluations that the code asks for are answered by rubrics: {', '.join(told)}"
    unknown = [printable(name, 60) for name, answer in answers.items() if not answer.known]
    if unknown:
        yield (
            f"evaluations that the code asks for and that no rubric answers: {', '.join(unknown)}; name the rubric or "
            "the dimension that does in `scoring.requests`"
        )


def _is_cut(span: Span) -> bool:
    """Attributes were dropped, or hold the front part of JSON. `GenAI.truncated` also says so of hidden content."""
    texts = (value for value in span.attributes.values() if isinstance(value, str) and value[:1] in ("{", "["))
    return span.dropped_attributes > 0 or any(decode(text).cut for text in texts)


def _is_hidden(span: Span) -> bool:
    return any(isinstance(value, str) and value in REDACTED for value in span.attributes.values())


def _agent_spans_only(views: Sequence[TraceView]) -> bool:
    """No other spans at all, and an agent, workflow or chain whose parent was not seen."""
    if any(not head.agent for seen in views for head in seen.trace.heads.values()):
        return False
    return any(_has_unseen_parent(seen, step) for seen in views for step in seen.steps)


def _has_unseen_parent(seen: TraceView, step: Step) -> bool:
    parent_id = step.span.parent_id
    known = {span.span_id for span in seen.trace.spans} | seen.trace.heads.keys()
    return bool(parent_id) and parent_id not in known and step.genai.kind in ROOT_KINDS
