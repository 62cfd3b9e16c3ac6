"""Runs an instrumented agent in the environment of requirements-live.lock against a running otel-scorer."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e.running import Deployment, Door
from live.instrumented_agent import NOT_INSTALLED
from live.model_server import Exchange, ModelServer
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from otlp_bytes import RawSpan, without_scores
from otlp_sink import Sink

from otel_scorer.history.record import Record

ROOT = Path(__file__).resolve().parents[2]
LIVE_PYTHON = ROOT / ".venv-live" / "bin" / "python"
PROGRAM = Path(__file__).with_name("instrumented_agent.py")


@dataclass(frozen=True)
class Scorer:
    """A running `otel-scorer up` and its backend."""

    deployment: Deployment
    door: Door
    sink: Sink


@dataclass(frozen=True)
class Run:
    """What came of one agent's run: what its model saw, what the backend got, how it ended, how it is read."""

    exchanges: Sequence[Exchange]
    sent: Sequence[str]
    """Ids of the spans that the agent's SDK exported."""
    spans: Sequence[RawSpan]
    logs: Sequence[bytes]
    """Log requests that the backend got."""
    record: Record
    form: Mapping[str, Any]

    def exported(self, span_id: str) -> bytes:
        """Everything that the backend got of a span: the span, and the log records with its id."""
        spans = [without_scores(span.raw) for span in self.spans if span.span_id == span_id]
        return b"".join([*spans, *(record for record in self._records() if bytes.fromhex(span_id) in record)])

    def _records(self) -> Iterator[bytes]:
        for body in self.logs:
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
                for scope in resource.scope_logs:
                    yield from (record.SerializeToString() for record in scope.log_records)


async def run_agent(name: str, switches: Mapping[str, str], scorer: Scorer) -> Run:
    """Runs the agent with the instrumentation `name` and waits until its trace has ended."""
    exchanges, trace_id, sent = await run_program(name, switches, scorer.door.http_url)
    records = await scorer.deployment.until_ended([trace_id])
    spans = [span for span in scorer.sink.spans() if span.trace_id == trace_id]
    logs = scorer.sink.bodies("logs")
    return Run(exchanges, sent, spans, logs, records[trace_id], await normalised(trace_id, scorer.deployment))


async def run_program(
    name: str, switches: Mapping[str, str], endpoint: str
) -> tuple[Sequence[Exchange], str, Sequence[str]]:
    """The calls that the model saw, and the ids of the trace and of its spans, all exported to `endpoint` by now.

    Skips where the instrumentation is not installed (traceAI's are not for the newest Python).
    """
    async with ModelServer() as model:
        # nothing of a developer's own: keys, proxies and variables of instrumentations would change what comes out
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "not-a-key",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            **switches,
        }
        printed = await output_of([str(LIVE_PYTHON), str(PROGRAM), name], environment)
    told = json.loads(printed.splitlines()[-1])
    if told == NOT_INSTALLED:
        pytest.skip(f"{name} is not installed in {LIVE_PYTHON.parent.parent.name}")
    ((trace_id, sent),) = told.items()
    return model.exchanges, trace_id, sent


async def normalised(trace_id: str, deployment: Deployment) -> Mapping[str, Any]:
    """What `otel-scorer view TRACE_ID --json` prints."""
    command = [sys.executable, "-m", "otel_scorer", "view", trace_id, "--json"]
    told = await output_of([*command, "--data-dir", str(deployment.folder / "data")], os.environ)
    form: Mapping[str, Any] = json.loads(told)
    return form


async def output_of(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a program printed, which has to end well."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
    try:
        told, complaints = await asyncio.wait_for(process.communicate(), 90)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode()[-3000:]
    return told.decode()
