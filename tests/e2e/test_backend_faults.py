"""Faults of the tracing backend: what it does not take is held, halved or put aside by name, never lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from e2e.agent_traces import agent_run, new_trace_id, request_of, web_span
from e2e.deployed import deployed, said
from e2e.faulty_sink import FaultySink
from e2e.load import Load
from e2e.running import LOGS_METHOD, Deployment, Door, send, spans_of, until
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_sink import Sink, without_scores

pytestmark = pytest.mark.e2e

UNSCORED: dict[str, Any] = {"sampling": {"floor": 0.0, "rules": []}, "complete": {"quiet_s": 0.5}}
METRICS_METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


async def _send_all(door: Door, runs: Sequence[Sequence[Span]]) -> list[str]:
    """One request for all, so that they come due together; their trace ids."""
    await send(door, request_of([span for run in runs for span in run]))
    return [run[0].trace_id.hex() for run in runs]


def _agent_runs(count: int) -> list[list[Span]]:
    return [agent_run() for _ in range(count)]


def _quarantine(deployment: Deployment, name: str = "serve") -> list[dict[str, Any]]:
    config = deployment.folder / f"{name}.yaml"
    listed: list[dict[str, Any]] = json.loads(said(["quarantine", "--config", str(config), "--json"]))
    return listed


def _assert_once(sink: Sink, runs: Sequence[Sequence[Span]]) -> None:
    sent = {(span.trace_id.hex(), span.span_id.hex()): span.SerializeToString() for run in runs for span in run}
    copies = sink.span_copies()
    assert {key: copies[key] for key in sent} == dict.fromkeys(sent, 1)
    for span in sink.spans():
        if (key := (span.trace_id, span.span_id)) in sent:
            assert without_scores(span.raw) == sent[key]


async def test_spans_are_held_while_the_backend_is_away_and_delivered_once_when_it_is_back(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        _, door = await deployment.serve()
        await sink.stop()
        runs = _agent_runs(12)
        ids = await _send_all(door, runs)
        await asyncio.sleep(2.5)
        assert not await asyncio.to_thread(deployment.records, ids), "a trace ends when its spans have gone"
        await sink.start()
        await deployment.until_ended(ids, 20.0)
        _assert_once(sink, runs)


async def test_a_backend_that_refuses_most_requests_for_now_gets_everything_once() -> None:
    async with FaultySink(busy_share=0.7) as sink, deployed(sink, **UNSCORED, sweep={"retry_s": 0.2}) as deployment:
        _, door = await deployment.serve()
        async with Load([door], senders=2, pause_s=0.1) as load:
            await asyncio.sleep(3.0)
        await load.until_delivered(sink)
        await deployment.until_ended(load.traces)
        load.assert_no_duplicates(sink)
        load.assert_unaltered(sink)
        assert sum(request.answer == "unavailable" for request in sink.requests) > 30


async def test_partial_success_is_final_and_its_batch_is_listed_in_the_quarantine(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        _, door = await deployment.serve()
        sink.script("partial:2", signal="traces")
        (run,) = runs = _agent_runs(1)
        ids = await _send_all(door, runs)
        await deployment.until_ended(ids)
        await asyncio.sleep(1.0)
        _assert_once(sink, runs)
        (entry,) = await asyncio.to_thread(_quarantine, deployment)
        assert entry["trace_id"] == ids[0]
        assert sorted(entry["span_ids"]) == sorted(span.span_id.hex() for span in run)
        assert entry["rejected"] == 2
        assert "some were bad" in entry["reason"]
        assert door.metric("otel_scorer_quarantined_spans_total") == 2


async def test_one_poisonous_span_is_found_and_put_aside_and_its_neighbours_are_delivered() -> None:
    runs = _agent_runs(8)
    poison = runs[3][1]
    async with FaultySink(poison=frozenset({poison.span_id})) as sink, deployed(sink, **UNSCORED) as deployment:
        _, door = await deployment.serve()
        ids = await _send_all(door, runs)
        records = await deployment.until_ended(ids)
        assert len(records) == 8
        _assert_once(sink, [[span for run in runs for span in run if span is not poison]])
        assert poison.span_id not in {span.span_id for span in spans_of(sink)[ids[3]]}
        (entry,) = await asyncio.to_thread(_quarantine, deployment)
        assert entry["span_ids"] == [poison.span_id.hex()]
        assert "bad data" in entry["reason"]


async def test_a_rejected_key_holds_spans_and_readiness_says_so_until_it_is_mended(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        _, door = await deployment.serve()
        sink.script("unauthenticated", forever=True)
        runs = _agent_runs(3)
        ids = await _send_all(door, runs)
        await until(lambda: _not_ready(door), 10.0)
        assert "our settings" in await asyncio.to_thread(door.readiness)
        assert not await asyncio.to_thread(deployment.records, ids)
        sink.heal()
        await deployment.until_ended(ids, 20.0)
        _assert_once(sink, runs)
        assert await asyncio.to_thread(door.ready)


async def _not_ready(door: Door) -> bool | None:
    return not await asyncio.to_thread(door.ready) or None


async def test_what_is_too_large_for_the_backend_goes_in_smaller_parts(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        _, door = await deployment.serve()
        sink.script("too_large:3500", forever=True)
        runs = _agent_runs(10)
        web = [web_span(new_trace_id()) for _ in range(40)]
        ids = await _send_all(door, [*runs, web])
        await deployment.until_ended(ids[:-1])
        _assert_once(sink, [*runs, web])
        assert not await asyncio.to_thread(_quarantine, deployment)
        assert any(request.answer.startswith("too_large") for request in sink.requests)


async def test_signals_that_the_backend_does_not_know_are_accepted(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        process, door = await deployment.serve()
        sink.script("unimplemented", signal="logs", forever=True)
        sink.script("unimplemented", signal="metrics", forever=True)
        logs = ExportLogsServiceRequest()
        logs.resource_logs.add().scope_logs.add().log_records.add().body.string_value = "hello"
        metrics = ExportMetricsServiceRequest()
        metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
        metric.gauge.data_points.add().as_int = 1
        for _ in range(3):
            assert await send(door, logs.SerializeToString(), method=LOGS_METHOD) == b""
            assert await send(door, metrics.SerializeToString(), method=METRICS_METHOD) == b""
        assert door.metric("otel_scorer_unsupported_by_backend_total") == 6
        assert process.text().count("the backend takes no logs") == 1, "said once"
        assert await asyncio.to_thread(door.ready)
