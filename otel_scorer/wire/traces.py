"""Cuts the agent spans out of a trace request and leaves the rest as it came."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from otel_scorer.wire import lite
from otel_scorer.wire.fields import DELIMITED, records
from otel_scorer.wire.mend import Mender
from otel_scorer.wire.pieces import AgentSpan, Envelope, Head, Split, envelope_of
from otel_scorer.wire.search import (
    OWN_NAME,
    OWN_PREFIX,
    is_agent_span,
    is_ours,
    key_and_text,
    may_hold_agent_spans,
    suspects,
)

_ATTRIBUTES = 9  # field number in Span
_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)

_UNREADABLE = "an agent span, its resource or its scope cannot be read by any OTLP library"

DEPLOYMENT_KEY = "otel_scorer.deployment"
"""Scope attribute of our own spans: which deployment wrote them."""


def split_traces(
    raw: bytes,
    *,
    deployment: str,
    trust_upstream_scores: bool = False,
    wanted_traces: AbstractSet[bytes] = frozenset(),
) -> Split:
    """Agent spans apart from the rest of an ExportTraceServiceRequest. Raises BadRequest where its framing is broken.

    `deployment` is our own id: spans of our scope that carry it are discarded. `wanted_traces` (16-byte ids) are traces
    whose other spans' heads are asked for although they have no agent span in this batch. The same span twice in a
    batch comes out twice.
    """
    request = lite.parse_request(raw)
    ours = raw.rfind(OWN_NAME) >= 0  # from the end: the forward search of CPython is several times slower here
    if ours or may_hold_agent_spans(raw):
        return _Cut(request, deployment, trust_upstream_scores, ours).split(raw, wanted_traces)
    scopes = [scope for resources in request.resources for scope in resources.scopes]
    heads = [head for scope in scopes for head in _heads(scope.items, wanted_traces)] if wanted_traces else []
    return Split([], raw, sum(len(scope.items) for scope in scopes), heads, [], 0, 0)


def _heads(spans: Iterable[bytes], traces: AbstractSet[bytes]) -> list[Head]:
    """Heads of the spans of these traces. Every library writes the trace id first; elsewhere it is looked for."""
    found = [raw for raw in spans if raw[2:18] in traces or raw[:2] != b"\n\x10"]
    parsed = [span for raw in found if (span := lite.parse(lite.Ids, raw)) is not None]
    return [
        Head(span.trace_id, span.span_id, _parent(span.parent_span_id), span.flags)
        for span in parsed
        if span.trace_id in traces
    ]


def _parent(parent_id: bytes) -> bytes:
    """No parent is written as nothing, by some as zeros."""
    return b"" if parent_id == _NO_SPAN else parent_id


class _Cut:
    """One request on its way through: takes from `request` what is not the rest, and counts."""

    def __init__(self, request: Any, deployment: str, trust: bool, ours: bool) -> None:
        self._request = request
        self._deployment = deployment
        self._trust = trust
        self._ours = ours
        self._mender = Mender()
        self._touched = False
        self._kept: list[list[bytes]] = []
        self.agent: list[AgentSpan] = []
        self.rejected: list[str] = []
        self.own = 0
        self.forged = 0

    def split(self, raw: bytes, wanted: AbstractSet[bytes]) -> Split:
        lite.remove_where(self._request.resources, self._resources_taken)
        rest = (self._request.SerializeToString() or None) if self._touched else raw
        traces = wanted | {span.trace_id for span in self.agent}
        heads = [head for kept in self._kept for head in _heads(kept, traces)] if traces else []
        return Split(self.agent, rest, sum(map(len, self._kept)), heads, self.rejected, self.own, self.forged)

    def _resources_taken(self, resources: Any) -> bool:
        """Cuts one ResourceSpans; True when everything in it was taken."""
        if not self._trust and _has_ours(lite.Resource, resources.resource):
            self.forged += 1
        return lite.remove_where(resources.scopes, lambda scope: self._scope_taken(resources, scope))

    def _scope_taken(self, resources: Any, scope: Any) -> bool:
        """Cuts one ScopeSpans; True when everything in it was taken."""
        if self._is_own(scope.scope):
            self.own += len(scope.items)
            self._touched = True
            return True
        kept = list(scope.items)
        gone = self._cut(kept, resources, scope)
        lite.remove_at(kept, gone)
        lite.remove_at(scope.items, gone)
        self._kept.append(kept)
        return bool(gone) and not kept

    def _is_own(self, scopes: Iterable[bytes]) -> bool:
        """Whether the scope is ours; counts it where it is not and has attributes of ours."""
        raw = b"".join(scopes)
        if OWN_NAME not in raw or (scope := lite.parse(lite.Scope, raw)) is None:
            return False
        if scope.name == OWN_NAME:
            return (DEPLOYMENT_KEY, self._deployment) in map(key_and_text, scope.attributes)
        if not self._trust and any(map(is_ours, scope.attributes)):
            self.forged += 1
        return False

    def _cut(self, spans: list[bytes], resources: Any, scope: Any) -> list[int]:
        """Takes the agent spans among `spans`: answers where they are. Spans that lost forged scores are replaced."""
        taken: list[tuple[Any, bytes]] = []
        gone: list[int] = []
        for index in suspects(spans, ours=self._ours):
            left = self._candidate(spans[index], taken)
            if left is None:
                gone.append(index)
            elif left is not spans[index]:
                spans[index] = scope.items[index] = left
                self._touched = True
        if gone:
            self._touched = True
            self._take(taken, envelope_of(resources, scope))
        return gone

    def _candidate(self, raw: bytes, taken: list[tuple[Any, bytes]]) -> bytes | None:
        """Adds an agent span to `taken`; what stays of the span in the rest, None for nothing."""
        span = lite.parse(lite.Span, raw)
        if span is None:
            self.rejected.append("a span is no readable protobuf message")
            return None
        if not self._trust and OWN_PREFIX in raw and any(map(is_ours, span.attributes)):
            raw = _without_ours(raw)
            span = lite.Span.FromString(raw)
            self.forged += 1
        if not is_agent_span(span):
            return raw
        taken.append((span, raw))
        return None

    def _take(self, taken: list[tuple[Any, bytes]], around: Envelope) -> None:
        """Adds what was taken from one scope to the agent spans, or rejects it."""
        if not taken:
            return
        envelope = self._mender.envelope(around)
        for (span, _), raw in zip(taken, self._mender.spans([raw for _, raw in taken]), strict=True):
            trace_id, span_id, parent_id = span.trace_id, span.span_id, _parent(span.parent_span_id)
            problem = _id_problem(trace_id, span_id, parent_id)
            if problem or raw is None or envelope is None:
                self.rejected.append(problem or _UNREADABLE)
            else:
                self.agent.append(AgentSpan(trace_id, span_id, parent_id, span.flags, span.kind, raw, envelope))


def _id_problem(trace_id: bytes, span_id: bytes, parent_id: bytes) -> str:
    """Why no backend takes a span with these ids, "" when all is well; receivers in Go refuse the whole batch."""
    if len(trace_id) != 16 or trace_id == _NO_TRACE:
        return f"an agent span has no valid trace id: 16 bytes that are not all zero are needed, {len(trace_id)} came"
    if len(span_id) != 8 or span_id == _NO_SPAN:
        return f"an agent span has no valid span id: 8 bytes that are not all zero are needed, {len(span_id)} came"
    if len(parent_id) not in (0, 8):
        return f"an agent span has no valid parent span id: 8 bytes or none are needed, {len(parent_id)} came"
    return ""


def _has_ours(message: Any, raws: Iterable[bytes]) -> bool:
    raw = b"".join(raws)
    if OWN_PREFIX not in raw or (parsed := lite.parse(message, raw)) is None:
        return False
    return any(map(is_ours, parsed.attributes))


def _without_ours(raw: bytes) -> bytes:
    """A readable Span message without its `otel_scorer.*` attributes, every other byte as it came."""
    out, copied = [], 0
    for record in records(raw):
        if record.number == _ATTRIBUTES and record.wire_type == DELIMITED and is_ours(raw[record.body : record.end]):
            out.append(raw[copied : record.start])
            copied = record.end
    return b"".join((*out, raw[copied:]))
