"""Writes the boards as Grafana imports them: `python deploy/grafana` (a test compares what is committed)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agents import agents
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from service import service

HERE = Path(__file__).parent


def boards() -> Mapping[str, str]:
    """File name -> JSON of the board, for Grafana 10.1 and later."""
    built = {"agents.json": agents(), "service.json": service()}
    return {name: JSONEncoder(sort_keys=True, indent=2).encode(one.build()) + "\n" for name, one in built.items()}


if __name__ == "__main__":
    for name, text in boards().items():
        (HERE / name).write_text(text, "utf-8")
        print(f"wrote {HERE / name}")
