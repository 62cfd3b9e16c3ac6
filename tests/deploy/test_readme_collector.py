"""README, "Or one exporter of your OpenTelemetry Collector": the fragment, in the config of a real Collector."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.composed import AGENT
from e2e.deployed import deployed
from e2e.readme_blocks import block
from e2e.running import attribute, free_port, merged, spans_of
from otlp_sink import Sink
from realtools.otelcol import otelcol, running

pytestmark = pytest.mark.e2e


def around(fragment: dict[str, Any], port: int, health: int) -> dict[str, Any]:
    """What whoever copies the fragment has already: a receiver; and for the test an extension that tells its health."""
    assert set(fragment) == {"exporters", "service"}
    endpoint = {"endpoint": f"127.0.0.1:{port}"}
    there = {
        "receivers": {"otlp": {"protocols": {"grpc": endpoint}}},
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "service": {"extensions": ["health_check"], "telemetry": {"metrics": {"level": "none"}}},
    }
    return merged(there, fragment)


async def test_the_exporter_of_the_readme_in_a_collector_sends_an_sdk_s_spans_to_us(tmp_path: Path) -> None:
    program = await asyncio.to_thread(otelcol)
    port, health = free_port(), free_port()
    config = tmp_path / "collector.yaml"
    async with Sink() as sink, deployed(sink) as made:
        _, door = await made.up()
        fragment = yaml.safe_load("\n".join(block("collector", {"127.0.0.1:4317": f"127.0.0.1:{door.grpc}"})))
        config.write_text(yaml.safe_dump(around(fragment, port, health)))
        context = running(
            program, config, {"PATH": os.environ["PATH"]}, tmp_path / "log", f"http://127.0.0.1:{health}/"
        )
        await asyncio.to_thread(context.__enter__)
        try:
            exported = block("endpoint", {"127.0.0.1:4317": f"127.0.0.1:{port}"})
            told = await asyncio.to_thread(agent, exported)
            await sink.until_spans(len(told["spans"]), timeout_s=60)
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)
        found = [span for spans in spans_of(sink).values() for span in spans]
        assert sorted([span.trace_id.hex(), span.span_id.hex()] for span in found) == sorted(told["spans"])
        statuses = {attribute(span, "otel_scorer.status") for span in found if span.name.startswith("invoke_agent")}
        assert statuses <= {"scored", "partial"}


def agent(exported: list[str]) -> dict[str, Any]:
    """What readme_agent.py says that it sent."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", "\n".join([*exported, f"python {AGENT} 2"])],
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
