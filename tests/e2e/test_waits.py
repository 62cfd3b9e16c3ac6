"""Each wait of design 2.3 and each hold of rule 4, with shortened settings.

What is compared are times of the store's own clock from the record, so that a slow machine only makes a test longer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from e2e.agent_traces import (
    LOCAL_PARENT,
    REMOTE_PARENT,
    REMOTE_UNKNOWN,
    agent_run,
    any_value,
    make_span,
    new_trace_id,
    request_of,
    web_span,
)
from e2e.once import SpanId, copies_by_id, total
from e2e.running import LOGS_METHOD, QUICK, Deployment, Door, attribute, is_evaluation, merged, send, spans_of, until
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_sink import Sink

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

QUIET_S, REMOTE_S, LOCAL_S = 1.5, 4.5, 8.0
SLACK_S = 2.5
"""How much later than asked for something may happen on a busy machine; the waits lie further apart."""

WAITS = {
    "complete": {"quiet_s": QUIET_S, "remote_parent_s": REMOTE_S, "local_parent_s": LOCAL_S},
    "hold": {"span_s": 60.0, "root_s": 60.0},
}


@dataclass
class Pair:
    """Two receivers on one store and a worker, shared by the tests that need nothing but the waits."""

    deployment: Deployment
    sink: Sink
    one: Door
    two: Door

    async def waited_s(self, trace_id: str) -> float:
        """Ends when the trace has; seconds from the last that came of it to its sealing."""
        record = (await self.deployment.until_ended([trace_id], 40))[trace_id]
        return _waited_s(record)


def _waited_s(record: Any) -> float:
    return float(record.times.sealed_ms - record.times.last_seen_ms) / 1000


def _lasted_s(record: Any) -> float:
    return float(record.times.sealed_ms - record.times.first_seen_ms) / 1000


def _about(wanted_s: float, found_s: float) -> bool:
    return wanted_s - 0.05 <= found_s < wanted_s + SLACK_S


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    async with Sink() as sink:
        deployment = Deployment(tmp_path_factory.mktemp("waits"), sink, merged(QUICK, WAITS))
        try:
            deployment.work()
            (_, one), (_, two) = await asyncio.gather(deployment.serve("one"), deployment.serve("two"))
            yield Pair(deployment, sink, one, two)
        finally:
            deployment.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def deploy(tmp_path: Path, sink: Sink) -> AsyncIterator[Callable[..., Deployment]]:
    made: list[Deployment] = []

    def make(**settings: Any) -> Deployment:
        made.append(Deployment(tmp_path, sink, merged(QUICK, settings)))
        return made[-1]

    yield make
    for deployment in made:
        deployment.stop()


def _ids(spans: list[Span]) -> set[SpanId]:
    return {(span.trace_id.hex(), span.span_id.hex()) for span in spans}


async def _until_out(sink: Sink, spans: list[Span], timeout_s: float = 15.0) -> None:
    async def all_out() -> bool | None:
        return _ids(spans) <= set(sink.span_copies()) or None

    await until(all_out, timeout_s)


def _by_name(sink: Sink, trace_id: str) -> dict[str, Any]:
    """The trace's own spans that came out, by name; each is there once."""
    spans = [span for span in spans_of(sink).get(trace_id, []) if not is_evaluation(span)]
    assert len({span.span_id for span in spans}) == len(spans)
    return {span.name: span for span in spans}


def _evaluations(sink: Sink, trace_id: str) -> list[Any]:
    return [span for span in spans_of(sink).get(trace_id, []) if is_evaluation(span)]


# ---- quiet, and unseen parents ---------------------------------------------------------------------------------------


async def test_a_trace_whose_chains_are_closed_is_sealed_when_it_has_been_quiet(pair: Pair) -> None:
    trace = new_trace_id()
    tool, llm, root = agent_run(trace)
    for part in (tool, llm, root):
        await send(pair.one, request_of([part]))
        await asyncio.sleep(0.7)
    assert _about(QUIET_S, await pair.waited_s(trace))


async def test_a_chain_that_closes_through_plain_spans_of_the_same_batches_is_closed(pair: Pair) -> None:
    trace = new_trace_id()
    web = web_span(trace)
    between = make_span(trace, "middleware", {"code.function.name": "handle"}, parent=web.span_id.hex())
    agent = agent_run(trace, parent=between.span_id.hex())
    await send(pair.one, request_of(agent[:1]))
    await send(pair.two, request_of([*agent[1:], between, web]))
    assert _about(QUIET_S, await pair.waited_s(trace))


async def test_an_unseen_parent_in_another_process_is_waited_for(pair: Pair) -> None:
    trace = new_trace_id()
    await send(pair.one, request_of(agent_run(trace, parent=os.urandom(8).hex(), parent_flags=REMOTE_PARENT)))
    assert _about(REMOTE_S, await pair.waited_s(trace))


@pytest.mark.parametrize("flags", [LOCAL_PARENT, REMOTE_UNKNOWN])
async def test_an_unseen_parent_in_the_same_process_or_nobody_knows_where_is_waited_for_longer(
    pair: Pair, flags: int
) -> None:
    trace = new_trace_id()
    await send(pair.one, request_of(agent_run(trace, parent=os.urandom(8).hex(), parent_flags=flags)))
    assert _about(LOCAL_S, await pair.waited_s(trace))


@pytest.mark.parametrize("after_s", [1.0, 3.0])
async def test_a_parent_that_another_receiver_passes_on_later_ends_the_wait(pair: Pair, after_s: float) -> None:
    """Also when it comes while the trace is not even quiet yet."""
    trace = new_trace_id()
    web = web_span(trace)
    await send(pair.one, request_of(agent_run(trace, parent=web.span_id.hex())))
    await asyncio.sleep(after_s)
    await send(pair.two, request_of([web]))
    waited_s = await pair.waited_s(trace)
    assert max(QUIET_S, after_s) - 0.05 <= waited_s < LOCAL_S - 1


async def test_plain_parents_of_plain_parents_are_found_too(pair: Pair) -> None:
    one_batch, two_batches = new_trace_id(), new_trace_id()
    later: dict[str, list[Span]] = {}
    for trace in (one_batch, two_batches):
        web = web_span(trace)
        between = make_span(trace, "middleware", {"code.function.name": "handle"}, parent=web.span_id.hex())
        later[trace] = [between, web]
        await send(pair.one, request_of(agent_run(trace, parent=between.span_id.hex())))
    await asyncio.sleep(1.0)
    await send(pair.two, request_of([*later[one_batch], later[two_batches][0]]))
    await asyncio.sleep(1.0)
    await send(pair.one, request_of([later[two_batches][1]]))
    assert await pair.waited_s(one_batch) < LOCAL_S - 1
    assert await pair.waited_s(two_batches) < LOCAL_S - 1


async def test_a_span_that_comes_after_the_ending_is_exported_at_once_and_once(pair: Pair) -> None:
    trace = new_trace_id()
    spans = agent_run(trace)
    await send(pair.one, request_of(spans))
    before = (await pair.deployment.until_ended([trace]))[trace]
    late = make_span(
        trace, "execute_tool log", {"gen_ai.operation.name": "execute_tool"}, parent=spans[-1].span_id.hex()
    )
    await send(pair.two, request_of([late]))
    await _until_out(pair.sink, [late], 5)
    for door in (pair.one, pair.two):
        await send(door, request_of([late, *spans]))
    await asyncio.sleep(1.5)
    copies = copies_by_id(pair.sink)
    assert {len(copies[span]) for span in _ids([late, *spans])} == {1}
    assert copies[next(iter(_ids([late])))][0].raw == late.SerializeToString()
    assert pair.deployment.records([trace])[trace] == before
    assert total((pair.one, pair.two), "late_spans") == 1


async def test_a_log_record_whose_span_never_comes_expires_and_is_counted(pair: Pair) -> None:
    trace = new_trace_id()
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.trace_id, record.span_id = bytes.fromhex(trace), os.urandom(8)
    record.event_name = "gen_ai.user.message"
    record.body.CopyFrom(any_value("hello"))
    await send(pair.one, request.SerializeToString(), method=LOGS_METHOD)
    assert pair.sink.bodies("logs") == [request.SerializeToString()]
    doors = (pair.one, pair.two)
    assert total(doors, "joined_logs") == 1

    async def expired() -> bool | None:
        return total(doors, "expired_logs") == 1 or None

    await until(expired, LOCAL_S + 10)
    assert pair.deployment.records([trace]) == {}


# ---- other settings --------------------------------------------------------------------------------------------------


async def test_where_only_agent_spans_come_an_agent_waits_shorter_for_its_parent(deploy: Callable[..., Any]) -> None:
    waits = {"quiet_s": 1.0, "agent_parent_s": 4.0, "local_parent_s": 10.0, "agent_spans_only": True}
    deployment = deploy(complete=waits, hold=WAITS["hold"])
    _, door = await deployment.up()
    agent, tool_only = new_trace_id(), new_trace_id()
    await send(door, request_of(agent_run(agent, parent=os.urandom(8).hex())))
    await send(door, request_of(agent_run(tool_only)[:1]))
    records = await deployment.until_ended([agent, tool_only])
    assert _about(4.0, _waited_s(records[agent]))
    assert _about(10.0, _waited_s(records[tool_only])), "a tool's agent is most likely still running"


async def test_a_trace_that_is_never_quiet_is_sealed_by_its_age(deploy: Callable[..., Any], sink: Sink) -> None:
    deployment = deploy(
        complete={"quiet_s": 2.5, "local_parent_s": 20.0, "max_age_s": 4.0},
        hold=WAITS["hold"],
        # not scored, so that it ends when it is sealed: what comes while a score is awaited is late and in the record
        sampling={"floor": 0.0, "rules": []},
    )
    _, door = await deployment.up()
    trace = new_trace_id()
    _, _, root = agent_run(trace)
    sent = []
    for number in range(16):
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "number": number}
        sent.append(make_span(trace, "chat m", attributes, parent=root.span_id.hex()))
        await send(door, request_of(sent[-1:]))
        await asyncio.sleep(0.4)
    await send(door, request_of([root]))
    record = (await deployment.until_ended([trace]))[trace]
    assert _about(4.0, _lasted_s(record))
    assert record.status == "incomplete"
    await _until_out(sink, [*sent, root])
    assert set(sink.span_copies().values()) == {1}
    assert total([door], "late_spans") + record.received_spans == len(sent) + 1
    assert total([door], "sealed_before_root") == 1


async def test_a_trace_of_too_many_spans_is_sealed_early_and_the_rest_streams_through(
    deploy: Callable[..., Any], sink: Sink
) -> None:
    deployment = deploy(complete={"quiet_s": 20.0, "local_parent_s": 60.0, "max_spans": 10}, hold=WAITS["hold"])
    _, door = await deployment.up()
    trace = new_trace_id()
    _, _, root = agent_run(trace)
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "step"}
    spans = [make_span(trace, "execute_tool step", attributes, parent=root.span_id.hex()) for _ in range(30)]
    await send(door, request_of(spans[:12]))
    record = (await deployment.until_ended([trace]))[trace]
    assert record.status == "too_large"
    assert _lasted_s(record) < SLACK_S
    await send(door, request_of([*spans[12:], root]))
    await _until_out(sink, [*spans, root], 5)
    assert set(sink.span_copies().values()) == {1}
    assert deployment.records([trace])[trace] == record


# ---- holds -----------------------------------------------------------------------------------------------------------


async def test_spans_go_plain_when_their_hold_ends_and_their_scores_follow(
    deploy: Callable[..., Any], sink: Sink
) -> None:
    deployment = deploy(complete={"quiet_s": 1.5, "local_parent_s": 60.0}, hold={"span_s": 2.0, "root_s": 60.0})
    _, door = await deployment.up()
    trace = new_trace_id()
    tool, llm, root = agent_run(trace)
    await send(door, request_of([tool, llm]))
    await _until_out(sink, [tool, llm])
    assert deployment.records([trace]) == {}, "the trace is open still"
    assert {span.raw for span in sink.spans()} == {tool.SerializeToString(), llm.SerializeToString()}
    await send(door, request_of([tool, llm]))
    await send(door, request_of([root]))
    record = (await deployment.until_ended([trace]))[trace]
    await _until_out(sink, [root])
    came = _by_name(sink, trace)
    assert attribute(came["invoke_agent weather"], "otel_scorer.status") == record.status
    assert attribute(came["invoke_agent weather"], "otel_scorer.rubric.id") == "agent@3"
    released = {outcome.target_span_id for outcome in record.outcomes} - {root.span_id.hex()}
    assert released, "spans have rubrics of their own"

    async def evaluated() -> list[Any] | None:
        found = _evaluations(sink, trace)
        return found if len(found) == len(released) else None

    found = await until(evaluated, 10)
    assert {span.parent_span_id.hex() for span in found} == released
    by_id = {span.span_id: span for span in (tool, llm)}
    for span in found:
        end = by_id[span.parent_span_id].end_time_unix_nano
        assert (span.start_time_unix_nano, span.end_time_unix_nano) == (end - 1000, end)


async def test_a_root_goes_with_status_deadline_when_its_hold_ends_and_its_score_follows(
    deploy: Callable[..., Any], sink: Sink
) -> None:
    deployment = deploy(complete={"quiet_s": 1.0}, hold={"span_s": 2.0, "root_s": 3.0})
    _, door = await deployment.serve()  # nobody works yet
    trace = new_trace_id()
    spans = agent_run(trace)
    await send(door, request_of(spans))
    await _until_out(sink, spans)
    root = _by_name(sink, trace)["invoke_agent weather"]
    assert attribute(root, "otel_scorer.status") == "deadline"
    assert attribute(root, "otel_scorer.score.composite") is None
    assert deployment.records([trace]) == {}, "the record waits for the result"
    deployment.work()
    record = (await deployment.until_ended([trace]))[trace]
    assert record.status in ("scored", "partial")

    async def evaluated() -> Any | None:
        return next(
            (span for span in _evaluations(sink, trace) if span.parent_span_id.hex() == record.root_span_id), None
        )

    found = await until(evaluated, 10)
    assert attribute(found, "otel_scorer.rubric.id") == "agent@3"
    await asyncio.sleep(1)
    assert set(sink.span_copies().values()) == {1}


async def test_a_root_of_an_open_trace_goes_plain_when_its_hold_ends(deploy: Callable[..., Any], sink: Sink) -> None:
    deployment = deploy(complete={"quiet_s": 1.0, "local_parent_s": 8.0}, hold={"span_s": 1.5, "root_s": 3.0})
    _, door = await deployment.up()
    trace = new_trace_id()
    spans = agent_run(trace, parent=os.urandom(8).hex())
    await send(door, request_of(spans))
    await _until_out(sink, spans)
    assert {span.raw for span in sink.spans()} == {span.SerializeToString() for span in spans}
    assert deployment.records([trace]) == {}
    record = (await deployment.until_ended([trace]))[trace]
    assert _about(8.0, _waited_s(record))

    async def evaluated() -> bool | None:
        return record.root_span_id in {span.parent_span_id.hex() for span in _evaluations(sink, trace)} or None

    await until(evaluated, 10)
    assert set(sink.span_copies().values()) == {1}
