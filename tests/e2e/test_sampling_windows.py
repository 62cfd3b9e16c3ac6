"""Strata and budgets through whole processes: two receivers, one store, one count."""

from __future__ import annotations

import itertools

import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.deployed import deployed
from e2e.running import attribute, send, spans_of
from otlp_sink import Sink
from redis.asyncio import Redis

pytestmark = pytest.mark.e2e

DAY_S = 86_400
STRATA = [{"name": "per_agent", "by": ["service", "agent"], "target": 5}]


async def test_replicas_count_together_and_tell_the_stratum(sink: Sink) -> None:
    sampling = {"rules": [], "floor": 0.0, "strata": STRATA, "window_s": DAY_S}
    budget = {"budget": {"traces_per_minute": 600, "judge_money_per_day": None}}
    async with deployed(sink, sampling=sampling, scoring=budget) as deployment:
        doors = [(await deployment.serve(name))[1] for name in ("one", "two")]
        deployment.work()
        runs = [agent_run() for _ in range(6)]
        for run, door in zip(runs, itertools.cycle(doors), strict=False):
            await send(door, request_of(run))
        records = await deployment.until_ended([run[0].trace_id.hex() for run in runs])
        assert {(one.rule, one.probability) for one in records.values()} == {("per_agent", 1.0)}
        roots = [span for spans in spans_of(sink).values() for span in spans if not span.parent_span_id]
        assert {attribute(root, "otel_scorer.sampling.rule") for root in roots} == {"per_agent"}
        store = Redis.from_url(deployment.store()["ledger"]["urls"][0])
        counted = [await store.hgetall(key) async for key in store.scan_iter("*window:*")]
        await store.aclose()
    segments = {name: int(count) for each in counted for name, count in each.items() if name.startswith(b"n/")}
    assert list(segments.values()) == [6]
    assert sum(float(each[b"d"]) for each in counted) == 6.0
    assert {float(each[b"f/default"]) for each in counted} == {1.0}
