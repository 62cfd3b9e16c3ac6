"""Recorded traces from files: OTLP/JSON documents, JSON lines with traces and logs mixed, protobuf requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otel_scorer import wire
from otel_scorer.errors import BadRequest, UserError
from otel_scorer.model import Trace
from otel_scorer.otlp.decode import decode_span, model_head, trace_of
from otel_scorer.otlp.json_in import document_to_request, load
from otel_scorer.wire import count_items
from otel_scorer.wire.parts import Signal
from otel_scorer.wire.search import OWN_NAME

_KEYS: dict[str, Signal] = {
    "resourceSpans": "traces",
    "resource_spans": "traces",
    "resourceLogs": "logs",
    "resource_logs": "logs",
    "resourceMetrics": "metrics",
    "resource_metrics": "metrics",
}

_REMEDY = "OTLP is wanted: a JSON document or JSON lines with resourceSpans or resourceLogs, or a protobuf request"


@dataclass
class _Parts:
    """What the files hold of one trace, before it is decoded."""

    spans: dict[bytes, tuple[bytes, wire.Envelope]] = field(default_factory=dict)
    logs: dict[bytes, tuple[bytes, wire.Envelope]] = field(default_factory=dict)


def read_traces(paths: Sequence[Path], tenant: str = "default", *, keep_scores: bool = False) -> list[Trace]:
    """The agent traces of these files, in order of first appearance. Raises UserError naming file and place.

    One trace may lie in several files and lines; a span that occurs twice counts once. Beside `x.json` a file
    `x.logs.json` is read too. Scores that are on the spans already and our own evaluation spans are left away, so that
    a trace read back from our file sink is the trace that was scored; `keep_scores` keeps them (for looking at).
    """
    requests = [request for path in _with_logs(paths) for request in _requests(path)]
    return traces_in(requests, tenant, keep_scores=keep_scores)


def traces_in(
    requests: Sequence[tuple[Signal, bytes]], tenant: str = "default", *, keep_scores: bool = False
) -> list[Trace]:
    """The agent traces of these serialised OTLP requests, as `read_traces` gives those of files."""
    traces: dict[bytes, _Parts] = {}
    bodies = [raw for signal, raw in requests if signal == "traces"]
    for raw in bodies:
        for span in _agent_spans(raw, keep_scores):
            traces.setdefault(span.trace_id, _Parts()).spans.setdefault(span.key, (span.raw, span.envelope))
    for raw in (raw for signal, raw in requests if signal == "logs"):
        for log in wire.split_logs(raw).joined:
            if log.trace_id in traces:
                traces[log.trace_id].logs.setdefault(log.key, (log.raw, log.envelope))
    heads = _heads(bodies, frozenset(traces))
    return [
        trace_of(tenant, trace_id.hex(), parts.spans.values(), parts.logs.values(), heads.get(trace_id))
        for trace_id, parts in traces.items()
    ]


def _with_logs(paths: Iterable[Path]) -> list[Path]:
    """The paths, each with its log file behind it, none twice."""
    wanted: dict[Path, None] = {}
    for path in paths:
        wanted.setdefault(path)
        beside = path.with_suffix(".logs.json")
        if path.suffix == ".json" and not path.name.endswith(".logs.json") and beside.is_file():
            wanted.setdefault(beside)
    return list(wanted)


def _agent_spans(raw: bytes, keep_scores: bool) -> list[wire.AgentSpan]:
    spans = wire.split_traces(raw, deployment="", trust_upstream_scores=keep_scores).agent
    return spans if keep_scores else [span for span in spans if not _is_ours(span)]


def _is_ours(span: wire.AgentSpan) -> bool:
    return OWN_NAME in span.envelope.scope and decode_span(span.raw, span.envelope).scope.name == OWN_NAME.decode()


def _heads(bodies: Iterable[bytes], traces: frozenset[bytes]) -> dict[bytes, dict[str, Any]]:
    found: dict[bytes, dict[str, Any]] = {}
    for raw in bodies:
        for head in wire.split_traces(raw, deployment="", wanted_traces=traces).heads:
            found.setdefault(head.trace_id, {})[head.span_id.hex()] = model_head(head)
    return found


def _requests(path: Path) -> Iterator[tuple[Signal, bytes]]:
    """The requests that a file holds. Raises UserError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    if not raw.strip():
        raise UserError(f"{path}: the file is empty. {_REMEDY}")
    # A protobuf request begins with the tag 0x0a, which is a line end to JSON.
    signal = _protobuf_signal(raw) if raw[:1] == b"\n" else None
    if signal is not None:
        yield signal, raw
        return
    for place, document in _documents(path, raw):
        yield from _of_document(place, document)


def _protobuf_signal(raw: bytes) -> Signal | None:
    """Spans or log records? They have their ids under different field numbers. None for what is no protobuf request."""
    try:
        if not count_items("traces", raw):
            return None
        return "logs" if wire.split_logs(raw).joined else "traces"
    except BadRequest:
        return None


def _documents(path: Path, raw: bytes) -> Iterator[tuple[str, Any]]:
    """(place, JSON value) of a document or of each line."""
    lines = [(number, line) for number, line in enumerate(raw.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and _loads(lines[0][1]):
        for number, line in lines:
            yield f"{path}, line {number}", _load(f"{path}, line {number}", line)
    else:
        yield str(path), _load(str(path), raw)


def _loads(line: bytes) -> bool:
    try:
        load(line)
    except BadRequest:
        return False
    return True


def _load(place: str, raw: bytes) -> Any:
    try:
        return load(raw)
    except BadRequest as error:
        raise UserError(f"{place}: {error}. {_REMEDY}") from None


def _of_document(place: str, document: Any) -> Iterator[tuple[Signal, bytes]]:
    found = {_KEYS[key] for key in document if key in _KEYS} if isinstance(document, dict) else set()
    if not found:
        raise UserError(f"{place}: there is no OTLP in it. {_REMEDY}")
    for signal in sorted(found, reverse=True):
        try:
            yield signal, document_to_request(signal, document)
        except BadRequest as error:
            raise UserError(f"{place}: {error}") from None
