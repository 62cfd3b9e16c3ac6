"""Tokens and finish reasons of a whole trace, from spans that tell the same tokens several times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter

from otel_scorer.conventions.finish import finish_reasons_of
from otel_scorer.conventions.roots import Node
from otel_scorer.conventions.usage import usage_of
from otel_scorer.model import ROOT_KINDS, Kind, Span, Usage

_COUNTS = attrgetter(*(field.name for field in fields(Usage)))
_SUMMING: frozenset[Kind] = ROOT_KINDS | {"CONVERSATION", "A2A_CLIENT", "A2A_SERVER"}


def total_usage(nodes: Sequence[Node], kinds: Mapping[str, Kind]) -> Usage:
    """Tokens of all model calls, each counted once.

    A model span right above another one (two instrumentations on one call, a proxy) tells the same tokens: the larger
    number counts. An agent's number is the sum of its calls, so it counts only where nothing below it tells. `nodes`
    are depth first, parents before children; a field that nobody tells is None.
    """
    repeated: dict[str, list[Usage]] = {}
    separate: dict[str, list[Usage]] = {}
    for node in reversed(nodes):
        span_id, parent = node.span.span_id, node.parent
        kind = kinds[span_id]
        told = _with_below(node.span, kind, repeated.pop(span_id, ()), separate.pop(span_id, ()))
        if told is not None:
            repeats = kind == "LLM" and kinds.get(parent) == "LLM"
            (repeated if repeats else separate).setdefault(parent, []).append(told)
    return _merged(separate.get("", ()), sum)


def finish_reasons_in_order(calls: Iterable[Span]) -> tuple[str, ...]:
    """The reasons of these model calls, one after the other."""
    return tuple(reason for span in calls for reason in finish_reasons_of(span))


def _with_below(span: Span, kind: Kind, repeated: Sequence[Usage], separate: Sequence[Usage]) -> Usage | None:
    """The tokens of a span and all below it; None where nobody tells any.

    Below it are usages that repeat its own, and those of calls apart.
    """
    if kind == "LLM":
        own = usage_of(span)
        if repeated:
            own = _merged((own, _merged(repeated, sum)), max)
        return _merged((own, *separate), sum) if separate else own
    if separate:
        return _merged(separate, sum)
    if kind not in _SUMMING:
        return None
    own = usage_of(span)
    return own if own != _NOTHING else None


def _merged(usages: Sequence[Usage], how: Callable[[list[int]], int]) -> Usage:
    """Field by field; None where none tells."""
    if len(usages) == 1:
        return usages[0]
    columns = zip(*map(_COUNTS, usages), strict=True)
    told = [[count for count in column if count is not None] for column in columns]
    return Usage(*[how(counts) if counts else None for counts in told])


_NOTHING = Usage()
