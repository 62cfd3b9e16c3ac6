"""What Phoenix, Langfuse and MLflow are told about a result."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest

from otel_scorer.conventions.evaluation_stores import StoreKind, postings
from otel_scorer.model import Missing, Result, RubricId, Score, Span

TARGET = Span("1" * 32, "a" * 16, "", "agent")
RESULT = Result(
    rubric=RubricId("agent", 3),
    digest="d" * 12,
    target_span_id="a" * 16,
    scores={
        "instruction_adherence": Score(4, 4.2, "asked and answered", by="some-model"),
        "factual_grounding": Score(2, 1.6, "an amount is in no result"),
        "privacy_and_safety": Missing("undecided"),
    },
    weights={},
    composite=3.0,
    label="fail",
)


def told(kind: StoreKind, result: Result = RESULT, **options: bool) -> list[object]:
    at = {"is_root": True, **options}
    return [posting.body for posting in postings(kind, result, TARGET, evaluated_at_ns=10**18, **at)]


def test_phoenix_is_told_all_scores_of_a_span_at_once() -> None:
    (body,) = told("phoenix")
    assert isinstance(body, dict)
    assert [one["name"] for one in body["data"]] == ["factual_grounding", "instruction_adherence", "composite"]
    first, second, whole = body["data"]
    assert first["result"] == {"score": 2, "label": None, "explanation": "an amount is in no result"}
    assert (first["annotator_kind"], second["annotator_kind"]) == ("CODE", "LLM")
    assert whole["result"] == {"score": 3.0, "label": "fail", "explanation": None}
    assert {one["identifier"] for one in body["data"]} == {"otel_scorer/agent@3"}
    assert {one["span_id"] for one in body["data"]} == {"a" * 16}


def test_langfuse_is_told_a_root_s_scores_as_the_trace_s() -> None:
    at_root, below = told("langfuse"), told("langfuse", is_root=False)
    assert len(at_root) == len(below) == 3
    assert all("observationId" not in one for one in at_root)  # type: ignore[operator]
    assert {one["observationId"] for one in below} == {"a" * 16}  # type: ignore[index]
    assert [one["value"] for one in at_root] == [2, 4, 3.0]  # type: ignore[index]


def test_mlflow_is_told_where_an_earlier_assessment_would_be_found() -> None:
    first = postings("mlflow", RESULT, TARGET, is_root=True, evaluated_at_ns=10**18)[0]
    assessment = first.body["assessment"]
    assert first.path == f"/api/3.0/mlflow/traces/tr-{'1' * 32}/assessments"
    assert first.there == f"{first.path}/{assessment['assessment_id']}"
    assert assessment["feedback"] == {"value": 2}
    assert assessment["create_time"].startswith("2001-09-09T01:46:40")


@pytest.mark.parametrize("kind", get_args(StoreKind))
def test_the_same_result_is_told_with_the_same_ids_and_another_rubric_with_others(kind: StoreKind) -> None:
    assert told(kind) == told(kind)
    assert json.dumps(told(kind)) != json.dumps(
        told(kind, replace(RESULT, digest="e" * 12, rubric=RubricId("agent", 4)))
    )


@pytest.mark.parametrize("kind", get_args(StoreKind))
def test_nothing_is_told_where_there_is_no_score_and_no_reason_where_reasons_are_off(kind: StoreKind) -> None:
    missing = replace(RESULT, scores={"factual_grounding": Missing("judge_error")}, composite=None)
    assert told(kind, missing) == []
    assert "an amount" not in json.dumps(told(kind, reasons=False))
    second = json.dumps(told(kind, replace(RESULT, primary=False)))
    assert '"agent.factual_grounding"' in second
