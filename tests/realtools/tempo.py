"""Grafana Tempo on one machine: from the PATH, or the program that lies with the project's reference material."""

from __future__ import annotations

import base64
import lzma
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from e2e.running import SHARED, free_port
from realtools.kept import kept, skip
from realtools.server import get_json, serving
from realtools.shown import Shown

PACKED = SHARED / "backends" / "tempo.xz"


def tempo_binary() -> Path:
    """Tempo; skips the test where there is none, and says so. The module proxy does not have it."""
    installed = shutil.which("tempo")
    if installed is not None:
        return Path(installed)
    if not PACKED.exists():
        skip(f"no Tempo: neither on the PATH nor {PACKED}")
    return kept("tempo", f"{PACKED.stat().st_size}", _unpack)


def _unpack(path: Path) -> None:
    with lzma.open(PACKED) as packed, path.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    path.chmod(0o755)


@dataclass(frozen=True)
class Tempo:
    """A running Tempo. A search finds a span up to half a minute after it came: poll."""

    grpc: int
    http: int
    query: int
    name: str = "Tempo"

    async def spans(self, trace_id: str) -> list[Shown]:
        """Every span that is shown of a trace, copies included."""
        answer = await get_json(f"{self._url}/api/v2/traces/{trace_id}")
        resources = ((answer or {}).get("trace") or {}).get("resourceSpans") or ()
        return [
            _span(trace_id, told)
            for resource in resources
            for scope in resource["scopeSpans"]
            for told in scope["spans"]
        ]

    async def search(self, traceql: str) -> set[str]:
        """Ids of the traces of the last hour that a TraceQL query finds."""
        now = int(time.time())
        answer = await get_json(f"{self._url}/api/search", q=traceql, start=now - 3600, end=now + 60, limit=1000)
        return {each["traceID"].rjust(32, "0") for each in answer.get("traces") or ()}

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.query}"


def _span(trace_id: str, told: Mapping[str, Any]) -> Shown:
    return Shown(
        trace_id=trace_id,
        span_id=_hex(told["spanId"]),
        parent_id=_hex(told.get("parentSpanId", "")),
        name=told["name"],
        start_us=int(told["startTimeUnixNano"]) // 1000,
        end_us=int(told["endTimeUnixNano"]) // 1000,
        attributes={each["key"]: _value(each["value"]) for each in told.get("attributes") or ()},
    )


def _hex(encoded: str) -> str:
    return base64.b64decode(encoded).hex()


def _value(told: Mapping[str, Any]) -> Any:
    ((kind, value),) = told.items()
    return int(value) if kind == "intValue" else value


@contextmanager
def running_tempo(folder: Path) -> Iterator[Tempo]:
    program = tempo_binary()
    made = Tempo(grpc=free_port(), http=free_port(), query=free_port())
    config = folder / "tempo.yaml"
    config.write_text(yaml.safe_dump(_config(made, folder, free_port(), free_port())))
    command = [program, "-target=all", f"-config.file={config}"]
    with serving(command, folder / "tempo.log", f"http://127.0.0.1:{made.query}/ready"):
        yield made


def _config(made: Tempo, folder: Path, own_grpc: int, gossip: int) -> dict[str, Any]:
    otlp = {name: {"endpoint": f"127.0.0.1:{port}"} for name, port in (("grpc", made.grpc), ("http", made.http))}
    local = {"http_listen_address": "127.0.0.1", "grpc_listen_address": "127.0.0.1"}
    return {
        "server": {**local, "http_listen_port": made.query, "grpc_listen_port": own_grpc},
        "distributor": {"receivers": {"otlp": {"protocols": otlp}}},
        "storage": {
            "trace": {
                "backend": "local",
                "wal": {"path": str(folder / "tempo-wal")},
                "local": {"path": str(folder / "tempo-blocks")},
            }
        },
        # by default below /var/tempo, where a second Tempo would take the first one's blocks away
        "live_store": {"wal": {"path": str(folder / "live")}, "shutdown_marker_dir": str(folder / "stopped")},
        "block_builder": {"wal": {"path": str(folder / "built")}},
        "backend_scheduler": {"local_work_path": str(folder / "work")},
        "memberlist": {"bind_addr": ["127.0.0.1"], "bind_port": gossip},
        "usage_report": {"reporting_enabled": False},
    }
