"""`otel-scorer demo`: `otel-scorer up` in a folder of its own, a sample agent against it, and its scored traces."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from otel_scorer.cli import options
from otel_scorer.errors import UserError

if TYPE_CHECKING:
    from otel_scorer.model import Trace

START_S = 20.0
SCORED_S = 25.0
STOP_S = 10.0

SETTINGS = {
    "complete": {"quiet_s": 1.0, "remote_parent_s": 1.0, "local_parent_s": 2.0},
    "sampling": {"floor": 1.0},
    "log": {"level": "info", "format": "text"},
}
"""What makes the demo quick: traces are complete after 1 s (an SDK's default settings need 6), and all are scored."""

HINT = """\
That was otel_scorer with a sample agent. With an agent of your own:

  1. start it       otel-scorer up --backend http://YOUR-TRACING-BACKEND:4317
                    (without --backend, spans go to a file and each scored trace is printed)
  2. point to it    export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317
  3. ask it         otel-scorer doctor        which dimensions your spans can be scored in
                    otel-scorer why TRACE_ID  how a trace ended, and why
"""


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep the demo's folder, to look into it.")] = False,
) -> None:
    """Starts everything on free ports, runs a sample agent, shows its scored traces, and stops again.

    Example: [bold]otel-scorer demo[/bold]
    """
    folder = Path(tempfile.mkdtemp(prefix="os-demo-"))  # short: the path of a socket has at most 100 characters or so
    console = options.console()
    try:
        sink = folder / "traces.jsonl"
        grpc_port, http_port, telemetry_port = free_ports(3)
        config = write_settings(folder, sink, grpc_port, http_port, telemetry_port)
        console.print(f"Starting otel-scorer on 127.0.0.1:{grpc_port} (gRPC) with an embedded Valkey …")
        with running_up(config, folder / "up.log", grpc_port) as service:
            console.print("Running the sample agent (OpenTelemetry SDK, OTLP/gRPC) …")
            titles = run_sample_agent(f"http://127.0.0.1:{grpc_port}")
            traces = wait_for_scores(sink, titles, service)
        show(traces, titles)
        console.print(HINT, markup=False, highlight=False)
    except DemoError as error:
        raise UserError(f"the demo did not work: {error}\n{last_lines(folder / 'up.log')}".rstrip()) from None
    finally:
        clean_up(folder, keep)


class DemoError(Exception):
    """What went wrong, for the one sentence that the demo ends with."""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def write_settings(folder: Path, sink: Path, grpc_port: int, http_port: int, telemetry_port: int) -> Path:
    """The demo's settings as a file, which `--keep` leaves to look at."""
    settings = {
        **SETTINGS,
        "receive": {"grpc": f"127.0.0.1:{grpc_port}", "http": f"127.0.0.1:{http_port}"},
        "telemetry": {"listen": f"127.0.0.1:{telemetry_port}"},
        "ledger": {"data_dir": str(folder / "d")},
        "backend": {"file": str(sink)},
    }
    config = folder / "otel-scorer.yaml"
    config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return config


@contextmanager
def running_up(config: Path, log: Path, grpc_port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`otel-scorer up` as a process of its own, from when it listens; stopped at the end, whatever happens."""
    command = [sys.executable, "-m", "otel_scorer", "up", "--config", str(config)]
    with log.open("wb") as output:
        service = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=clean_environment()
        )
    try:
        wait_for_port(grpc_port, service)
        yield service
    finally:
        stop(service)


def clean_environment() -> dict[str, str]:
    """The environment without what would steer the demo's parts: `OTEL_*`, and so `OTEL_SCORER_*`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}


def wait_for_port(port: int, service: subprocess.Popen[bytes]) -> None:
    """Returns when the service accepts connections; DemoError when it ended or took too long."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if service.poll() is not None:
            raise DemoError(f"otel-scorer up ended with exit code {service.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise DemoError(f"otel-scorer up did not listen on port {port} within {START_S:.0f} s")


def run_sample_agent(endpoint: str) -> dict[str, str]:
    """Runs the agent in a process of its own; the titles of its runs by trace id."""
    command = [sys.executable, "-m", "otel_scorer.cli.sample_agent", endpoint]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, env=clean_environment(), capture_output=True, timeout=START_S, check=False, text=True
        )
    except subprocess.TimeoutExpired:
        raise DemoError(f"the sample agent did not end within {START_S:.0f} s") from None
    if done.returncode:
        raise DemoError(f"the sample agent ended with exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    titles: dict[str, str] = json.loads(done.stdout)
    return titles


def wait_for_scores(sink: Path, titles: Mapping[str, str], service: subprocess.Popen[bytes]) -> list[Trace]:
    """The sample agent's traces, in their order, once each has an ending in the file."""
    end = time.monotonic() + SCORED_S
    while time.monotonic() < end:
        if service.poll() is not None:
            raise DemoError(f"otel-scorer up ended with exit code {service.returncode}")
        ended = ended_traces(sink)
        if titles.keys() <= ended.keys():
            return [ended[trace_id] for trace_id in titles]
        time.sleep(0.2)
    missing = len(titles.keys() - ended.keys())
    raise DemoError(f"{missing} of {len(titles)} traces had no scores after {SCORED_S:.0f} s")


def ended_traces(sink: Path) -> dict[str, Trace]:
    """The traces of the file that carry a status, by id. A line that is just being written makes it none for now."""
    from otel_scorer.inspect.span_scores import scores_by_span
    from otel_scorer.otlp import read_traces

    if not sink.exists():
        return {}
    try:
        traces = read_traces([sink], keep_scores=True)
    except UserError:
        return {}
    return {
        trace.trace_id: trace for trace in traces if any(scores.status for scores in scores_by_span(trace).values())
    }


def show(traces: list[Trace], titles: Mapping[str, str]) -> None:
    """Each trace as a tree below its title."""
    from rich.rule import Rule

    from otel_scorer.inspect import view

    console = options.console()
    for number, trace in enumerate(traces, 1):
        console.print(Rule(f"{number}. {titles[trace.trace_id]}", align="left"))
        console.print(view.render(trace))
        console.print()


def stop(service: subprocess.Popen[bytes]) -> None:
    """Asks the service to end, and ends it when it does not."""
    if service.poll() is None:
        service.terminate()
    try:
        service.wait(STOP_S)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def last_lines(log: Path, count: int = 15) -> str:
    """The end of the service's log, for an error message."""
    if not log.exists():
        return ""
    lines = log.read_text("utf-8", "replace").splitlines()[-count:]
    return "\n".join(["the end of its log:", *lines]) if lines else ""


def clean_up(folder: Path, keep: bool) -> None:
    """Removes the folder, or says where it is."""
    import shutil

    if keep:
        typer.echo(f"Kept: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
