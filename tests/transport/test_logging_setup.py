"""Log lines: readable, without secrets, without content."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from otel_scorer.errors import UserError
from otel_scorer.online.logging_setup import configure_logging, without_secrets
from otel_scorer.online.telemetry_settings import LogSettings


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("form", ["text", "json"])
def test_lines_have_time_level_logger_message_and_extra(form: str) -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(format=form), stream)
    logging.getLogger("otel_scorer.x").info("took %d", 3, extra={"tenant": "acme"})
    logging.getLogger("otel_scorer.x").debug("not this")
    logging.getLogger("uvicorn.error").info("nor this")
    (line,) = stream.getvalue().splitlines()
    if form == "json":
        fields = json.loads(line)
        assert (fields["level"], fields["logger"], fields["message"]) == ("info", "otel_scorer.x", "took 3")
        assert fields["tenant"] == "acme"
    else:
        assert "info" in line
        assert "took 3 tenant=acme" in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_passwords_and_tokens_are_hidden_wherever_they_stand(form: str) -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(format=form), stream)
    log = logging.getLogger("otel_scorer.x")
    log.info("connecting to %s", "rediss://:hunter2@redis:6379/0", extra={"url": "postgresql://me:hunter2@db/x"})
    log.info("authorization: Bearer hunter2hunter2")
    try:
        raise UserError("cannot reach redis://me:hunter2@redis")
    except UserError:
        log.exception("oh")
    assert "hunter2" not in stream.getvalue()
    assert "rediss://:***@redis:6379/0" in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_foreign_exceptions_say_is_not_logged(form: str) -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(format=form), stream)
    try:
        json.loads("the user's words")
    except ValueError:
        logging.getLogger("otel_scorer.x").exception("could not read it")
    try:
        raise UserError("the port is in use")
    except UserError:
        logging.getLogger("otel_scorer.x").exception("stopped")
    written = stream.getvalue()
    assert "words" not in written
    assert "JSONDecodeError" in written
    assert "the port is in use" in written


def test_urls_without_passwords_stay_as_they_are() -> None:
    for text in ("http://localhost:4317/v1/traces", "redis://redis:6379/0", "see a:b@c"):
        assert without_secrets(text) == text
