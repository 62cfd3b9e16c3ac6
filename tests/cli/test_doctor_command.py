"""`otel-scorer doctor` as a listener: a real exporter sends to it, over gRPC and HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_scorer.cli.demo import free_ports, run_sample_agent, wait_for_port

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.e2e


def test_the_doctor_listens_and_says_what_the_spans_it_saw_can_support(tmp_path: Path) -> None:
    grpc_port, http_port = free_ports(2)
    doors = ("--grpc", f"127.0.0.1:{grpc_port}", "--http", f"127.0.0.1:{http_port}")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    doctor = subprocess.Popen(
        [sys.executable, "-m", "otel_scorer", "doctor", "--json", "--for", "60", *doors],
        env={**environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        wait_for_port(grpc_port, doctor)
        wait_for_port(http_port, doctor)
        run_sample_agent(f"http://127.0.0.1:{grpc_port}")
        send_over_http(http_port)
        doctor.terminate()
        out, err = doctor.communicate(timeout=30)
    finally:
        doctor.kill()
    assert doctor.returncode == 0, err
    told = json.loads(out)
    assert told["traces"] == 7
    assert {place["service"] for place in told["places"]} >= {"otel-scorer-demo"}
    assert "plain-agent-scope" in {advice["scope"] for advice in told["advice"]}
    assert f"127.0.0.1:{grpc_port}" in err


def send_over_http(port: int) -> None:
    """One agent span without content, over OTLP/HTTP."""
    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{port}/v1/traces")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    attributes = {"gen_ai.operation.name": "invoke_agent"}
    with provider.get_tracer("plain-agent-scope").start_as_current_span("invoke_agent x", attributes=attributes):
        pass
    provider.shutdown()
