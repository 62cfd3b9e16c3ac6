"""What a trace leaves when it ends: attributes on its held spans, evaluation spans for the others, a record (design
2.6, 2.8, 3).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from otel_scorer.conventions.scores import (
    ending_attributes,
    evaluation_logs,
    evaluation_span,
    openinference_evaluations,
    score_attributes,
    trace_status,
)
from otel_scorer.ledger.contents import Content, Outgoing, StoredSpan
from otel_scorer.model import Decision, Result, Status, Value
from otel_scorer.online.evaluation_store_settings import EvaluationStoreSettings
from otel_scorer.online.evaluation_stores import tell
from otel_scorer.otlp import decode_span, encode_log, encode_span
from otel_scorer.wire import Envelope, assemble, assemble_logs, encode_attributes

Appendices = dict[bytes, bytes]
"""Span key -> attribute bytes."""


@dataclass(frozen=True, slots=True)
class WriteBack:
    """How results are written. `holds` is False in tap: everything travels as evaluation spans."""

    deployment: str
    holds: bool
    reasons: bool = True
    log_records: bool = False
    openinference: bool = False
    stores: tuple[EvaluationStoreSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """Attribute bytes for held spans, and what the outbox has to send for the others."""

    appendices: Appendices
    outbox: tuple[Outgoing, ...] = ()


def write_status(content: Content, root_id: str, status: Status, decision: Decision) -> Written:
    """Of a trace without results: the status on its root, where that is still held."""
    root = _held(content, root_id)
    if root is None:
        return Written({})
    return Written({root.key: _status_attributes(status, decision)})


@lru_cache(maxsize=1024)
def _status_attributes(status: Status, decision: Decision) -> bytes:
    """Of most traces that are not sampled they are the same."""
    return encode_attributes(ending_attributes(status, decision))


def write_results(
    content: Content,
    root_id: str,
    results: Sequence[Result],
    decision: Decision,
    evaluated_at_ns: int,
    write_back: WriteBack,
) -> Written:
    """Each result on the span that it is about, or as an evaluation span where that has left; the status on the
    root.
    """
    status = decision.status or trace_status(results)
    appendices: Appendices = {}
    outbox: list[Outgoing] = []
    by_target = _by_target(results)
    for span_id, own in by_target.items():
        span = _held(content, span_id) if write_back.holds else None
        if span is not None:
            attributes = score_attributes(own, reasons=write_back.reasons)
            if span_id == root_id:
                attributes += ending_attributes(status, decision)
            if write_back.openinference:
                present = decode_span(span.raw, span.stored.envelope).attributes
                attributes += [pair for result in own for pair in openinference_evaluations(result, present)]
            appendices[span.key] = encode_attributes(_unique(attributes))
        elif write_back.holds or status in ("scored", "partial"):
            outbox += _evaluation_spans(content, span_id, own, decision, status, evaluated_at_ns, write_back)
        at = _At(span_id, late=span is None, is_root=span_id == root_id)
        outbox += _mirrors(content, at, own, evaluated_at_ns, write_back)
    if root_id not in by_target:
        appendices |= write_status(content, root_id, status, decision).appendices
    return Written(appendices, tuple(outbox))


def dump_outbox(items: Iterable[Outgoing]) -> str:
    """JSON, so that what an export had begun with is what it ends with."""
    fields = [[item.id, item.signal, base64.b64encode(item.body).decode(), dict(item.headers)] for item in items]
    return json.dumps(fields) if fields else ""


def load_outbox(text: str) -> tuple[Outgoing, ...]:
    if not text:
        return ()
    return tuple(
        Outgoing(name, signal, base64.b64decode(body), headers) for name, signal, body, headers in json.loads(text)
    )


def _by_target(results: Sequence[Result]) -> Mapping[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.target_span_id, []).append(result)
    return found


def _held(content: Content, span_id: str) -> StoredSpan | None:
    """The span if attributes can still be put on it: one whose release has begun goes as it was frozen then."""
    prefix = bytes.fromhex(span_id)
    found = (span for span in content.spans if prefix and span.key.startswith(prefix))
    return next((span for span in found if span.release_ms is not None and span.frozen is None), None)


def _any(content: Content, span_id: str) -> StoredSpan | None:
    prefix = bytes.fromhex(span_id)
    return next((span for span in content.spans if prefix and span.key.startswith(prefix)), None)


def _evaluation_spans(
    content: Content,
    span_id: str,
    results: Sequence[Result],
    decision: Decision,
    status: Status,
    evaluated_at_ns: int,
    write_back: WriteBack,
) -> Iterable[Outgoing]:
    stored = _any(content, span_id)
    if stored is None:
        return
    target = decode_span(stored.raw, stored.stored.envelope)
    for result in results:
        span = evaluation_span(
            result,
            target,
            deployment=write_back.deployment,
            evaluated_at_ns=evaluated_at_ns,
            status=status,
            decision=decision,
            reasons=write_back.reasons,
        )
        raw, envelope = encode_span(span)
        # the id says trace, target and rubric digest, as the span's own id does: one for each result, however often
        yield Outgoing(
            f"{target.trace_id}/{span.span_id}", "traces", assemble([(envelope, raw)]), stored.stored.headers
        )


def _evaluation_logs(
    content: Content, span_id: str, results: Sequence[Result], time_ns: int, write_back: WriteBack
) -> Iterable[Outgoing]:
    stored = _any(content, span_id)
    if stored is None:
        return
    target = decode_span(stored.raw, stored.stored.envelope)
    for result in results:
        records = evaluation_logs(
            result, target, deployment=write_back.deployment, time_ns=time_ns, reasons=write_back.reasons
        )
        body = assemble_logs([_pair(encode_log(record)) for record in records])
        if records:
            name = f"{target.trace_id}/{span_id}/{result.rubric}/logs"
            yield Outgoing(name, "logs", body, stored.stored.headers)


@dataclass(frozen=True, slots=True)
class _At:
    """The scored span: `late` when its scores are on no span of the backend's."""

    span_id: str
    late: bool
    is_root: bool


def _mirrors(
    content: Content, at: _At, results: Sequence[Result], evaluated_at_ns: int, write_back: WriteBack
) -> Iterable[Outgoing]:
    if write_back.log_records:
        yield from _evaluation_logs(content, at.span_id, results, evaluated_at_ns, write_back)
    if write_back.stores:
        yield from _for_stores(content, at, results, evaluated_at_ns, write_back)


def _for_stores(
    content: Content, at: _At, results: Sequence[Result], evaluated_at_ns: int, write_back: WriteBack
) -> Iterable[Outgoing]:
    stored = _any(content, at.span_id)
    if stored is None:
        return
    target = decode_span(stored.raw, stored.stored.envelope)
    for result in results:
        yield from tell(
            write_back.stores,
            result,
            target,
            late=at.late,
            is_root=at.is_root,
            evaluated_at_ns=evaluated_at_ns,
            reasons=write_back.reasons,
        )


def _pair(encoded: tuple[bytes, Envelope]) -> tuple[Envelope, bytes]:
    raw, envelope = encoded
    return envelope, raw


def _unique(attributes: Sequence[tuple[str, Value]]) -> list[tuple[str, Value]]:
    """Attribute keys are unique in OTLP; the first wins."""
    seen: dict[str, Value] = {}
    for key, value in attributes:
        seen.setdefault(key, value)
    return list(seen.items())
