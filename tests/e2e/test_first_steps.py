"""The whole way of a span, once: sent, scored, exported with its scores, recorded, and told by the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from e2e.agent_traces import agent_run, database_span, request_of, web_span
from e2e.running import Deployment, attribute, is_evaluation, send, spans_of
from otlp_sink import Sink, without_scores

pytestmark = pytest.mark.e2e


async def test_a_trace_comes_out_once_with_scores_on_its_root(deploy: Callable[..., Deployment], sink: Sink) -> None:
    deployment = deploy()
    _, door = await deployment.up()
    web = web_span("ab" * 16)
    spans = agent_run("ab" * 16, parent=web.span_id.hex())
    others = [web, database_span("ab" * 16, spans[0].span_id.hex())]
    request = request_of([*spans, *others])
    assert await send(door, request) == b""
    assert await send(door, request) == b"", "a resent request changes nothing"
    records = await deployment.until_ended(["ab" * 16])
    found = spans_of(sink)["ab" * 16]
    agent = [span for span in found if attribute(span, "gen_ai.operation.name")]
    assert sorted(span.name for span in agent) == sorted(span.name for span in spans)
    root = next(span for span in agent if span.name == "invoke_agent weather")
    assert attribute(root, "otel_scorer.status") in ("scored", "partial")
    assert attribute(root, "otel_scorer.score.optimal_plan_execution") == 5
    assert attribute(root, "otel_scorer.rubric.id") == "agent@3"
    assert not any(is_evaluation(span) for span in found)
    sent = {span.SerializeToString() for span in [*spans, *others]}
    assert {without_scores(span.raw) for span in sink.spans()} == sent
    record = records["ab" * 16]
    assert record.status == attribute(root, "otel_scorer.status")
    said = subprocess.run(
        [sys.executable, "-m", "otel_scorer", "why", "ab" * 16, "--data-dir", str(deployment.folder / "data")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert record.status in said
    assert "agent@3" in said
    shown = subprocess.run(
        [sys.executable, "-m", "otel_scorer", "view", "ab" * 16, "--data-dir", str(deployment.folder / "data")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "get_weather" in shown
    assert door.metric("otel_scorer_exported_spans_total") == 3
    assert door.metric("otel_scorer_duplicate_spans_total") == 3


async def test_of_a_trace_without_its_agent_the_steps_are_scored(deploy: Callable[..., Deployment], sink: Sink) -> None:
    deployment = deploy()
    _, door = await deployment.up()
    spans = agent_run("cd" * 16)[:2]  # the tool and the model, below an agent that never comes
    await send(door, request_of(spans))
    record = (await deployment.until_ended(["cd" * 16]))["cd" * 16]
    assert record.status == "incomplete"
    tool, model = sorted(spans_of(sink)["cd" * 16], key=lambda span: str(span.name), reverse=True)
    assert (attribute(tool, "otel_scorer.rubric.id"), attribute(model, "otel_scorer.rubric.id")) == ("tool@3", "llm@3")
    assert attribute(tool, "otel_scorer.score.optimal_plan_execution") == 5
    assert not any(attribute(span, "otel_scorer.status") for span in (tool, model)), "there is no root to say it on"
    assert {outcome.rubric for outcome in record.outcomes} == {"tool", "llm"}
