"""Scores where a backend's own pages show evaluations: Phoenix' annotations and MLflow's assessments, each once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from backends.shop import GROUNDED, MADE_UP, shop_at
from backends.standing import PATIENCE_S, scorer_before
from e2e.running import until
from realtools.mlflow import MLflow
from realtools.phoenix import Phoenix

pytestmark = [pytest.mark.e2e, pytest.mark.backends]

ANSWERS = (GROUNDED, MADE_UP)
TOLD = ("factual_grounding", "privacy_and_safety", "instruction_adherence", "optimal_plan_execution", "composite")


async def told(look: Callable[[], Awaitable[list[dict[str, Any]]]], name: str) -> list[dict[str, Any]]:
    """What a store tells once every number of the agent's rubric is there."""
    found: list[dict[str, Any]] = []

    async def all_there() -> bool | None:
        found[:] = await look()
        return set(TOLD) <= {one[name] for one in found} or None

    await until(all_there, PATIENCE_S, lambda: f"told so far: {[one[name] for one in found]}")
    await asyncio.sleep(2.0)
    return await look()


async def test_phoenix_has_the_scores_as_annotations_of_their_span(phoenix: Phoenix) -> None:
    stores = [{"kind": "phoenix", "endpoint": f"http://127.0.0.1:{phoenix.http}"}]
    async with scorer_before(phoenix.grpc, evaluation_stores=stores) as standing:
        with shop_at(standing.door) as shop:
            traces = await asyncio.to_thread(shop.ask_all, ANSWERS)
            await standing.deployment.until_ended(traces, PATIENCE_S)
            records = standing.deployment.records(traces)
            for trace_id, answer in zip(traces, ANSWERS, strict=True):
                root = records[trace_id].root_span_id
                found = await told(lambda root=root: phoenix.annotations([root]), "name")
                assert Counter(one["name"] for one in found) == dict.fromkeys(TOLD, 1)
                by_name = {one["name"]: one for one in found}
                assert (by_name["factual_grounding"]["result"]["score"] <= 2) == (answer == MADE_UP)
                assert by_name["composite"]["result"]["label"] == ("fail" if answer == MADE_UP else "pass")
                assert {one["annotator_kind"] for one in found} == {"CODE"}


async def test_mlflow_has_the_scores_as_assessments_of_their_trace(mlflow: MLflow) -> None:
    backend = {"protocol": "http/protobuf", "headers": {"x-mlflow-experiment-id": "0"}}
    stores = [{"kind": "mlflow", "endpoint": mlflow.url}]
    async with scorer_before(mlflow.http, backend, evaluation_stores=stores) as standing:
        with shop_at(standing.door) as shop:
            (trace_id,) = await asyncio.to_thread(shop.ask_all, (MADE_UP,))
            await standing.deployment.until_ended([trace_id], PATIENCE_S)
            root = standing.deployment.records([trace_id])[trace_id].root_span_id
            found = await told(lambda: mlflow.assessments(trace_id), "assessment_name")
            at_root = [one for one in found if one["span_id"] == root]
            assert Counter(one["assessment_name"] for one in at_root) == dict.fromkeys(TOLD, 1)
            by_name = {one["assessment_name"]: one for one in at_root}
            assert by_name["factual_grounding"]["feedback"]["value"] <= 2
            assert by_name["factual_grounding"]["source"]["source_type"] == "CODE"
            assert "31" in by_name["factual_grounding"]["rationale"]
