"""Real Collectors around otel_scorer, with the files of collector-config/ as people copy them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from e2e.running import Door, free_port
from realtools.otelcol import otelcol
from realtools.server import serving

CONFIGS = Path(__file__).resolve().parents[2] / "collector-config"


@dataclass(frozen=True)
class Collector:
    """A running Collector; `door` is where senders send."""

    door: Door
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """SIGKILL. What it has in its queue's folder stays there."""
        self.process.kill()
        self.process.wait()


@contextmanager
def collecting(config: Path, folder: Path, **variables: str) -> Iterator[Collector]:
    """The Collector with that file, its variables set; it keeps its queue in `folder`."""
    program = otelcol()
    door = Door(free_port(), free_port(), free_port())
    environment = {
        "OTLP_GRPC": f"127.0.0.1:{door.grpc}",
        "OTLP_HTTP": f"127.0.0.1:{door.http}",
        "HEALTH_ENDPOINT": f"127.0.0.1:{door.health}",
        "QUEUE_DIR": str(folder / "queue"),
        **variables,
    }
    command = [program, f"--config={config}"]
    log = folder / f"otelcol-{config.stem}.log"
    with serving(command, log, f"http://127.0.0.1:{door.health}/", environment) as process:
        yield Collector(door, process)


def at(port: int) -> str:
    return f"127.0.0.1:{port}"


def plain_config(folder: Path) -> Path:
    """A Collector that hands everything on to BACKEND_ENDPOINT: what stands between otel_scorer and many a backend."""
    queue = {"sending_queue": {"storage": "file_storage"}, "retry_on_failure": {"max_elapsed_time": "0s"}}
    backend: dict[str, Any] = {"endpoint": "${env:BACKEND_ENDPOINT}", "tls": {"insecure": True}, **queue}
    pipeline = {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["otlp/backend"]}
    config = {
        "extensions": {
            "health_check": {"endpoint": "${env:HEALTH_ENDPOINT}"},
            "file_storage": {"directory": "${env:QUEUE_DIR}", "create_directory": True},
        },
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "${env:OTLP_GRPC}"}}}},
        "processors": {"batch": {"timeout": "200ms"}},
        "exporters": {"otlp/backend": backend},
        "service": {
            "extensions": ["health_check", "file_storage"],
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": pipeline},
        },
    }
    path = folder / "plain.yaml"
    path.write_text(yaml.safe_dump(config))
    return path
