"""Faults of our own processes and of the store: what was acknowledged comes out, once, and is scored once.

The client's own ledger (`Load`) and the backend's (`Sink`) decide, not the product's counters.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.deployed import (
    deployed,
    freeze,
    importable_checks,
    kill_store,
    restart_store,
    store_client,
    thaw,
    write_rubric,
)
from e2e.judge_server import JudgeServer
from e2e.load import Load, statuses
from e2e.running import Deployment, Door, attribute, is_evaluation, send, spans_of, until
from otlp_sink import Sink

pytestmark = pytest.mark.e2e

UNSCORED: dict[str, Any] = {"sampling": {"floor": 0.0, "rules": []}}
STOPPED_S = 20.0
ACKNOWLEDGED_S = 5.0
"""2 s of silence, the sender's own wait and second try, and something for a machine that is busy."""


def _metric_sum(doors: Sequence[Door], name: str) -> float:
    return sum(door.metric(name) for door in doors)


async def _settled(deployment: Deployment, load: Load, sink: Sink, timeout_s: float = 60.0) -> dict[str, Any]:
    """Everything has come out and every trace has its record."""
    await load.until_delivered(sink, timeout_s)
    load.assert_unaltered(sink)

    async def all_ended() -> dict[str, Any] | None:
        await asyncio.sleep(0.5)  # looking costs time too
        found = await asyncio.to_thread(deployment.records, load.traces)
        return found if len(found) == len(load.traces) else None

    found: dict[str, Any] = await until(all_ended, timeout_s)
    return found


def _judged_by(judge: JudgeServer, rubrics: Path) -> dict[str, Any]:
    write_rubric(rubrics, "judged", kind="AGENT", ask="How good was it?")
    return {
        "rubrics_dir": str(rubrics),
        "by_kind": {"AGENT": "judged"},
        "judge": {"model": "test-judge", "base_url": judge.url, "timeout_s": 10.0},
    }


# ---- our own processes -----------------------------------------------------------------------------------------------


async def test_receivers_and_workers_killed_under_load_lose_nothing(sink: Sink) -> None:
    async with deployed(sink) as deployment:
        served = [await deployment.serve("one"), await deployment.serve("two")]
        worker = deployment.work()
        doors = [door for _, door in served]
        async with Load(doors) as load:
            for process in (served[0][0], worker, served[1][0], worker, served[0][0]):
                await asyncio.sleep(1.5)
                process.kill()
                process.start()
            await asyncio.sleep(1.0)
        for process, door in served:
            await deployment.ready(process, door)
        records = await _settled(deployment, load, sink)
        assert set(statuses(records)) <= {"scored", "partial"}, statuses(records)
        _assert_scored_once(sink, load.traces)
        # a batch that a killed receiver had sent is in doubt: it may come again, as it was
        copies = load.copies(sink)
        assert all(len(set(raws)) == 1 for raws in copies.values()), "a resend differs from what it repeats"
        assert len(copies) < len(load.agent) / 4


def _assert_scored_once(sink: Sink, trace_ids: Sequence[str]) -> None:
    """Each trace carries one result for its agent span: on it, or as one evaluation span."""
    found = spans_of(sink)
    for trace_id in trace_ids:
        scored = {
            span.SerializeToString()
            for span in found[trace_id]
            if attribute(span, "otel_scorer.rubric.id") == "agent@3" and attribute(span, "otel_scorer.score.lowest")
        }
        assert len(scored) == 1, f"{trace_id} has {len(scored)} results of the agent rubric"


async def test_a_trace_whose_worker_is_killed_while_scoring_is_scored_in_the_end(sink: Sink) -> None:
    with tempfile.TemporaryDirectory(prefix="os-rubrics-") as rubrics:
        work = {"heartbeat_s": 1.5, "redispatch_s": 1.5}
        async with (
            JudgeServer(slow_s=1.0) as judge,
            deployed(sink, scoring=_judged_by(judge, Path(rubrics)), work=work) as made,
        ):
            _, door = await made.serve()
            worker = made.work()
            runs = [agent_run(question=f"mode-slow: what is the weather on day {day}?") for day in range(2)]
            await asyncio.gather(*(send(door, request_of(run)) for run in runs))
            await until(lambda: _calls(judge, "slow", 2), 20.0)
            worker.kill()
            worker.start()
            records = await made.until_ended([run[0].trace_id.hex() for run in runs])
            assert statuses(records) == {"scored": 2}
            assert sorted(Counter(call.user for call in judge.calls).values()) == [2, 2], "each was judged again, once"


async def _calls(judge: JudgeServer, mode: str, count: int) -> bool | None:
    return judge.counts[mode] >= count or None


async def test_a_trace_that_kills_its_worker_each_time_is_given_up_and_its_neighbours_are_scored(sink: Sink) -> None:
    with tempfile.TemporaryDirectory(prefix="os-rubrics-") as folder, importable_checks():
        write_rubric(Path(folder), "killing", kind="AGENT", check="kills")
        scoring = {"rubrics_dir": folder, "by_kind": {"AGENT": "killing"}}
        work = {"heartbeat_s": 1.5, "redispatch_s": 1.5}
        async with deployed(sink, scoring=scoring, work=work, hold={"span_s": 300.0, "root_s": 300.0}) as made:
            _, door = await made.up()
            poison = agent_run(question="poison")
            neighbours = [agent_run() for _ in range(3)]
            await asyncio.gather(*(send(door, request_of(run)) for run in [*neighbours[:2], poison, *neighbours[2:]]))
            ids = [run[0].trace_id.hex() for run in neighbours]
            records = await made.until_ended(ids)
            assert statuses(records) == {"scored": 3}
            bad = poison[0].trace_id.hex()
            assert (await made.until_ended([bad]))[bad].status == "rubric_error"
            await asyncio.sleep(0.5)
            (root,) = [span for span in spans_of(sink)[bad] if span.name == "invoke_agent weather"]
            assert attribute(root, "otel_scorer.status") == "rubric_error"
            assert attribute(root, "otel_scorer.score.lowest") is None


async def test_lost_and_doubled_celery_messages_cost_neither_a_trace_nor_a_second_score(sink: Sink) -> None:
    with tempfile.TemporaryDirectory(prefix="os-rubrics-") as rubrics:
        async with JudgeServer() as judge, deployed(sink, scoring=_judged_by(judge, Path(rubrics))) as made:
            _, door = await made.serve()
            runs = [agent_run(question=f"What is the weather in Paris on day {day}?") for day in range(6)]
            await asyncio.gather(*(send(door, request_of(run)) for run in runs))
            with store_client(made) as store:
                queue = await until(lambda: _queue(store, 6), 10.0)
                messages = store.lrange(queue, 0, -1)
                store.delete(queue)
                assert len(messages) == 6
                # three are lost; the others come three times each
                for message in messages[:3]:
                    store.rpush(queue, message, message, message)
            made.work()
            records = await made.until_ended([run[0].trace_id.hex() for run in runs])
            assert statuses(records) == {"scored": 6}
            assert sorted(Counter(call.user for call in judge.calls).values()) == [1] * 6, "each was judged once"
            await asyncio.sleep(1.0)
            found = spans_of(sink)
            assert all(len(found[run[0].trace_id.hex()]) == 3 for run in runs)
            assert not any(is_evaluation(span) for spans in found.values() for span in spans)


async def _queue(store: Any, messages: int) -> bytes | None:
    """The name of the list in which Celery keeps its messages, once so many are there."""
    names = store.scan_iter(match=b"*celery:*otel_scorer.score", _type="list")
    return next((name for name in names if store.llen(name) >= messages), None)


# ---- the store -------------------------------------------------------------------------------------------------------


def _longest_wait(load: Load) -> float:
    return max(wait for _, wait in load.waits)


async def test_tracing_goes_on_while_the_store_is_silent_for_twenty_seconds(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        doors = [(await deployment.serve(name))[1] for name in ("one", "two")]
        async with Load(doors) as load:
            await asyncio.sleep(2.5)
            freeze(deployment)
            await asyncio.sleep(4.0)
            came = len(sink.spans())
            assert all([await asyncio.to_thread(door.ready) for door in doors]), "nobody is taken out of service for it"
            assert "pass unscored" in await asyncio.to_thread(doors[0].readiness)
            await asyncio.sleep(STOPPED_S - 4.0)
            assert len(sink.spans()) - came > 100, "spans go on arriving"
            thaw(deployment)
            await asyncio.sleep(4.0)
        assert _longest_wait(load) < ACKNOWLEDGED_S
        records = await _settled(deployment, load, sink)
        load.assert_no_duplicates(sink)
        counts = statuses(records)
        assert set(counts) == {"bypassed", "not_sampled"}, counts
        assert counts["bypassed"] > 50, counts
        assert _metric_sum(doors, "otel_scorer_bypassed_spans_total") >= 3 * 50


@pytest.mark.parametrize("fault", ["silent", "killed"])
async def test_an_export_under_way_when_the_store_goes_away_is_not_repeated(sink: Sink, fault: str) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        doors = [(await deployment.serve(name))[1] for name in ("one", "two")]
        sink.script("slow:1.5", signal="traces", forever=True)
        runs = [agent_run() for _ in range(5)]
        await send(doors[0], request_of([span for run in runs for span in run]))
        await sink.until(1, timeout_s=10.0)
        (freeze if fault == "silent" else kill_store)(deployment)
        await asyncio.sleep(7.0)
        await asyncio.to_thread(thaw if fault == "silent" else restart_store, deployment)
        records = await deployment.until_ended([run[0].trace_id.hex() for run in runs])
        await asyncio.sleep(1.0)
        assert statuses(records) == {"not_sampled": 5}
        assert set(sink.span_copies().values()) == {1}


async def test_tracing_and_scoring_survive_a_store_that_is_killed_and_comes_back(sink: Sink) -> None:
    async with deployed(sink) as deployment:
        doors = [(await deployment.serve(name))[1] for name in ("one", "two")]
        deployment.work()
        async with Load(doors) as load:
            await asyncio.sleep(3.0)
            kill_store(deployment)
            await asyncio.sleep(5.0)
            await asyncio.to_thread(restart_store, deployment)
            await asyncio.sleep(3.0)
        assert _longest_wait(load) < ACKNOWLEDGED_S
        records = await _settled(deployment, load, sink)
        load.assert_no_duplicates(sink)
        counts = statuses(records)
        assert set(counts) <= {"bypassed", "scored", "partial"}, counts
        assert counts["bypassed"] > 10, counts
        after = await load.send_one()
        status = (await deployment.until_ended([after]))[after].status
        assert status in ("scored", "partial"), "the worker is at work again"


async def test_refuse_tells_senders_to_retry_and_everything_arrives_once_afterwards(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED, ledger={"on_failure": "refuse"}) as deployment:
        doors = [(await deployment.serve(name))[1] for name in ("one", "two")]
        async with Load(doors) as load:
            await asyncio.sleep(2.0)
            freeze(deployment)
            await asyncio.sleep(3.0)
            came, acknowledged = len(sink.spans()), len(load.acked)
            await asyncio.sleep(17.0)
            assert len(load.acked) == acknowledged, "nothing is acknowledged that is not in the ledger"
            assert len(sink.spans()) == came
            assert not doors[0].ready()
            thaw(deployment)
            await asyncio.sleep(2.0)
        assert {refusal.code for refusal in load.refusals} == {grpc.StatusCode.UNAVAILABLE}
        assert all(refusal.retry_s is not None and 0 < refusal.retry_s <= 1.0 for refusal in load.refusals)
        records = await _settled(deployment, load, sink)
        load.assert_no_duplicates(sink)
        assert set(statuses(records)) == {"not_sampled"}


async def test_a_store_out_of_memory_is_bypassed_at_once_and_used_again_when_there_is_room(sink: Sink) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        _, door = await deployment.serve()
        with store_client(deployment) as store:
            async with Load([door]) as load:
                await asyncio.sleep(1.5)
                roomy = store.config_get("maxmemory")["maxmemory"]
                store.config_set("maxmemory", 1)
                began = time.monotonic()
                await asyncio.sleep(4.0)
                store.config_set("maxmemory", roomy)
                await asyncio.sleep(2.0)
        waits = [wait for at, wait in load.waits if began <= at < began + 4.0]
        assert len(waits) > 10
        assert max(waits) < 1.5, "no two seconds of silence are waited for"
        records = await _settled(deployment, load, sink)
        load.assert_no_duplicates(sink)
        counts = statuses(records)
        assert set(counts) == {"bypassed", "not_sampled"}, counts
        after = await load.send_one()
        assert (await deployment.until_ended([after]))[after].status == "not_sampled"


async def test_stopping_serve_in_an_orderly_way_leaves_nothing_behind_that_the_next_one_does_not_send(
    sink: Sink,
) -> None:
    async with deployed(sink, **UNSCORED) as deployment:
        process, door = await deployment.serve()
        async with Load([door], patience_s=30.0) as load:
            await asyncio.sleep(1.5)
            assert await asyncio.to_thread(process.stop) == 0
            process.start()
            await deployment.ready(process, door)
            await asyncio.sleep(1.0)
        await _settled(deployment, load, sink)
        load.assert_no_duplicates(sink)
        assert not psutil.Process(process.popen.pid).children(), "serve has no processes of its own"
