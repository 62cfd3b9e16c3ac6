"""The embedded Valkey dies under `otel-scorer up` (out of memory, full disk): it comes back, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.running import Deployment, attribute, is_evaluation, send, spans_of, until
from otlp_sink import Sink, without_scores
from redis import Redis

from otel_scorer.ledger.embedded import socket_of

pytestmark = pytest.mark.e2e


def kill_valkey(deployment: Deployment) -> None:
    with Redis(unix_socket_path=str(socket_of(deployment.folder / "data"))) as client:
        os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)


async def test_a_killed_valkey_comes_back_and_no_span_is_lost(deploy: Callable[..., Deployment], sink: Sink) -> None:
    deployment = deploy()
    process, door = await deployment.up()
    before = agent_run()
    assert await send(door, request_of(before)) == b""
    kill_valkey(deployment)
    meanwhile = [agent_run() for _ in range(5)]
    for run in meanwhile:
        assert await send(door, request_of(run)) == b""
        await asyncio.sleep(0.3)
    await deployment.ready(process, door, worker=True)
    after = agent_run()
    assert await send(door, request_of(after)) == b""
    runs = [before, *meanwhile, after]
    await deployment.until_ended([run[0].trace_id.hex() for run in runs])

    async def scored() -> Any:
        found = spans_of(sink).get(after[0].trace_id.hex(), [])
        return [span for span in found if attribute(span, "otel_scorer.status") in ("scored", "partial")] or None

    await until(scored, 30, process.text)
    sent = {span.SerializeToString() for run in runs for span in run}
    exported = [span for span in sink.spans() if not is_evaluation_raw(span.raw)]
    assert {without_scores(span.raw) for span in exported} == sent
    assert process.popen.poll() is None
    assert "the embedded Valkey ended with code 137, and is started again" in process.text()
    assert process.stop() == 0
    assert not socket_answers(deployment)


def is_evaluation_raw(raw: bytes) -> bool:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    return is_evaluation(Span.FromString(raw))


def socket_answers(deployment: Deployment) -> bool:
    try:
        with Redis(unix_socket_path=str(socket_of(deployment.folder / "data"))) as client:
            return bool(client.ping())
    except OSError:
        return False
    except Exception:
        return False
