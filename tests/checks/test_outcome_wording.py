"""Which results say of themselves that they failed, and which only look like it."""

from __future__ import annotations

import pytest

from otel_scorer.model import Value
from otel_scorer.scoring.reading.outcome import refuses, says_failed


@pytest.mark.parametrize(
    "result",
    [
        "exitcode: 1 (execution failed)\nCode output: no such file",
        "Exit code: 2\nls: cannot access 'x'",
        "Process exited with code 127\nsh: x: not found",
        "command failed with exit code 2\nmake: ***",
        "Traceback (most recent call last):\n  File 'x'",
        "Output: Traceback (most recent call last):\n  File 'x'",
        "stderr:\nTypeError: x is None",
        "HTTP Error 503: Service Unavailable",
        "HTTP/1.1 500 Internal Server Error",
        "404 Not Found",
        "Error 404: Not Found",
        "403 Client Error: Forbidden for url",
        "429 Too Many Requests",
        "Status Code: 404",
        "Request failed with status code 502",
        "<!DOCTYPE html><html><head><title>404 Not Found</title></head>",
        '{"exit_code": 1, "stderr": "x"}',
        '{"returncode": -9}',
        '{"status_code": 500, "body": ""}',
        '{"statusCode": "404"}',
        {"http_status": 403},
    ],
)
def test_a_result_says_that_it_failed(result: Value) -> None:
    assert says_failed(result)


@pytest.mark.parametrize(
    "result",
    [
        "exitcode: 0 (execution succeeded)\nCode output: 12",
        "Exit code: 1\n",  # a search that found nothing
        "exit code: 1\n3 failed, 12 passed in 2.1s",  # tests that did their work
        "450 results found",
        "500 people live there",
        "Output: 404 items",
        "Exit 5 leads to the airport",
        "Log: all is well",
        '{"exit_code": 0}',
        '{"status_code": 200}',
        '{"status_code": true}',
        '{"code": 404, "name": "Room 404"}',
        "<html><head><title>Recipes</title></head>",
    ],
)
def test_a_result_does_not_say_that_it_failed(result: Value) -> None:
    assert not says_failed(result)


@pytest.mark.parametrize(
    "answer", ["None of my tools can do that.", "I don't have a tool for that.", "I have no tool to do it."]
)
def test_that_no_tool_is_there_is_a_refusal(answer: str) -> None:
    assert refuses(answer)
