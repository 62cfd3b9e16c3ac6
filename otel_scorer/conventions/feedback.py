"""Evaluations and feedback that are already on a span, and what guardrails decided. Never our own scores."""

from __future__ import annotations

from otel_scorer.conventions.found import EVENTS, Reads
from otel_scorer.conventions.unflatten import grouped
from otel_scorer.conventions.values import number, string, strings, unquoted
from otel_scorer.model import Attributes, Feedback, GuardrailDecision, Span, Value

_PREFIXES = tuple(f"{scope}{name}" for scope in ("", "trace.", "session.") for name in ("annotations", "evaluations"))
_STARTS = tuple(f"{prefix}." for prefix in _PREFIXES)
_SINGLE = frozenset({"gen_ai.evaluation.name", "logfire.feedback.name"})
_EVENTS = ("gen_ai.evaluation.result", "gen_ai.evaluation")
_BLOCKED = frozenset(
    {"deny", "block", "blocked", "failed", "fail", "guardrail_intervened", "reject", "rejected", "true"}
)
_PASSED = frozenset({"allow", "pass", "passed", "success", "none", "false", "warn", "ok"})
_DECISIONS = (
    "gen_ai.security.guardrail.verdict.type",
    "gen_ai.security.guardrail.action.type",
    "gen_ai.guardrail.status",
    "gen_ai.guardrail.result",
    "guardrail.status",
    "litellm.guardrail.status",
    "guardrail_status",
)
_NAMES = (
    "gen_ai.security.guardrail.name",
    "gen_ai.guardrail.name",
    "guardrail.type",
    "litellm.guardrail.name",
    "guardrail_name",
    "rail.name",
    "validator_name",
)
_GUARD_KEYS = frozenset({*_DECISIONS, *_NAMES, "rail.stop"})
_REASONS = (
    "gen_ai.security.guardrail.verdict.reason",
    "gen_ai.guardrail.error.message",
    "guardrail.reasons",
    "guardrail.failed_rule",
    "guardrails.rail.reason",
    "litellm.guardrail.violation_categories",
)


def feedback_of(span: Span) -> tuple[Feedback, ...]:
    """Evaluations and feedback on the span, its events and logs, in order; () for nearly all spans, at the cost of
    one pass.
    """
    attributes = span.attributes
    found: list[Feedback] = []
    if _has_annotations(attributes):
        found.extend(_annotations(attributes))
    if "gen_ai.evaluation.name" in attributes:
        found.append(_standard(attributes))
    if "logfire.feedback.name" in attributes:
        found.append(_logfire(attributes))
    found.extend(_standard(event.attributes) for event in span.events if event.name in _EVENTS)
    found.extend(_standard(record.attributes) for record in span.logs if record.event_name in _EVENTS)
    return tuple(one for one in found if one.name)


def may_tell_feedback(keys: Attributes | frozenset[str]) -> bool:
    """Whether a span with some of these keys may tell any; one with events or log records may without."""
    return not _SINGLE.isdisjoint(keys) or _has_annotations(keys)


def may_tell_guardrails(keys: Attributes | frozenset[str]) -> bool:
    """Whether a span with some of these keys may tell what a guardrail decided; one with events may without."""
    return not _GUARD_KEYS.isdisjoint(keys)


def _has_annotations(keys: Attributes | frozenset[str]) -> bool:
    # One search through all keys at once: next to no span has such keys.
    text = "\n".join(keys)
    return "annotations." in text or "evaluations." in text


def guardrails_of(span: Span) -> tuple[GuardrailDecision, ...]:
    """What guardrails decided on this span, in its attributes or in OpenLIT's events; () when there is no word of
    any.
    """
    attributes = span.attributes
    if not span.events and _GUARD_KEYS.isdisjoint(attributes):
        return ()
    name, word = _first(attributes, _NAMES), _first(attributes, _DECISIONS) or _outcome(attributes)
    found = [_guard_event(event.attributes) for event in span.events if event.name == "guard.evaluation"]
    stopped = attributes.get("rail.stop")
    if name or word or isinstance(stopped, bool):
        blocked = stopped if isinstance(stopped, bool) else _blocked(word)
        found.insert(0, GuardrailDecision(name, blocked, _first(attributes, _REASONS)))
    return tuple(found)


def _outcome(attributes: Attributes) -> str:
    """guardrails-ai tells in its output whether a validator passed; one that does nothing about it blocks nothing."""
    if "validator_name" not in attributes:
        return ""
    word = unquoted(string(attributes.get("output.value"))).lower()
    noted = string(attributes.get("validator_on_fail")).lower().endswith("noop")
    return "warn" if noted and word in _BLOCKED else word


def _annotations(attributes: Attributes) -> list[Feedback]:
    told: Attributes = {key: value for key, value in attributes.items() if key.startswith(_STARTS)}
    return [_annotation(row) for prefix, rows in grouped(told).items() if prefix in _PREFIXES for row in rows]


def _annotation(row: Value) -> Feedback:
    inner = (row.get("annotation") or row.get("evaluation")) if isinstance(row, dict) else None
    if not isinstance(inner, dict):
        return Feedback("")
    return Feedback(
        name=string(inner.get("name")),
        score=_score(inner.get("score")),
        label=string(inner.get("label")),
        explanation=string(inner.get("explanation")),
        by_human=string(inner.get("annotator_kind")).upper() == "HUMAN",
    )


def _standard(attributes: Attributes) -> Feedback:
    return Feedback(
        name=string(attributes.get("gen_ai.evaluation.name")),
        score=_score(attributes.get("gen_ai.evaluation.score.value")),
        label=string(attributes.get("gen_ai.evaluation.score.label")),
        explanation=string(attributes.get("gen_ai.evaluation.explanation")),
    )


def _logfire(attributes: Attributes) -> Feedback:
    """The value lies under an attribute named after the feedback."""
    name = string(attributes.get("logfire.feedback.name"))
    value = attributes.get(name)
    label = value if isinstance(value, str) else ""
    return Feedback(name, _score(value), label, string(attributes.get("logfire.feedback.comment")), by_human=True)


def _score(value: Value) -> float | None:
    return float(value) if isinstance(value, bool) else number(value)


def _guard_event(attributes: Attributes) -> GuardrailDecision:
    word = string(attributes.get("guard.action"))
    return GuardrailDecision(
        string(attributes.get("guard.name")), _blocked(word), string(attributes.get("guard.explanation"))
    )


def _blocked(word: str) -> bool | None:
    lower = word.lower()
    if lower in _BLOCKED:
        return True
    return False if lower in _PASSED else None


def _first(attributes: Attributes, keys: tuple[str, ...]) -> str:
    for key in keys:
        told = attributes.get(key)
        if told is not None and (words := strings(told) or (str(told).lower(),) * isinstance(told, bool)):
            return ", ".join(words)
    return ""


READS: tuple[Reads, ...] = (
    Reads(
        "feedback",
        (*_PREFIXES, "gen_ai.evaluation.name", "logfire.feedback.name", EVENTS),
        lambda source: feedback_of(source.span),
    ),
    Reads("guardrails", (*sorted(_GUARD_KEYS), EVENTS), lambda source: guardrails_of(source.span)),
)
