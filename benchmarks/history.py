"""What the record of a trace costs after the decision on it: us of CPU per trace, from sealed trace to SQL.

    python benchmarks/history.py [rounds] [records]

Traces are those of the agent load (`payloads.py`), each decided on as sealing does before its record is made: what the
decision has looked up already is not paid again. Records lie in a real Valkey's stream and are moved into a new SQLite
file; counted is this process, not the store. Every round does all of it once; printed is the fastest round.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from payloads import AGENT_SPANS_OF_A_TRACE, template

from otel_scorer import wire
from otel_scorer.config import load_settings
from otel_scorer.conventions.segments import fingerprints, segments
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.history.record import Record, Times
from otel_scorer.history.records import record_of
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.embedded import start_valkey
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.model import Decision, RubricRef, Trace
from otel_scorer.online.drain import Drain
from otel_scorer.online.telemetry import Metrics
from otel_scorer.otlp import trace_of
from otel_scorer.sampling.decide import decide
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.serve.archive import Archive

NOW_MS = 1_800_000_000_000
SALT = b"a salt of our own"
AT_ONCE = 250
"""Traces that are alive at a time."""
FEW = 50
"""Records that wait for the drain at once while little comes."""
_LIMITS = TraceLimits(hold_ms=1000, quiet_ms=1000, max_age_ms=1000, max_spans=1000, max_bytes=10**8, holds=True)

Sealed = tuple[TraceView, Decision]


def whole_traces(count: int) -> list[Trace]:
    """Traces of the agent load with ids of their own; the one that the request's size cuts short is left out."""
    by_trace: dict[bytes, list[tuple[bytes, wire.Envelope]]] = {}
    for span in wire.split_traces(next(template("agent").requests()), deployment="").agent:
        by_trace.setdefault(span.trace_id, []).append((span.raw, span.envelope))
    whole = [spans for spans in by_trace.values() if len(spans) == AGENT_SPANS_OF_A_TRACE]
    made = [trace_of("default", "", spans) for spans in whole]
    ids = random.Random(7)
    return [replace(made[number % len(made)], trace_id=ids.randbytes(16).hex()) for number in range(count)]


def sealed(traces: Sequence[Trace]) -> list[Sealed]:
    """Views of their own, decided on."""
    settings, refs = SamplingSettings(), (RubricRef("agent", 1, "0123456789ab"),)
    views = [view(trace) for trace in traces]
    return [(seen, decide(seen, settings, lambda _view, _names: refs, salt=SALT)) for seen in views]


def record(seen: TraceView, decision: Decision) -> Record:
    times = Times(first_seen_ms=NOW_MS - 9000, last_seen_ms=NOW_MS - 6000, sealed_ms=NOW_MS)
    return record_of(
        seen,
        status=decision.status or "scored",
        decision=decision,
        results=(),
        times=times,
        ended_at_ms=NOW_MS,
        salt=SALT,
        received_spans=len(seen.trace.spans),
    )


class Round:
    """Seconds of CPU of each case in one round."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def run(self, case: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        done = work()
        self.seconds[case] += time.process_time() - began
        return done


def of_records(this: Round, traces: Sequence[Trace]) -> list[str]:
    """Making, writing and reading records; their texts."""
    keyed = sealed(traces)
    this.run("... segments, fingerprints", lambda: [(segments(v), fingerprints(v, SALT)) for v, _ in keyed])
    fresh = sealed(traces)
    records = this.run("record_of", lambda: [record(*each) for each in fresh])
    texts: list[str] = this.run("to_json", lambda: [each.to_json() for each in records])
    assert this.run("from_json", lambda: [Record.from_json(text) for text in texts]) == records
    return texts


async def of_the_drain(this: Round, case: str, ledger: Ledger, texts: Sequence[str], group: int) -> None:
    """From the stream into a new SQLite file, when `group` records wait at a time."""
    await ledger.client.redis.flushall()  # also the lock of the drain before
    with tempfile.TemporaryDirectory() as folder:
        url = f"history.url=sqlite:///{Path(folder, 'history.db')}"
        archive = await Archive.open(load_settings(None, {}, assignments=[url]))
        metrics = Metrics()
        drain = Drain(ledger, archive.write, metrics)
        for start in range(0, len(texts), group):
            waiting = texts[start : start + group]
            await _stream(ledger, waiting)
            began, left = time.process_time(), len(waiting)
            while left:
                left -= await drain.move()
            this.seconds[case] += time.process_time() - began
        await archive.close()
        assert metrics.value("records_written") == len(texts)


async def _stream(ledger: Ledger, texts: Sequence[str]) -> None:
    pipe = ledger.client.redis.pipeline(transaction=False)
    for text in texts:
        pipe.xadd(ledger.keys.named("records"), {"record": text, "kept": b""})
    await pipe.execute()


async def one_round(ledger: Ledger, traces: Sequence[Trace]) -> Round:
    this, texts = Round(), []
    for start in range(0, len(traces), AT_ONCE):
        texts += of_records(this, traces[start : start + AT_ONCE])
    await of_the_drain(this, "drain, all waiting", ledger, texts, len(texts))
    await of_the_drain(this, f"drain, {FEW} at a time", ledger, texts, FEW)
    return this


async def main(rounds: int, count: int) -> None:
    traces = whole_traces(count)
    gc.freeze()  # a running service has no thousands of decoded traces for the collector to look through
    with tempfile.TemporaryDirectory() as folder:
        valkey = start_valkey(Path(folder))
        ledger = Ledger(StoreClient(valkey.url, 10.0), LedgerSettings(), _LIMITS)
        try:
            done = [await one_round(ledger, traces) for _ in range(rounds)]
        finally:
            await ledger.client.close()
            valkey.stop()
    print("us of CPU per trace")
    for case in done[0].seconds:
        print(f"{case:28}{min(each.seconds[case] for each in done) / count * 1e6:8.1f}")


if __name__ == "__main__":
    asyncio.run(main(*(int(text) for text in [*sys.argv[1:], *("3", "10000")[len(sys.argv) - 1 :]])))
