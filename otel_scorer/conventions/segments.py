"""By what traces are told apart: segment keys, readable, to compare groups; fingerprints, hashes, to notice change.

One function each, online and offline (design section 4). What is unknown is left out, never guessed. Both are made for
every trace at sealing, so they look at named keys and read no conversation where a look suffices (`first_look`).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from otel_scorer.conventions.faults import is_limited
from otel_scorer.conventions.feedback import guardrails_of
from otel_scorer.conventions.fingerprints import FINGERPRINTS, fingerprints, hashed
from otel_scorer.conventions.first_look import asked_length, document_scores, user_turns
from otel_scorer.conventions.identity import models_of
from otel_scorer.conventions.steps import RETRIEVAL_KINDS
from otel_scorer.conventions.trace_view import TraceView
from otel_scorer.conventions.values import dumped, loosened, string
from otel_scorer.model import Kind

__all__ = ["FINGERPRINTS", "SEGMENT_KEYS", "fingerprints", "input_length", "segments"]

SEGMENT_KEYS: tuple[str, ...] = (
    "service",
    "version",
    "agent",
    "model",
    "task_type",
    "retrieval",
    "tool_set",
    "tool_schema",
    "truncated",
    "retrieval_confidence",
    "conversation_length",
    "guardrail",
    "budget_constrained",
)
"""In this order; chosen attributes follow as `attribute.<key>`."""

_SHOWN_CHARACTERS = 80
_TURN_BINS = ((1, "1"), (3, "2-3"), (7, "4-7"), (15, "8-15"))
_LLM: frozenset[Kind] = frozenset({"LLM"})
_GUARDRAIL: frozenset[Kind] = frozenset({"GUARDRAIL"})
_SCORING: frozenset[Kind] = frozenset({"RETRIEVER", "RERANKER"})


def segments(view: TraceView, attributes: Sequence[str] = ()) -> dict[str, str]:
    """Segment keys of a trace, those that are known; `attributes` are keys of the root or its resource to add."""
    found: dict[str, str | None] = {
        "service": view.service,
        "version": view.service_version,
        "agent": view.agent_name,
        "model": _model(view),
        "task_type": _task_type(view),
        "retrieval": "on" if view.spans_of(RETRIEVAL_KINDS) else "off",
        **_tool_segments(view),
        "truncated": _word(_is_truncated(view)),
        "retrieval_confidence": _retrieval_confidence(view),
        "conversation_length": _conversation_length(view),
        "guardrail": _guardrail(view),
        "budget_constrained": _word(any(is_limited(text) for _, text in view.errors)),
    }
    found.update((f"attribute.{key}", _chosen(view, key)) for key in attributes)
    return {key: value[:_LONGEST_VALUE] for key, value in found.items() if value}


def input_length(view: TraceView) -> int | None:
    """Characters of the user's request, as a look at root and first model call finds it; None: unknown."""
    told_by = (*([view.root] if view.root else []), *view.spans_of(_LLM)[:1])
    return next((length for span in told_by if (length := asked_length(span)) is not None), None)


_LONGEST_VALUE = 200
_TASK_KEYS = (
    "task_type",
    "task.type",
    "gen_ai.task.type",
    "traceloop.association.properties.task_type",
    "langfuse.trace.metadata.task_type",
    "langsmith.metadata.task_type",
    "ai.telemetry.metadata.task_type",
    "mlflow.traceTag.task_type",
    "gen_ai.workflow.name",
    "traceloop.workflow.name",
)


_TASK_TOLD_BY = frozenset({*_TASK_KEYS, "metadata"})
_END = attrgetter("end_ns")


def _model(view: TraceView) -> str | None:
    """The model of the last call to end: the one that wrote the answer, where a small one routed before it."""
    for call in sorted(view.spans_of(_LLM), key=_END, reverse=True):
        asked, served = models_of(call)
        if served or asked:
            return served or asked
    return view.models[-1] if view.models else None


def _task_type(view: TraceView) -> str | None:
    if view.root is None:
        return None
    attributes = view.root.attributes
    if _TASK_TOLD_BY.isdisjoint(attributes):
        return None
    found = next(filter(None, (string(loosened(attributes.get(key))) for key in _TASK_KEYS)), None)
    if found is None and isinstance(metadata := loosened(attributes.get("metadata")), dict):
        found = string(metadata.get("task_type")) or None
    return found


def _tool_segments(view: TraceView) -> dict[str, str | None]:
    """The set by the tools' names (readable while short), its version by their descriptions and schemas."""
    tools = view.offered_tools
    if tools is None:
        return {}
    names = ",".join(sorted(tools))
    shown = names if len(names) <= _SHOWN_CHARACTERS else f"{len(tools)} tools {hashed(names)[:8]}"
    return {"tool_set": shown or "none", "tool_schema": hashed("\n".join(tools[name] for name in sorted(tools)))[:12]}


def _is_truncated(view: TraceView) -> bool:
    """Evidence or answer was cut: by a limit of ours, of the SDK, or of the model's output."""
    dropped = any(span.dropped_attributes for span in view.trace.spans)
    return view.trace.truncated or dropped or "length" in view.finish_reasons


def _retrieval_confidence(view: TraceView) -> str | None:
    """The fifth of 0 to 1 in which the best document's score lies; scores on another scale are not comparable."""
    scores = [score for span in view.spans_of(_SCORING) for score in document_scores(span, view.read)]
    if not scores or not all(0 <= score <= 1 for score in scores):
        return None
    low = min(int(max(scores) * 5), 4)
    return f"{low / 5:.1f}-{(low + 1) / 5:.1f}"


def _conversation_length(view: TraceView) -> str | None:
    """Bin of the user's turns so far, the present one among them, from the first model call."""
    calls = view.spans_of(_LLM)
    turns = user_turns(calls[0], view.read) if calls else None
    if not turns:
        return None
    return next((name for most, name in _TURN_BINS if turns <= most), "16+")


def _guardrail(view: TraceView) -> str | None:
    """What the guardrails decided; unknown where none is in the trace."""
    decisions = [decision for span in view.spans_of(_GUARDRAIL) for decision in guardrails_of(span)]
    if "content_filter" in view.finish_reasons or any(decision.blocked for decision in decisions):
        return "blocked"
    return "passed" if any(decision.blocked is False for decision in decisions) else None


def _chosen(view: TraceView, key: str) -> str | None:
    for span in (view.root, *view.trace.spans[:1]):
        if span is None:
            continue
        value = span.attributes.get(key, span.resource.attributes.get(key))
        if value is not None:
            return value if isinstance(value, str) else dumped(value)
    return None


def _word(value: bool) -> str:
    return "true" if value else "false"
