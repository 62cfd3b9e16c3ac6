"""The sweeper and what it does with traces, against a real Valkey and a real OTLP sink."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from e2e.agent_traces import agent_run, new_trace_id, request_of
from otlp_sink import Sink, without_scores

from otel_scorer.errors import LedgerDown
from otel_scorer.history.record import Record
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import TracePut
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import Result, RubricId, RubricRef, Score
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backends import open_backend
from otel_scorer.online.departures import Departures
from otel_scorer.online.endings import WriteBack
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.grace import Grace
from otel_scorer.online.load import Pressure
from otel_scorer.online.open_traces import OpenSettings, OpenTraces
from otel_scorer.online.pipeline_settings import CompleteSettings, HoldSettings, SweepSettings, WorkSettings
from otel_scorer.online.recording import Recorder
from otel_scorer.online.shipping import Shipper
from otel_scorer.online.stores import trace_limits
from otel_scorer.online.sweep import Sweeper
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.waiting_traces import WaitingTraces
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.sampling.windows import HEADROOM, Limits, Of, Tally, Wanted, Windows
from otel_scorer.scoring.results_json import dump
from otel_scorer.wire import split_traces

COMPLETE = CompleteSettings(quiet_s=0.1, max_spans=100)
HOLD = HoldSettings(span_s=0.5, root_s=0.9)
AGENT = RubricRef("agent", 1, "d" * 12)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = start_valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


class Pipeline:
    """One sweeper and what it needs; `refs` says which rubrics apply (and may raise, as our own bugs would)."""

    def __init__(self, valkey: EmbeddedValkey, sink: Sink) -> None:
        settings = LedgerSettings(lease_s=5)
        self.ledger = Ledger(StoreClient(valkey.url, 20.0), settings, trace_limits(COMPLETE, HOLD, holds=True))
        self.metrics = Metrics()
        self.sink = sink
        self.ended: list[Record] = []
        self.dispatched: list[Member] = []
        self.refs: Any = lambda view, wanted: ()
        self.backend = open_backend(
            BackendSettings(endpoint=f"http://127.0.0.1:{sink.grpc_port}", protocol="grpc", timeout_s=2)
        )
        self.sweeper = self.sweeper_of(SamplingSettings(floor=1.0))

    def sweeper_of(self, sampling: SamplingSettings, windows: Windows | None = None) -> Sweeper:
        sweep, work = SweepSettings(retry_s=0.3), WorkSettings(redispatch_s=60)
        recorder = Recorder(b"draw", b"salt", self.metrics)
        shipper = Shipper(self.backend, sweep, self.metrics, BackendWatch(self.metrics), timeout_s=2)
        departures = Departures(self.ledger, shipper, sweep, self.metrics, lease_s=5, ended=self.ended.append)
        opened = OpenTraces(
            self.ledger,
            OpenSettings(COMPLETE, HOLD, sweep, work, sampling),
            lambda view, wanted: self.refs(view, wanted),
            recorder,
            self._dispatch,
            lambda: Pressure(),
            windows,
        )
        waiting = WaitingTraces(
            self.ledger, HOLD, sweep, work, WriteBack("test", holds=True), recorder, self._dispatch, lambda: {"w"}
        )
        return Sweeper(self.ledger, opened, waiting, departures, sweep, self.metrics, Grace(0.5))

    async def _dispatch(self, calls: Sequence[tuple[Member, int]]) -> None:
        self.dispatched += [member for member, _ in calls]

    async def put(self, request: bytes) -> Member:
        split = split_traces(request, deployment="test")
        member = Member("default", split.agent[0].trace_id.hex())
        put = TracePut(member, {})
        for span in split.agent:
            put.add_span(span)
        await self.ledger.put([put])
        return member

    async def until(self, happened: Any, timeout_s: float = 8.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not happened():
                await self.sweeper.sweep()
                await asyncio.sleep(0.03)

    async def close(self) -> None:
        await self.backend.close()
        await self.ledger.client.close()


@pytest.fixture
async def pipeline(valkey: EmbeddedValkey) -> AsyncIterator[Pipeline]:
    async with Sink() as sink:
        made = Pipeline(valkey, sink)
        await made.ledger.client.redis.flushall()
        yield made
        await made.close()


def result_for(span_id: str) -> Result:
    scores = {"privacy_and_safety": Score(2, 2.0, "a reason")}
    return Result(RubricId("agent", 1), "d" * 12, span_id, scores, {"privacy_and_safety": 1.0}, composite=2.0)


async def test_a_trace_that_our_code_cannot_judge_goes_as_it_came_and_strands_no_other(pipeline: Pipeline) -> None:
    runs = [agent_run() for _ in range(4)]
    broken = runs[1][0].trace_id.hex()

    def refs(view: Any, wanted: Any) -> tuple[RubricRef, ...]:
        if view.trace.trace_id == broken:
            raise RuntimeError("a bug of ours")
        return ()

    pipeline.refs = refs
    for run in runs:
        await pipeline.put(request_of(run))
    await pipeline.until(lambda: len(pipeline.ended) == 4)
    statuses = {record.trace_id: record.status for record in pipeline.ended}
    assert statuses.pop(broken) == "rubric_error"
    assert set(statuses.values()) == {"not_sampled"}
    sent = {span.SerializeToString() for run in runs for span in run}
    assert {without_scores(span.raw) for span in pipeline.sink.spans()} == sent
    assert set(pipeline.sink.span_copies().values()) == {1}


class Before:
    """Counts that stand still: the last window held 20 traces of every segment, and the rules wanted 10 of them."""

    def __init__(self) -> None:
        self.asked: list[Wanted] = []

    async def count(self, wanted: Sequence[Wanted], _taken: float) -> Tally:
        self.asked += wanted
        of = Of(demand=10.0)
        return Tally(7, 0, of, {one.tenant: of for one in wanted}, [(20,) * len(one.strata) for one in wanted])

    async def freeze(self, _window: int, factors: Mapping[str, float]) -> Mapping[str, float]:
        return factors


async def test_what_strata_and_a_budget_make_of_the_last_window_is_drawn_and_recorded(pipeline: Pipeline) -> None:
    pipeline.refs = lambda view, wanted: (AGENT,)
    strata = [{"name": "per_agent", "by": ["service", "agent"], "target": 5}]
    sampling = SamplingSettings.model_validate({"rules": (), "floor": 0.0, "strata": strata})
    before = Before()
    pipeline.sweeper = pipeline.sweeper_of(sampling, Windows(before, Limits(traces_per_minute=4)))
    runs = [agent_run() for _ in range(20)]
    for run in runs:
        await pipeline.put(request_of(run))
    await pipeline.until(lambda: len(pipeline.dispatched) + len(pipeline.ended) == len(runs))
    assert len(before.asked) == len(runs)
    assert len({one.strata for one in before.asked}) == 1
    assert {(one.status, one.rule) for one in pipeline.ended} == {("not_sampled", "per_agent")}
    (probability,) = {one.probability for one in pipeline.ended}
    assert probability == pytest.approx(5 / 20 * 4 * (1 - HEADROOM) / 10)


async def test_while_the_store_that_counts_is_away_rules_alone_decide(pipeline: Pipeline) -> None:
    class Away(Before):
        async def count(self, wanted: Sequence[Wanted], _taken: float) -> Tally:
            raise LedgerDown("the first store")

    pipeline.refs = lambda view, wanted: (AGENT,)
    strata = [{"name": "per_agent", "by": ["agent"], "target": 5}]
    sampling = SamplingSettings.model_validate({"rules": (), "floor": 0.0, "strata": strata})
    pipeline.sweeper = pipeline.sweeper_of(sampling, Windows(Away(), Limits(traces_per_minute=4)))
    run = agent_run()
    await pipeline.put(request_of(run))
    await pipeline.until(lambda: pipeline.ended)
    assert [(one.status, one.rule, one.probability) for one in pipeline.ended] == [("not_sampled", "floor", 0.0)]
    assert {without_scores(span.raw) for span in pipeline.sink.spans()} == {one.SerializeToString() for one in run}


async def test_a_score_that_comes_while_its_root_is_on_the_way_out_follows_as_an_evaluation_span(
    pipeline: Pipeline,
) -> None:
    pipeline.refs = lambda view, wanted: (AGENT,)
    pipeline.sink.script("unavailable", signal="traces", forever=True)
    run = agent_run()
    root = run[-1]
    member = await pipeline.put(request_of(run))
    await pipeline.until(lambda: pipeline.dispatched)
    assert await pipeline.ledger.start_scoring(member, "w", 1) is not None
    # the holds end while the backend takes nothing: what goes out is frozen then
    await pipeline.until(lambda: len(pipeline.sink.requests) >= 3)
    assert await pipeline.ledger.finish_scoring(member, dump([result_for(root.span_id.hex())]), b"")
    pipeline.sink.heal()
    await pipeline.until(lambda: pipeline.ended)
    assert pipeline.ended[0].status == "scored"
    (evaluation,) = await pipeline.ledger.postbox.outgoing(await pipeline.ledger.now_ms(), 10)
    assert b"otel_scorer.score.privacy_and_safety" in evaluation.body
    (sent,) = [span.raw for span in pipeline.sink.spans() if span.span_id == root.span_id.hex()]
    assert b"otel_scorer.score." not in sent
    assert b"deadline" in sent


async def test_a_trace_over_its_limits_is_sealed_early_and_streams_through(pipeline: Pipeline) -> None:
    trace = new_trace_id()
    first = [span for _ in range(40) for span in agent_run(trace, captured=False)]
    await pipeline.put(request_of(first))
    await pipeline.until(lambda: pipeline.ended)
    late = agent_run(trace, captured=False)
    await pipeline.put(request_of(late))
    await pipeline.until(lambda: len(pipeline.sink.span_copies()) == 123)
    assert [record.status for record in pipeline.ended] == ["too_large"]
    assert set(pipeline.sink.span_copies().values()) == {1}


async def test_a_late_agent_span_goes_at_once_while_its_trace_waits_for_a_score(pipeline: Pipeline) -> None:
    pipeline.refs = lambda view, wanted: (AGENT,)
    trace = new_trace_id()
    await pipeline.put(request_of(agent_run(trace)))
    await pipeline.until(lambda: pipeline.dispatched)
    late = agent_run(trace)[-1]
    await pipeline.put(request_of([late]))
    await pipeline.until(lambda: late.span_id.hex() in {span.span_id for span in pipeline.sink.spans()}, 0.4)
    assert not pipeline.ended, "its trace still waits"


async def test_a_sweeper_that_is_told_to_stop_finishes_what_it_has_begun(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.sink.script("slow:0.5")
    stopping = asyncio.Event()
    await pipeline.put(request_of(agent_run()))
    running = asyncio.create_task(pipeline.sweeper.run(stopping))
    await pipeline.sink.until(1, timeout_s=5)
    stopping.set()
    await asyncio.wait_for(running, 5)
    assert len(pipeline.ended) == 1
    assert await pipeline.ledger.client.redis.keys("*t:default/*") == []
