"""The record: its JSON is canonical, survives other versions and hostile values, and quotes nothing of a trace."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from past_traces import foreign, record

from otel_scorer.history.kept import Kept, pack_kept
from otel_scorer.history.record import Record


def test_a_record_comes_back_from_its_json_as_it_went() -> None:
    assert Record.from_json(record().to_json()) == record()
    assert Record.from_json(record().to_json().encode()) == record()


def test_a_record_is_always_the_same_text() -> None:
    text = record().to_json()
    assert Record.from_json(text).to_json() == text == record().to_json()
    assert record(segments={"service": "caf\u00e9"}).to_json().isascii()


def test_a_record_of_hardly_anything_is_small_and_complete() -> None:
    bypassed = Record(tenant="t", trace_id="a" * 32, ended_at_ms=5, status="bypassed")
    assert json.loads(bypassed.to_json()) == {
        "tenant": "t",
        "trace_id": "a" * 32,
        "ended_at_ms": 5,
        "status": "bypassed",
    }
    assert Record.from_json(bypassed.to_json()) == bypassed


def test_fields_of_a_newer_version_are_passed_over() -> None:
    plain = json.loads(record().to_json())
    plain["novelty"] = 1
    plain["outcomes"][0]["scores"]["factual_grounding"]["interval"] = [1, 3]
    assert Record.from_json(json.dumps(plain)) == record()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", "\x00", "[" * 100_000),
        '{"tenant":"private"}',
        record().to_json().replace('"partial"', '"private"'),
        record().to_json().replace('"ended_at_ms":1', '"ended_at_ms":"private1'),
        record().to_json().replace('"value":2', '"value":"private"'),
        record().to_json()[:-40] + "private",
    ],
)
def test_what_is_no_record_is_a_value_error_that_quotes_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="not a record") as raised:
        Record.from_json(text)
    assert "private" not in str(raised.value)


def test_the_main_outcome_is_the_roots() -> None:
    assert record().main == record().outcomes[1]
    assert record(root_span_id="").main == record().outcomes[0]
    assert record(outcomes=()).main is None


@given(st.text(), st.floats(), st.integers())
def test_any_text_and_number_from_outside_makes_a_record_that_can_be_stored(text: str, real: float, whole: int) -> None:
    made = foreign(conversation_id=text, segments={"service": text}, latency_s=real, input_length=whole)
    assert Record.from_json(made.to_json()) == made
    assert "\0" not in made.conversation_id
    assert len(made.conversation_id) <= 256
    assert made.input_length is not None
    assert -(2**63) <= made.input_length < 2**63


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert foreign(conversation_id="a\ud800b").conversation_id == "a?b"


def test_kept_content_is_unpacked_as_it_was_packed() -> None:
    content = Kept("t", "a" * 32, 1, pack_kept(b"traces" * 100, b"logs"))
    assert (content.traces, content.logs) == (b"traces" * 100, b"logs")
    assert len(content.packed) < 100
    assert (Kept("t", "a", 1, pack_kept(b"")).traces, Kept("t", "a", 1, pack_kept(b"x")).logs) == (b"", b"")
    with pytest.raises(ValueError, match="not kept content"):
        _ = Kept("t", "a", 1, b"something else").traces
