"""README, "Add the endpoint", "See the score", "Configure rubrics per span kind": the blocks as they stand there, typed
one after the other in an empty folder. Ports are ours, since the README's may be taken on this machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.judge_server import JudgeServer
from e2e.readme_blocks import README, block
from e2e.running import Door, attribute, free_port, send, spans_of, until
from otlp_sink import Sink

pytestmark = pytest.mark.e2e

AGENT = Path(__file__).parent / "readme_agent.py"
OPEN = "Take a light coat along: evenings by the river feel colder than the day does."
"""An answer about which no check can tell."""
QUICKLY = ("complete.quiet_s=1", "complete.remote_parent_s=2", "sampling.floor=1.0")


def shell() -> dict[str, str]:
    """A user's environment, whose `otel-scorer` and `python` are the ones under test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def typed(lines: Sequence[str], folder: Path) -> str:
    """What the lines print."""
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)], cwd=folder, env=shell(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{lines}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
    return done.stdout


@contextmanager
def left_running(command: str, door: Door, folder: Path) -> Iterator[None]:
    """A command of the README in a terminal of its own, with ports of ours and short waits."""
    settings = (*QUICKLY, f"telemetry.listen=127.0.0.1:{door.health}")
    more = [f"--grpc 127.0.0.1:{door.grpc} --http 127.0.0.1:{door.http}", *(f"--set {each}" for each in settings)]
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-euc", f"exec {command} {' '.join(more)}"],
            cwd=folder,
            env=shell(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    except BaseException:
        print(log.read_text("utf-8", "replace")[-5000:])
        raise
    finally:
        process.terminate()
        assert process.wait(40) == 0, log.read_text("utf-8", "replace")[-3000:]


async def ready(door: Door) -> None:
    async def look() -> bool | None:
        there = await asyncio.to_thread(door.ready)
        return True if there and "no worker" not in await asyncio.to_thread(door.readiness) else None

    await until(look, 40.0)


def backend(sink: Sink) -> str:
    """The sink's address with what its port does not tell."""
    return f"http://127.0.0.1:{sink.grpc_port} --set backend.protocol=grpc"


async def test_up_before_a_backend_an_sdk_told_by_its_variable_then_why_and_view(tmp_path: Path, sink: Sink) -> None:
    door = Door(free_port(), free_port(), free_port())
    (up,) = block("backend", {"http://tempo:4317": backend(sink)})
    exported = block("endpoint", {"127.0.0.1:4317": f"127.0.0.1:{door.grpc}"})
    with left_running(up, door, tmp_path):
        await ready(door)
        printed = await asyncio.to_thread(typed, [*exported, f"python {AGENT} 2"], tmp_path)
        told = json.loads(printed.splitlines()[-1])
        await sink.until_spans(len(told["spans"]), timeout_s=60)
        found = [span for spans in spans_of(sink).values() for span in spans]
        assert sorted([span.trace_id.hex(), span.span_id.hex()] for span in found) == sorted(told["spans"])
        agents = {span.trace_id.hex(): span for span in found if span.name == "invoke_agent weather"}
        for trace_id, made_up in told["made_up"].items():
            label = attribute(agents[trace_id], "otel_scorer.label")
            assert (label == "fail") == made_up
            why, view = block("one trace", {"4bf92f3577b34da6a3ce929d0e0e4736": trace_id})
            assert f"otel-scorer why {trace_id}" == why
            assert "agent@3" in await asyncio.to_thread(typed, [why], tmp_path)
            assert "execute_tool get_weather" in await asyncio.to_thread(typed, [view], tmp_path)


async def test_an_sdk_that_speaks_http_is_told_the_other_port(tmp_path: Path, sink: Sink) -> None:
    """README: `127.0.0.1:4318` (HTTP)."""
    door = Door(free_port(), free_port(), free_port())
    (up,) = block("backend", {"http://tempo:4317": backend(sink)})
    exported = block("endpoint", {"127.0.0.1:4317": f"127.0.0.1:{door.http}"})
    with left_running(up, door, tmp_path):
        await ready(door)
        lines = [*exported, "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", f"python {AGENT} 1"]
        told = json.loads((await asyncio.to_thread(typed, lines, tmp_path)).splitlines()[-1])
        await sink.until_spans(len(told["spans"]), timeout_s=60)


async def test_rubrics_by_kind_and_for_one_service_with_a_folder_of_ones_own_and_a_judge(
    tmp_path: Path, sink: Sink
) -> None:
    new = "otel-scorer rubric new NAME --dir rubrics"
    assert f"`{new}`" in README.read_text("utf-8")
    typed([new.replace("NAME", "ours")], tmp_path)
    door = Door(free_port(), free_port(), free_port())
    async with JudgeServer() as judge:
        config = tmp_path / "otel-scorer.yaml"
        config.write_text("\n".join(block("rubrics", {"https://api.openai.com/v1": judge.url})))
        assert "ours@1" in typed([f"otel-scorer check --config {config}"], tmp_path)
        with left_running(f"otel-scorer up --config {config} --backend {backend(sink)}", door, tmp_path):
            await ready(door)
            runs = {service: agent_run(answer=OPEN) for service in ("shop", "checkout")}
            for service, run in runs.items():
                await send(door, request_of(run, service=service))
            await sink.until_spans(sum(map(len, runs.values())), timeout_s=60)
        found = spans_of(sink)
        assert judge.calls
    used = {
        service: {
            str(attribute(span, "gen_ai.operation.name")): attribute(span, "otel_scorer.rubric.id")
            for span in found[run[0].trace_id.hex()]
        }
        for service, run in runs.items()
    }
    assert used["shop"] == {"invoke_agent": "agent@3", "chat": "llm@3", "execute_tool": "tool@3"}
    assert used["checkout"]["invoke_agent"] == "agent@1"
