"""A headless Chromium that opens a page, does what a reader would do there, and takes its picture.

Spoken to by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) over one websocket.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_START_S, _ANSWER_S = 30.0, 30.0


class Page:
    """One page; `open` it, `do` JavaScript in it, take its `picture`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def open(self, url: str, shown: str) -> None:
        """Returns once the JavaScript expression `shown` holds there. TimeoutError after 30 s."""
        await self._ask("Page.navigate", url=url)
        await self.until(shown)

    async def do(self, javascript: str) -> Any:
        """The value of an expression."""
        answer = await self._ask("Runtime.evaluate", expression=javascript, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    async def until(self, shown: str) -> None:
        async with asyncio.timeout(_ANSWER_S):
            while not await self.do(f"Boolean({shown})"):
                await asyncio.sleep(0.2)

    async def picture(self, path: Path) -> None:
        """A PNG of what is in the window."""
        await asyncio.sleep(1.0)  # for what still moves
        answer = await self._ask("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["data"]))

    async def _ask(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(_ANSWER_S):
            while True:  # events come between answers
                answer = await self._socket.receive_json()
                if answer.get("id") == number:
                    if "error" in answer:
                        raise RuntimeError(f"{method}: {answer['error']['message']}")
                    return answer["result"]


@asynccontextmanager
async def browser(width: int, height: int) -> AsyncIterator[Page]:
    """An empty page of that many pixels. FileNotFoundError that says what to install where there is no Chromium."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise FileNotFoundError("no Chromium on the PATH: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--window-size={width},{height}",
            f"--user-data-dir={profile}",
            "--remote-debugging-port=0",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(profile) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    targets = await answer.json(content_type=None)
                where = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
                async with session.ws_connect(where, max_msg_size=0) as socket:
                    yield Page(socket)
        finally:
            process.terminate()
            await process.wait()


async def _port(file: Path) -> int:
    """Chromium writes the port that it was given into its profile."""
    async with asyncio.timeout(_START_S):
        while True:
            lines = file.read_text().splitlines() if file.exists() else []
            if lines:
                return int(lines[0])
            await asyncio.sleep(0.1)
