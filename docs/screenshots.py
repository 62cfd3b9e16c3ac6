"""Takes the README's pictures: `make screenshots`. The sample agent's traces, in a real Jaeger and a real Phoenix.

Needs Go (Jaeger is built once), Chromium, and the folder ../shared for Jaeger's pages; Phoenix is left out where it is
not installed (`make phoenix`).
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from backends.standing import Standing, scorer_before  # noqa: E402
from browser import Page, browser  # noqa: E402
from e2e.running import SHARED, until  # noqa: E402
from realtools.jaeger import Jaeger, running_jaeger  # noqa: E402
from realtools.kept import CannotBuild  # noqa: E402
from realtools.phoenix import PACKAGES, Phoenix, running_phoenix  # noqa: E402
from realtools.python_packages import environment_of, is_whole  # noqa: E402

IMAGES = Path(__file__).parent / "images"
SERVICE = "otel-scorer-demo"
FAILED = {"otel_scorer.label": "fail"}
WIDTH = 1400

_OPEN_TAGS = (
    "[...document.querySelectorAll('[role=switch]')]"
    ".filter(e => e.innerText.startsWith('Tags')).forEach(e => e.click())"
)
_TO_SCORES = (
    "[...document.querySelectorAll('td')].find(e => e.innerText.startsWith('otel_scorer.reason')).scrollIntoView()"
)


async def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        await _jaeger(folder)
        if is_whole(environment_of("phoenix", PACKAGES)):
            await _phoenix(folder)
        else:
            print("no picture of Phoenix: `make phoenix` installs it")


async def _jaeger(folder: Path) -> None:
    with tarfile.open(SHARED / "backends" / "jaeger-ui.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    pages = {"assets_path": str(folder / "jaeger-ui"), "config_file": str(ROOT / "deploy" / "jaeger" / "ui.json")}
    with running_jaeger(folder, pages) as jaeger:
        async with scorer_before(jaeger.grpc) as standing:
            trace_id, root = await _a_hijacked_run(standing, jaeger)
        at = f"http://127.0.0.1:{jaeger.query}"
        async with browser(WIDTH, 1050) as page:
            await page.open(f"{at}/trace/{trace_id}?uiFind={root}", "document.body.innerText.includes('Tags:')")
            await page.do(_OPEN_TAGS)
            await page.until("document.querySelector('td')")
            await page.do(_TO_SCORES)
            await _take(page, "jaeger-trace.png")
        asked = f"service={SERVICE}&lookback=1h&limit=20&tags=%7B%22otel_scorer.label%22%3A%22fail%22%7D"
        async with browser(WIDTH, 800) as page:
            await page.open(f"{at}/search?{asked}", "document.body.innerText.includes('Find Traces')")
            await page.do("[...document.querySelectorAll('button')].find(e => e.innerText == 'Find Traces').click()")
            await page.until("document.body.innerText.includes('invoke_agent')")
            await _take(page, "jaeger-search.png")


async def _a_hijacked_run(standing: Standing, jaeger: Jaeger) -> tuple[str, str]:
    """Ids of the trace in which the sample agent obeys a planted instruction, and of its root; once it is shown."""
    runs = await asyncio.to_thread(_sample_agent, standing)
    trace_id = next(each for each, title in runs.items() if "hidden" in title)
    await standing.deployment.until_ended(list(runs), 60.0)

    async def shown() -> bool | None:
        return trace_id in await jaeger.search(SERVICE, FAILED) or None

    await until(shown, 60.0)
    return trace_id, standing.deployment.records([trace_id])[trace_id].root_span_id


async def _phoenix(folder: Path) -> None:
    with running_phoenix(folder) as phoenix:
        stores = [{"kind": "phoenix", "endpoint": f"http://127.0.0.1:{phoenix.http}"}]
        async with scorer_before(phoenix.grpc, evaluation_stores=stores) as standing:
            runs = await asyncio.to_thread(_sample_agent, standing)
            records = await standing.deployment.until_ended(list(runs), 60.0)
            await until(_annotated(phoenix, records), 60.0)
        async with browser(WIDTH, 1000) as page:
            await page.open(
                f"http://127.0.0.1:{phoenix.http}/projects", "document.querySelector('a[href*=\"/projects/\"]')"
            )
            await page.do("document.querySelector('a[href*=\"/projects/\"]').click()")
            await page.until("document.body.innerText.includes('factual_grounding')")
            await page.do(
                "[...document.querySelectorAll('a')].find(e => e.innerText.includes('research-assistant')).click()"
            )
            await asyncio.sleep(5.0)
            await _take(page, "phoenix.png")


def _annotated(phoenix: Phoenix, records: Mapping[str, Any]) -> Callable[[], Any]:
    roots = [record.root_span_id for record in records.values()]

    async def look() -> bool | None:
        return len(await phoenix.annotations(roots)) >= 4 * len(roots) or None

    return look


def _sample_agent(standing: Standing) -> dict[str, str]:
    """Runs it; titles by trace id."""

    command = [sys.executable, "-m", "otel_scorer.cli.sample_agent", standing.door.grpc_url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603 - ours
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


async def _take(page: Page, name: str) -> None:
    await page.picture(IMAGES / name)
    print(f"took {IMAGES / name}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (CannotBuild, FileNotFoundError) as missing:
        sys.exit(f"no pictures: {missing}")
