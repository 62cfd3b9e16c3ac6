"""The recorded agent runs of ../shared/traces as traces, read with no code of the product but its nouns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from otel_scorer.model import Event, Resource, Scope, Span, Trace, Value

FOLDER = Path(__file__).parents[3] / "shared" / "traces" / "agents"
STATUS_CODES = {"STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


@cache
def runs() -> dict[str, list[Trace]]:
    """{instrumentation/file: its traces}"""
    paths = sorted(path for path in FOLDER.glob("*/*.json") if not path.name.endswith(".logs.json"))
    return {f"{path.parent.name}/{path.stem}": list(traces(path)) for path in paths}


def traces(path: Path) -> Iterator[Trace]:
    found: dict[str, list[Span]] = {}
    for span in spans(json.loads(path.read_text())):
        found.setdefault(span.trace_id, []).append(span)
    for trace_id, members in found.items():
        yield Trace("default", trace_id, tuple(sorted(members, key=lambda one: one.start_ns)))


def spans(document: dict[str, Any]) -> Iterator[Span]:
    for of_resource in document["resourceSpans"]:
        resource = Resource(attributes(of_resource.get("resource", {})))
        for of_scope in of_resource["scopeSpans"]:
            for raw in of_scope["spans"]:
                yield span(raw, resource, Scope(of_scope.get("scope", {}).get("name", "")))


def span(raw: dict[str, Any], resource: Resource, scope: Scope) -> Span:
    status = raw.get("status", {})
    code = status.get("code", 0)
    return Span(
        trace_id=raw["traceId"],
        span_id=raw["spanId"],
        parent_id=raw.get("parentSpanId", ""),
        name=raw["name"],
        start_ns=int(raw["startTimeUnixNano"]),
        end_ns=int(raw["endTimeUnixNano"]),
        attributes=attributes(raw),
        events=tuple(Event(event["name"], 0, attributes(event)) for event in raw.get("events", [])),
        status_code=code if isinstance(code, int) else STATUS_CODES.get(code, 0),
        status_message=status.get("message", ""),
        resource=resource,
        scope=scope,
    )


def attributes(holder: dict[str, Any]) -> dict[str, Value]:
    return {pair["key"]: value(pair.get("value")) for pair in holder.get("attributes", [])}


def value(raw: dict[str, Any] | None) -> Value:
    if not raw:
        return None
    ((kind, inner),) = raw.items()
    if kind == "arrayValue":
        return [value(item) for item in inner.get("values", [])]
    if kind == "kvlistValue":
        return {pair["key"]: value(pair.get("value")) for pair in inner.get("values", [])}
    return int(inner) if kind == "intValue" else inner
