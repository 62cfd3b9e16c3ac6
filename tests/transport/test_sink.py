"""The sink that other tests rely on."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_sink import Sink, raw_spans_of, read_dump, without_scores
from transport_parts import call, traces

SINK = Path(__file__).parent.parent / "otlp_sink.py"


async def test_a_sink_process_answers_as_scripted_and_dumps_what_came(tmp_path: Path) -> None:
    dump = tmp_path / "dump.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SINK), "--dump", str(dump), "--script", "unavailable", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    ports = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    url = f"http://127.0.0.1:{ports['http']}"
    async with aiohttp.ClientSession() as session:
        for status in (503, 200):
            async with session.post(f"{url}/v1/traces", data=traces(2)) as response:
                assert response.status == status
        async with session.post(f"{url}/__script", json={"answers": ["partial:1"]}) as response:
            assert response.status == 200
        assert b"some were bad" in await call(ports["grpc"], traces(1))
        async with session.get(f"{url}/__requests") as response:
            assert len((await response.text()).splitlines()) == 3
    process.terminate()
    assert await process.wait() == 0
    recorded = read_dump(dump)
    assert [(each.transport, each.answer, each.taken) for each in recorded] == [
        ("http", "unavailable", False),
        ("http", "ok", True),
        ("grpc", "partial", True),
    ]
    assert recorded[1].body == traces(2)


async def test_copies_are_counted_and_waited_for() -> None:
    async with Sink() as sink:
        waiting = asyncio.create_task(sink.until_spans(2))
        await call(sink.grpc_port, traces(2))
        await waiting
        await call(sink.grpc_port, traces(1))
        assert sorted(sink.span_copies().values()) == [1, 2]


def test_spans_are_cut_out_byte_for_byte_and_freed_of_scores() -> None:
    plain = traces(1)
    (span,) = raw_spans_of(plain)
    scored = Span.FromString(span.raw)
    scored.attributes.add(key="otel_scorer.label").value.string_value = "pass"
    assert without_scores(span.raw + scored.SerializeToString()[len(span.raw) :]) == span.raw
    assert span.span_id == "0000000000000001"
    assert b"shop" in span.resource
