"""Where otel_scorer can stand and what may stand behind it: tap, HTTP, TLS, a file; whose spans are whose."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from e2e.agent_traces import agent_run, database_span, new_trace_id, request_of, web_span
from e2e.deployed import deployed, said, store_client, told_why
from e2e.running import TRACE_METHOD, Door, attribute, is_evaluation, send, spans_of, until
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from otlp_sink import Sink, without_scores

from otel_scorer.scoring import results_json

pytestmark = pytest.mark.e2e

LONG = {"span_s": 60.0, "root_s": 60.0}
"""Holds that a busy machine does not outlast."""


async def _send_as(door: Door, request: bytes, **metadata: str) -> None:
    headers = tuple((name.replace("_", "-"), value) for name, value in metadata.items())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{door.grpc}") as channel:
        await channel.unary_unary(TRACE_METHOD)(request, timeout=10, metadata=headers)


async def _evaluations(sink: Sink, trace_id: str, count: int) -> list[Any] | None:
    found = [span for span in spans_of(sink).get(trace_id, ()) if is_evaluation(span)]
    return found if len(found) >= count else None


# ---- tap -------------------------------------------------------------------------------------------------------------


async def test_a_tap_forwards_and_holds_nothing_and_sends_one_evaluation_span_for_each_result(sink: Sink) -> None:
    rule = {"name": "most", "when": [{"signal": "attribute", "key": "tests.skip", "exists": False}]}
    async with deployed(
        sink, placement="tap", ledger={"on_failure": "refuse"}, sampling={"floor": 0.0, "rules": [rule]}
    ) as made:
        _, door = await made.serve()
        made.work()
        web = web_span(new_trace_id())
        run = agent_run(web.trace_id.hex(), parent=web.span_id.hex())
        skipped = agent_run(extra_root={"tests.skip": "yes"})
        trace_id, other_id = web.trace_id.hex(), skipped[0].trace_id.hex()
        await send(door, request_of([web, *run]))
        await send(door, request_of(skipped))
        with store_client(made) as store:
            assert not list(store.scan_iter(match=b"otel_scorer:a:*")), "nothing is held"
        records = await made.until_ended([trace_id, other_id])
        assert records[trace_id].status in ("scored", "partial")
        assert records[other_id].status == "not_sampled"
        evaluations = await until(lambda: _evaluations(sink, trace_id, 3), 15.0)
        await asyncio.sleep(1.0)
        assert [span for spans in spans_of(sink).values() for span in spans] == evaluations, "nothing else comes"
        targets = {span.parent_span_id: attribute(span, "otel_scorer.rubric.id") for span in evaluations}
        assert targets == {run[2].span_id: "agent@3", run[1].span_id: "llm@3", run[0].span_id: "tool@3"}
        assert all(attribute(span, "otel_scorer.status") == records[trace_id].status for span in evaluations)
        assert "not_sampled" in told_why(made, other_id)


# ---- backends --------------------------------------------------------------------------------------------------------


async def test_a_backend_behind_http_gets_scores_too(sink: Sink) -> None:
    backend = {"endpoint": f"http://127.0.0.1:{sink.http_port}/otlp", "protocol": "http/protobuf"}
    async with deployed(sink, hold=LONG) as made:
        _, door = await made.serve(backend={**backend, "headers": {"x-api-key": "s3cret"}, "compression": "gzip"})
        made.work()
        run = agent_run()
        web = web_span(run[0].trace_id.hex())
        await send(door, request_of([*run, web]))
        await made.until_ended([run[0].trace_id.hex()])
        assert {without_scores(span.raw) for span in sink.spans()} == {s.SerializeToString() for s in [*run, web]}
        assert {request.transport for request in sink.requests} == {"http"}
        assert {request.headers["x-api-key"] for request in sink.requests} == {"s3cret"}
        assert {request.headers["path"] for request in sink.requests} == {"/otlp/v1/traces"}
        root = next(span for span in spans_of(sink)[run[0].trace_id.hex()] if span.name == "invoke_agent weather")
        assert attribute(root, "otel_scorer.status") in ("scored", "partial")


@pytest.fixture
def certificate() -> Iterator[tuple[Path, Path]]:
    """Of the day, for localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command: TLS is not tested")
    with tempfile.TemporaryDirectory(prefix="os-tls-") as folder:
        cert, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "1", "-keyout", str(key), "-out", str(cert), "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)
        yield cert, key


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
async def test_a_backend_behind_tls_is_reached_with_its_authority_and_not_without(
    certificate: tuple[Path, Path], protocol: str
) -> None:
    async with Sink(tls=certificate) as sink:
        port = sink.grpc_port if protocol == "grpc" else sink.http_port
        backend = {"endpoint": f"https://localhost:{port}", "protocol": protocol}
        unscored = {"sampling": {"floor": 0.0, "rules": []}, "complete": {"quiet_s": 0.5}}
        async with deployed(sink, **unscored) as made:
            process, door = await made.serve("distrusting", backend=backend)
            run = agent_run()
            await send(door, request_of(run))
            await asyncio.sleep(2.0)
            assert not sink.requests
            assert process.text().count("Traceback") == 0
            _, _ = await made.serve("trusting", backend={**backend, "tls": {"ca": str(certificate[0])}})
            await asyncio.to_thread(process.stop)
            await made.until_ended([run[0].trace_id.hex()])
            assert {without_scores(span.raw) for span in sink.spans()} == {span.SerializeToString() for span in run}


async def test_a_trace_scored_online_and_read_back_from_the_file_scores_alike_to_the_byte(sink: Sink) -> None:
    async with deployed(sink, hold=LONG) as made:
        file = made.folder / "traces.jsonl"
        process, door = await made.serve(backend={"endpoint": None, "protocol": None, "file": str(file)})
        runs = [
            agent_run(),
            agent_run(answer="It is 31 degrees in Paris, and my card is 4111 1111 1111 1111."),
            agent_run(tool_error="timeout", tool_result="", answer="It is 18 degrees."),
            agent_run(captured=False),
        ]
        for run in runs:
            trace_id = run[0].trace_id.hex()
            await send(door, request_of([*run, database_span(trace_id, run[0].span_id.hex()), web_span(trace_id)]))
        ids = [run[0].trace_id.hex() for run in runs]
        with store_client(made) as store:
            # the exporter stands still while the worker hands its results in, so that they can be read
            await until(lambda: _dispatched(store, ids), 20.0)
            process.popen.send_signal(signal.SIGSTOP)
            made.work()
            try:
                online = await until(lambda: _results(store, ids), 30.0)
            finally:
                process.popen.send_signal(signal.SIGCONT)
        await made.until_ended(ids)
        assert not sink.requests
        offline = await asyncio.to_thread(said, ["eval", str(file), "--json", "-"])
        found = {json.loads(line)["trace_id"]: line for line in offline.splitlines()}
        for trace_id in ids:
            assert f'"results":{online[trace_id]}}}' in found[trace_id]
            assert results_json.dump(results_json.load(online[trace_id])) == online[trace_id]
        assert len(set(online.values())) == len(ids), "different traces, different results"


async def _dispatched(store: Any, ids: list[str]) -> bool | None:
    """All wait for their score, and Celery has the messages: a frozen exporter would not send them again."""
    waiting = all(store.hget(f"otel_scorer:t:default/{trace_id}", "m:state") == b"waiting" for trace_id in ids)
    queues = store.scan_iter(match=b"*celery:*otel_scorer.score", _type="list")
    return (waiting and any(store.llen(name) >= len(ids) for name in queues)) or None


async def _results(store: Any, ids: list[str]) -> dict[str, str] | None:
    found = {trace_id: store.hget(f"otel_scorer:t:default/{trace_id}", "m:result") for trace_id in ids}
    return {trace_id: result.decode() for trace_id, result in found.items()} if all(found.values()) else None


# ---- what is whose ---------------------------------------------------------------------------------------------------


async def test_our_own_spans_that_come_back_are_discarded_and_forged_scores_are_stripped(sink: Sink) -> None:
    async with deployed(sink, placement="tap", ledger={"on_failure": "refuse"}) as made:
        _, tap = await made.serve("tap")
        made.work()
        run = agent_run()
        trace_id = run[0].trace_id.hex()
        await send(tap, request_of(run))
        await made.until_ended([trace_id])
        evaluations = await until(lambda: _evaluations(sink, trace_id, 3), 15.0)
        ours = b"".join(request.body for request in sink.requests)
        async with deployed(sink, sampling={"floor": 0.0, "rules": []}, complete={"quiet_s": 0.5}) as inline:
            _, door = await inline.serve()
            assert await send(door, ours) == b""
            assert door.metric("otel_scorer_own_spans_discarded_total") == len(evaluations) == 3
            forged = agent_run(extra_root={"otel_scorer.score.composite": 5.0, "otel_scorer.status": "scored"})
            web = web_span(forged[0].trace_id.hex())
            web.attributes.append(KeyValue(key="otel_scorer.label"))
            web.attributes[-1].value.string_value = "pass"
            await send(door, request_of([*forged, web]))
            await inline.until_ended([forged[0].trace_id.hex()])
            assert len(sink.spans()) == 3 + 4, "what came back was not sent on"
            found = {span.span_id: span for span in spans_of(sink)[forged[0].trace_id.hex()]}
            assert attribute(found[forged[2].span_id], "otel_scorer.score.composite") is None
            assert attribute(found[forged[2].span_id], "otel_scorer.status") == "not_sampled"
            assert attribute(found[web.span_id], "otel_scorer.label") is None
            assert attribute(found[web.span_id], "url.path") == "/chat"
            assert door.metric("otel_scorer_forged_spans_stripped_total") == 2


async def test_the_tenant_header_travels_with_held_and_passed_spans_and_with_evaluation_spans(sink: Sink) -> None:
    # a short hold and no worker at first: the scores follow as evaluation spans
    async with deployed(sink, hold={"span_s": 1.5, "root_s": 1.5}) as made:
        _, door = await made.serve()
        runs = {team: agent_run() for team in ("team-a", "team-b")}
        for team, run in runs.items():
            spans = [*run, web_span(run[0].trace_id.hex())]
            await _send_as(door, request_of(spans), x_scope_orgid=team)
        plain = agent_run()
        await send(door, request_of(plain))
        await asyncio.sleep(2.5)
        made.work()
        await made.until_ended([run[0].trace_id.hex() for run in (*runs.values(), plain)])
        for run in (*runs.values(), plain):
            await until(lambda run=run: _evaluations(sink, run[0].trace_id.hex(), 3), 15.0)
        teams: dict[str, set[str]] = {}
        for request in sink.requests:
            for resource_spans in ExportTraceServiceRequest.FromString(request.body).resource_spans:
                for scope_spans in resource_spans.scope_spans:
                    for span in scope_spans.spans:
                        teams.setdefault(span.trace_id.hex(), set()).add(request.headers.get("x-scope-orgid", ""))
        expected = {run[0].trace_id.hex(): {team} for team, run in runs.items()}
        assert teams == expected | {plain[0].trace_id.hex(): {""}}


async def test_two_tenants_may_have_the_same_trace_id(sink: Sink) -> None:
    tokens = [{"sha256": hashlib.sha256(name.encode()).hexdigest(), "tenant": name} for name in ("red", "blue")]
    async with deployed(sink, hold=LONG, receive={"tokens": tokens}) as made:
        _, door = await made.serve()
        made.work()
        trace_id = new_trace_id()
        runs = {
            "red": agent_run(trace_id),
            "blue": agent_run(trace_id, answer="It is 31 degrees and it snows in Oslo."),
        }
        for name, run in runs.items():
            await _send_as(door, request_of(run), authorization=f"Bearer {name}")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _send_as(door, request_of(agent_run()), authorization="Bearer green")
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
        records = {name: await until(lambda name=name: _record(made, trace_id, name), 30.0) for name in runs}
        assert len(spans_of(sink)[trace_id]) == 6
        roots = {span.span_id: span for span in spans_of(sink)[trace_id]}
        marks = {name: attribute(roots[run[2].span_id], "otel_scorer.score.lowest") for name, run in runs.items()}
        assert marks["red"] > marks["blue"], "each was judged by its own spans"
        for name, run in runs.items():
            assert records[name].received_spans == 3
            assert records[name].root_span_id == run[2].span_id.hex()
            assert name in told_why(made, trace_id, name)


async def _record(made: Any, trace_id: str, tenant: str) -> Any:
    found = await asyncio.to_thread(made.records, [trace_id], tenant)
    return found.get(trace_id)
