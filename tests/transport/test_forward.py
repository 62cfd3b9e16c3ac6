"""What passes through: the backend's answer becomes the sender's."""

from __future__ import annotations

import logging

import pytest
from otlp_sink import Sink, raw_spans_of
from transport_parts import logs, metrics, traces

from otel_scorer.errors import BadRequest, Unavailable
from otel_scorer.online.backend import Accepted
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backends import open_backend
from otel_scorer.online.forward import BackendWatch, forward
from otel_scorer.online.telemetry import Metrics


class Way:
    """A sink, a backend that points at it, and all that forward needs."""

    def __init__(self, sink: Sink) -> None:
        self.now = 0.0
        self.metrics = Metrics()
        self.watch = BackendWatch(self.metrics, clock=lambda: self.now)
        self.backend = open_backend(BackendSettings(endpoint=sink.http_url, protocol="http/protobuf"))

    async def send(self, signal: str = "traces", body: bytes = b"", timeout_s: float = 5) -> Accepted:
        body = body or {"traces": traces(8), "logs": logs(3), "metrics": metrics(2)}[signal]
        return await forward(self.backend, self.watch, self.metrics, signal, body, {}, timeout_s)


@pytest.fixture
async def sink():
    async with Sink() as sink:
        yield sink


@pytest.fixture
async def way(sink: Sink):
    way = Way(sink)
    yield way
    await way.backend.close()


async def test_what_the_backend_took_is_taken_with_its_partial_success(sink: Sink, way: Way) -> None:
    sink.script("ok", "partial:2")
    assert await way.send() == Accepted()
    assert await way.send() == Accepted(2, "some were bad")
    assert sink.bodies("traces")[0] == traces(8), "the very bytes"


async def test_what_the_backend_refuses_for_good_is_refused_for_good(sink: Sink, way: Way) -> None:
    sink.script("invalid")
    with pytest.raises(BadRequest, match="the tracing backend refuses this request: HTTP 400"):
        await way.send()


async def test_what_the_backend_did_not_take_is_to_be_sent_again_when_it_says(sink: Sink, way: Way) -> None:
    sink.script("unavailable:2.5")
    with pytest.raises(Unavailable) as caught:
        await way.send()
    assert caught.value.retry_s == 2.5


async def test_what_a_broken_backend_did_not_take_is_kept_by_its_sender_counted_and_told_once_a_minute(
    sink: Sink, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    sink.script("internal", forever=True)
    for way.now in (0.0, 30.0, 61.0):
        with pytest.raises(Unavailable, match="HTTP 500"):
            await way.send()
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert way.metrics.value("backend_outcomes", outcome="broken") == 3
    assert way.watch.problem is None


async def test_our_own_misconfiguration_is_loud_once_a_minute_and_over_when_something_is_taken(
    sink: Sink, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    sink.script("unauthenticated", forever=True)
    assert way.watch.problem is None
    for way.now in (0.0, 30.0, 61.0):
        with pytest.raises(Unavailable, match="operator"):
            await way.send()
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert way.watch.problem is not None
    assert "401" in way.watch.problem
    sink.heal()
    await way.send()
    assert way.watch.problem is None
    assert way.metrics.value("backend_outcomes", outcome="misconfigured") == 3


@pytest.mark.parametrize(("signal", "items"), [("logs", 3), ("metrics", 2)])
async def test_a_signal_that_the_backend_does_not_take_is_accepted_counted_and_warned_of_once(
    sink: Sink, way: Way, caplog: pytest.LogCaptureFixture, signal: str, items: int
) -> None:
    sink.script("unimplemented", signal=signal, forever=True)
    for _ in range(3):
        assert await way.send(signal) == Accepted()
    assert way.metrics.value("unsupported_by_backend", signal=signal) == 3 * items
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert way.watch.problem is None


async def test_what_is_too_large_goes_in_halves_and_every_span_arrives_once(sink: Sink, way: Way) -> None:
    body = traces(40)
    sink.script(f"too_large:{len(body) // 5}", forever=True)
    assert await way.send(body=body) == Accepted()
    assert len(sink.spans()) == 40
    assert set(sink.span_copies().values()) == {1}
    assert {span.raw for span in sink.spans()} == {span.raw for span in raw_spans_of(body)}
    assert len(sink.bodies("traces")) >= 5


async def test_one_span_that_is_too_large_alone_is_rejected_and_its_neighbours_arrive(sink: Sink, way: Way) -> None:
    body = traces(6) + traces(1, "n" * 5000)
    sink.script("too_large:3000", forever=True)
    answer = await way.send(body=body)
    assert answer.rejected == 1
    assert "too large for the tracing backend" in answer.message
    assert len(sink.spans()) == 6


async def test_a_half_that_is_refused_is_counted_and_the_other_half_stays(sink: Sink, way: Way) -> None:
    sink.script("too_large", "invalid", "ok")
    answer = await way.send(body=traces(8))
    assert (answer.rejected, len(sink.spans())) == (4, 4)
    assert "refused by the tracing backend" in answer.message


async def test_a_half_that_was_not_taken_makes_the_whole_be_sent_again(sink: Sink, way: Way) -> None:
    sink.script("too_large", "ok", "unavailable")
    with pytest.raises(Unavailable):
        await way.send()
    assert await way.send() == Accepted()
    assert len(sink.span_copies()) == 8, "at least once"


async def test_halves_share_one_time_out(sink: Sink, way: Way) -> None:
    sink.script("too_large", "slow:0.3", "slow:0.3")
    with pytest.raises(Unavailable):
        await way.send(timeout_s=0.4)
