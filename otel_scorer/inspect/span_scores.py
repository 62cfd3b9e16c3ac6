"""Reads back what `conventions.scores` wrote on spans, for people; scoring itself never reads these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from otel_scorer.history.record import Course, Outcome, Record
from otel_scorer.model import DIMENSIONS, Span, Trace, Value

PREFIX = "otel_scorer."
OWN_SCOPE = "otel_scorer"


@dataclass(frozen=True, slots=True)
class SpanScores:
    """The plain (primary) keys of one span, or of the evaluation span that speaks of it. None or "" where absent."""

    scores: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    composite: float | None = None
    coverage: float | None = None
    label: str = ""
    status: str = ""
    rubric: str = ""
    evaluator: str = ""
    rule: str = ""
    signals: tuple[str, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions with a score or a word why there is none, in the usual order, unknown ones last."""
        known = [name for name in DIMENSIONS if name in self.scores or name in self.missing]
        return (*known, *sorted({*self.scores, *self.missing} - {*DIMENSIONS}))


@dataclass(frozen=True, slots=True)
class TalkScores:
    """What was said of a whole conversation, in the evaluation span of its last trace.

    `traces` are those that were read; `known_traces` all that it is known to have, 0 where nobody tells.
    """

    conversation_id: str
    traces: int
    scores: SpanScores
    last_trace_id: str = ""
    known_traces: int = 0


def talks_of(trace: Trace) -> tuple[TalkScores, ...]:
    """Those whose result lies in this trace."""
    found = ((span, scores_of(span)) for span in split_own(trace)[1] if _is_of_talk(span))
    return tuple(
        TalkScores(_text(span.attributes.get(_CONVERSATION)), len(span.links), scores, trace.trace_id)
        for span, scores in found
        if scores is not None
    )


def talk_of_record(record: Record) -> TalkScores:
    """The same from the record of a conversation."""
    scores = scores_of_record(record).get(record.root_span_id, SpanScores(status=record.status))
    course = record.course or Course()
    ids = course.trace_ids
    return TalkScores(record.conversation_id, len(ids), scores, ids[-1] if ids else "", course.known_traces)


_CONVERSATION = "gen_ai.conversation.id"


def _is_of_talk(span: Span) -> bool:
    """Of our own spans only those about a conversation name it."""
    return _CONVERSATION in span.attributes


def split_own(trace: Trace) -> tuple[Trace, tuple[Span, ...]]:
    """The trace without our evaluation spans, and those spans."""
    own = tuple(span for span in trace.spans if span.scope.name == OWN_SCOPE)
    if not own:
        return trace, ()
    return replace(trace, spans=tuple(span for span in trace.spans if span.scope.name != OWN_SCOPE)), own


def scores_by_span(trace: Trace) -> dict[str, SpanScores]:
    """What each span of the trace was given, by span id; a late score counts for the span that it is about."""
    plain, own = split_own(trace)
    found = {span.span_id: scores for span in plain.spans if (scores := scores_of(span)) is not None}
    for span in (span for span in own if not _is_of_talk(span)):
        late = scores_of(span)
        if late is not None:
            found[span.parent_id] = _joined(found.get(span.parent_id), late)
    return found


def scores_of(span: Span) -> SpanScores | None:
    """None for a span that carries nothing of ours."""
    ours = {key.removeprefix(PREFIX): value for key, value in span.attributes.items() if key.startswith(PREFIX)}
    if not ours:
        return None
    scores = _numbers(ours, "score.")
    return SpanScores(
        scores={name: int(value) for name, value in scores.items() if name not in ("lowest", "composite")},
        reasons=_texts(ours, "reason."),
        missing=_texts(ours, "missing."),
        metrics=_numbers(ours, "metric."),
        composite=scores.get("composite"),
        coverage=_numbers(ours, "").get("coverage"),
        label=_text(ours.get("label")),
        status=_text(ours.get("status")),
        rubric=_text(ours.get("rubric.id")),
        evaluator=_text(ours.get("evaluator")),
        rule=_text(ours.get("sampling.rule")),
        signals=_words(ours.get("signals")),
    )


def scores_of_record(record: Record) -> dict[str, SpanScores]:
    """The same from a trace's record, by span id: without reasons, which a record does not hold."""
    found = {each.target_span_id: _scores_of_outcome(each) for each in record.outcomes if each.primary}
    ended = found.get(record.root_span_id, SpanScores())
    root = replace(ended, status=record.status, rule=record.rule, signals=record.signals)
    return {**found, record.root_span_id: root} if record.root_span_id else found


def _scores_of_outcome(outcome: Outcome) -> SpanScores:
    return SpanScores(
        scores={name: verdict.value for name, verdict in outcome.scores.items() if verdict.value is not None},
        missing={name: verdict.missing for name, verdict in outcome.scores.items() if verdict.missing is not None},
        metrics={name: value for name, value in outcome.metrics.items() if value is not None},
        composite=outcome.composite,
        coverage=outcome.coverage,
        label=outcome.label,
        rubric=f"{outcome.rubric}@{outcome.version}",
        evaluator=outcome.evaluator,
    )


def _joined(first: SpanScores | None, late: SpanScores) -> SpanScores:
    """A late score beside the status that the span already had."""
    if first is None:
        return late
    if not late.scores and not late.missing:
        return first
    return replace(late, status=late.status or first.status, rule=late.rule or first.rule, signals=first.signals)


def _numbers(ours: Mapping[str, Value], prefix: str) -> dict[str, float]:
    return {
        key.removeprefix(prefix): float(value)
        for key, value in ours.items()
        if key.startswith(prefix) and isinstance(value, int | float) and not isinstance(value, bool)
    }


def _texts(ours: Mapping[str, Value], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): _text(value) for key, value in ours.items() if key.startswith(prefix)}


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _words(value: Value) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
