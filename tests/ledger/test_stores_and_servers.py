"""Which store has a trace, what is said of a store that is too small, and the embedded server's second life."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from pathlib import Path

import pytest
from ledger.small_traces import LIMITS, put_of, span
from redis import Redis

from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.health import require_durable
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.shards import place_of, shard_of
from otel_scorer.ledger.store import Ledger

IDS = [number.to_bytes(16, "big") for number in range(1, 300)]


def chosen(names: list[str]) -> list[int]:
    return [shard_of(trace_id, names) for trace_id in IDS]


def test_roles_with_users_of_their_own_choose_the_same_store() -> None:
    serve = ["redis://serve:****@one:6379/0", "redis://serve:****@two:6379/0", "redis://serve:****@two:6379/1"]
    work = ["rediss://worker@ONE", "redis://two/0?protocol=3", "redis://two?db=1"]
    assert chosen(serve) == chosen(work)
    assert set(chosen(serve)) == {0, 1, 2}


def test_stores_with_long_names_that_begin_alike_share_the_traces() -> None:
    names = [f"redis://{'a-long-host-name.' * 5}{number}.internal:6379/0" for number in range(3)]
    found = chosen(names)
    assert min(found.count(index) for index in range(3)) > 60


def test_a_trace_stays_where_it_is_when_the_order_of_stores_changes() -> None:
    names = ["redis://one", "redis://two", "redis://three"]
    assert [names[index] for index in chosen(names)] == [names[::-1][index] for index in chosen(names[::-1])]


def test_the_place_of_a_socket_is_its_path() -> None:
    assert place_of("unix:///run/a.sock?db=2") == "/run/a.sock/2"
    assert place_of("unix://user@/run/a.sock") == "/run/a.sock/0"


async def test_a_store_smaller_than_the_ledger_may_become_is_told_at_start(
    valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    client = StoreClient(valkey.url, 20.0)
    await client.redis.config_set("maxmemory", "100mb")
    try:
        with caplog.at_level(logging.WARNING):
            await require_durable(client, LedgerSettings(max_mib=100))
            assert caplog.messages == []
            await require_durable(client, LedgerSettings(max_mib=101))
        (said,) = caplog.messages
        assert "maxmemory is 100 MiB, less than ledger.max_mib (101)" in said
    finally:
        await client.redis.config_set("maxmemory", "0")
        await client.close()


def server_id(server: EmbeddedValkey) -> int:
    with Redis(unix_socket_path=str(server.socket)) as client:
        return int(client.info("server")["process_id"])


def gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


async def until_answers(ledger: Ledger) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await ledger.now_ms()
            except Exception:
                await asyncio.sleep(0.02)
            else:
                return


async def test_a_server_that_was_killed_is_started_again_and_has_everything(tmp_path: Path) -> None:
    server = start_valkey(tmp_path)
    ledger = Ledger(StoreClient(server.url, 20.0), LedgerSettings(), LIMITS)
    try:
        await ledger.put([put_of(span(1))])
        assert server.ended is None
        for _ in range(2):
            os.kill(server_id(server), signal.SIGKILL)
            end = time.monotonic() + 5
            while server.ended is None and time.monotonic() < end:
                await asyncio.sleep(0.02)
            assert server.ended == 128 + signal.SIGKILL
            server.start_again()
            await until_answers(ledger)
            assert await ledger.put([put_of(span(1))]) == (0, 1, 0, 0)
        process = server_id(server)
    finally:
        await ledger.client.close()
        server.stop()
    assert gone(process)
    start_valkey(tmp_path).stop()  # the lock is free: nothing of the earlier servers is left
