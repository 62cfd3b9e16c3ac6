"""Everything that goes in comes out, once: all recorded traces in both forms, through two receivers on one store."""

from __future__ import annotations

import asyncio
import gzip
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import pytest
from e2e.once import (
    Sent,
    assert_accounts_balance,
    assert_everything_came_out,
    assert_nothing_plain_is_in_the_ledger,
    assert_one_ending_each,
    total,
    until_all_ended,
)
from e2e.recorded_files import Piece, RecordedFile, recorded_files, request_body, shuffled_requests
from e2e.running import LOGS_METHOD, SHARED, Deployment, Door, send, until
from e2e.sdk_traffic import Traffic
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from otlp_sink import Sink

pytestmark = pytest.mark.e2e

TRACES = SHARED / "traces"
SEED = 20261121

# The whole sending takes less than these waits, so that no trace can be complete before all of it has come; and nothing
# is let go before its score has come.
QUIET_S = 20.0
"""Longer than all is sent: a resend that comes while its trace is open is told from one that comes after."""
PATIENT = {
    "complete": {"quiet_s": QUIET_S, "remote_parent_s": QUIET_S, "local_parent_s": QUIET_S + 2},
    "hold": {"span_s": 100.0, "root_s": 100.0},
    "sampling": {"floor": 0.4},
}


async def send_json(session: aiohttp.ClientSession, door: Door, signal: str, body: bytes, *, zipped: bool) -> None:
    headers = {"content-type": "application/json"} | ({"content-encoding": "gzip"} if zipped else {})
    url = f"{door.http_url}/v1/{signal}"
    async with session.post(url, data=gzip.compress(body, 1) if zipped else body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert "partialSuccess" not in await answer.json()


class Sender:
    """Sends to two doors in turns, over HTTP what is JSON and over gRPC what is protobuf, and keeps account."""

    def __init__(self, doors: Sequence[Door], session: aiohttp.ClientSession, draw: random.Random, sink: Sink) -> None:
        self.doors = doors
        self.sent = Sent()
        self._session = session
        self._draw = draw
        self._sink = sink

    async def spans(self, groups: Sequence[Sequence[Piece]]) -> None:
        await _few_at_a_time([self._group(group) for group in groups])

    async def logs(self, files: Sequence[RecordedFile]) -> None:
        await _few_at_a_time([self._logs(file) for file in files])

    async def _group(self, group: Sequence[Piece]) -> None:
        door = self._draw.choice(self.doors)
        body = request_body(group)
        if group[0].form == "json":
            await send_json(self._session, door, "traces", body, zipped=self._draw.random() < 0.5)
        else:
            assert await send(door, body) == b""
        for piece in group:
            self.sent.add(piece.trace_id, piece.span_id, piece.raw, agent=piece.agent)

    async def _logs(self, file: RecordedFile) -> None:
        door = self._draw.choice(self.doors)
        if file.form == "json":
            await send_json(self._session, door, "logs", file.logs or b"", zipped=False)
        else:
            assert await send(door, file.logs or b"", method=LOGS_METHOD) == b""


async def _few_at_a_time(calls: Sequence[Awaitable[None]]) -> None:
    slots = asyncio.Semaphore(4)

    async def one(call: Awaitable[None]) -> None:
        async with slots:
            await call

    await asyncio.gather(*map(one, calls))


@pytest.mark.skipif(not TRACES.is_dir(), reason=f"no recorded traces: {TRACES} is not there")
async def test_every_recorded_trace_in_both_forms_comes_out_once_through_two_receivers(
    deploy: Callable[..., Deployment], sink: Sink
) -> None:
    draw = random.Random(SEED)
    files = [*recorded_files(TRACES, "json"), *recorded_files(TRACES, "protobuf")]
    with_logs = [file for file in files if file.logs is not None]
    assert len(files) == 2 * 406
    deployment = deploy(**PATIENT)
    (_, first), (_, second) = await asyncio.gather(deployment.serve("one"), deployment.serve("two"))
    doors = (first, second)
    deployment.work()
    groups = [
        group
        for form in ("json", "protobuf")
        for group in shuffled_requests([p for file in files if file.form == form for p in file.pieces], 20, draw)
    ]
    draw.shuffle(groups)
    again = draw.sample(groups, len(groups) // 4)
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        sender = Sender(doors, session, draw, sink)
        sent = sender.sent
        await sender.logs(with_logs[::2])
        await sender.spans(groups)
        assert len(sent.other) == 2 * 71
        assert dict.fromkeys(sent.other, 1) == sink.span_copies(), "acknowledged means that the backend has the rest"
        await sender.spans(again)
        await sender.logs(with_logs[1::2])
        took_s = time.monotonic() - began
        assert assert_nothing_plain_is_in_the_ledger(deployment, sent) == len(sent.agent)
        records = await until_all_ended(deployment, sent, doors, 120)
        await sender.spans(draw.sample(groups, 10))  # after the end too, a resend changes nothing
    await _until_exported(sink, sent)
    assert took_s < QUIET_S, f"the machine is too slow for the waits of this test: sending took {took_s:.1f} s"
    assert_everything_came_out(sink, sent)
    ended = assert_one_ending_each(sink, records, sent)
    assert_accounts_balance(doors, sent)
    assert total(doors, "late_spans") == 0
    assert set(ended) <= {"scored", "partial", "missing_evidence", "own", "incomplete", "not_sampled"}, ended
    assert ended["scored"] + ended["partial"] > 200, ended
    _assert_roots_had_come(records, files)
    _assert_logs_were_joined(sink, records, with_logs, doors)


async def _until_exported(sink: Sink, sent: Sent) -> None:
    async def all_there() -> bool | None:
        return set(sink.span_copies()) >= set(sent.agent) | set(sent.other) or None

    await until(all_there, 20)
    await asyncio.sleep(1.0)  # what comes out once too often would do so now


def _assert_roots_had_come(records: dict[str, Any], files: Sequence[RecordedFile]) -> None:
    """Of a trace with one agent span at the top, that is the root of its record."""
    for file in files:
        for trace_id in file.trace_ids & set(records):
            pieces = {piece.span_id: piece for piece in file.pieces if piece.trace_id == trace_id}
            tops = [piece.span_id for piece in pieces.values() if piece.agent and not _has_agent_above(piece, pieces)]
            if len(tops) == 1:
                assert records[trace_id].root_span_id == tops[0], (file.name, trace_id)


def _has_agent_above(piece: Piece, pieces: dict[str, Piece]) -> bool:
    above = pieces.get(piece.parent_id)
    return above is not None and (above.agent or _has_agent_above(above, pieces))


def _assert_logs_were_joined(
    sink: Sink, records: dict[str, Any], with_logs: Sequence[RecordedFile], doors: Sequence[Door]
) -> None:
    """Every log request came out as it went in, and the traces whose content lies in log records were judged by it."""
    came = [ExportLogsServiceRequest.FromString(body).SerializeToString() for body in sink.bodies("logs")]
    sent = [file.logs_as_protobuf for file in with_logs]
    assert sorted(came) == sorted(body for body in sent if body is not None)
    assert total(doors, "joined_logs") > 0
    assert total(doors, "expired_logs") == 0
    told = [file for file in with_logs if file.answer_in_logs]
    ended = {(file.name, records[trace_id].status) for file in told for trace_id in file.trace_ids}
    without = {name for name, status in ended if status == "missing_evidence"}
    assert sum(status in ("scored", "partial") for _, status in ended) > 10
    assert not without, f"content in log records was not joined: {without}"


# ---- traffic of the real SDK -----------------------------------------------------------------------------------------

# Web requests whose agents take 12 s; SDKs send every 2 s here, every 5 s by default.
SDK_WAITS = {
    "complete": {"quiet_s": 3.5, "remote_parent_s": 5.0, "local_parent_s": 40.0},
    "hold": {"span_s": 20.0, "root_s": 60.0},
}


async def test_mixed_traces_of_the_real_sdk_come_out_once_through_two_receivers(
    deploy: Callable[..., Deployment], sink: Sink
) -> None:
    deployment = deploy(**SDK_WAITS)
    deployment.work()
    (_, first), (_, second) = await asyncio.gather(deployment.serve("one"), deployment.serve("two"))
    doors = (first, second)
    traffic = Traffic(doors, batch_s=2.0, lasts_s=12.0)
    one_process, two_processes = await traffic.run(6, 6)
    sent = traffic.sent
    assert len(sent.agent_traces) == 12
    records = await until_all_ended(deployment, sent, doors, 40)
    await _until_exported(sink, sent)
    assert_everything_came_out(sink, sent)
    ended = assert_one_ending_each(sink, records, sent)
    assert_accounts_balance(doors, sent)
    assert set(ended) <= {"scored", "partial"}, ended
    assert total(doors, "late_spans") == 0
    for trace_id, agent_id in {**one_process, **two_processes}.items():
        assert records[trace_id].root_span_id == agent_id, "the agent is the root, not the web request above it"
    for trace_id in one_process:
        assert _sealed_after_s(records[trace_id]) < 8, "the web request above the agent was not noticed"
    for trace_id in two_processes:
        # the gateway may have sent its span before anybody looked for it: then it counts as one that does not report
        assert _sealed_after_s(records[trace_id]) < 20


def _sealed_after_s(record: Any) -> float:
    return float(record.times.sealed_ms - record.times.last_seen_ms) / 1000
