"""The README's commands, from an installed wheel, in an empty folder outside the repository."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.running import Door, free_port, send
from wheels import ROOT, clean_environ, install_wheel, make_environment, run

pytestmark = pytest.mark.e2e


def blocks_to_test() -> list[str]:
    """The shell blocks that are marked as tested."""
    text = (ROOT / "README.md").read_text("utf-8")
    return [block.strip() for block in re.findall(r"<!-- tested -->\n```sh\n(.*?)```", text, re.DOTALL)]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    environment = make_environment(tmp_path / "venv")
    install_wheel(environment, tmp_path)
    return environment / "bin" / "otel-scorer"


async def until_printed(log: Path, text: str, process: subprocess.Popen[bytes], timeout_s: float = 40.0) -> str:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        if text in log.read_text():
            return log.read_text()
        await asyncio.sleep(0.1)
    raise AssertionError(log.read_text())


async def test_up_then_doctor_then_eval(program: Path, tmp_path: Path) -> None:
    up, *others = blocks_to_test()
    assert up == "otel-scorer up"
    door = Door(free_port(), free_port(), free_port())
    # ports of our own: the README's may be taken on this machine
    ports = ["--grpc", f"127.0.0.1:{door.grpc}", "--http", f"127.0.0.1:{door.http}"]
    ports += ["--set", f"telemetry.listen=127.0.0.1:{door.health}", "--set", "sampling.floor=1.0"]
    folder, log = tmp_path / "empty", tmp_path / "up.log"
    folder.mkdir()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "up", *ports], cwd=folder, env=clean_environ(), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        await until_printed(log, "ready", process)
        spans = agent_run()
        trace_id = spans[0].trace_id.hex()
        await send(door, request_of(spans))
        printed = await until_printed(log, trace_id, process)
        assert "plan 5" in printed
        for command in others:
            name, *arguments = command.split()
            assert name == "otel-scorer"
            shown = run(program, *arguments, cwd=folder)
            assert "shop" in shown or trace_id[:8] in shown
        for command in ("why", "view"):
            assert trace_id in run(program, command, trace_id, cwd=folder)
        assert "nothing" in run(program, "quarantine", cwd=folder).lower()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, log.read_text()
