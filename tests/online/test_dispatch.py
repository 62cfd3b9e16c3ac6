"""Waking workers never holds up what is to be exported, however the broker is."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.keys import Member
from otel_scorer.online import dispatch as module
from otel_scorer.online.broker import Dispatcher, celery_app
from otel_scorer.online.dispatch import DispatchQueue
from otel_scorer.online.pipeline_settings import WorkSettings
from otel_scorer.online.telemetry import Metrics

WORK = WorkSettings()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = start_valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


class Way:
    """A queue before a real broker, and the broker's own view."""

    def __init__(self, valkey: EmbeddedValkey) -> None:
        self.metrics = Metrics()
        self.app = celery_app(valkey.url, WORK, "")
        self.queue = DispatchQueue(Dispatcher(self.app, WORK.queue), self.metrics)
        children = psutil.Process(valkey._guard.pid).children(recursive=True)
        self.broker = next(child for child in children if "valkey" in child.name())

    def messages(self) -> int:
        with self.app.connection_for_read() as connection:
            return int(connection.default_channel.client.llen(WORK.queue))

    async def until_sent(self, count: int) -> None:
        async with asyncio.timeout(20):
            while await asyncio.to_thread(self.messages) < count:
                await asyncio.sleep(0.05)


@pytest.fixture
async def way(valkey: EmbeddedValkey) -> AsyncIterator[Way]:
    made = Way(valkey)
    with made.app.connection_for_read() as connection:
        connection.default_channel.client.flushall()
    yield made
    made.broker.send_signal(signal.SIGCONT)
    await made.queue.close()


def calls(count: int) -> list[tuple[Member, int]]:
    return [(Member("default", f"{number:032x}"), 1) for number in range(count)]


async def test_calls_are_sent_in_the_background_and_the_last_ones_before_it_closes(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LAST_S", 30.0)  # a busy machine is slow
    await way.queue.dispatch(calls(3))
    await way.until_sent(3)
    await way.queue.dispatch(calls(700))
    await way.queue.close()
    assert way.messages() == 703
    assert way.metrics.value("dispatches_lost") == 0


async def test_a_broker_that_stands_still_holds_nobody_up_and_what_is_too_much_is_dropped_and_counted(
    way: Way,
) -> None:
    await way.queue.dispatch(calls(1))
    await way.until_sent(1)
    way.broker.send_signal(signal.SIGSTOP)
    await way.queue.dispatch(calls(1))
    await asyncio.sleep(0.05)  # under way, and stuck
    await way.queue.dispatch(calls(module._WAITING + 7))
    await way.queue.dispatch(calls(5))
    assert way.metrics.value("dispatches_lost", why="queue_full") == 7
    assert way.metrics.value("dispatches_lost", why="broker") == 0, "nobody waited until the broker was given up"
    await way.queue.close()


async def test_calls_that_the_broker_did_not_take_are_counted_and_later_ones_are_sent(way: Way) -> None:
    way.broker.send_signal(signal.SIGSTOP)
    await way.queue.dispatch(calls(4))
    async with asyncio.timeout(20):
        while way.metrics.value("dispatches_lost", why="broker") < 4:
            await asyncio.sleep(0.1)
    way.broker.send_signal(signal.SIGCONT)
    await way.queue.dispatch(calls(2))
    await way.until_sent(2)
    assert way.metrics.value("dispatches_lost", why="broker") == 4, "none of the later ones"
