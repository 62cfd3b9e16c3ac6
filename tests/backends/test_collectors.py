"""OpenTelemetry Collectors before and behind otel_scorer, Jaeger at the end: inline, tap, queues, routing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from backends.collectors import CONFIGS, at, collecting, plain_config
from backends.conftest import Book
from backends.shop import GROUNDED, MADE_UP, Shop, shop_at
from backends.standing import PATIENCE_S, Account, scorer_before, until_shown
from realtools.jaeger import Jaeger
from realtools.shown import Shown

pytestmark = [pytest.mark.e2e, pytest.mark.backends]

ANSWERS = (GROUNDED, MADE_UP) * 3


def assert_once(account: Account, shown: list[Shown]) -> None:
    assert (account.arrived, account.duplicated) == (account.sent, 0)
    assert {warning for span in shown for warning in span.warnings} == set()


async def fails_found(jaeger: Jaeger, shop: Shop) -> set[str]:
    return await jaeger.search(shop.service, {"otel_scorer.label": "fail"})


async def test_inline_between_two_collectors(jaeger: Jaeger, book: Book, tmp_path: Path) -> None:
    before, behind = tmp_path / "before", tmp_path / "behind"
    before.mkdir(), behind.mkdir()
    with collecting(plain_config(behind), behind, BACKEND_ENDPOINT=at(jaeger.grpc)) as second:
        async with scorer_before(second.door.grpc) as standing:
            scorer = at(standing.door.grpc)
            with (
                collecting(CONFIGS / "inline.yaml", before, SCORER_ENDPOINT=scorer) as first,
                shop_at(first.door) as shop,
            ):
                traces = await asyncio.to_thread(shop.ask_all, ANSWERS)
                await standing.deployment.until_ended(traces, PATIENCE_S)
                shown = await until_shown(jaeger, shop.sent.times)
    account = book("Python SDK", "inline, Collectors before and behind", jaeger, shop.sent.times, shown)
    assert_once(account, shown)
    assert account.scored == len(shop.sent.agent)
    assert await fails_found(jaeger, shop) == set(traces[1::2])


async def test_a_tap_leaves_the_way_of_spans_alone_and_adds_evaluation_spans(
    jaeger: Jaeger, book: Book, tmp_path: Path
) -> None:
    tap = {"placement": "tap", "ledger": {"lease_s": 25.0, "on_failure": "refuse"}}
    async with scorer_before(jaeger.grpc, **tap) as standing:
        ends = {"SCORER_ENDPOINT": at(standing.door.grpc), "BACKEND_ENDPOINT": at(jaeger.grpc)}
        with collecting(CONFIGS / "tap.yaml", tmp_path, **ends) as collector, shop_at(collector.door) as shop:
            traces = await asyncio.to_thread(shop.ask_all, ANSWERS)
            await standing.deployment.until_ended(traces, PATIENCE_S)
            agents = len(shop.sent.agent)
            shown = await until_shown(jaeger, shop.sent.times, evaluations=agents)
    account = book("Python SDK", "tap", jaeger, shop.sent.times, shown)
    assert_once(account, shown)
    own = {span.span_id: span for span in shown if not span.is_evaluation}
    told = [span for span in shown if span.is_evaluation]
    assert not [span for span in own.values() if span.is_scored], "nothing is written on what others sent"
    assert {(span.trace_id, span.parent_id) for span in told} == set(shop.sent.agent)
    assert [span for span in told if not span.is_within(own[span.parent_id])] == []
    assert await fails_found(jaeger, shop) == set(traces[1::2])


async def test_what_a_collector_queued_on_disk_arrives_once_when_otel_scorer_is_back(
    jaeger: Jaeger, book: Book, tmp_path: Path
) -> None:
    """otel_scorer is down, spans come, the Collector is killed too: nothing is lost."""
    async with scorer_before(jaeger.grpc) as standing:
        scorer = at(standing.door.grpc)
        standing.process.kill()
        with (
            collecting(CONFIGS / "inline.yaml", tmp_path, SCORER_ENDPOINT=scorer) as first,
            shop_at(first.door) as shop,
        ):
            traces = await asyncio.to_thread(shop.ask_all, ANSWERS)
            first.kill()
        with collecting(CONFIGS / "inline.yaml", tmp_path, SCORER_ENDPOINT=scorer):
            standing.process.start()
            await standing.deployment.ready(standing.process, standing.door, worker=True, timeout_s=PATIENCE_S)
            await standing.deployment.until_ended(traces, PATIENCE_S)
            shown = await until_shown(jaeger, shop.sent.times)
    account = book("Python SDK", "inline, Collector's queue, both killed", jaeger, shop.sent.times, shown)
    assert_once(account, shown)
    assert account.scored == len(shop.sent.agent)
    assert await fails_found(jaeger, shop) == set(traces[1::2])


async def test_only_agent_spans_are_routed_through_otel_scorer(jaeger: Jaeger, book: Book, tmp_path: Path) -> None:
    routed = {"complete": {"agent_spans_only": True, "quiet_s": 3.0, "agent_parent_s": 6.0}}
    async with scorer_before(jaeger.grpc, **routed) as standing:
        ends = {"SCORER_ENDPOINT": at(standing.door.grpc), "BACKEND_ENDPOINT": at(jaeger.grpc)}
        with collecting(CONFIGS / "agent-only.yaml", tmp_path, **ends) as collector, shop_at(collector.door) as shop:
            traces = await asyncio.to_thread(shop.ask_all, ANSWERS)
            await standing.deployment.until_ended(traces, PATIENCE_S)
            shown = await until_shown(jaeger, shop.sent.times)
        received = standing.door.metrics()
    account = book("Python SDK", "agent spans routed", jaeger, shop.sent.times, shown)
    assert_once(account, shown)
    assert account.scored == len(shop.sent.agent)
    assert await fails_found(jaeger, shop) == set(traces[1::2])
    kinds = {name: value for name, value in received.items() if "received_items" in name and 'signal="traces"' in name}
    assert sum(value for name, value in kinds.items() if 'kind="other"' in name) == 0, kinds
    assert sum(kinds.values()) == len(shop.sent.agent), kinds
