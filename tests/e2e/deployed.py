"""Deployments as context managers, rubrics made for a test, and faults that are done to processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml
from e2e.running import QUICK, Deployment, merged
from otlp_sink import Sink
from redis import Redis
from typer.testing import CliRunner

from otel_scorer.cli import app
from otel_scorer.ledger.embedded import start_valkey

HERE = Path(__file__).parent
DIMENSIONS = ("factual_grounding", "privacy_and_safety", "instruction_adherence", "optimal_plan_execution")


@asynccontextmanager
async def deployed(sink: Sink, **settings: Mapping[str, Any] | str) -> AsyncIterator[Deployment]:
    """A deployment with `settings` over QUICK, in a folder with a short name (paths of sockets are limited)."""
    folder = Path(tempfile.mkdtemp(prefix="os-e2e-"))
    made = Deployment(folder, sink, merged(QUICK, settings))
    try:
        yield made
    except BaseException:
        for process in made.processes:
            print(f"==== {process.log.name}\n{process.text()[-6000:]}")
        raise
    finally:
        await _end(made)
        shutil.rmtree(folder, ignore_errors=True)


async def _end(made: Deployment) -> None:
    if made.valkey is not None:
        thaw(made)
    running = [process for process in made.processes if process.popen.poll() is None]
    try:
        await asyncio.gather(*(asyncio.to_thread(process.stop) for process in running))
    finally:
        await asyncio.to_thread(made.stop)


# ---- what is done to the store ----


def _server(made: Deployment) -> psutil.Process | None:
    """The Valkey server itself, below the shell that guards it."""
    assert made.valkey is not None
    try:
        children = psutil.Process(made.valkey._guard.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return None
    return next((each for each in children if "valkey" in each.name()), None)


def freeze(made: Deployment) -> None:
    """The store goes silent."""
    server = _server(made)
    assert server is not None
    server.send_signal(signal.SIGSTOP)


def thaw(made: Deployment) -> None:
    server = _server(made)
    if server is not None:
        server.send_signal(signal.SIGCONT)


def kill_store(made: Deployment) -> None:
    """SIGKILL; what was acknowledged is in its file."""
    server = _server(made)
    assert server is not None
    server.kill()


def restart_store(made: Deployment) -> None:
    """Starts the store again in the same place."""
    assert made.valkey is not None
    made.valkey.stop()
    made.valkey = start_valkey(made.folder / "store")


def store_client(made: Deployment) -> Redis:
    """A client of the deployment's own store, as an operator has one."""
    assert made.valkey is not None
    return Redis(unix_socket_path=str(made.valkey.socket), socket_timeout=5)


# ---- the command line ----


def said(command: Sequence[str]) -> str:
    """What `otel-scorer COMMAND` prints; the command must succeed. Runs here: a process for each would take minutes."""
    done = CliRunner().invoke(app, list(command), env={"COLUMNS": "200"})
    assert done.exit_code == 0, f"{command}: {done.output} {done.exception!r}"
    return done.output


def told_why(made: Deployment, trace_id: str, tenant: str = "default") -> str:
    return said(["why", trace_id, "--tenant", tenant, "--data-dir", str(made.folder / "data")])


# ---- rubrics of a test ----


def write_rubric(
    folder: Path,
    name: str,
    *,
    kind: str,
    ask: str = "",
    check: str = "",
    needs: Sequence[str] = ("task", "final_answer"),
) -> None:
    """`<folder>/<name>/1.yaml`: trace level, all four dimensions, each with the one check or the one question."""
    dimension: dict[str, Any] = {"needs": list(needs), "anchors": {n: f"anchor {n}" for n in range(1, 6)}}
    if ask:
        dimension["ask"] = ask
    if check:
        dimension["checks"] = [{"use": f"wrecking_checks:{check}"}]
    rubric = {
        "name": name,
        "version": 1,
        "level": "trace",
        "applies": {"kinds": [kind]},
        "judge": "when_open" if ask else "never",
        "dimensions": dict.fromkeys(DIMENSIONS, dimension),
    }
    (folder / name).mkdir(parents=True)
    (folder / name / "1.yaml").write_text(yaml.safe_dump(rubric))


@contextmanager
def importable_checks() -> Iterator[None]:
    """Processes that are started inside find `wrecking_checks`, as a user's own package is found."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HERE), before)))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
