"""Jaeger v2 with storage in memory: built once (five minutes), started in a second."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from e2e.running import free_port
from realtools.go_build import GoProgram
from realtools.kept import CannotBuild, skip
from realtools.server import get_json, serving
from realtools.shown import Shown

JAEGER = GoProgram(
    name="jaeger",
    version="v1.76.0",
    module="github.com/jaegertracing/jaeger",
    package="github.com/jaegertracing/jaeger/cmd/jaeger",
    replaces=("github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0",),
)
"""Its `cmd/jaeger` is Jaeger v2; newer tags are not served by the module proxy."""


@functools.cache
def _outcome() -> Path | CannotBuild:
    try:
        return JAEGER.built()
    except CannotBuild as error:
        return error


def jaeger_binary() -> Path:
    """Jaeger; skips the test where it cannot be had, and says why."""
    outcome = _outcome()
    if isinstance(outcome, CannotBuild):
        skip(f"no Jaeger: {outcome}")
    return outcome


@dataclass(frozen=True)
class Jaeger:
    """A running Jaeger."""

    grpc: int
    http: int
    query: int
    name: str = "Jaeger"

    async def spans(self, trace_id: str) -> list[Shown]:
        """Every span that is shown of a trace, copies included."""
        return _spans(await get_json(f"{self._url}/traces/{trace_id}"))

    async def search(self, service: str, tags: Mapping[str, str] | None = None) -> set[str]:
        """Ids of the traces of the last hour with a span that has all these tags (Jaeger compares their texts)."""
        now = time.time_ns() // 1000
        wanted = json.dumps(dict(tags or {}))
        found = await get_json(
            f"{self._url}/traces", service=service, tags=wanted, start=now - 3_600_000_000, end=now, limit=1500
        )
        return {span.trace_id for span in _spans(found)}

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.query}/api"


def _spans(answer: Any) -> list[Shown]:
    return [_span(each) for trace in (answer or {}).get("data") or () for each in trace["spans"]]


def _span(told: Mapping[str, Any]) -> Shown:
    parents = [each["spanID"] for each in told["references"] if each["refType"] == "CHILD_OF"]
    return Shown(
        trace_id=told["traceID"],
        span_id=told["spanID"],
        parent_id=parents[0] if parents else "",
        name=told["operationName"],
        start_us=told["startTime"],
        end_us=told["startTime"] + told["duration"],
        attributes={tag["key"]: tag["value"] for tag in told["tags"]},
        warnings=tuple(told.get("warnings") or ()),
    )


@contextmanager
def running_jaeger(folder: Path, pages: Mapping[str, str] | None = None) -> Iterator[Jaeger]:
    """`pages`: settings of `jaeger_query.ui`; the built program has no pages of its own."""
    program = jaeger_binary()
    made = Jaeger(grpc=free_port(), http=free_port(), query=free_port())
    config = folder / "jaeger.yaml"
    config.write_text(yaml.safe_dump(_config(made, free_port(), pages or {})))
    command = [program, f"--config=file:{config}"]
    # its own traces would go to port 4317, where on a developer's machine somebody may listen
    unobserved = {"OTEL_TRACES_SAMPLER": "always_off"}
    with serving(command, folder / "jaeger.log", f"http://127.0.0.1:{made.query}/api/services", unobserved):
        yield made


def _config(made: Jaeger, query_grpc: int, pages: Mapping[str, str]) -> dict[str, Any]:
    otlp = {name: {"endpoint": f"127.0.0.1:{port}"} for name, port in (("grpc", made.grpc), ("http", made.http))}
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"kept": {"memory": {"max_traces": 100_000}}}},
            "jaeger_query": {
                "storage": {"traces": "kept"},
                "http": {"endpoint": f"127.0.0.1:{made.query}"},
                "grpc": {"endpoint": f"127.0.0.1:{query_grpc}"},
                "ui": dict(pages),
            },
        },
        "receivers": {"otlp": {"protocols": otlp}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}},
    }
