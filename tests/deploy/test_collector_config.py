"""The files of collector-config/: a real Collector takes each, and what goes in comes out where the file says."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.collecting import CONFIGS, collecting, environment
from e2e.agent_traces import agent_run, database_span, make_span, new_trace_id, request_of, web_span
from e2e.deployed import deployed
from e2e.running import Door, attribute, is_evaluation, merged, spans_of, until
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_sink import Sink
from realtools.otelcol import otelcol, validate

from otel_scorer.config import load_settings
from otel_scorer.conventions import markers

pytestmark = pytest.mark.e2e

FILES = sorted(path.name for path in CONFIGS.glob("*.yaml") if not path.name.startswith("otel-scorer"))


@pytest.fixture
async def sink() -> Any:
    async with Sink() as running:
        yield running


@pytest.fixture
async def other() -> Any:
    """Where what does not go through otel_scorer goes."""
    async with Sink() as running:
        yield running


def grpc_of(sink: Sink) -> str:
    return f"127.0.0.1:{sink.grpc_port}"


# ---- as files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_a_real_collector_finds_nothing_wrong_with(file: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret")
    (tmp_path / "queue").mkdir()
    assert validate(otelcol(), CONFIGS / file, environment(tmp_path, TOKEN_FILE=str(token))) == ""


def test_a_mistake_in_a_file_is_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text((CONFIGS / "agent-only.yaml").read_text().replace("IsMatch(name", "IsMitch(name"))
    assert "IsMitch" in validate(otelcol(), broken, environment(tmp_path))


@pytest.mark.parametrize("file", FILES)
def test_each_file_says_when_to_use_it_and_gives_the_backend_longer_than_we_do(file: str) -> None:
    text = (CONFIGS / file).read_text()
    assert "\n# Use it " in text
    exporter = yaml.safe_load(text)["exporters"]["otlp/scorer"]
    assert float(exporter["timeout"].removesuffix("s")) > load_settings(None, {}, []).backend.timeout_s


# ---- as they run -----------------------------------------------------------------------------------------------------


async def ended_scored(sink: Sink, trace_id: str, count: int) -> dict[str, Any]:
    """The spans of a trace by name, once the backend has `count` of them and its agent's span carries a status."""

    async def all_there() -> dict[str, Any] | None:
        spans = spans_of(sink).get(trace_id, [])
        assert len(spans) == len({span.span_id for span in spans}), "a span came twice"
        return {span.name: span for span in spans} if len(spans) >= count else None

    found: dict[str, Any] = await until(
        all_there, 40.0, lambda: f"{[s.name for s in spans_of(sink).get(trace_id, [])]}"
    )
    return found


async def test_inline_every_span_reaches_the_backend_once_and_the_agent_s_carries_its_scores(
    sink: Sink, tmp_path: Path
) -> None:
    async with deployed(sink) as made:
        _, door = await made.up()
        async with collecting("inline.yaml", tmp_path, SCORER_ENDPOINT=f"127.0.0.1:{door.grpc}") as collector:
            web = web_span(new_trace_id())
            trace_id = web.trace_id.hex()
            run = agent_run(trace_id, parent=web.span_id.hex())
            await collector.take("traces", request_of([*run, database_span(trace_id, run[0].span_id.hex()), web]))
            found = await ended_scored(sink, trace_id, 5)
        assert attribute(found["invoke_agent weather"], "otel_scorer.status") in ("scored", "partial")
        assert attribute(found["GET /chat"], "otel_scorer.status") is None


async def test_what_the_collector_takes_while_we_are_away_comes_through_once_we_are_there(
    sink: Sink, tmp_path: Path
) -> None:
    async with deployed(sink, sampling={"floor": 0.0, "rules": []}) as made:
        process, door = await made.up()
        async with collecting("inline.yaml", tmp_path, SCORER_ENDPOINT=f"127.0.0.1:{door.grpc}") as collector:
            process.stop()
            run = agent_run()
            await collector.take("traces", request_of(run))
            process.start()
            await made.ready(process, door)
            found = await ended_scored(sink, run[0].trace_id.hex(), len(run))
        assert set(found) == {span.name for span in run}


async def test_tap_leaves_the_original_alone_and_adds_an_evaluation_span(sink: Sink, tmp_path: Path) -> None:
    async with deployed(sink, placement="tap", ledger={"on_failure": "refuse"}) as made:
        _, door = await made.up()
        ours = {"SCORER_ENDPOINT": f"127.0.0.1:{door.grpc}", "BACKEND_ENDPOINT": grpc_of(sink)}
        async with collecting("tap.yaml", tmp_path, **ours) as collector:
            run = agent_run()
            await collector.take("traces", request_of(run))
            found = await ended_scored(sink, run[0].trace_id.hex(), len(run) + 1)
        for span in run:
            assert plain_attributes(found[span.name]) == plain_attributes(span)
        assert any(is_evaluation(span) for span in found.values())


def marked_spans() -> Iterator[tuple[str, dict[str, Any]]]:
    """A span for every marker of markers.py: its name and attributes."""
    for prefix in markers.PREFIXES:
        yield "work", {"http.route": "/x", f"{prefix}x": "1"}
    for key in markers.EXACT_KEYS:
        yield "work", {"http.route": "/x", key: "1"}
    for key, values in markers.KEY_VALUES.items():
        yield from (("work", {key: value}) for value in values)
    for name in markers.SPAN_NAMES:
        yield name, {}
    for prefix in markers.SPAN_NAME_PREFIXES:
        yield f"{prefix}x", {}


def unmarked_spans() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "GET /chat", {"http.request.method": "GET", "url.path": "/gen_ai.x", "code": "llm.y"}
    yield "SELECT", {"db.system": "postgresql", "db.system.name": "postgresql", "span.type": "web"}
    yield "no attributes", {}
    yield "work", {"my.gen_ai.x": 1, "tool_use_idea": 2, "ai.operation.id": "3", "session.id": "s", "embeddings": 4}
    yield "agent runner", {}


async def test_agent_only_routes_exactly_what_we_call_agent_spans(sink: Sink, other: Sink, tmp_path: Path) -> None:
    ours = {"SCORER_ENDPOINT": grpc_of(sink), "BACKEND_ENDPOINT": grpc_of(other), "LOGS_ENDPOINT": other.http_url}
    spans = [make_span(new_trace_id(), *each) for each in (*marked_spans(), *unmarked_spans())]
    agents = {span.span_id.hex() for span in spans if markers.is_agent(plain_attributes(span), span.name)}
    assert len(agents) == len(list(marked_spans()))
    async with collecting("agent-only.yaml", tmp_path, **ours) as collector:
        await collector.take("traces", request_of(spans))
        await collector.take("logs", log_request("gen_ai.user.message", "http.request"))
        await sink.until_spans(len(agents))
        await other.until_spans(len(spans) - len(agents))
        await sink.until(1, signal="logs")
        await other.until(1, signal="logs")
    routed = {span.span_id for span in sink.spans()}
    named = {span.span_id.hex(): (span.name, plain_attributes(span)) for span in spans}
    assert [named[each] for each in agents ^ routed] == []
    assert (event_names(sink), event_names(other)) == (["gen_ai.user.message"], ["http.request"])


def plain_attributes(span: Span) -> dict[str, Any]:
    return {each.key: attribute(span, each.key) for each in span.attributes}


def log_request(*events: str) -> bytes:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for event in events:
        name = KeyValue(key="event.name", value=AnyValue(string_value=event))
        records.append(LogRecord(event_name=event, attributes=[name], body=AnyValue(string_value="x")))
    raw: bytes = request.SerializeToString()
    return raw


def event_names(sink: Sink) -> list[str]:
    requests = (ExportLogsServiceRequest.FromString(body) for body in sink.bodies("logs"))
    scopes = (scope for request in requests for resource in request.resource_logs for scope in resource.scope_logs)
    return [record.event_name for scope in scopes for record in scope.log_records]


async def test_agent_spans_alone_are_scored_where_we_are_told_that_only_they_come(
    sink: Sink, other: Sink, tmp_path: Path
) -> None:
    async with deployed(sink, complete={"agent_spans_only": True, "agent_parent_s": 2.0}) as made:
        _, door = await made.up()
        ours = {"SCORER_ENDPOINT": f"127.0.0.1:{door.grpc}", "BACKEND_ENDPOINT": grpc_of(other)}
        async with collecting("agent-only.yaml", tmp_path, **ours) as collector:
            web = web_span(new_trace_id())
            run = agent_run(web.trace_id.hex(), parent=web.span_id.hex())
            await collector.take("traces", request_of([*run, web]))
            found = await ended_scored(sink, web.trace_id.hex(), len(run))
            await other.until_spans(1)
        assert attribute(found["invoke_agent weather"], "otel_scorer.status") in ("scored", "partial")
        assert [span.span_id for span in other.spans()] == [web.span_id.hex()]


async def test_metrics_and_logs_go_to_their_own_backends_and_genai_logs_to_us_too(
    sink: Sink, other: Sink, tmp_path: Path
) -> None:
    urls = {"LOGS_ENDPOINT": f"{other.http_url}/logs", "METRICS_ENDPOINT": f"{other.http_url}/metrics"}
    metrics = ExportMetricsServiceRequest()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="requests")
    metric.sum.data_points.add(as_int=1)
    async with collecting("metrics-and-logs.yaml", tmp_path, SCORER_ENDPOINT=grpc_of(sink), **urls) as collector:
        await collector.take("traces", request_of(agent_run()))
        await collector.take("logs", log_request("gen_ai.choice", "http.request"))
        await collector.take("metrics", metrics.SerializeToString())
        await sink.until(2)
        await other.until(2)
    assert event_names(sink) == ["gen_ai.choice"]
    assert event_names(other) == ["gen_ai.choice", "http.request"]
    assert sorted(each.headers["path"] for each in other.requests) == ["/logs/v1/logs", "/metrics/v1/metrics"]


async def test_kubernetes_s_file_sends_to_the_addresses_of_a_name(sink: Sink, tmp_path: Path) -> None:
    endpoint = f"dns:///localhost:{sink.grpc_port}"
    async with collecting("kubernetes.yaml", tmp_path, SCORER_ENDPOINT=endpoint, CLUSTER_NAME="blue") as collector:
        run = agent_run()
        await collector.take("traces", request_of(run))
        await sink.until_spans(len(run))
    assert sorted(span.span_id for span in sink.spans()) == sorted(span.span_id.hex() for span in run), "each once"


# ---- mutual TLS ------------------------------------------------------------------------------------------------------


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """An authority, and one certificate each for server and client."""
    folder = tmp_path / "tls"
    folder.mkdir()
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    ca = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
    openssl(
        folder, "req", "-x509", *key, "-days", "2", "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=ca", *ca
    )
    for name in ("server", "client"):
        openssl(folder, "req", *key, "-keyout", f"{name}-key.pem", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        signed = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", "names")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)
    return folder


async def test_across_machines_both_sides_show_certificates_and_the_token_names_the_tenant(
    sink: Sink, tmp_path: Path, certificates: Path
) -> None:
    ours = yaml.safe_load((CONFIGS / "otel-scorer-mtls.yaml").read_text())["receive"]
    tls = {name: str(certificates / Path(path).name) for name, path in ours["tls"].items()}
    (tmp_path / "token").write_text("wonderful")
    tokens = [{**ours["tokens"][0], "sha256": hashlib.sha256(b"wonderful").hexdigest(), "tenant": "blue"}]
    async with deployed(sink, **merged({"receive": {"tls": tls, "tokens": tokens}})) as made:
        _, door = await made.up()
        given = {"TOKEN_FILE": str(tmp_path / "token"), "TLS_DIR": str(certificates)}
        async with collecting("mtls.yaml", tmp_path, SCORER_ENDPOINT=f"localhost:{door.grpc}", **given) as collector:
            run = agent_run()
            await collector.take("traces", request_of(run))
            await ended_scored(sink, run[0].trace_id.hex(), len(run))
        assert "blue" in await until(tenants_said(door), 20.0)


def tenants_said(door: Door) -> Callable[[], Awaitable[str | None]]:
    """Waits until a trace has ended; the sample that counts it, with its tenant."""

    async def look() -> str | None:
        samples = await asyncio.to_thread(door.metrics)
        return next((name for name, value in samples.items() if "otel_scorer_traces_total{" in name and value), None)

    return look
