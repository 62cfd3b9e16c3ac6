"""Spans, events and log records made by hand from their attributes."""

from __future__ import annotations

from typing import Any

from otel_scorer.model import Event, LogRecord, Span, Value


def span(name: str = "s", events: tuple[Event, ...] = (), logs: tuple[LogRecord, ...] = (), /, **keys: Any) -> Span:
    return Span("0" * 32, "1" * 16, "", name, attributes=keys, events=events, logs=logs)


def event(name: str, **attributes: Any) -> Event:
    return Event(name, attributes=attributes)


def log(name: str, body: Value, **attributes: Any) -> LogRecord:
    return LogRecord("0" * 32, "1" * 16, name, body=body, attributes=attributes)
