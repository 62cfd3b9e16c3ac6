"""The service's own metrics: counted in plain dictionaries, read out by the OpenTelemetry SDK for Prometheus and OTLP.

Counting is on the hot path, so it does not go through the SDK's instruments: they cost several times as much.
Names, units and attributes are those of `metrics_catalogue`; any other is a mistake of ours and raises KeyError.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, generate_latest

from otel_scorer.online.backend_target import Target, refuse_ourselves, resolve_endpoint
from otel_scorer.online.metrics_catalogue import BY_NAME, METRICS, MetricSpec
from otel_scorer.online.telemetry_settings import TelemetrySettings

OPEN_VALUES = 50
"""So many values of a user-chosen attribute (service, tenant) are told apart."""
OTHER = "other"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

Values: TypeAlias = tuple[str, ...]
"""Values of a metric's attributes, in the catalogue's order."""


class Metrics:
    """What happened so far in this process. Safe from any thread; a call costs about a microsecond."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, dict[Values, float]] = {spec.name: dict.fromkeys(spec.begins, 0) for spec in METRICS}
        self._readers: dict[str, Callable[[], float]] = {}
        self._open: dict[tuple[str, str], set[str]] = {}
        self._histograms: dict[str, Histogram] = {}

    def add(self, name: str, n: float = 1, **attributes: str) -> None:
        """Count `n` more of a counter. KeyError for a name or attribute that the catalogue does not have."""
        if not n:
            return
        values = self._values(BY_NAME[name], attributes)
        numbers = self._numbers[name]
        with self._lock:
            numbers[values] = numbers.get(values, 0) + n

    def set(self, name: str, value: float, **attributes: str) -> None:
        """A gauge is at `value` now."""
        values = self._values(BY_NAME[name], attributes)
        with self._lock:
            self._numbers[name][values] = value

    def read_from(self, name: str, read: Callable[[], float]) -> None:
        """A gauge without attributes is asked for whenever someone looks; `read` must be quick and must not raise."""
        self._readers[BY_NAME[name].name] = read

    def observe(self, name: str, value: float, **attributes: str) -> None:
        """One more value of a histogram. Nothing is kept while no telemetry is open."""
        spec = BY_NAME[name]
        values = self._values(spec, attributes)
        histogram = self._histograms.get(name)
        if histogram is not None:
            histogram.record(value, dict(zip(spec.attributes, values, strict=True)))

    def value(self, name: str, **attributes: str) -> float:
        """What is counted so far over all series that have these attributes; 0 when there are none."""
        spec = BY_NAME[name]
        wanted = [(spec.attributes.index(key), value) for key, value in attributes.items()]
        return sum(
            number for values, number in self._series(spec) if all(values[place] == value for place, value in wanted)
        )

    def connect(self, meter: Meter) -> None:
        """Make `meter` read everything from here, and record histograms there."""
        for spec in METRICS:
            name = f"otel_scorer.{spec.name}"
            if spec.kind == "histogram":
                self._histograms[spec.name] = meter.create_histogram(
                    name, spec.unit, spec.description, explicit_bucket_boundaries_advisory=BUCKETS_S
                )
            else:
                counter = spec.kind == "counter"
                create = meter.create_observable_counter if counter else meter.create_observable_gauge
                create(name, [self._callback(spec)], spec.unit, spec.description)

    def _callback(self, spec: MetricSpec) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            series = self._series(spec)
            return [Observation(number, dict(zip(spec.attributes, values, strict=True))) for values, number in series]

        return observe

    def _series(self, spec: MetricSpec) -> list[tuple[Values, float]]:
        read = self._readers.get(spec.name)
        if read is not None:
            return [((), read())]
        with self._lock:
            series = list(self._numbers[spec.name].items())
        # What has never happened is told as 0: rate() needs the first step, and a dashboard should not be empty.
        return series if series or spec.attributes else [((), 0)]

    def _values(self, spec: MetricSpec, attributes: dict[str, str]) -> Values:
        if len(attributes) != len(spec.attributes):
            raise KeyError(f"{spec.name} has the attributes {spec.attributes}")
        if not spec.open_attributes:
            return tuple([attributes[key] for key in spec.attributes])
        return tuple(
            [
                self._bounded(spec.name, key, attributes[key]) if key in spec.open_attributes else attributes[key]
                for key in spec.attributes
            ]
        )

    def _bounded(self, name: str, key: str, value: str) -> str:
        seen = self._open.setdefault((name, key), set())
        if value not in seen:
            if len(seen) >= OPEN_VALUES:
                return OTHER
            seen.add(value)
        return value


class Telemetry:
    """Reads `metrics` out: as Prometheus text, and over OTLP where that is asked for."""

    def __init__(self, settings: TelemetrySettings, metrics: Metrics, listeners: Iterable[str] = ()) -> None:
        """UserError when the OTLP endpoint is no URL or is one of our own `listeners` ("host:port")."""
        self._registry = CollectorRegistry()
        readers: list[MetricReader] = [PrometheusMetricReader(scope_info_enabled=False, registry=self._registry)]
        if settings.otlp_endpoint is not None:
            readers.append(_otlp_reader(settings, listeners))
        self._provider = MeterProvider(readers, resource=_resource(), shutdown_on_exit=False)
        metrics.connect(self._provider.get_meter("otel_scorer"))

    def prometheus_text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def close(self) -> None:
        """Sends the last OTLP metrics (waits at most 5 s); call it from a thread, not from the event loop."""
        self._provider.shutdown(timeout_millis=5_000)


def _resource() -> Resource:
    """Made by hand: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES of the environment name the user's agent, not us."""
    try:
        our_version = version("otel_scorer")
    except PackageNotFoundError:
        our_version = "0"
    return Resource(
        {"service.name": "otel_scorer", "service.version": our_version, "service.instance.id": str(uuid.uuid4())}
    )


def _otlp_reader(settings: TelemetrySettings, listeners: Iterable[str]) -> MetricReader:
    setting = "telemetry.otlp_endpoint"
    target = resolve_endpoint(settings.otlp_endpoint or "", settings.otlp_protocol, setting=setting)
    refuse_ourselves(target, listeners, setting=setting)
    return PeriodicExportingMetricReader(
        _otlp_exporter(settings, target), export_interval_millis=settings.otlp_interval_s * 1000
    )


def _otlp_exporter(settings: TelemetrySettings, target: Target) -> MetricExporter:
    headers = {name.lower(): value.get_secret_value() for name, value in settings.otlp_headers.items()}
    with _without_agents_environment():
        if target.kind == "http":
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter

            return HttpExporter(endpoint=target.url("metrics"), headers=headers, timeout=5)
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter

        return GrpcExporter(
            endpoint=target.authority, insecure=not target.tls, headers=tuple(headers.items()), timeout=5
        )


@contextlib.contextmanager
def _without_agents_environment() -> Iterator[None]:
    """The exporters read OTEL_EXPORTER_OTLP_* when they are made (headers, certificates, compression).

    On this host those are the user's agent's, with its credentials for us.
    """
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("OTEL_EXPORTER_OTLP_")}
    try:
        yield
    finally:
        os.environ.update(taken)
