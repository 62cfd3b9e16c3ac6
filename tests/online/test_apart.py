"""Suspect traces, each alone in a real process: what counts as a crash of it, and what does not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest
from alone_scorers import Ending

from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Advance, TracePut
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.online import apart as module
from otel_scorer.online.apart import ApartProcess
from otel_scorer.online.check_threads import STUCK, CheckThreads
from otel_scorer.online.scorer import beat_for_ever
from otel_scorer.online.work import worker_name
from otel_scorer.wire import AgentSpan, Envelope

LIMITS = TraceLimits(hold_ms=600_000, quiet_ms=1, max_age_ms=5000, max_spans=50, max_bytes=100_000, holds=True)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = start_valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


@pytest.fixture
async def ledger(valkey: EmbeddedValkey) -> AsyncIterator[Ledger]:
    client = StoreClient(valkey.url, 20.0)
    await client.redis.flushall()
    yield Ledger(client, LedgerSettings(), LIMITS)
    await client.close()


async def suspect(ledger: Ledger, number: int = 1) -> Member:
    """A trace that waits for its score and is suspect; it is due in a minute."""
    trace = bytes([number]) * 16
    member = Member("default", trace.hex())
    put = TracePut(member, {})
    put.add_span(AgentSpan(trace, b"spanspan", b"", 0, 1, b"", Envelope(b"", b"", b"", b"")))
    await ledger.put([put])
    claim = await claimed(ledger, member)
    meta = {"state": "waiting", "decision": "{}", "dispatch": 1, "suspect": 1}
    await ledger.advance([Advance(member, claim.fence, claim.now_ms + 60_000, heed_holds=False, meta=meta)])
    return member


async def claimed(ledger: Ledger, member: Member, within_s: float = 20.0) -> Claim:
    async with asyncio.timeout(within_s):
        while True:
            for claim in await ledger.claim(10):
                if claim.member == member:
                    return claim
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("how", "crashes"), [("dies", 1), ("leaves", 1), ("ledger away", 0)])
async def test_only_the_death_of_the_process_counts_against_the_trace(
    ledger: Ledger, valkey: EmbeddedValkey, how: str, crashes: int
) -> None:
    member = await suspect(ledger)
    apart = ApartProcess(Ending(valkey.url, how), "w", lambda _: ledger, 30.0)
    apart.start()
    apart.queue(member, 1)
    claim = await claimed(ledger, member)
    assert (claim.worker, claim.attempts, claim.crashes) == ("", 0, crashes)
    await apart.close()


async def test_traces_take_turns_each_once_and_their_results_stay(ledger: Ledger, valkey: EmbeddedValkey) -> None:
    members = [await suspect(ledger, number) for number in (1, 2)]
    apart = ApartProcess(Ending(valkey.url, "finishes"), "w", lambda _: ledger, 30.0)
    apart.start()
    for member in [*members, *members]:
        apart.queue(member, 1)
    for member in members:
        claim = await claimed(ledger, member)
        assert (claim.result, claim.worker, claim.attempts, claim.crashes) == ("[]", "w", 1, 0)
    await apart.close()


async def test_a_worker_that_stops_takes_the_process_with_it_and_gives_its_trace_back(
    ledger: Ledger, valkey: EmbeddedValkey
) -> None:
    running, queued = [await suspect(ledger, number) for number in (1, 2)]
    apart = ApartProcess(Ending(valkey.url, "stands still"), "w", lambda _: ledger, 30.0)
    apart.start()
    apart.queue(running, 1)
    apart.queue(queued, 1)
    name = ledger.keys.trace(running)
    async with asyncio.timeout(20):
        while not await ledger.client.redis.hget(name, "m:worker"):
            await asyncio.sleep(0.05)
    async with asyncio.timeout(15):  # it stands still for longer
        await apart.close()
    assert not [child for child in psutil.Process().children() if "multiprocessing.spawn" in " ".join(child.cmdline())]
    for member, attempts in ((running, 0), (queued, 0)):
        worker, crashes, tried = await ledger.client.redis.hmget(
            ledger.keys.trace(member), "m:worker", "m:crashes", "m:attempts"
        )
        assert (worker, crashes, int(tried or 0)) == (None, None, attempts)


async def test_a_check_that_never_ends_is_stopped_and_counts_as_a_crash(ledger: Ledger, valkey: EmbeddedValkey) -> None:
    member = await suspect(ledger)
    apart = ApartProcess(Ending(valkey.url, "stands still"), "w", lambda _: ledger, 5.0 - module.SCORING_GRACE_S)
    apart.start()
    apart.queue(member, 1)
    assert (await claimed(ledger, member)).crashes == 1
    await apart.close()


def test_a_worker_that_is_started_again_has_another_name() -> None:
    assert worker_name() != worker_name()


class _Failing(Ledger):
    async def beat(self, worker: str, for_s: float) -> None:
        raise RuntimeError("a bug of ours")


async def test_a_heartbeat_goes_on_whatever_fails(ledger: Ledger) -> None:
    failing = _Failing(ledger.client, LedgerSettings(), LIMITS)
    task = asyncio.create_task(beat_for_ever([failing, ledger], "w", 0.3))
    await asyncio.sleep(0.7)
    assert not task.done()
    assert await ledger.living_workers() == {"w"}
    task.cancel()


def test_a_worker_whose_loop_is_ended_by_a_check_does_not_only_seem_to_live() -> None:
    code = """
import time
from otel_scorer.online.work import _LoopThread
async def leaves(): raise SystemExit(0)
_LoopThread().start(leaves())
time.sleep(20)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30).returncode == 70


def test_a_worker_of_which_half_the_threads_hang_ends_instead_of_only_seeming_to_live() -> None:
    code = """
import asyncio, time
from otel_scorer.online.check_threads import end_when_stuck
from otel_scorer.online.work import _LoopThread
loop = _LoopThread()
async def hangs(): await asyncio.to_thread(time.sleep, 600)
for _ in range((loop.threads.most + 1) // 2): loop.start(hangs())
loop.start(end_when_stuck(loop.threads, 0.2))
time.sleep(20)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30).returncode == STUCK


async def test_threads_that_go_on_are_not_stuck_however_long_the_worker_lives() -> None:
    threads = CheckThreads()
    asyncio.get_running_loop().set_default_executor(threads)
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(3 * threads.most)))
    assert threads.stuck() == 0
