"""The compose file as it is shipped, brought up by the real Docker Compose, and what is asked of it from beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtools.containers_docker import Daemon

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "tests" / "e2e" / "readme_agent.py"
PATIENCE_S = 600.0
"""The first time the image is built, with all its packages."""


@dataclass(frozen=True)
class Stack:
    """A project of Compose, in the folder of the repository."""

    daemon: Daemon
    variables: Mapping[str, str]
    """What a user writes before the command, or into `.env`."""
    log: Path
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", {**self.daemon.variables, **self.variables})

    def compose(self, *arguments: str, well: bool = True) -> str:
        """What `docker compose ARGUMENTS` prints."""
        command = ["docker", "compose", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0 or not well, f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done.stdout

    def containers(self) -> list[dict[str, Any]]:
        """Name, Service, State, Health, ExitCode of each, also of those that do not run."""
        # while some are made anew it may stumble over one that is gone
        told = self.compose("ps", "--all", "--format", "json", well=False)
        return [json.loads(line) for line in told.splitlines()]

    @contextmanager
    def up(self, commands: Sequence[str], services: Mapping[str, int]) -> Iterator[None]:
        """`commands` in a terminal of their own, until so many containers of each service are there and healthy."""
        with self.log.open("ab") as output:
            attached = subprocess.Popen(
                ["bash", "-euc", "\n".join(commands)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self._until_healthy(attached, services)
            yield
        except BaseException:
            print(self.log.read_text("utf-8", "replace")[-8000:])
            print(self.compose("logs", "--no-color", "--tail", "30", well=False)[-12000:])
            raise
        finally:
            self.compose("down", "--timeout", "60", well=False)
            attached.wait(120)

    def _until_healthy(self, attached: subprocess.Popen[bytes], services: Mapping[str, int]) -> None:
        end = time.monotonic() + PATIENCE_S
        healthy: dict[str, int] = {}
        while healthy != services:
            assert attached.poll() is None, "docker compose up has ended"
            assert time.monotonic() < end, f"{healthy} in place of {dict(services)}"
            time.sleep(1.0)
            healthy = {}
            for each in self.containers():
                if each["State"] == "running" and each["Health"] in ("", "healthy"):
                    healthy[each["Service"]] = healthy.get(each["Service"], 0) + 1

    def beside(self, lines: Sequence[str], **variables: str) -> str:
        """What shell commands print on the machine whose ports Compose published; `python` is this one."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            self.daemon.beside("bash", "-euc", "\n".join(lines)),
            env={"PATH": path, "HOME": str(self.daemon.folder), **variables},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{lines}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done.stdout

    def shown(self, trace_id: str) -> list[dict[str, Any]]:
        """Spans of a trace as Jaeger tells them, copies included, each with its attributes as a dict."""
        answer = json.loads(self.beside([f"curl -s http://127.0.0.1:16686/api/traces/{trace_id}"]))
        spans = [span for trace in answer["data"] or () for span in trace["spans"]]
        return [{**span, "attributes": {tag["key"]: tag["value"] for tag in span["tags"]}} for span in spans]

    def until_scored(self, traces: Sequence[str], sent: Sequence[Sequence[str]]) -> dict[str, list[dict[str, Any]]]:
        """What Jaeger shows of the traces, once it has every span that was sent, and a score in each trace."""
        end = time.monotonic() + 240
        while True:
            found = {trace_id: self.shown(trace_id) for trace_id in traces}
            there = {(span["traceID"], span["spanID"]) for spans in found.values() for span in spans}
            lacking = {(trace_id, span_id) for trace_id, span_id in sent} - there
            unscored = [trace_id for trace_id, spans in found.items() if not any(map(is_scored, spans))]
            if not lacking and not unscored:
                return found
            assert time.monotonic() < end, f"Jaeger lacks {sorted(lacking)[:5]}, and scores on {unscored[:5]}"
            time.sleep(2.0)


def is_scored(span: Mapping[str, Any]) -> bool:
    return any(key.startswith("otel_scorer.score.") for key in span["attributes"])
