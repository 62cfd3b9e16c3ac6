"""The same 28 provider exchanges, as seven instrumentations exported them, read alike where they carry the evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from otlp_json_files import SHARED, spans_in

from otel_scorer.conventions.read import evidence, finish_reasons_of, usage_of
from otel_scorer.model import GenAI, Message

DIALECTS = (
    "openinference",
    "openllmetry",
    "openllmetry_old",
    "otel_genai_new",
    "otel_genai_old",
    "traceai",
    "traceai_old",
)
FOLDER = SHARED / "dialects"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the recorded exchanges are not here (../shared/traces)")

LOST = {
    ("0528593b72e8", "openllmetry"): "the picture makes it give up the whole message",
    ("0528593b72e8", "openllmetry_old"): "the same",
    ("0528593b72e8", "otel_genai_new"): "util-genai writes no parts for content lists",
    ("07ed02e976bb", "otel_genai_new"): "the same",
    ("51c9bc59ad60", "otel_genai_new"): "the same",
    ("f135d19268aa", "otel_genai_new"): "the same",
}
"""Where the exporter lost the input; we must say None, not "empty"."""


@cache
def readings() -> dict[str, dict[str, GenAI]]:
    """{exchange id: {dialect: evidence}}"""
    found: dict[str, dict[str, GenAI]] = {}
    for dialect in DIALECTS:
        for path in sorted((FOLDER / dialect).glob("*.json")):
            if path.name != "versions.json" and not path.name.endswith(".logs.json"):
                (span,) = spans_in(path)
                found.setdefault(path.stem, {})[dialect] = evidence(span)
    return found


@cache
def exchanges() -> dict[str, Any]:
    lines = (FOLDER / "exchanges.jsonl").read_text().splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


def disagreeing(told: Callable[[GenAI], Any]) -> dict[str, dict[str, Any]]:
    """The exchanges about which dialects that tell something (not None, "", ()) tell different things."""
    differing = {}
    for key, by_dialect in readings().items():
        values = {dialect: told(genai) for dialect, genai in by_dialect.items()}
        if len({repr(value) for value in values.values() if value not in (None, "", ())}) > 1:
            differing[key] = values
    return differing


def plain(messages: tuple[Message, ...] | None) -> Any:
    return messages and tuple((one.role, one.text, one.tool_calls, one.tool_results, one.media) for one in messages)


def test_every_exchange_is_there() -> None:
    assert readings().keys() == exchanges().keys()
    assert sum(len(by_dialect) for by_dialect in readings().values()) == 177


def test_every_span_is_a_model_call_of_openai() -> None:
    every = [genai for by_dialect in readings().values() for genai in by_dialect.values()]
    assert {genai.kind for genai in every} == {"LLM"}
    assert {genai.provider for genai in every} == {"openai"}


@pytest.mark.parametrize(
    "told",
    [
        lambda genai: genai.request_model,
        lambda genai: genai.response_model,
        lambda genai: plain(genai.input_messages),
        lambda genai: plain(genai.output_messages),
        lambda genai: genai.system_instructions,
        lambda genai: genai.finish_reasons,
        lambda genai: genai.usage.input,
        lambda genai: genai.usage.output,
        lambda genai: genai.usage.total,
        lambda genai: genai.tool_definitions,
        lambda genai: genai.response_id,
    ],
)
def test_the_dialects_agree(told: Callable[[GenAI], Any]) -> None:
    assert disagreeing(told) == {}


def test_the_asked_model_is_the_one_in_the_request_body() -> None:
    for key, by_dialect in readings().items():
        assert {genai.request_model for genai in by_dialect.values()} == {exchanges()[key]["model"]}, key


def test_input_is_read_wherever_it_was_captured() -> None:
    missing = {
        (key, dialect)
        for key, by_dialect in readings().items()
        for dialect, genai in by_dialect.items()
        if genai.input_messages is None
    }
    assert missing == LOST.keys()


def test_chat_messages_match_the_request_body() -> None:
    for key, one in exchanges().items():
        asked = one["request"].get("messages")
        for dialect, genai in readings()[key].items():
            if asked and (key, dialect) not in LOST:
                assert genai.input_messages is not None
                assert [message.role for message in genai.input_messages] == [message["role"] for message in asked]
                assert [_said(message) for message in genai.input_messages] == [_asked(message) for message in asked]


def test_requested_tool_calls_and_their_results_are_joined_by_id() -> None:
    for dialect, genai in readings()["47e3593cce02"].items():
        assert genai.input_messages is not None, dialect
        calls, results = genai.input_messages[2].tool_calls, genai.input_messages[3:5]
        assert [call.name for call in calls] == ["get_current_weather"] * 2
        assert [call.arguments for call in calls] == [{"location": "Seattle, WA"}, {"location": "San Francisco, CA"}]
        assert [message.tool_results[0].id for message in results] == [call.id for call in calls]
        assert results[0].tool_results[0].content == "50 degrees and raining"


def test_the_answer_that_is_a_tool_call_is_read() -> None:
    for dialect, genai in readings()["3c19346237d6"].items():
        assert genai.output_messages is not None, dialect
        (call,) = genai.output_messages[0].tool_calls
        assert (call.name, call.arguments) == ("get_current_weather", {"location": "Boston"})


def test_failed_exchanges_have_an_error_and_no_answer() -> None:
    for key, by_dialect in readings().items():
        for dialect, genai in by_dialect.items():
            assert bool(genai.error_type) == bool(exchanges()[key]["error"]), (key, dialect)
            if genai.error_type:
                assert genai.output_messages is None
                assert genai.error_type.endswith("BadRequestError")


def test_the_cheap_functions_tell_what_reading_tells() -> None:
    for key, by_dialect in readings().items():
        for dialect, genai in by_dialect.items():
            (span,) = spans_in(FOLDER / dialect / f"{key}.json")
            assert usage_of(span).input in (None, genai.usage.input)
            assert finish_reasons_of(span) in ((), genai.finish_reasons)


def _said(message: Message) -> str:
    return message.text or "".join(str(result.content) for result in message.tool_results)


def _asked(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part["type"] == "text")
    return str(content)
