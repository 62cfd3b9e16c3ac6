"""What came out held against what was sent: every agent span once, every other span at least once, nothing changed."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from e2e.running import Deployment, Door, attribute, is_evaluation, pretty, spans_of, until
from otlp_sink import RawSpan, Sink, without_scores
from redis import Redis

from otel_scorer.ledger.bundles import KEY_BYTES
from otel_scorer.ledger.keys import Keys
from otel_scorer.ledger.settings import LedgerSettings

SpanId = tuple[str, str]
"""(trace id, span id), hex."""


@dataclass
class Sent:
    """Every span that was sent and acknowledged: its bytes, and how often."""

    agent: dict[SpanId, bytes] = field(default_factory=dict)
    other: dict[SpanId, bytes] = field(default_factory=dict)
    times: Counter[SpanId] = field(default_factory=Counter)

    def add(self, trace_id: str, span_id: str, raw: bytes, *, agent: bool) -> None:
        known = self.agent if agent else self.other
        assert known.setdefault((trace_id, span_id), raw) == raw
        self.times[trace_id, span_id] += 1

    @property
    def agent_traces(self) -> set[str]:
        return {trace_id for trace_id, _ in self.agent}

    def count(self, spans: Iterable[SpanId]) -> int:
        """Copies of these spans that were sent."""
        return sum(self.times[span] for span in spans)


def our_spans(sink: Sink) -> set[SpanId]:
    """Ids of the evaluation spans that came out."""
    return {
        (span.trace_id.hex(), span.span_id.hex())
        for spans in spans_of(sink).values()
        for span in spans
        if is_evaluation(span)
    }


def copies_by_id(sink: Sink) -> dict[SpanId, list[RawSpan]]:
    found: dict[SpanId, list[RawSpan]] = defaultdict(list)
    for span in sink.spans():
        found[span.trace_id, span.span_id].append(span)
    return found


def assert_everything_came_out(sink: Sink, sent: Sent) -> None:
    """Agent spans exactly once, others at least once and no oftener than sent, all as they were sent; nothing else."""
    copies = copies_by_id(sink)
    evaluations = our_spans(sink)
    assert set(copies) - evaluations == set(sent.agent) | set(sent.other)
    assert not [len(copies[span]) for span in evaluations if len(copies[span]) != 1]
    wrong = {span: len(copies[span]) for span in sent.agent if len(copies[span]) != 1}
    assert not wrong, f"agent spans that did not come out once: {wrong}"
    changed = [span for span, raw in sent.agent.items() if without_scores(copies[span][0].raw) != raw]
    assert not changed, f"agent spans that were changed: {changed}"
    wrong = {span: len(copies[span]) for span in sent.other if not 1 <= len(copies[span]) <= sent.times[span]}
    assert not wrong, f"other spans that came out never or too often: {wrong}"
    changed = [span for span, raw in sent.other.items() if {copy.raw for copy in copies[span]} != {raw}]
    assert not changed, f"other spans that were changed: {changed}"


def assert_nothing_plain_is_in_the_ledger(deployment: Deployment, sent: Sent) -> int:
    """Every span in the store is an agent span; answers how many there are."""
    assert deployment.valkey is not None
    keys = Keys(LedgerSettings().prefix)
    ids: set[str] = set()
    with Redis.from_url(deployment.valkey.url) as store:
        for name in store.scan_iter(match=keys.trace("") + "*", count=1000):
            if store.type(name) == b"hash":
                ids |= {key[:8].hex() for key in _keys_in(store, keys, name)}
    strangers = ids - {span_id for _, span_id in sent.agent}
    assert not strangers, f"in the ledger, and no agent spans: {strangers}"
    return len(ids)


def _keys_in(store: Redis, keys: Keys, name: bytes) -> list[bytes]:
    """Keys of all spans of the trace with that hash."""
    member = name.decode().removeprefix(keys.trace(""))
    index = (store.hget(name, "k") or b"") + (store.get(keys.index(member)) or b"")
    return [index[at : at + KEY_BYTES] for at in range(0, len(index), KEY_BYTES)]


def assert_one_ending_each(sink: Sink, records: Mapping[str, Any], sent: Sent) -> Counter[str]:
    """One record for each agent trace, its status on the root and nowhere else; answers how many ended how.

    A root that had been let go before the decision has none, or `deadline`.
    """
    assert set(records) == sent.agent_traces
    found = spans_of(sink)
    for trace_id, record in records.items():
        statuses = {
            span.span_id.hex(): attribute(span, "otel_scorer.status")
            for span in found[trace_id]
            if attribute(span, "otel_scorer.status") and not is_evaluation(span)
        }
        expected = {record.root_span_id: record.status} if record.root_span_id and record.status != "own" else {}
        assert statuses == expected, (trace_id, record.status)
    return Counter(record.status for record in records.values())


async def until_all_ended(
    deployment: Deployment, sent: Sent, doors: Sequence[Door], timeout_s: float
) -> dict[str, Any]:
    """The records of all agent traces, once there are so many endings by the receivers' own account."""

    async def all_ended() -> bool | None:
        return await asyncio.to_thread(total, doors, "traces") >= len(sent.agent_traces) or None

    def how_far() -> str:
        shown = {key: value for door in doors for key, value in door.metrics().items() if "_bucket" not in key}
        return f"{total(doors, 'traces')} of {len(sent.agent_traces)} have ended: {pretty(shown)}" + "".join(
            process.text()[-2000:] for process in deployment.processes
        )

    await until(all_ended, timeout_s, how_far)
    return dict(await deployment.until_ended(sorted(sent.agent_traces), 10))


def total(doors: Iterable[Door], name: str, **labels: str) -> float:
    """Sum over all doors of a metric's series that have these labels."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        value
        for door in doors
        for series, value in door.metrics().items()
        if series.partition("{")[0] == f"otel_scorer_{name}_total" and all(label in series for label in wanted)
    )


def assert_accounts_balance(doors: Iterable[Door], sent: Sent) -> None:
    """What the service says of itself is what was sent and came out."""
    doors = list(doors)
    received = total(doors, "received_items", signal="traces", kind="agent")
    assert received == sent.count(sent.agent)
    assert total(doors, "received_items", signal="traces", kind="other") == sent.count(sent.other)
    assert total(doors, "forwarded_items", signal="traces") == sent.count(sent.other)
    exported, duplicates = total(doors, "exported_spans"), total(doors, "duplicate_spans")
    assert exported == len(sent.agent)
    assert received == exported + duplicates
    assert total(doors, "traces") == len(sent.agent_traces)
    for nothing in ("quarantined_spans", "bypassed_spans", "rejected_items", "sealed_before_root"):
        assert total(doors, nothing) == 0, nothing
