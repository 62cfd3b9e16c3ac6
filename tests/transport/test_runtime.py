"""What is set before gRPC is imported. In processes of their own: an import cannot be undone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SERVE_ONE = """
import asyncio, json, os, sys
if {tuned}:
    from otel_scorer.online.runtime import prepare_runtime, settle_runtime
    done = prepare_runtime()
    assert "grpc" not in sys.modules, "too late"
else:
    done = {{}}
import grpc, grpc.aio
from otel_scorer.online.exchange import ExportAnswer
from otel_scorer.online.receive_settings import ReceiveSettings
from otel_scorer.online.transport_grpc import GrpcReceiver
from otel_scorer.online.backend_grpc import METHODS
if {tuned}:
    settle_runtime()
async def export(request):
    return ExportAnswer()
async def main():
    receiver = GrpcReceiver(ReceiveSettings(grpc="127.0.0.1:0"), export)
    await receiver.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{{receiver.port}}") as channel:
        assert await channel.unary_unary(METHODS["traces"])(b"", timeout=10) == b""
    await receiver.stop(0)
asyncio.run(main())
print(json.dumps({{"done": done, "experiments": os.environ.get("GRPC_EXPERIMENTS")}}))
"""


def run(code: str, **environment: str) -> dict:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GRPC_", "MALLOC_"))}
    result = subprocess.run(
        [sys.executable, "-c", code], env={**clean, **environment}, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_server_runs_with_the_measured_settings() -> None:
    told = run(SERVE_ONE.format(tuned=True))
    assert "-event_engine_listener" in told["experiments"]
    assert told["done"]["malloc"] == ("tuned" if sys.platform.startswith("linux") else "left alone")


def test_the_server_runs_without_them_and_the_environment_wins() -> None:
    assert run(SERVE_ONE.format(tuned=False))["experiments"] is None
    told = run(SERVE_ONE.format(tuned=True), GRPC_EXPERIMENTS="event_engine_dns", MALLOC_TRIM_THRESHOLD_="100000")
    assert told["experiments"] == "event_engine_dns"
    assert told["done"]["malloc"] == "left alone"


@pytest.mark.parametrize("module", ["receive_settings", "backend_settings", "telemetry_settings", "runtime"])
def test_settings_import_no_grpc(module: str) -> None:
    code = f"import sys, json, otel_scorer.online.{module}; print(json.dumps({{'grpc': 'grpc' in sys.modules}}))"
    assert run(code) == {"grpc": False}
