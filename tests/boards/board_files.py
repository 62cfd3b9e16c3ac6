"""The boards and rules as they are committed, and the expressions in them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
GRAFANA, RULES = DEPLOY / "grafana", DEPLOY / "prometheus" / "alerts.yaml"
BOARDS = ("agents.json", "service.json")


def generated() -> dict[str, str]:
    """What the code of the boards makes of them, in a process of its own: its modules have names of their own."""
    code = "import json, runpy; print(json.dumps(runpy.run_path('__main__.py', run_name='boards')['boards']()))"
    environment = {**os.environ, "PYTHONPATH": str(GRAFANA)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=GRAFANA, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def queries(kind: str) -> Iterator[tuple[str, str]]:
    """Panel title and query of all boards: `expr` for PromQL, `query` for TraceQL."""
    for name in BOARDS:
        for panel in _panels(json.loads((GRAFANA / name).read_text("utf-8"))):
            for target in panel.get("targets", ()):
                if kind in target:
                    yield panel["title"], target[kind]


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"]:
        yield from group["rules"]


def filled_in(expr: str, window: str) -> str:
    """An expression with the board's variables replaced, as Grafana does it."""
    chosen = {"window": window, "dimension": "composite"}
    return re.sub(r"\$(\w+)", lambda found: chosen.get(found[1], ".*"), expr)


def _panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())
