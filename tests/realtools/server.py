"""A real server program of a test: started, waited for, asked for JSON, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY_S = 240.0
"""Patience with a start: machines are busy."""


@contextmanager
def serving(
    command: Sequence[str | Path], log: Path, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, from when the URL `ready` answers 200; what it prints goes to `log`."""
    with log.open("ab") as output:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        process = subprocess.Popen(
            [str(each) for each in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited, **(environment or {})},
            start_new_session=True,
        )
    try:
        _until_ready(process, log, ready)
        yield process
    finally:
        _stop(process)


def _until_ready(process: subprocess.Popen[bytes], log: Path, ready: str) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text("utf-8", "replace")[-3000:]
        if _answers(ready):
            return
        time.sleep(0.2)
    raise AssertionError(f"{ready} does not answer\n{log.read_text('utf-8', 'replace')[-3000:]}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def get_json(url: str, **query: str | int) -> Any:
    """The JSON that a server answers to GET; None for 404."""
    asked = f"{url}?{urllib.parse.urlencode(query)}" if query else url
    return await asyncio.to_thread(_get_json, asked)


def _get_json(url: str) -> Any:
    try:
        request = urllib.request.Request(url, headers={"accept": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise AssertionError(f"{url}: {error.code} {error.read().decode('utf-8', 'replace')[:500]}") from None
