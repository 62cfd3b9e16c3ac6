"""What the whole way of a span costs: CPU of all our processes and the store, beside a plain path and the Collector.

    python benchmarks/path.py [--rounds N] [--loads http,mixed,agent] [--systems best_effort,naive,collector,strict]

One interleaved run: in each round every system takes each load in turn. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import tempfile
import time
from pathlib import Path

from load import Load
from payloads import SPANS
from report import Found, Round, machine, spread, table
from sink import Sink
from systems import System, collector, naive, otel_scorer

AIMS = {"http": 400_000, "mixed": 150_000, "agent": 25_000}
REQUESTS = {"http": 1000, "mixed": 300, "agent": 48}
_WARM_UP = {"http": 20, "mixed": 20, "agent": 4}
_BUDGET_S = 135.0
"""No round begins that would end after so long."""
_ARRIVE_S = 45.0
_SETTLE_S = 0.7
"""After the last span came: what is left to do (commits, records) is counted too."""


def measure(system: System, sink: Sink, load: Load, payload: str, requests: int) -> Round:
    """One load through one system, from the first request until the last span is at the sink."""
    sink.reset()
    before, first = system.cpu_s(), sink.spans
    began = time.monotonic()
    sent = load.send(system.port, payload, requests)
    while sink.different < sent.spans:
        if time.monotonic() - began > sent.seconds + _ARRIVE_S:
            raise RuntimeError(f"{system.name}, {payload}: {sink.different} of {sent.spans} spans arrived")
        time.sleep(0.05)
    seconds = time.monotonic() - began
    time.sleep(_SETTLE_S)
    copies = sink.spans - first - sink.different
    used = {part: value - before.get(part, 0.0) for part, value in system.cpu_s().items()}
    return Round(sent.spans, used, system.rss_mib(), seconds, sent.resent, copies)


def idle(system: System, seconds: float) -> float:
    """CPU seconds a second with nothing to do."""
    before = sum(system.cpu_s().values())
    time.sleep(seconds)
    return (sum(system.cpu_s().values()) - before) / seconds


def run(rounds: int, loads: list[str], wanted: list[str]) -> int:
    began = time.monotonic()
    found: Found = {}
    with contextlib.ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="otel-scorer-bench-")))
        sink, load = Sink(), Load()
        closing.callback(sink.stop)
        closing.callback(load.stop)
        systems = {name: system for name in wanted if (system := _start(name, folder / name, sink.port)) is not None}
        for system in systems.values():
            closing.callback(system.stop)
        for payload, system in itertools.product(loads, systems.values()):
            measure(system, sink, load, payload, _WARM_UP[payload])
        resting = {system.name: idle(system, 2.0) for system in systems.values()}
        longest = 0.0
        for number in range(rounds):
            start = time.monotonic()
            if start - began + longest > _BUDGET_S:
                break
            # strict is for information: once is enough
            taking_part = [system for name, system in systems.items() if name != "strict" or number == 0]
            for payload, system in itertools.product(loads, taking_part):
                one = measure(system, sink, load, payload, REQUESTS[payload])
                found.setdefault((payload, system.name), []).append(one)
            longest = max(longest, time.monotonic() - start)
        evaluations = sink.evaluations
    _print(found, resting, evaluations, time.monotonic() - began)
    return 0


def _start(name: str, folder: Path, sink_port: int) -> System | None:
    if name == "naive":
        return naive(folder, sink_port)
    if name == "collector":
        return collector(folder, sink_port)
    return otel_scorer(folder, sink_port, durability=name)


def _print(found: Found, resting: dict[str, float], evaluations: int, seconds: float) -> None:
    print(machine())
    print(f"Batches of {SPANS} spans, gRPC in and out; medians; every span sent was seen at the sink.\n")
    print(table(found, AIMS, "naive"))
    print("\nrounds:\n" + spread(found))
    said = ", ".join(f"{name} {used * 1000:.0f} ms" for name, used in resting.items())
    print(f"CPU a second when idle (not taken off above): {said}")
    print(f"evaluation spans besides: {evaluations}; {seconds:.0f} s in all")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loads", default="http,mixed,agent")
    parser.add_argument("--systems", default="best_effort,naive,collector,strict")
    arguments = parser.parse_args()
    try:
        return run(arguments.rounds, arguments.loads.split(","), arguments.systems.split(","))
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
