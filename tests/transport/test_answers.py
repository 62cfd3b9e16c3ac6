"""The table from errors to answers, row by row."""

from __future__ import annotations

import json
import logging

import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otel_scorer import errors
from otel_scorer.online.answers import SDK_WAIT_S, TABLE, Refusals, success_body
from otel_scorer.online.exchange import ExportAnswer

EXPECTED = [
    (errors.BadRequest("no"), code_pb2.INVALID_ARGUMENT, 400, False),
    (errors.TooLarge("no"), code_pb2.RESOURCE_EXHAUSTED, 413, False),
    (errors.UnsupportedMedia("no"), code_pb2.UNIMPLEMENTED, 415, False),
    (errors.Unauthenticated("no"), code_pb2.UNAUTHENTICATED, 401, False),
    (errors.RequestRefused("no"), code_pb2.INVALID_ARGUMENT, 400, False),
    (errors.Unavailable("later"), code_pb2.UNAVAILABLE, 503, True),
    (errors.LedgerDown("gone"), code_pb2.UNAVAILABLE, 503, True),
    (errors.LedgerRefuses("full"), code_pb2.UNAVAILABLE, 503, True),
    (ValueError("a span said: hello"), code_pb2.UNAVAILABLE, 503, True),
    (MemoryError(), code_pb2.UNAVAILABLE, 503, True),
]


@pytest.mark.parametrize(("error", "code", "status", "retry"), EXPECTED, ids=lambda value: type(value).__name__)
def test_each_error_has_its_code_status_and_retry(error: Exception, code: int, status: int, retry: bool) -> None:
    refusal = Refusals().of(error, peer_is_collector=False)
    assert (refusal.code, refusal.http, refusal.retry_s is not None) == (code, status, retry)
    assert refusal.status().code == code
    assert refusal.message


def test_every_row_of_the_table_is_tested() -> None:
    tested = {next(row.error for row in TABLE if isinstance(case[0], row.error)) for case in EXPECTED}
    assert tested == {row.error for row in TABLE}


def test_nothing_is_answered_with_a_status_that_makes_senders_drop_what_was_only_late() -> None:
    assert all(row.http in (429, 502, 503, 504) for row in TABLE if row.retry)
    assert {row.code for row in TABLE if row.retry} == {code_pb2.UNAVAILABLE}


@pytest.mark.parametrize("asked_s", [None, 0.2, 5.0, 600.0])
def test_an_sdk_is_never_told_to_wait_longer_than_a_second(asked_s: float | None) -> None:
    waits = [Refusals().of(errors.Unavailable("x", asked_s), peer_is_collector=False).retry_s for _ in range(200)]
    assert all(wait is not None and 0 < wait <= SDK_WAIT_S for wait in waits)
    assert len(set(waits)) > 100, "jittered"


@pytest.mark.parametrize("asked_s", [None, 0.2, 12.0, 600.0])
def test_a_collector_is_told_five_to_thirty_seconds(asked_s: float | None) -> None:
    waits = [Refusals().of(errors.Unavailable("x", asked_s), peer_is_collector=True).retry_s for _ in range(200)]
    assert all(wait is not None and 5 <= wait <= 30 for wait in waits)


def test_retry_info_is_in_the_status_and_in_a_trailer_of_its_own() -> None:
    trailers = dict(Refusals().of(errors.Unavailable("later", 0.5), peer_is_collector=False).trailers())
    alone = error_details_pb2.RetryInfo.FromString(trailers["google.rpc.retryinfo-bin"])
    inside = error_details_pb2.RetryInfo()
    assert status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details[0].Unpack(inside)
    assert alone == inside
    assert 0.25e9 <= alone.retry_delay.nanos <= 0.5e9


def test_too_large_carries_no_retry_info_because_that_would_mean_try_again() -> None:
    refusal = Refusals().of(errors.TooLarge("big"), peer_is_collector=True)
    assert [name for name, _ in refusal.trailers()] == ["grpc-status-details-bin"]
    assert refusal.retry_after() is None


def test_retry_after_is_whole_seconds_and_never_zero() -> None:
    assert (
        Refusals(uniform=lambda low, _high: low).of(errors.Unavailable("x", 0.1), peer_is_collector=False).retry_after()
        == b"1"
    )


def test_a_json_body_is_readable_and_holds_the_details() -> None:
    body = json.loads(Refusals().of(errors.Unavailable("later", 1), peer_is_collector=True).body(as_json=True))
    assert body["code"] == code_pb2.UNAVAILABLE
    assert body["message"] == "later"
    assert body["details"][0]["@type"].endswith("google.rpc.RetryInfo")


def test_an_unexpected_error_is_logged_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    refusals = Refusals(clock=lambda: now)
    try:
        raise ValueError("the user's secret text")
    except ValueError as error:
        with caplog.at_level(logging.ERROR):
            refusal = refusals.of(error, peer_is_collector=False)
            refusals.of(error, peer_is_collector=False)
    assert "secret" not in caplog.text
    assert "secret" not in refusal.message
    assert "ValueError" in caplog.text
    assert "test_answers.py" in caplog.text
    assert len(caplog.records) == 1, "each kind once in ten seconds"
    now = 11.0
    with caplog.at_level(logging.ERROR):
        refusals.of(ValueError(), peer_is_collector=False)
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("signal", "response", "field", "json_name"),
    [
        ("traces", ExportTraceServiceResponse, "rejected_spans", "rejectedSpans"),
        ("logs", ExportLogsServiceResponse, "rejected_log_records", "rejectedLogRecords"),
        ("metrics", ExportMetricsServiceResponse, "rejected_data_points", "rejectedDataPoints"),
    ],
)
def test_partial_success_of_each_signal(signal, response, field, json_name) -> None:
    answer = ExportAnswer(3, "three were bad")
    partial = response.FromString(success_body(signal, answer)).partial_success
    assert (getattr(partial, field), partial.error_message) == (3, "three were bad")
    told = json.loads(success_body(signal, answer, as_json=True))["partialSuccess"]
    assert told == {json_name: "3", "errorMessage": "three were bad"}


def test_full_success_leaves_partial_success_unset() -> None:
    assert success_body("traces", ExportAnswer()) == b""
    assert success_body("traces", ExportAnswer(), as_json=True) == b"{}"


def test_a_long_message_is_shortened_and_broken_text_does_not_break_the_answer() -> None:
    body = success_body("traces", ExportAnswer(0, "x" * 5000 + "\ud800"))
    assert len(ExportTraceServiceResponse.FromString(body).partial_success.error_message) == 1024
    assert Refusals().of(errors.BadRequest("\ud800"), peer_is_collector=False).body(as_json=False)
