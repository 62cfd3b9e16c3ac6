"""Counts and divides requests of any signal, for partial success and for bisecting what a backend refuses."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Literal

from otel_scorer.wire import lite

Signal = Literal["traces", "logs", "metrics"]


def count_items(signal: Signal, raw: bytes) -> int:
    """Spans, log records or data points of a request. Raises BadRequest."""
    request = lite.parse_request(raw)
    scopes = [scope for resources in request.resources for scope in resources.scopes]
    if signal != "metrics":
        return sum(len(scope.items) for scope in scopes)
    return sum(_points(item) for scope in scopes for item in scope.items)


def _points(raw: bytes) -> int:
    metric = lite.parse(lite.Metric, raw)
    return 0 if metric is None else sum(len(points.data_points) for _, points in metric.ListFields())


def split_request(signal: Signal, raw: bytes, parts: int = 2) -> list[bytes]:
    """The request as up to `parts` requests of about equal size, each with at least one item; raises BadRequest.

    Items are spans, log records or metrics (a metric's data points stay together), verbatim and in their order.
    A request of one item or none comes back as it is, in a list of one.
    """
    del signal  # one shape for all: see `lite`
    sizes = [len(item) for rs in lite.parse_request(raw).resources for scope in rs.scopes for item in scope.items]
    if len(sizes) < 2 or parts < 2:
        return [raw]
    bounds = _bounds(sizes, min(parts, len(sizes)))
    return [_only(raw, begin, end) for begin, end in pairwise(bounds)]


def _bounds(sizes: list[int], parts: int) -> list[int]:
    """Indexes that divide the items into `parts` runs of about equal bytes, none empty."""
    ends = list(accumulate(sizes))
    bounds = [0]
    for part in range(1, parts):
        goal = ends[-1] * part // parts
        at = next((i for i, end in enumerate(ends, 1) if end >= goal), len(ends))
        bounds.append(min(max(at, bounds[-1] + 1), len(sizes) - (parts - part)))
    return [*bounds, len(sizes)]


def _only(raw: bytes, begin: int, end: int) -> bytes:
    """The request with the items of this run alone, without the envelopes that are empty then."""
    request = lite.parse_request(raw)
    at = 0
    for resources in request.resources:
        for scope in resources.scopes:
            size = len(scope.items)
            scope.items[:] = scope.items[max(0, begin - at) : max(0, end - at)]
            at += size
        lite.remove_where(resources.scopes, lambda scope: not scope.items)
    lite.remove_where(request.resources, lambda resources: not resources.scopes)
    out: bytes = request.SerializeToString()
    return out
