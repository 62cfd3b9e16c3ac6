"""Evaluations that are asked for from code: traceAI's `eval_tags`, a JSON list on the resource (or on a span).

Each tag names an evaluation (`eval_name`, with the user's own name for it in `custom_eval_name`) and the kind of spans
that it is for (`value`). Its `mapping` of inputs to raw attribute keys is not read: our evidence is normalised.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from otel_scorer.conventions.trace_view import TraceView
from otel_scorer.conventions.values import decode, string
from otel_scorer.model import Value

KEY = "eval_tags"
REQUESTED: Literal["requested"] = "requested"
"""Stands for the rubrics that a trace asks for itself."""
MOST_REQUESTS = 64
"""Of one trace; a list of strangers may be of any length."""

_ANY_KIND = frozenset({"", "UNKNOWN"})
_LONGEST = 64 * 1024


class EvaluationRequest(NamedTuple):
    """An evaluation by name. `label` is what the user calls it; `kind` the spans it is for, "" for any."""

    name: str
    label: str = ""
    kind: str = ""


def requests_of(view: TraceView) -> tuple[EvaluationRequest, ...]:
    """The evaluations that a trace asks for and has spans for, each once, in order."""
    told = dict.fromkeys(request for value in _carriers(view) for request in _read(value))
    kinds = frozenset(view.kinds.values()) if told else frozenset()
    wanted = (request for request in told if request.kind in _ANY_KIND or request.kind in kinds)
    return tuple(wanted)[:MOST_REQUESTS]


def _carriers(view: TraceView) -> Iterator[Value]:
    """The values under KEY, those of a resource once for all its spans."""
    resources = {id(span.resource): span.resource for span in view.trace.spans}
    for attributes in (*(each.attributes for each in resources.values()), *(s.attributes for s in view.trace.spans)):
        if KEY in attributes:
            yield attributes[KEY]


def _read(value: Value) -> tuple[EvaluationRequest, ...]:
    if isinstance(value, str):
        return _remembered(value) if len(value) <= _LONGEST else ()
    return _requests(value)


@lru_cache(maxsize=128)
def _remembered(text: str) -> tuple[EvaluationRequest, ...]:
    """A service's list is the same on each of its resources."""
    return _requests(decode(text).value)


def _requests(value: Value) -> tuple[EvaluationRequest, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(request for item in items[:MOST_REQUESTS] if (request := _request(item)) is not None)


def _request(item: Value) -> EvaluationRequest | None:
    if isinstance(item, str):
        return EvaluationRequest(item.strip()) if item.strip() else None
    if not isinstance(item, dict):
        return None
    label = string(item.get("custom_eval_name")).strip()
    name = string(item.get("eval_name")).strip() or label
    return EvaluationRequest(name, label if label != name else "", string(item.get("value"))) if name else None
