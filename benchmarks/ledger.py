"""What the ledger costs for agent traces, step by step: CPU of the client (this process) and of the store.

    python benchmarks/ledger.py [--rounds N] [--requests N] [--parts N] [--durability best_effort|strict]

A real embedded Valkey; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import uvloop
from payloads import SPANS, template
from report import machine

from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, Commit, Content, TracePut
from otel_scorer.ledger.embedded import start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.online.runtime import prepare_runtime, settle_runtime
from otel_scorer.wire import AgentSpan, split_traces

STEPS = ("put", "claim", "read", "advance", "commit", "drain")
_FSYNC = {"strict": "always", "best_effort": "everysec"}
_LIMITS = TraceLimits(hold_ms=20_000, quiet_ms=1, max_age_ms=900_000, max_spans=10_000, max_bytes=1 << 25, holds=True)
_CLAIMED_AT_ONCE, _DRAINED_AT_ONCE = 100, 200
# what an unsampled trace is given, as long as for these payloads in truth
_DECISION = '{"probability":0.0,"rubrics":[],"rule":"floor","signals":[],"status":"not_sampled"}'
_RECORD = '{"status":"not_sampled","segments":"' + "s" * 900 + '"}'
_STATUS = b"\x4a" * 126

Cost = tuple[float, float]
"""CPU seconds of client and store."""


@dataclass
class Meter:
    """Sums up what each step has cost."""

    store: Path
    """Of the store in /proc: psutil's times come in steps of 10 ms."""
    costs: dict[str, Cost] = field(default_factory=dict)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        before = self._now()
        yield
        after, sum_ = self._now(), self.costs.get(name, (0.0, 0.0))
        self.costs[name] = (sum_[0] + after[0] - before[0], sum_[1] + after[1] - before[1])

    def _now(self) -> Cost:
        threads = [int(one.read_text().split()[0]) for one in self.store.glob("task/*/schedstat")]
        return time.process_time(), sum(threads) / 1e9


def made(requests: int, parts: int) -> list[list[AgentSpan]]:
    """The spans of so many requests of 512 spans; each trace comes in `parts` of them."""
    fresh = template("agent").requests()
    found = []
    for _ in range(requests // parts):
        splits = [split_traces(next(fresh), deployment="bench").agent for _ in range(parts)]
        found += [[span for agent in splits for span in agent[part::parts]] for part in range(parts)]
    return found


def puts_of(spans: Sequence[AgentSpan]) -> list[TracePut]:
    puts: dict[bytes, TracePut] = {}
    for span in spans:
        put = puts.get(span.trace_id)
        if put is None:
            put = puts[span.trace_id] = TracePut(Member("default", span.trace_id.hex()), {})
        put.add_span(span)
    return list(puts.values())


async def take(ledger: Ledger, requests: Sequence[Sequence[AgentSpan]], meter: Meter) -> None:
    """What a receiver does."""
    with meter.step("put"):
        for spans in requests:
            await ledger.put(puts_of(spans))


async def end(ledger: Ledger, meter: Meter) -> int:
    """What a sweeper does with traces that are not scored, less judging and sending; answers how many spans left."""
    left = 0
    while True:
        with meter.step("claim"):
            claims = await ledger.claim(_CLAIMED_AT_ONCE)
        if not claims:
            return left
        with meter.step("read"):
            contents = await ledger.read(claims)
        meta = {"state": "exporting", "decision": _DECISION, "record": _RECORD}
        with meter.step("advance"):
            frozen = [{content.held[0].key: _STATUS} for content in contents]
            steps = [
                Advance(claim.member, claim.fence, meta=meta, appendices=appended)
                for claim, appended in zip(claims, frozen, strict=True)
            ]
            held = await ledger.advance(steps)
        with meter.step("commit"):
            ends = [_commit(claim, content) for claim, content in zip(claims, contents, strict=True)]
            held += await ledger.commit(ends)
        assert all(held)
        left += sum(len(content.held) for content in contents)


def _commit(claim: Claim, content: Content) -> Commit:
    keys = tuple(span.key for span in content.held)
    return Commit(claim.member, claim.fence, _DECISION, _RECORD, exported=keys)


async def drain(ledger: Ledger, meter: Meter) -> None:
    with meter.step("drain"):
        while records := await ledger.postbox.records(_DRAINED_AT_ONCE):
            await ledger.postbox.forget_records(records)


async def rounds(url: str, store: Path, count: int, requests: int, parts: int) -> list[dict[str, Cost]]:
    """CPU microseconds a span of each step, for each round; the first warms up and is not among them."""
    ledger = Ledger(StoreClient(url, 5.0), LedgerSettings(), _LIMITS)
    found = []
    for number in range(count + 1):
        meter, sent = Meter(store), made(requests, parts)
        await take(ledger, sent, meter)
        await asyncio.sleep(0.01)
        left = await end(ledger, meter)
        assert left == SPANS * len(sent)
        await drain(ledger, meter)
        if number:
            found.append({step: (c / left * 1e6, s / left * 1e6) for step, (c, s) in meter.costs.items()})
    await ledger.client.close()
    return found


def table(found: Sequence[dict[str, Cost]]) -> str:
    """The least of the rounds: what another process takes of the machine only adds to it."""
    lines = ["| step | client us per span | store us per span |", "|---|---:|---:|"]
    sums = [0.0, 0.0]
    for step in STEPS:
        least = [min(one[step][part] for one in found) for part in (0, 1)]
        sums = [sums[part] + least[part] for part in (0, 1)]
        lines.append(f"| {step} | {least[0]:.2f} | {least[1]:.2f} |")
    medians = [statistics.median(sum(cost[part] for cost in one.values()) for one in found) for part in (0, 1)]
    lines += [f"| all | {sums[0]:.2f} | {sums[1]:.2f} |", f"| all, median | {medians[0]:.2f} | {medians[1]:.2f} |"]
    return "\n".join(lines)


def scripts(info: Mapping[str, Mapping[str, float]]) -> str:
    """The commands that took the longest inside the store, those that scripts call among them."""
    longest = sorted(info.items(), key=lambda item: -item[1]["usec"])[:12]
    return "\n".join(
        f"  {name.removeprefix('cmdstat_'):14} {said['calls']:9,.0f} calls, {said['usec_per_call']:8.2f} us each"
        for name, said in longest
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=12, help="of 512 spans, in each round")
    parser.add_argument("--parts", type=int, default=1, help="requests over which each trace is spread")
    parser.add_argument("--durability", choices=_FSYNC, default="best_effort")
    arguments = parser.parse_args()
    prepare_runtime()
    settle_runtime()
    with tempfile.TemporaryDirectory(prefix="otel-scorer-bench-") as folder:
        server = start_valkey(Path(folder), fsync=_FSYNC[arguments.durability])
        try:
            store = next(one for one in psutil.Process().children(recursive=True) if "valkey" in one.name())
            sizes = (arguments.rounds, arguments.requests, arguments.parts)
            found = uvloop.run(rounds(server.url, Path(f"/proc/{store.pid}"), *sizes))
            info = uvloop.run(command_stats(server.url))
        finally:
            server.stop()
    print(machine(), f"\n\n{table(found)}\n\ninside the store:\n{scripts(info)}", sep="")


async def command_stats(url: str) -> Mapping[str, Mapping[str, float]]:
    client = StoreClient(url, 5.0)
    info = await client.redis.info("commandstats")
    await client.close()
    return info


if __name__ == "__main__":
    main()
