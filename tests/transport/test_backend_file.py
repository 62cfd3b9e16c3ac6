"""The file backend."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
from pathlib import Path

import pytest
from transport_parts import logs, metrics, traces

from otel_scorer.online.backend import Accepted, Misconfigured, Refused, Retryable, Unsupported
from otel_scorer.online.backend_file import FileBackend


def lines_of(path: Path) -> list[dict]:
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("fsync", [False, True])
async def test_each_request_is_a_line_of_otlp_json(tmp_path: Path, fsync: bool) -> None:
    path = tmp_path / "new" / "spans.jsonl"
    backend = FileBackend(path, fsync=fsync)
    assert await backend.send("traces", traces(2), {}, 5) == Accepted()
    assert await backend.send("traces", b"", {}, 5) == Accepted()
    outcomes = await asyncio.gather(*(backend.send("traces", traces(1), {}, 5) for _ in range(50)))
    assert set(outcomes) == {Accepted()}
    await backend.close()
    lines = lines_of(path)
    assert len(lines) == 51
    assert len(lines[0]["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 2


async def test_logs_are_kept_too_and_metrics_are_not(tmp_path: Path) -> None:
    backend = FileBackend(tmp_path / "spans.jsonl")
    assert await backend.send("logs", logs(), {}, 5) == Accepted()
    assert isinstance(await backend.send("metrics", metrics(), {}, 5), Unsupported)
    assert "resourceLogs" in lines_of(tmp_path / "spans.jsonl")[0]


async def test_what_is_not_otlp_is_refused(tmp_path: Path) -> None:
    assert isinstance(await FileBackend(tmp_path / "f").send("traces", b"\xff\xff\xff", {}, 5), Refused)


async def test_an_unfinished_line_of_a_killed_writer_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    for before, kept in ((b"", 0), (b'{"resourceSpans":[]}\n', 1)):
        path.write_bytes(before + b'{"resourceSpans":[' + b"x" * 200_000)
        assert await FileBackend(path).send("traces", traces(), {}, 5) == Accepted()
        assert len(lines_of(path)) == kept + 1


async def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    backend = FileBackend(path)
    await backend.send("traces", traces(), {}, 5)
    path.rename(tmp_path / "spans.1.jsonl")
    await backend.send("traces", traces(), {}, 5)
    assert len(lines_of(path)) == len(lines_of(tmp_path / "spans.1.jsonl")) == 1


async def test_a_full_disk_is_retryable_and_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    backend = FileBackend(path)
    assert await backend.send("traces", traces(1), {}, 5) == Accepted()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        assert isinstance(await backend.send("traces", traces(9), {}, 5), Retryable)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(lines_of(path)) == 1
    assert await backend.send("traces", traces(9), {}, 5) == Accepted()
    assert len(lines_of(path)) == 2


async def test_a_place_that_cannot_be_written_is_our_misconfiguration(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "below"):
        assert isinstance(await FileBackend(path).send("traces", traces(), {}, 5), Misconfigured)


def write_many(path: Path) -> None:
    async def write() -> None:
        backend = FileBackend(path, fsync=False)
        await asyncio.gather(*(backend.send("traces", traces(20, "n" * 5000), {}, 5) for _ in range(30)))

    asyncio.run(write())


async def test_several_processes_write_whole_lines_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    await asyncio.gather(*(asyncio.to_thread(writer.join) for writer in writers))
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert len(lines_of(path)) == 90


async def test_a_sender_that_gives_up_does_not_stop_the_write_of_others(tmp_path: Path) -> None:
    backend = FileBackend(tmp_path / "spans.jsonl")
    sends = [asyncio.create_task(backend.send("traces", traces(), {}, 5)) for _ in range(10)]
    await asyncio.sleep(0)
    sends[0].cancel()
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert set(results[1:]) == {Accepted()}
    assert (tmp_path / "spans.jsonl").stat().st_size > 0
