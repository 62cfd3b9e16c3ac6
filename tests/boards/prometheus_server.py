"""A real Prometheus (Debian's) that scrapes one target."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e.running import free_port, until

SCRAPE_S = 1


@dataclass(frozen=True)
class Prometheus:
    url: str

    def query(self, expr: str) -> list[dict[str, Any]]:
        """Result of an instant query; AssertionError with Prometheus' words for one that it cannot read."""
        asked = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
                return found
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expr}: {error.read().decode()}") from error

    async def until_scraped(self, expr: str, at_least: float) -> None:
        """Until the sum of an expression is that much."""

        async def there() -> bool | None:
            found = await asyncio.to_thread(self.query, f"sum({expr})")
            return True if found and float(found[0]["value"][1]) >= at_least else None

        await until(there, 30.0, lambda: f"{expr} is not {at_least}: {self.query(expr)}")


@asynccontextmanager
async def prometheus(folder: Path, target: str, rules: Path) -> AsyncIterator[Prometheus]:
    """Runs until the end of the block; skips the test where there is none."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("skipped: no prometheus (Debian package prometheus)")
    config = {
        "global": {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "otel_scorer", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        program,
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.to_thread(subprocess.Popen, command, stdout=log, stderr=log)
    server = Prometheus(f"http://127.0.0.1:{port}")
    try:
        await until(lambda: _ready(server.url), 30.0, lambda: (folder / "prometheus.log").read_text()[-2000:])
        yield server
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


async def _ready(url: str) -> bool | None:
    def asked() -> bool | None:
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=2):
                return True
        except OSError:
            return None

    return await asyncio.to_thread(asked)
