"""What is counted by windows in a real store: the same arithmetic as in memory, the same answer for every replica."""

from __future__ import annotations

import asyncio
import random

import pytest

from otel_scorer.ledger.budget import LedgerBudget
from otel_scorer.ledger.store import Ledger
from otel_scorer.ledger.windows import LedgerCounts
from otel_scorer.sampling.windows import Limits, MemoryCounts, Of, Wanted, Windows

WINDOW_S = 1.0


def counts(ledger: Ledger, window_s: float = WINDOW_S) -> LedgerCounts:
    return LedgerCounts(ledger.client, ledger.keys, window_s)


async def into_next_window(ledger: Ledger, window_s: float = WINDOW_S) -> None:
    """A window of its own has just begun, by the store's clock."""
    now_ms = await ledger.now_ms()
    await asyncio.sleep(window_s - now_ms / 1000 % window_s + 0.02)


async def test_the_store_counts_as_memory_does(ledger: Ledger) -> None:
    spread = random.Random(3)

    def batch() -> list[Wanted]:
        return [
            Wanted(
                spread.choice(["a", "b c", "d/e"]),
                spread.random(),
                tuple((spread.choice("xyz"), spread.randint(1, 30)) for _ in range(spread.randint(0, 2))),
            )
            for _ in range(spread.randint(1, 40))
        ]

    now = [0]
    memory = MemoryCounts(Limits(WINDOW_S), lambda: now[0])
    for window in range(3):
        now[0] = window * 1000
        await into_next_window(ledger)
        for _ in range(4):
            wanted = batch()
            ours, theirs = await counts(ledger).count(wanted, 0.0), await memory.count(wanted, 0.0)
            assert ours.counts == theirs.counts
            assert ours.all.demand == pytest.approx(theirs.all.demand)
            assert ours.of_tenant.keys() == theirs.of_tenant.keys()
            for tenant, of in ours.of_tenant.items():
                assert of.demand == pytest.approx(theirs.of_tenant[tenant].demand)


async def test_replicas_that_know_different_things_freeze_one_factor(ledger: Ledger) -> None:
    first = await counts(ledger, 3600).count([Wanted("a", 1.0)], 0.0)
    said = await asyncio.gather(
        *(counts(ledger, 3600).freeze(first.window, {"a": 0.1 * number}) for number in range(1, 9))
    )
    assert len({one["a"] for one in said}) == 1
    again = await counts(ledger, 3600).count([Wanted("a", 1.0)], 0.0)
    assert again.of_tenant["a"].factor == said[0]["a"]


async def test_every_replica_thins_alike(ledger: Ledger) -> None:
    limits = Limits(WINDOW_S, traces_per_minute=600)  # ten in a window
    await into_next_window(ledger)
    replicas = [Windows(counts(ledger), limits) for _ in range(4)]
    wanted = [Wanted("a", 0.5) for _ in range(20)]
    assert {one.factor for replica in replicas for one in await replica.standing(wanted)} == {1.0}
    await into_next_window(ledger)
    found = await asyncio.gather(*(replica.standing(wanted) for replica in replicas))
    assert {one.factor for each in found for one in each} == {10 * 0.95 / 40}


async def test_the_days_money_and_what_was_taken_come_with_the_count(ledger: Ledger) -> None:
    purse = LedgerBudget(ledger.client, ledger.keys, money_per_day=10.0)
    reservation = await purse.reserve("a", 2.0, 60)
    assert reservation is not None
    await purse.settle(reservation, 1.5)
    await purse.reserve("b", 0.5, 60)
    await counts(ledger).count([Wanted("a", 1.0)], 4.5)
    told = await counts(ledger).count([Wanted("a", 1.0), Wanted("b", 1.0)], 0.5)
    assert (told.all.spent, told.spent_lately, told.taken_lately) == (2.0, 2.0, 5.0)
    assert (told.of_tenant["a"].spent, told.of_tenant["b"].spent) == (1.5, 0.5)


async def test_a_tenant_of_any_name_is_counted(ledger: Ledger) -> None:
    odd = "ümläut / 1 2"
    told = await counts(ledger, 3600).count([Wanted(odd, 0.25)], 0.0)
    assert told.of_tenant == {odd: Of()}
