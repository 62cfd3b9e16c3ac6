"""Evaluations that code asks for: where they stand, in which shapes, and for which spans."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spans_by_hand import SERVICE, kind, span, trace

from otel_scorer.conventions.eval_tags import MOST_REQUESTS, EvaluationRequest, requests_of
from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Resource, Value


def tag(name: str, kind: str = "LLM", label: str | None = None) -> dict[str, Any]:
    """As traceAI's `EvalTag.to_dict` makes it."""
    return {
        "type": "OBSERVATION_SPAN_TYPE",
        "value": kind,
        "eval_name": name,
        "config": {},
        "mapping": {"input": "gen_ai.input.messages.0.message.content"},
        "custom_eval_name": label or name,
        "model": "turing_small",
    }


def asked(told: Value, *, on: str = "resource") -> tuple[EvaluationRequest, ...]:
    resource = Resource({**SERVICE.attributes, **({"eval_tags": told} if on == "resource" else {})})
    root = span("a", attributes=kind("AGENT"), resource=resource)
    call = span("b", "a", attributes=kind("LLM"), resource=resource)
    if on == "span":
        call = replace(call, attributes={**call.attributes, "eval_tags": told})
    return requests_of(view(trace(root, call)))


def test_tags_of_the_resource_are_read_as_traceai_writes_them() -> None:
    told = json.dumps([tag("groundedness"), tag("toxicity", "AGENT", "no bad words")])
    assert asked(told) == (
        EvaluationRequest("groundedness", "", "LLM"),
        EvaluationRequest("toxicity", "no bad words", "AGENT"),
    )


@pytest.mark.parametrize(
    "told", [[{"eval_name": "pii"}], '["pii"]', "pii", ["pii"], '[{"custom_eval_name": "pii"}]', {"eval_name": "pii"}]
)
@pytest.mark.parametrize("on", ["resource", "span"])
def test_other_shapes_are_read_too(told: Value, on: str) -> None:
    assert asked(told, on=on) == (EvaluationRequest("pii"),)


def test_a_request_for_a_kind_of_span_that_the_trace_does_not_have_is_none() -> None:
    told = json.dumps([tag("pii", "RETRIEVER"), tag("toxicity", "UNKNOWN")])
    assert [request.name for request in asked(told)] == ["toxicity"]


def test_each_request_counts_once_and_there_is_an_end_to_them() -> None:
    assert len(asked(json.dumps([tag("pii"), tag("pii")]))) == 1
    assert len(asked([tag(f"evaluation {n}") for n in range(10 * MOST_REQUESTS)])) == MOST_REQUESTS


def test_a_trace_without_tags_asks_for_nothing() -> None:
    assert asked("[]") == ()
    assert requests_of(view(trace(span("a", attributes=kind("AGENT"))))) == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["eval_name", "value"]), inner),
    )
)
def test_no_value_makes_reading_raise(told: Any) -> None:
    for request in asked(told):
        assert request.name


def test_text_that_is_no_json_and_a_list_without_end_ask_for_nothing_we_would_choke_on() -> None:
    assert asked("[{") == (EvaluationRequest("[{"),)
    assert asked(json.dumps([tag("x" * 100_000)])) == ()
