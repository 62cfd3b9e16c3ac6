"""OTLP/JSON files to spans, just enough for these tests (the product's own decoder is `otel_scorer.otlp`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from otel_scorer.model import Event, LogRecord, Resource, Scope, Span, Value

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "traces"
_KINDS = {"SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": 2, "SPAN_KIND_CLIENT": 3}
_CODES = {"STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


def value_of(any_value: dict[str, Any]) -> Any:
    for kind, value in any_value.items():
        if kind == "arrayValue":
            return [value_of(item) for item in value.get("values", [])]
        if kind == "kvlistValue":
            return attributes_of(value.get("values", []))
        if kind == "intValue":
            return int(value)
        return value
    return None


def attributes_of(pairs: list[dict[str, Any]]) -> dict[str, Value]:
    return {pair["key"]: value_of(pair.get("value", {})) for pair in pairs}


def spans_in(path: Path) -> list[Span]:
    """The spans of one file, each with the log records of `<name>.logs.json` beside it that bear its ids."""
    beside = path.with_suffix(".logs.json")
    logs = logs_in(beside) if beside.exists() else []
    found = []
    for resource_spans in json.loads(path.read_text()).get("resourceSpans", []):
        resource = Resource(attributes_of(resource_spans.get("resource", {}).get("attributes", [])))
        for scope_spans in resource_spans.get("scopeSpans", []):
            scope = Scope(scope_spans.get("scope", {}).get("name", ""), scope_spans.get("scope", {}).get("version", ""))
            found += [_span(span, resource, scope, logs) for span in scope_spans["spans"]]
    return found


def logs_in(path: Path) -> list[LogRecord]:
    return [
        LogRecord(
            trace_id=record.get("traceId", ""),
            span_id=record.get("spanId", ""),
            event_name=record.get("eventName", ""),
            time_ns=int(record.get("timeUnixNano") or record.get("observedTimeUnixNano") or 0),
            body=value_of(record.get("body", {})),
            attributes=attributes_of(record.get("attributes", [])),
        )
        for resource_logs in json.loads(path.read_text()).get("resourceLogs", [])
        for scope_logs in resource_logs.get("scopeLogs", [])
        for record in scope_logs["logRecords"]
    ]


def _span(span: dict[str, Any], resource: Resource, scope: Scope, logs: list[LogRecord]) -> Span:
    kind, code = span.get("kind", 1), span.get("status", {}).get("code", 0)
    return Span(
        trace_id=span["traceId"],
        span_id=span["spanId"],
        parent_id=span.get("parentSpanId", ""),
        name=span["name"],
        otlp_kind=_KINDS.get(kind, 1) if isinstance(kind, str) else kind,
        start_ns=int(span.get("startTimeUnixNano", 0)),
        end_ns=int(span.get("endTimeUnixNano", 0)),
        attributes=attributes_of(span.get("attributes", [])),
        events=tuple(
            Event(event["name"], int(event.get("timeUnixNano", 0)), attributes_of(event.get("attributes", [])))
            for event in span.get("events", [])
        ),
        status_code=_CODES.get(code, 0) if isinstance(code, str) else code,
        status_message=span.get("status", {}).get("message", ""),
        dropped_attributes=span.get("droppedAttributesCount", 0),
        resource=resource,
        scope=scope,
        logs=tuple(record for record in logs if record.span_id == span["spanId"]),
    )
