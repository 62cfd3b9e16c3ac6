"""Tokens and finish reasons of a whole trace, from spans that tell the same tokens several times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import NamedTuple

from otel_scorer.conventions.finish import finish_reasons_of
from otel_scorer.conventions.roots import Node
from otel_scorer.conventions.usage import usage_of
from otel_scorer.model import ROOT_KINDS, Kind, Span, Usage

_NAMES = tuple(field.name for field in fields(Usage))
_SUMMING: frozenset[Kind] = ROOT_KINDS | {"CONVERSATION", "A2A_CLIENT", "A2A_SERVER"}


def total_usage(nodes: Sequence[Node], kinds: Mapping[str, Kind]) -> Usage:
    """Tokens of all model calls, each counted once.

    A model span right above another one (two instrumentations on one call, a proxy) tells the same tokens: the larger
    number counts. An agent's number is the sum of its calls, so it counts only where nothing below it tells. `nodes`
    are depth first, parents before children; a field that nobody tells is None.
    """
    below: dict[str, _Below] = {}
    for node in reversed(nodes):
        kind = kinds[node.span.span_id]
        told = _with_below(node.span, kind, below.pop(node.span.span_id, _NO_SPANS))
        if told is not None:
            found = below.get(node.parent, _NO_SPANS)
            below[node.parent] = found.with_one(told, repeats=kind == "LLM" and kinds.get(node.parent) == "LLM")
    return _merged(below.get("", _NO_SPANS).separate, sum)


def finish_reasons_in_order(calls: Iterable[Span]) -> tuple[str, ...]:
    """The reasons of these model calls, one after the other."""
    return tuple(reason for span in calls for reason in finish_reasons_of(span))


class _Below(NamedTuple):
    """Usages told below a span: those that repeat its own, and those of calls apart."""

    repeated: tuple[Usage, ...] = ()
    separate: tuple[Usage, ...] = ()

    def with_one(self, usage: Usage, *, repeats: bool) -> _Below:
        if repeats:
            return _Below((*self.repeated, usage), self.separate)
        return _Below(self.repeated, (*self.separate, usage))


_NO_SPANS = _Below()


def _with_below(span: Span, kind: Kind, below: _Below) -> Usage | None:
    """The tokens of a span and all below it; None where nobody tells any."""
    if kind == "LLM":
        own = usage_of(span)
        if below.repeated:
            own = _merged((own, _merged(below.repeated, sum)), max)
        return _merged((own, *below.separate), sum) if below.separate else own
    if below.separate:
        return _merged(below.separate, sum)
    if kind not in _SUMMING:
        return None
    own = usage_of(span)
    return own if own != _NOTHING else None


def _merged(usages: Sequence[Usage], how: Callable[[list[int]], int]) -> Usage:
    """Field by field; None where none tells."""
    if len(usages) == 1:
        return usages[0]
    found: dict[str, int | None] = {}
    for name in _NAMES:
        told = [value for usage in usages if (value := getattr(usage, name)) is not None]
        found[name] = how(told) if told else None
    return Usage(**found)


_NOTHING = Usage()
