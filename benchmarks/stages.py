"""What sealing a trace costs, stage by stage: us of CPU per span.

    python benchmarks/stages.py [repeats]

What `serve` does with every complete agent trace, sampled or not: decode it, look at it, decide, and the record that it
leaves. A stage begins with what the stages before it left (a view that knows its root, say). `seal` is the first three
in one call, `record_of` has segments and fingerprints in it. Loads: the agent traces of `payloads.py`, and recorded
runs of three instrumentations (../shared/traces, left out where that folder is not there). Printed is each stage's
fastest repeat; all stages and loads take turns, so that a busy machine slows all alike. No repeat sees the spans of
another: ids, counts and the end of every longer text differ, as they do from trace to trace of one service; names,
models, tool definitions and what stands first in a prompt stay. So what is remembered from one trace to the next is
remembered here as in `serve`.
"""

from __future__ import annotations

import random
import re
import string
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span
from payloads import template
from report import machine

from otel_scorer.conventions.segments import fingerprints, segments
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.history.record import Times
from otel_scorer.history.records import Record, record_of
from otel_scorer.ledger.contents import Content, StoredSpan
from otel_scorer.ledger.keys import Member, StoredEnvelope, pack_heads
from otel_scorer.model import Decision, Trace
from otel_scorer.online.runtime import settle_runtime
from otel_scorer.online.scorer import decoded
from otel_scorer.online.sealing import Sealed, look_at, seal
from otel_scorer.otlp import encode_span, read_traces
from otel_scorer.sampling.decide import decide
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.sampling.windows import Standing
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.settings import ScoringSettings
from otel_scorer.wire import AgentSpan, Envelope, split_traces

RECORDED = {
    "langchain": "openinference_langchain_parallel",
    "openai_agents": "openllmetry_openai_agents",
    "pydantic_ai": "openinference_pydantic_ai",
}
"""Name of a load -> folder of recorded runs; the largest run stands for it."""
_FOLDER = Path(__file__).parents[2] / "shared" / "traces" / "agents"
_ID = re.compile(r"(?:^|[._])id$")
_SET_UP = re.compile(r"definitions|functions|parameters|system|tools")
"""Keys of what a service says alike in every trace."""
_LONGER = 64
"""Characters from which on a value is taken for a text."""
_LAST_WORD = re.compile(r"(?s)(.*[^a-z\\])([a-z]{4,})")
_SALT = b"benchmark"
_SPANS_A_REPEAT = 500
STAGES = (
    "decode",
    "view and roots",
    "signals and decision",
    "segments",
    "fingerprints",
    "seal",
    "record_of",
    "Record.to_json",
)


@dataclass(frozen=True)
class Claimed:
    """What sealing asks of a claim."""

    member: Member
    heads: bytes
    over_limit: bool = False
    bypassed: bool = False


@dataclass(frozen=True)
class Stored:
    """One trace as the ledger hands it over."""

    claim: Claimed
    content: Content

    @property
    def size(self) -> int:
        return sum(len(span.raw) for span in self.content.spans)


def stored(spans: Sequence[AgentSpan]) -> Stored:
    found = [StoredSpan(span.key, span.raw, StoredEnvelope(span.envelope, {}), None, None) for span in spans]
    heads = pack_heads((span.span_id, span.parent_id, span.flags, True) for span in spans)
    return Stored(Claimed(Member("default", spans[0].trace_id.hex()), heads), Content(tuple(found)))


def payload() -> list[Stored]:
    """The whole traces of one request of the agent load."""
    by_trace: dict[bytes, list[AgentSpan]] = {}
    for span in split_traces(next(template("agent").requests()), deployment="").agent:
        by_trace.setdefault(span.trace_id, []).append(span)
    longest = max(map(len, by_trace.values()))
    return [stored(spans) for spans in by_trace.values() if len(spans) == longest]


def recorded(folder: str) -> list[Stored]:
    """The largest recorded run of an instrumentation, as often as makes a request."""
    traces = [trace for path in sorted((_FOLDER / folder).glob("*.json")) for trace in _traces(path)]
    largest = max(traces, key=lambda trace: len(trace.spans))
    return [stored(_as_it_came(largest))] * max(1, _SPANS_A_REPEAT // len(largest.spans))


def _traces(path: Path) -> list[Trace]:
    return [] if path.name.endswith(".logs.json") else read_traces([path])


def _as_it_came(trace: Trace) -> list[AgentSpan]:
    found = []
    for span in trace.spans:
        raw, envelope = encode_span(span)
        ids = (bytes.fromhex(span.trace_id), bytes.fromhex(span.span_id), bytes.fromhex(span.parent_id))
        found.append(AgentSpan(*ids, span.flags, span.otlp_kind, raw, Envelope(*envelope)))
    return found


def another(one: Stored, chance: random.Random) -> Stored:
    """The same trace as if it had happened again."""
    spans = tuple(span._replace(raw=_again(span.raw, chance)) for span in one.content.spans)
    return replace(one, content=Content(spans))


def _again(raw: bytes, chance: random.Random) -> bytes:
    span = Span.FromString(raw)
    for pair in span.attributes:
        value = pair.value
        if value.WhichOneof("value") == "int_value":
            value.int_value += chance.randrange(100)
        elif _ID.search(pair.key) and value.string_value:
            value.string_value = _letters(len(value.string_value), chance)
        elif len(value.string_value) >= _LONGER and not _SET_UP.search(pair.key):
            value.string_value = _LAST_WORD.sub(
                lambda found: found[1] + _letters(len(found[2]), chance), value.string_value, count=1
            )
    return span.SerializeToString()


def _letters(count: int, chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=count))


class Stages:
    """One load, and what each stage took at its fastest."""

    def __init__(self, traces: list[Stored]) -> None:
        self._traces = traces
        self.traces = len(traces)
        self._sampling = SamplingSettings()
        scoring = ScoringSettings()
        self._refs = RubricSet.load(scoring.folders, scoring.assigned).refs
        self.spans = sum(len(one.content.spans) for one in traces)
        self.bytes = sum(one.size for one in traces)
        self.best = dict.fromkeys(STAGES, float("inf"))
        self._took: dict[str, float] = {}
        self._chance = random.Random(7)

    def repeat(self) -> None:
        """Every stage once for every trace, one trace after the other as `serve` takes them."""
        self._took = dict.fromkeys(STAGES, 0.0)
        for number, one in enumerate(self._traces):
            one = self._traces[number] = another(one, self._chance)
            trace = self._timed("decode", self._decode, one)
            seen = self._timed("view and roots", _look, trace)
            self._timed("signals and decision", self._decide, seen)
            self._timed("segments", segments, seen)
            self._timed("fingerprints", _fingerprints, seen)
            one = self._traces[number] = another(one, self._chance)
            sealed = self._timed("seal", self._seal, one)
            record = self._timed("record_of", _record, sealed)
            self._timed("Record.to_json", Record.to_json, record)
        self.best = {stage: min(self.best[stage], took / self.spans * 1e6) for stage, took in self._took.items()}

    def _timed(self, stage: str, work: Callable[[Any], Any], item: Any) -> Any:
        began = time.process_time()
        done = work(item)
        self._took[stage] += time.process_time() - began
        return done

    def _decode(self, one: Stored) -> Trace:
        return decoded(one.claim.member, one.content, one.claim.heads)

    def _decide(self, seen: TraceView) -> Decision:
        return decide(seen, self._sampling, self._refs, salt=_SALT)

    def _seal(self, one: Stored) -> Sealed:
        looked = look_at(one.claim, one.content, self._sampling, self._refs)
        return seal(one.claim, looked, Standing(), self._sampling, salt=_SALT, shed=False)


def _look(trace: Trace) -> TraceView:
    seen = view(trace)
    _ = seen.kinds, seen.roots, seen.root
    return seen


def _fingerprints(seen: TraceView) -> dict[str, str]:
    return fingerprints(seen, _SALT)


def _record(sealed: Sealed) -> Record:
    seen, decision = sealed.view, sealed.decision
    return record_of(
        seen,
        status=decision.status or "deadline",
        decision=decision,
        results=(),
        times=Times(first_seen_ms=1_790_000_000_000, last_seen_ms=1_790_000_003_000, sealed_ms=1_790_000_009_000),
        ended_at_ms=1_790_000_009_000,
        salt=_SALT,
        received_spans=len(seen.trace.spans),
    )


def main(repeats: int) -> None:
    loads = {"payload": Stages(payload())}
    if _FOLDER.is_dir():
        loads |= {name: Stages(recorded(folder)) for name, folder in RECORDED.items()}
    settle_runtime()
    for _ in range(repeats):
        for load in loads.values():
            load.repeat()
    print(machine())
    totals = {
        name: sum(load.best[stage] for stage in ("seal", "record_of", "Record.to_json")) for name, load in loads.items()
    }
    print(f"{'us of CPU per span':22}" + "".join(f"{name:>15}" for name in loads))
    for stage in STAGES:
        print(f"{stage:22}" + "".join(f"{load.best[stage]:15.1f}" for load in loads.values()))
    print(f"{'seal and record':22}" + "".join(f"{total:15.1f}" for total in totals.values()))
    print(f"{'bytes per span':22}" + "".join(f"{load.bytes / load.spans:15.0f}" for load in loads.values()))
    print(f"{'spans per trace':22}" + "".join(f"{load.spans / load.traces:15.0f}" for load in loads.values()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
