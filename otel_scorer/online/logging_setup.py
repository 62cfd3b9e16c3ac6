"""Log lines on standard error, as text or JSON: no content of spans, no passwords."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import IO

from otel_scorer.errors import OtelScorerError
from otel_scorer.online.telemetry_settings import LogSettings

_URL_PASSWORD = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:]*:)[^\s/@]+(?=@)")
_BEARER = re.compile(r"(?P<before>\bbearer\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_QUIET = (
    "celery",
    "kombu",
    "amqp",
    "uvicorn",
    "asyncio",
    "opentelemetry",
    "aiohttp",
    "httpx",
    "httpcore",
    "openai",
    "grpc",
)
_PLAIN_KEYS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logging(settings: LogSettings, stream: IO[str] | None = None) -> None:
    """Set the root logger up; what was set up before is replaced. Libraries only speak from `warning` upward."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def without_secrets(text: str) -> str:
    """`text` with the passwords of URLs and bearer tokens starred out."""
    return _BEARER.sub(r"\g<before>***", _URL_PASSWORD.sub(r"\g<before>***", text))


class TextFormatter(logging.Formatter):
    """`time level logger: message`, with what went wrong below it."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_moment(record)} {record.levelname.lower():7} {record.name}: {record.getMessage()}"
        extra = " ".join(f"{key}={value}" for key, value in _extra(record).items())
        trouble = _trouble(record)
        return without_secrets("".join((line, f" {extra}" if extra else "", f"\n{trouble}" if trouble else "")))


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, what was given as `extra`, `error`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        trouble = _trouble(record)
        if trouble:
            fields["error"] = trouble
        cleaned = {key: without_secrets(value) if isinstance(value, str) else value for key, value in fields.items()}
        return json.dumps(cleaned, ensure_ascii=False, default=lambda value: without_secrets(str(value)))


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _PLAIN_KEYS}


def _trouble(record: logging.LogRecord) -> str:
    """Where an exception came from. Its message only where it is ours or the system's: others may quote content."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return ""
    frames = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    told = f": {error}" if isinstance(error, OtelScorerError | OSError) else ""
    return "\n".join([f"{type(error).__name__}{told}", *frames])
