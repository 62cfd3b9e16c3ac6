"""The pipeline's entrance: what an OTLP request goes through before it is acknowledged (design 2.1 rule 1, 2.2).

The ledger is written first, then the rest forwarded; the request succeeds only when both have it.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from otel_scorer.errors import BadRequest, LedgerError, Unavailable
from otel_scorer.ledger.contents import TracePut
from otel_scorer.ledger.keys import Member, pack_heads
from otel_scorer.online.breaker import Breaker
from otel_scorer.online.bypass import Bypass
from otel_scorer.online.exchange import ExportAnswer, ExportRequest
from otel_scorer.online.stores import Stores
from otel_scorer.online.telemetry import Metrics
from otel_scorer.otlp import Signal
from otel_scorer.wire import Head, Split, assemble, count_items, split_logs, split_traces

Placement = Literal["inline", "tap"]
Forward = Callable[[Signal, bytes, Mapping[str, str]], Awaitable[ExportAnswer]]
"""Sends a request on to the backend: (signal, body, headers). Raises BadRequest or Unavailable."""


@dataclass(frozen=True, slots=True)
class Shard:
    """What a receiver has for one store."""

    breaker: Breaker
    bypass: Bypass


_FRESH_S = 2.0
_TOLD_AT_ONCE = 16
"""Traces whose heads are told to a store side by side: it syncs its file once for all of them."""

Puts = Mapping[Member, TracePut]


class Wanted:
    """Parents that open traces look for, of all stores; refreshed now and then, so that receivers can look in what
    they pass on.
    """

    def __init__(self) -> None:
        self._by_store: dict[str, Mapping[Member, set[str]]] = {}
        self._fresh: dict[Member, set[str]] = {}
        self._older: dict[Member, set[str]] = {}
        self._turned = time.monotonic()
        self.by_member: dict[Member, set[str]] = {}
        self.traces: set[bytes] = set()

    def add(self, member: Member, span_ids: Iterable[str]) -> None:
        """What a trace has come to want through this very process: known at once, not only at the next look."""
        ids = set(span_ids)
        if ids:
            self._fresh.setdefault(member, set()).update(ids)
            self.by_member.setdefault(member, set()).update(ids)
            self.traces.add(bytes.fromhex(member.trace_id))

    def replace(self, store: str, found: Mapping[Member, set[str]]) -> None:
        """What a look into a store has found. What was added meanwhile stays until a later look must have seen it."""
        self._by_store[store] = found
        merged: dict[Member, set[str]] = {}
        for part in (*self._by_store.values(), self._older, self._fresh):
            for member, ids in part.items():
                merged.setdefault(member, set()).update(ids)
        self.by_member = merged
        self.traces = {bytes.fromhex(member.trace_id) for member in merged}
        if time.monotonic() - self._turned > _FRESH_S:
            self._older, self._fresh, self._turned = self._fresh, {}, time.monotonic()


class Intake:
    """`export` is what every transport calls."""

    def __init__(
        self,
        stores: Stores,
        shards: tuple[Shard, ...],
        forward: Forward,
        metrics: Metrics,
        *,
        placement: Placement,
        bypass: bool,
        deployment: str,
        trust_upstream_scores: bool,
        wanted: Wanted,
        full: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stores = stores
        self._shards = shards
        self._forward = forward
        self._metrics = metrics
        self._inline = placement == "inline"
        self._bypass = bypass and self._inline
        self._deployment = deployment
        self._trust = trust_upstream_scores
        self._full = full
        self.wanted = wanted

    async def export(self, request: ExportRequest) -> ExportAnswer:
        """Takes one request. Raises RequestRefused or Unavailable; nothing is acknowledged then."""
        if not request.body:
            return ExportAnswer()
        if request.signal == "traces":
            return await self._export_traces(request)
        items = count_items(request.signal, request.body)
        self._metrics.add("received_items", items, signal=request.signal, kind="other", tenant=request.tenant)
        if request.signal == "logs":
            await self._join_logs(request)
        return await self._pass_on(request, request.body, items)

    # ---- traces ------------------------------------------------------------------------------------------------------

    async def _export_traces(self, request: ExportRequest) -> ExportAnswer:
        split = split_traces(
            request.body,
            deployment=self._deployment,
            trust_upstream_scores=self._trust,
            wanted_traces=self.wanted.traces,
        )
        self._count_split(request.tenant, split)
        if split.rest is request.body and not split.heads:
            return await self._pass_on(request, request.body, split.rest_spans)  # nothing of it concerns a ledger
        puts = self._puts(request, split)
        away = self._away(puts)
        if here := {member: put for member, put in puts.items() if member not in away}:
            await self._store(here)
            for member, put in here.items():
                self.wanted.add(member, (parent.hex() for parent in put.unseen_parents))
        await self._tell_heads(request.tenant, split)
        return await self._send_on(request, split, away, durable=bool(here))

    def _count_split(self, tenant: str, split: Split) -> None:
        count = self._metrics.add
        count("received_items", len(split.agent), signal="traces", kind="agent", tenant=tenant)
        count("received_items", split.rest_spans, signal="traces", kind="other", tenant=tenant)
        count("rejected_items", len(split.rejected), signal="traces", by="us")
        count("own_spans_discarded", split.own)
        count("forged_spans_stripped", split.forged)

    def _puts(self, request: ExportRequest, split: Split) -> dict[Member, TracePut]:
        puts: dict[bytes, TracePut] = {}
        for span in split.agent:
            put = puts.get(span.trace_id)
            if put is None:
                member = Member(request.tenant, span.trace_id.hex())
                put = puts[span.trace_id] = TracePut(member, request.headers)
            put.add_span(span)
        for head in split.heads:
            if (put := puts.get(head.trace_id)) is not None:
                put.add_head(head)
        return {put.member: put for put in puts.values()}

    def _shard(self, member: Member) -> int:
        return self._stores.index_of(bytes.fromhex(member.trace_id))

    def _away(self, puts: Puts) -> Puts:
        """Those whose store is away and which are to be forwarded unscored. Raises Unavailable when that is not
        allowed, or when the store has just come back and is being told what was forwarded.
        """
        away = {}
        for member, put in puts.items():
            state = self._shards[self._shard(member)].breaker.state
            if state == "closing" or (state == "open" and not self._bypass):
                raise Unavailable("the ledger is away: send again later")
            if state == "open":
                away[member] = put
        return away

    async def _store(self, puts: Puts) -> None:
        if self._full():
            raise Unavailable("the ledger is full: send again later")
        await self._write(puts)

    async def _write(self, puts: Puts) -> None:
        by_shard: dict[int, list[TracePut]] = defaultdict(list)
        for member, put in puts.items():
            by_shard[self._shard(member)].append(put)
        if len(by_shard) == 1:
            ((index, group),) = by_shard.items()
            await self._write_shard(index, group)
            return
        # every write ends before the answer: a request half of whose writes are still under way must not be answered
        answers = await asyncio.gather(
            *(self._write_shard(index, group) for index, group in by_shard.items()), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    async def _write_shard(self, index: int, puts: list[TracePut]) -> None:
        breaker = self._shards[index].breaker
        began = breaker.now()
        try:
            counts = await self._stores.ledgers[index].put(puts)
        except LedgerError as error:
            breaker.failed(error, began)
            raise Unavailable(f"not stored: {error}") from error
        breaker.answered()
        self._metrics.add("duplicate_spans", counts.duplicates)
        self._metrics.add("late_spans", counts.late)
        self._metrics.add("joined_logs", counts.logs)

    async def _tell_heads(self, tenant: str, split: Split) -> None:
        """Parents that open traces wanted, found in what is passed on. A failure costs the trace time, nothing else."""
        by_trace: dict[bytes, dict[bytes, Head]] = defaultdict(dict)
        for head in split.heads:
            by_trace[head.trace_id][head.span_id] = head
        by_shard: dict[int, dict[Member, list[Head]]] = defaultdict(dict)
        for trace_id, heads in by_trace.items():
            member = Member(tenant, trace_id.hex())
            if found := list(_wanted_chains(heads, self.wanted.by_member.get(member, ()))):
                by_shard[self._shard(member)][member] = found
        if by_shard:
            await asyncio.gather(*(self._tell_shard(index, found) for index, found in by_shard.items()))

    async def _tell_shard(self, index: int, found: Mapping[Member, Collection[Head]]) -> None:
        """Until something fails; nothing while the store is in doubt: it would only make the sender wait."""
        breaker = self._shards[index].breaker
        members = list(found)
        for at in range(0, len(members), _TOLD_AT_ONCE):
            if breaker.state != "closed":
                return
            began = breaker.now()
            part = members[at : at + _TOLD_AT_ONCE]
            tellings = (self._tell(index, member, found[member]) for member in part)
            for answer in await asyncio.gather(*tellings, return_exceptions=True):
                if isinstance(answer, LedgerError):
                    breaker.failed(answer, began)
                    return
                if answer is not None:
                    raise answer
            breaker.answered()

    async def _tell(self, index: int, member: Member, heads: Collection[Head]) -> None:
        packed = pack_heads((head.span_id, head.parent_id, head.flags, False) for head in heads)
        found = {head.span_id.hex() for head in heads}
        wanted = {head.parent_id.hex() for head in heads if head.parent_id} - found
        await self._stores.ledgers[index].add_heads(member, packed, found, wanted)
        self.wanted.add(member, wanted)

    async def _send_on(self, request: ExportRequest, split: Split, away: Puts, *, durable: bool) -> ExportAnswer:
        """The rest of the request, and the agent spans of `away` with it. `durable`: the others' are in the ledger."""
        reasons = "; ".join(sorted(set(split.rejected)))
        body = self._outgoing(request, split, away, whole=not durable) if away else split.rest
        if body is None:
            return ExportAnswer(len(split.rejected), reasons)
        try:
            answer = await self._forward_past(request, body, split.rest_spans, away)
        except BadRequest as error:
            if not durable and not split.rejected:
                raise
            # what is durable is taken: the rest alone is refused (design 2.2)
            answer = ExportAnswer(split.rest_spans + _spans_in(away), str(error))
        if not split.rejected:
            return answer
        message = "; ".join(part for part in (reasons, answer.message) if part)
        return ExportAnswer(answer.rejected + len(split.rejected), message)

    def _outgoing(self, request: ExportRequest, split: Split, away: Puts, *, whole: bool) -> bytes:
        """As it came where nothing was taken out of it (`whole`: no agent span is in a ledger)."""
        if whole and not (split.forged or split.own or split.rejected):
            return request.body
        traces = {bytes.fromhex(member.trace_id) for member in away}
        agent = assemble((span.envelope, span.raw) for span in split.agent if span.trace_id in traces)
        return agent + (split.rest or b"")  # two requests one after the other are one request (proto merge rule)

    async def _forward_past(self, request: ExportRequest, body: bytes, items: int, away: Puts) -> ExportAnswer:
        """Forwards. What is `away` counts as under way until it is noted; a store that answers is told at once: its
        sweepers are at work. `items`: spans that only pass.
        """
        shards = {index: self._shards[index] for index in map(self._shard, away)}
        if any(shard.breaker.state != "open" for shard in shards.values()):
            raise Unavailable("the ledger has come back meanwhile: send again")
        with ExitStack() as leaving:
            for shard in shards.values():
                leaving.enter_context(shard.bypass.under_way())
            answer = await self._pass_on(request, body, items)
            for member, put in away.items():
                self._shards[self._shard(member)].bypass.note(member, put.spans)
        self._metrics.add("bypassed_spans", _spans_in(away))
        for shard in shards.values():
            if shard.breaker.answers:
                shard.bypass.tell_soon()
        return answer

    # ---- logs and what is only passed on -----------------------------------------------------------------------------

    async def _join_logs(self, request: ExportRequest) -> None:
        puts: dict[bytes, TracePut] = {}
        for log in split_logs(request.body).joined:
            put = puts.get(log.trace_id)
            if put is None:
                member = Member(request.tenant, log.trace_id.hex())
                put = puts[log.trace_id] = TracePut(member, request.headers)
            put.add_log(log)
        found = {put.member: put for put in puts.values()}
        away = self._away(found)
        if here := {member: put for member, put in found.items() if member not in away}:
            await self._store(here)

    async def _pass_on(self, request: ExportRequest, body: bytes, items: int) -> ExportAnswer:
        if not self._inline:
            return ExportAnswer()
        answer = await self._forward(request.signal, body, request.headers)
        self._metrics.add("forwarded_items", max(0, items - answer.rejected), signal=request.signal)
        self._metrics.add("rejected_items", answer.rejected, signal=request.signal, by="backend")
        return answer


def _spans_in(puts: Puts) -> int:
    return sum(len(put.spans) for put in puts.values())


def _wanted_chains(heads: Mapping[bytes, Head], wanted: Collection[str]) -> Iterator[Head]:
    """Of one trace's heads those that are wanted, and their ancestors as far as they are there too; each once."""
    left = dict(heads)
    for span_id in [span_id for span_id in heads if span_id.hex() in wanted]:
        head = left.pop(span_id, None)
        while head is not None:
            yield head
            head = left.pop(head.parent_id, None)
