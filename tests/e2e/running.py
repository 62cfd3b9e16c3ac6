"""What end-to-end tests run: `otel-scorer` processes, a Valkey that can be stopped, senders, and what came out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_sink import Sink

from otel_scorer.history.store import History
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey

SHARED = Path(__file__).resolve().parents[3] / "shared"
TRACE_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS_METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

QUICK: dict[str, Any] = {
    "complete": {"quiet_s": 1.0, "remote_parent_s": 2.0, "local_parent_s": 3.0, "agent_parent_s": 2.0},
    "hold": {"span_s": 8.0, "root_s": 12.0},
    "sampling": {"floor": 1.0},
    "backend": {"timeout_s": 2.0},
    "sweep": {"retry_s": 0.5},
    "work": {"concurrency": 4, "redispatch_s": 4.0, "heartbeat_s": 3.0},
    "ledger": {"lease_s": 5.0, "recovery_grace_s": 1.5},
}
"""Settings with short waits, so that a test takes seconds."""


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Settings, the later over the earlier, section by section."""
    found: dict[str, Any] = {}
    for part in parts:
        for section, fields in part.items():
            found[section] = {**found.get(section, {}), **fields} if isinstance(fields, Mapping) else fields
    return found


_LISTENING_PORTS = range(20_000, 32_000)
"""Below what Linux gives to outgoing connections (32768 and up): none of those can take a port between our look and
the moment when the process listens on it.
"""


def free_port() -> int:
    for port in random.sample(_LISTENING_PORTS, 200):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port of 200 tried")


@dataclass
class Process:
    """One `otel-scorer` process."""

    command: Sequence[str]
    log: Path
    keep: tuple[str, ...] = ()
    """OTEL_* variables of ours that it shall see; all others are kept from it."""
    popen: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith("OTEL_") or name in self.keep
            }
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "otel_scorer", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL, as the out-of-memory killer does it."""
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> int:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
                raise AssertionError(f"did not stop on SIGTERM\n{self.text()[-3000:]}") from None
        return self.popen.returncode

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")


@dataclass
class Door:
    """A receiver's addresses."""

    grpc: int
    http: int
    health: int

    @property
    def grpc_url(self) -> str:
        return f"http://127.0.0.1:{self.grpc}"

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def readiness(self) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/readyz", timeout=2) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics by `name{labels}`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def metric(self, name: str) -> float:
        """Sum of all series of a metric."""
        return sum(value for key, value in self.metrics().items() if key.partition("{")[0] == name)


class Deployment:
    """Processes against one sink, in one folder; everything is stopped at the end."""

    def __init__(self, folder: Path, sink: Sink, settings: Mapping[str, Any] = QUICK) -> None:
        self.folder = folder
        self.sink = sink
        self.settings = merged(
            settings,
            {"backend": {"endpoint": f"http://127.0.0.1:{sink.grpc_port}", "protocol": "grpc"}},
            {"ledger": {"data_dir": str(folder / "data")}},
        )
        self.processes: list[Process] = []
        self.valkey: EmbeddedValkey | None = None

    # ---- starting ----

    def _config(self, name: str, door: Door | None, extra: Mapping[str, Any]) -> Path:
        doors: dict[str, Any] = {}
        if door is not None:
            doors = {
                "receive": {"grpc": f"127.0.0.1:{door.grpc}", "http": f"127.0.0.1:{door.http}"},
                "telemetry": {"listen": f"127.0.0.1:{door.health}"},
            }
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(merged(self.settings, doors, extra)))
        return path

    def start(self, command: str, config: Path, name: str) -> Process:
        process = Process([command, "--config", str(config)], self.folder / f"{name}.log")
        self.processes.append(process)
        return process

    async def up(self, **extra: Any) -> tuple[Process, Door]:
        """`otel-scorer up`, ready, with a worker that has said that it lives."""
        door = Door(free_port(), free_port(), free_port())
        process = self.start("up", self._config("up", door, extra), "up")
        await self.ready(process, door, worker=True)
        return process, door

    async def serve(self, name: str = "serve", **extra: Any) -> tuple[Process, Door]:
        """`otel-scorer serve` against the deployment's own Valkey."""
        door = Door(free_port(), free_port(), free_port())
        process = self.start("serve", self._config(name, door, merged(self.store(), extra)), name)
        await self.ready(process, door)
        return process, door

    def work(self, name: str = "work", **extra: Any) -> Process:
        return self.start("work", self._config(name, None, merged(self.store(), extra)), name)

    def store(self) -> dict[str, Any]:
        """Settings that name the deployment's own Valkey, which is started when it is first asked for."""
        if self.valkey is None:
            self.valkey = start_valkey(self.folder / "store")
        return {"ledger": {"urls": [self.valkey.url]}}

    async def ready(self, process: Process, door: Door, *, worker: bool = False, timeout_s: float = 30.0) -> None:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            assert process.popen.poll() is None, process.text()
            if door.ready() and not (worker and "no worker" in door.readiness()):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not ready: {door.readiness()}\n{process.text()}")

    def stop(self) -> None:
        with contextlib.ExitStack() as stopping:  # also when one of them does not stop as it should
            if self.valkey is not None:
                stopping.callback(self.valkey.stop)
            for process in self.processes:
                stopping.callback(process.stop)

    # ---- looking ----

    def records(self, trace_ids: Iterable[str], tenant: str = "default", kind: str = "trace") -> dict[str, Any]:
        """History records by trace id, of those that there are."""
        history = History(f"sqlite:///{self.folder / 'data' / 'history.db'}")
        history.open()
        try:
            found = {trace_id: history.get(tenant, trace_id, kind) for trace_id in trace_ids}
        finally:
            history.close()
        return {trace_id: record for trace_id, record in found.items() if record is not None}

    async def until_ended(self, trace_ids: Sequence[str], timeout_s: float = 120.0) -> dict[str, Any]:
        """The records of all these traces, once every one has ended."""

        async def all_there() -> dict[str, Any] | None:
            found = await asyncio.to_thread(self.records, trace_ids)
            return found if len(found) == len(set(trace_ids)) else None

        return await until(all_there, timeout_s, lambda: f"{[p.text()[-1500:] for p in self.processes]}")


async def until(
    look: Callable[[], Awaitable[Any]], timeout_s: float, why: Callable[[], str] = lambda: "not in time"
) -> Any:
    """What `look` answers as soon as it is something; AssertionError after the time-out."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(0.15)
    raise AssertionError(why())


# ---- senders ---------------------------------------------------------------------------------------------------------


async def send(door: Door, request: bytes, *, method: str = TRACE_METHOD, patience_s: float = 30.0) -> bytes:
    """Sends over gRPC until it is acknowledged, as an exporter does; the answer."""
    end = time.monotonic() + patience_s
    while True:
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{door.grpc}") as channel:
                return bytes(await channel.unary_unary(method)(request, timeout=10))
        except grpc.aio.AioRpcError as error:
            retryable = error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            if not retryable or time.monotonic() > end:
                raise
            await asyncio.sleep(0.2)


def attribute(span: Any, key: str) -> Any:
    """An attribute of a protobuf span, None when it is not there."""
    for each in span.attributes:
        if each.key == key:
            kind = each.value.WhichOneof("value")
            value = getattr(each.value, kind)
            return [one.string_value for one in value.values] if kind == "array_value" else value
    return None


def spans_of(sink: Sink) -> dict[str, list[Any]]:
    """All spans that the sink has, parsed, by trace id."""
    found: dict[str, list[Any]] = {}
    for body in sink.bodies("traces"):
        for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    found.setdefault(span.trace_id.hex(), []).append(span)
    return found


def is_evaluation(span: Any) -> bool:
    return attribute(span, "otel_scorer.evaluated_at") is not None


def pretty(value: Any) -> str:
    return json.dumps(value, indent=1, default=str)
