"""MLflow's tracking server: `python -m realtools.mlflow` installs it (a minute, 700 MB); used where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.running import free_port
from realtools.kept import skip
from realtools.python_packages import environment_of, installed, is_whole
from realtools.server import get_json, serving

PACKAGES = ("mlflow==3.17.2",)


def mlflow_program() -> Path:
    """MLflow; skips the test where it is not installed, and says how to."""
    environment = environment_of("mlflow", PACKAGES)
    if not is_whole(environment):
        skip("no MLflow: `make mlflow` installs it (700 MB)")
    return environment / "bin" / "mlflow"


@dataclass(frozen=True)
class MLflow:
    """A running MLflow, which takes OTLP/HTTP."""

    http: int
    name: str = "MLflow"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    async def assessments(self, trace_id: str) -> list[dict[str, Any]]:
        """All assessments of a trace; none where there is no such trace."""
        answer = await get_json(f"{self.url}/api/3.0/mlflow/traces/tr-{trace_id}")
        found: list[dict[str, Any]] = ((answer or {}).get("trace") or {}).get("trace_info", {}).get("assessments", [])
        return found


@contextmanager
def running_mlflow(folder: Path) -> Iterator[MLflow]:
    program = mlflow_program()
    made = MLflow(http=free_port())
    store = f"sqlite:///{folder / 'mlflow.db'}"
    where = ["--backend-store-uri", store, "--host", "127.0.0.1", "--port", str(made.http), "--workers", "1"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with serving([program, "server", *where], folder / "mlflow.log", f"{made.url}/health", quiet):
        yield made


if __name__ == "__main__":
    sys.stdout.write(f"{installed('mlflow', PACKAGES)}\n")
