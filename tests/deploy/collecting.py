"""A real Collector between a test's sender and its sinks, with a file of collector-config/ as it stands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from e2e.running import free_port
from realtools.otelcol import otelcol, running

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "collector-config"
_SERVICES = {"traces": "trace.v1.TraceService", "logs": "logs.v1.LogsService", "metrics": "metrics.v1.MetricsService"}


@dataclass(frozen=True)
class Collector:
    """A running one: where it takes OTLP, and what it says."""

    grpc_port: int
    log: Path

    async def take(self, signal: str, request: bytes) -> None:
        """An export request, as an agent's SDK sends it; `signal` is traces, logs or metrics."""
        method = f"/opentelemetry.proto.collector.{_SERVICES[signal]}/Export"
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.grpc_port}") as channel:
            await channel.unary_unary(method)(request, timeout=10)


def environment(folder: Path, **given: str) -> dict[str, str]:
    """What the files ask for, each listener on a free port of this host."""
    grpc_port, http_port, health_port = (str(free_port()) for _ in range(3))
    return {
        "PATH": os.environ["PATH"],
        "QUEUE_DIR": str(folder / "queue"),
        "MY_POD_IP": "127.0.0.1",
        "OTLP_GRPC": f"127.0.0.1:{grpc_port}",
        "OTLP_HTTP": f"127.0.0.1:{http_port}",
        "HEALTH_ENDPOINT": f"127.0.0.1:{health_port}",
        "GRPC_PORT": grpc_port,
        "HTTP_PORT": http_port,
        "HEALTH_PORT": health_port,
        **given,
    }


@asynccontextmanager
async def collecting(file: str, folder: Path, **given: str) -> AsyncIterator[Collector]:
    """The Collector with `collector-config/<file>`; `given` are variables that the file reads."""
    program = await asyncio.to_thread(otelcol)
    variables = environment(folder, **given)
    log = folder / f"{file}.log"
    context = running(program, CONFIGS / file, variables, log, f"http://{variables['HEALTH_ENDPOINT']}/")
    await asyncio.to_thread(context.__enter__)
    try:
        yield Collector(int(variables["GRPC_PORT"]), log)
    except BaseException:
        print(log.read_text("utf-8", "replace")[-4000:])
        raise
    finally:  # in a thread: what it still sends goes to sinks of this loop
        await asyncio.to_thread(context.__exit__, None, None, None)
