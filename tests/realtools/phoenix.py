"""Phoenix (Arize): `python -m realtools.phoenix` installs it (a minute, 850 MB); used where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.running import free_port
from realtools.kept import skip
from realtools.python_packages import environment_of, installed, is_whole
from realtools.server import get_json, serving
from realtools.shown import Shown

PACKAGES = ("arize-phoenix==20.26.0",)


def phoenix_program() -> Path:
    """Phoenix; skips the test where it is not installed, and says how to."""
    environment = environment_of("phoenix", PACKAGES)
    if not is_whole(environment):
        skip("no Phoenix: `make phoenix` installs it (850 MB)")
    return environment / "bin" / "phoenix"


@dataclass(frozen=True)
class Phoenix:
    """A running Phoenix."""

    grpc: int
    http: int
    name: str = "Phoenix"

    async def spans(self, trace_id: str) -> list[Shown]:
        """Every span of the trace. Of a span that comes twice Phoenix keeps the first copy."""
        url = f"http://127.0.0.1:{self.http}/v1/projects/default/spans/otlpv1"
        answer = await get_json(url, trace_id=trace_id, limit=1000)
        return [_span(each) for each in (answer or {}).get("data") or ()]

    async def annotations(self, span_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Evaluations that its own pages show beside these spans."""
        url = f"http://127.0.0.1:{self.http}/v1/projects/default/span_annotations"
        found: list[dict[str, Any]] = []
        for span_id in span_ids:
            answer = await get_json(url, span_ids=span_id, limit=1000)
            found += (answer or {}).get("data") or ()
        return found


def _span(told: Mapping[str, Any]) -> Shown:
    return Shown(
        trace_id=told["trace_id"],
        span_id=told["span_id"],
        parent_id=told["parent_span_id"] or "",
        name=told["name"],
        start_us=told["start_time_unix_nano"] // 1000,
        end_us=told["end_time_unix_nano"] // 1000,
        attributes={each["key"]: _value(each["value"]) for each in told["attributes"]},
    )


def _value(told: Mapping[str, Any]) -> Any:
    """The one field that is not null."""
    return next((value for value in told.values() if value is not None), None)


@contextmanager
def running_phoenix(folder: Path) -> Iterator[Phoenix]:
    program = phoenix_program()
    made = Phoenix(grpc=free_port(), http=free_port())
    environment = {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(made.http),
        "PHOENIX_GRPC_PORT": str(made.grpc),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    with serving([program, "serve"], folder / "phoenix.log", f"http://127.0.0.1:{made.http}/healthz", environment):
        yield made


if __name__ == "__main__":
    sys.stdout.write(f"{installed('phoenix', PACKAGES)}\n")
