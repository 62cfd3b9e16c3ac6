"""Our own metrics."""

from __future__ import annotations

import asyncio
import threading
from typing import get_args

import pytest
from otlp_sink import Sink
from prometheus_client.parser import text_string_to_metric_families

from otel_scorer.errors import UserError
from otel_scorer.online.backend import Outcome
from otel_scorer.online.metrics_catalogue import BY_NAME, METRICS
from otel_scorer.online.telemetry import OPEN_VALUES, Metrics, Telemetry
from otel_scorer.online.telemetry_settings import TelemetrySettings


def prometheus(telemetry: Telemetry) -> dict[str, dict[tuple[str, ...], float]]:
    families = text_string_to_metric_families(telemetry.prometheus_text().decode())
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_every_metric_of_the_catalogue_can_be_counted_and_read() -> None:
    metrics = Metrics()
    telemetry = Telemetry(TelemetrySettings(), metrics)
    for spec in METRICS:
        attributes = dict.fromkeys(spec.attributes, "a")
        count = {"counter": metrics.add, "gauge": metrics.set, "histogram": metrics.observe}[spec.kind]
        count(spec.name, 3, **attributes)
    text = telemetry.prometheus_text().decode()
    for spec in METRICS:
        assert f"otel_scorer_{spec.name}" in text, spec.name
    telemetry.close()


def test_the_catalogue_is_well_formed() -> None:
    names = [spec.name for spec in METRICS]
    assert len(set(names)) == len(names)
    for spec in METRICS:
        assert spec.description.endswith(".")
        assert spec.open_attributes <= set(spec.attributes)


def test_counts_and_gauges_are_what_was_counted() -> None:
    metrics = Metrics()
    telemetry = Telemetry(TelemetrySettings(), metrics)
    metrics.add("received_requests", 2, signal="traces", transport="grpc")
    metrics.add("received_requests", 3, signal="traces", transport="grpc")
    metrics.add("received_requests", 0, signal="logs", transport="grpc")
    metrics.set("queue_traces", 7)
    metrics.set("queue_traces", 4)
    metrics.read_from("in_flight_bytes", lambda: 99)
    metrics.observe("export_duration", 0.03, signal="traces")
    found = prometheus(telemetry)
    assert sum(found["otel_scorer_received_requests_total"].values()) == 5
    assert list(found["otel_scorer_queue_traces"].values()) == [4]
    assert list(found["otel_scorer_in_flight_bytes"].values()) == [99]
    assert sum(found["otel_scorer_export_duration_seconds_count"].values()) == 1
    assert list(found["otel_scorer_bypassed_spans_total"].values()) == [0], "told before it first happens"
    assert metrics.value("received_requests", transport="grpc") == 5
    telemetry.close()


def test_names_and_attributes_that_the_catalogue_lacks_are_mistakes() -> None:
    metrics = Metrics()
    for name, attributes in (
        ("no_such", {}),
        ("received_requests", {}),
        ("received_requests", {"signal": "a", "other": "b"}),
    ):
        with pytest.raises(KeyError):
            metrics.add(name, 1, **attributes)


def test_services_beyond_the_first_fifty_are_counted_together() -> None:
    metrics = Metrics()
    for number in range(OPEN_VALUES + 30):
        metrics.add("scores", 1, dimension="privacy_and_safety", value="3", service=f"service-{number}")
    assert metrics.value("scores", service="other") == 30
    assert metrics.value("scores") == OPEN_VALUES + 30


def test_counting_is_safe_from_threads() -> None:
    metrics = Metrics()

    def count() -> None:
        for _ in range(5_000):
            metrics.add("forwarded_items", 1, signal="traces")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.value("forwarded_items") == 20_000


@pytest.mark.parametrize("port", ["grpc_port", "http_port"])
async def test_metrics_are_sent_by_otlp_without_the_agents_environment(
    port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret-of-the-agent")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "the-agent")
    async with Sink() as sink:
        endpoint = f"http://127.0.0.1:{getattr(sink, port)}"
        protocol = "grpc" if port == "grpc_port" else "http/protobuf"
        settings = TelemetrySettings(otlp_endpoint=endpoint, otlp_protocol=protocol, otlp_headers={"x-key": "k"})
        metrics = Metrics()
        telemetry = Telemetry(settings, metrics, ["127.0.0.1:4317"])
        metrics.add("bypassed_spans", 5)
        await asyncio.to_thread(telemetry.close)
        (request,) = sink.requests
    assert request.headers["x-key"] == "k"
    assert "secret-of-the-agent" not in str(request.headers)
    resource_metrics = request.message().resource_metrics[0]
    service = {a.key: a.value.string_value for a in resource_metrics.resource.attributes}["service.name"]
    assert service == "otel_scorer"
    assert "otel_scorer.bypassed_spans" in {metric.name for metric in resource_metrics.scope_metrics[0].metrics}


def test_metrics_are_never_sent_to_ourselves() -> None:
    with pytest.raises(UserError, match=r"telemetry\.otlp_endpoint: .* itself listens"):
        Telemetry(TelemetrySettings(otlp_endpoint="http://localhost:4317"), Metrics(), ["127.0.0.1:4317"])


def test_what_has_never_happened_is_told_as_0_from_the_start() -> None:
    metrics = Metrics()
    telemetry = Telemetry(TelemetrySettings(), metrics)
    found = prometheus(telemetry)
    for name, series in (("judge_calls", 2), ("shed_traces", 1), ("exported_spans", 2)):
        assert list(found[f"otel_scorer_{name}_total"].values()) == [0] * series
    outcomes = {kind.__name__.lower() for kind in get_args(Outcome)}
    assert {values[1] for values in BY_NAME["backend_outcomes"].begins} == outcomes
    telemetry.close()
