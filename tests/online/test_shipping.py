"""What becomes of held spans by what the backend answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

import pytest
from e2e.agent_traces import agent_run, request_of
from otlp_sink import Sink, raw_spans_of

from otel_scorer.ledger.contents import StoredSpan
from otel_scorer.ledger.keys import Member, StoredEnvelope
from otel_scorer.ledger.postbox import Quarantined
from otel_scorer.online.backend import Accepted, Broken, Outcome, Refused, Retryable
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backends import open_backend
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.pipeline_settings import SweepSettings
from otel_scorer.online.shipping import Delivery, Parcel, Shipper
from otel_scorer.online.telemetry import Metrics
from otel_scorer.wire import Envelope, assemble, assemble_runs, split_traces

NOW_MS = 1_700_000_000_000


def parcels(traces: int) -> list[Parcel]:
    found = []
    for _ in range(traces):
        agent = split_traces(request_of(agent_run()), deployment="test").agent
        spans = [StoredSpan(one.key, one.raw, StoredEnvelope(one.envelope, {}), NOW_MS, None) for one in agent]
        found.append(Parcel(Member("default", agent[0].trace_id.hex()), spans))
    return found


def done(delivery: Delivery) -> int:
    """Spans that need not be sent again."""
    return sum(map(len, delivery.done.values()))


class Way:
    def __init__(self, sink: Sink, protocol: str) -> None:
        self.metrics = Metrics()
        endpoint = sink.grpc_url if protocol == "grpc" else sink.http_url
        self.backend = open_backend(BackendSettings(endpoint=endpoint, protocol=protocol))
        self.shipper = Shipper(self.backend, SweepSettings(), self.metrics, BackendWatch(self.metrics), timeout_s=5)

    async def ship(self, held: Sequence[Parcel]) -> Delivery:
        return await self.shipper.ship(held, NOW_MS, float("inf"))


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as made:
        yield made


@pytest.fixture(params=["grpc", "http/protobuf"])
async def way(sink: Sink, request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    made = Way(sink, request.param)
    yield made
    await made.backend.close()


@pytest.mark.parametrize("answer", ["internal", "http:500"])
async def test_what_a_broken_backend_does_not_take_stays_and_is_not_put_aside(
    sink: Sink, way: Way, answer: str
) -> None:
    sink.script(answer, forever=True)
    held = parcels(3)
    delivery = await way.ship(held)
    assert (delivery.done, delivery.quarantined) == ({}, [])
    assert delivery.retry_s is None, "our own wait"
    assert len(sink.requests) == 1 + 3, "no bisecting of a backend that is sick anyway"
    assert way.metrics.value("backend_outcomes", outcome="broken") == 4
    sink.heal()
    assert done(await way.ship(held)) == 9


async def test_a_trace_over_which_the_backend_stumbles_does_not_hold_up_the_others(sink: Sink, way: Way) -> None:
    held = parcels(4)
    sink.script("internal", "internal")
    delivery = await way.ship(held)
    assert len({parcel.member for parcel in held} - set(delivery.done)) == 1
    assert done(delivery) == 9, "the spans of three traces"
    assert delivery.quarantined == []


async def test_of_a_partial_success_each_trace_is_put_aside_with_its_own_bytes(sink: Sink, way: Way) -> None:
    held = parcels(2)
    sink.script("partial:1")
    delivery = await way.ship(held)
    assert done(delivery) == 6
    for own, entry in zip(held, delivery.quarantined, strict=True):
        assert (entry.trace_id, entry.rejected) == (own.member.trace_id, 1)
        assert [span.raw for span in raw_spans_of(entry.body)] == [span.raw for span in own.spans]


class Choosy:
    """A backend that refuses requests with some bytes in them, and keeps the others."""

    name = "choosy"

    def __init__(self, refused: bytes = b"nothing has this in it") -> None:
        self.taken: list[tuple[list[bytes], Mapping[str, str]]] = []
        self._refused = refused

    async def send(self, signal: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Outcome:
        if self._refused in body:
            return Refused("not that")
        self.taken.append(([span.raw for span in raw_spans_of(body)], headers))
        return Accepted()

    async def close(self) -> None:
        """Nothing is open."""


def shipper_to(backend: Choosy, settings: SweepSettings) -> Shipper:
    metrics = Metrics()
    return Shipper(backend, settings, metrics, BackendWatch(metrics), timeout_s=5)


async def test_a_span_that_is_refused_is_put_aside_alone_and_its_neighbours_go() -> None:
    held = parcels(4)
    bad = held[1].spans[2]
    backend = Choosy(bad.raw)
    delivery = await shipper_to(backend, SweepSettings()).ship(held, NOW_MS, float("inf"))
    (entry,) = delivery.quarantined
    assert entry.span_ids == (bad.key[:8].hex(),)
    assert done(delivery) == 12
    assert Counter(raw for raws, _ in backend.taken for raw in raws) == Counter(
        span.raw for parcel in held for span in parcel.spans if span is not bad
    )


@pytest.mark.parametrize("settings", [SweepSettings(batch_spans=2), SweepSettings(batch_mib=1e-9)])
async def test_a_trace_that_is_larger_than_a_request_goes_in_several(settings: SweepSettings) -> None:
    held = parcels(2)
    backend = Choosy()
    delivery = await shipper_to(backend, settings).ship(held, NOW_MS, float("inf"))
    assert max(len(raws) for raws, _ in backend.taken) <= 2
    assert sorted(raw for raws, _ in backend.taken for raw in raws) == sorted(
        span.raw for parcel in held for span in parcel.spans
    )
    assert {member: sorted(spans) for member, spans in delivery.done.items()} == {
        parcel.member: sorted(parcel.spans) for parcel in held
    }


async def test_spans_of_a_trace_that_came_with_other_headers_go_by_themselves() -> None:
    (parcel,) = parcels(1)
    first, *others = parcel.spans
    other = first._replace(stored=StoredEnvelope(first.stored.envelope, {"x-scope-orgid": "b"}))
    backend = Choosy()
    mixed = replace(parcel, spans=[others[0], other, others[1]], appended={first.key: b"\x4a\x00"})
    delivery = await shipper_to(backend, SweepSettings()).ship([mixed], NOW_MS, float("inf"))
    assert done(delivery) == 3
    assert sorted(backend.taken, key=lambda taken: len(taken[0])) == [
        ([first.raw + b"\x4a\x00"], {"x-scope-orgid": "b"}),
        ([one.raw for one in others], {}),
    ]


def test_a_request_of_runs_is_the_request_of_its_spans() -> None:
    held = parcels(3)
    others = [one._replace(stored=StoredEnvelope(Envelope(b"\x0a\x00", b"", b"", b"url"), {})) for one in held[1].spans]
    held[1] = replace(held[1], spans=[held[1].spans[0], others[1], held[1].spans[2]])
    spans = [(span.stored.envelope, span.raw) for parcel in held for span in parcel.spans]
    assert assemble_runs(run for parcel in held for run in parcel.runs()) == assemble(spans)


# ---- what is not taken though others are -----------------------------------------------------------------------------


class Stumbling(Choosy):
    """Does not take requests with a certain span in them; with `away`, none."""

    def __init__(self, poison: bytes, outcome: Outcome) -> None:
        super().__init__()
        self.away = False
        self.asked: list[list[bytes]] = []
        self._poison = poison
        self._outcome = outcome

    async def send(self, signal: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Outcome:
        raws = [span.raw for span in raw_spans_of(body)]
        self.asked.append(raws)
        if self.away or self._poison in raws:
            return self._outcome
        return await super().send(signal, body, headers, timeout_s)


class Hours:
    """Ships what is still held again and again, half a minute apart."""

    def __init__(self, backend: Stumbling, held: Sequence[Parcel]) -> None:
        metrics = Metrics()
        self.now_s = 0.0
        self.metrics = metrics
        self.shipper = Shipper(
            backend, SweepSettings(), metrics, BackendWatch(metrics), timeout_s=5, clock=lambda: self.now_s
        )
        self.held = list(held)
        self.quarantined: list[Quarantined] = []

    async def go_on(self, hours: float, *, with_others: bool = True) -> None:
        until_s = self.now_s + hours * 3600
        while self.now_s < until_s:
            self.now_s += 30.0
            now_ms = NOW_MS + int(self.now_s * 1000)
            if with_others:  # they come due at times of their own
                await self.shipper.ship(parcels(1), now_ms, float("inf"))
            delivery = await self.shipper.ship(self.held, now_ms, float("inf"))
            self.quarantined += delivery.quarantined
            left = [
                replace(each, spans=[span for span in each.spans if span not in delivery.done.get(each.member, [])])
                for each in self.held
            ]
            self.held = [each for each in left if each.spans]


STUMBLES = [Broken("HTTP 500"), Retryable(None, "connection reset")]


@pytest.mark.parametrize("outcome", STUMBLES, ids=["broken", "retryable"])
async def test_neighbours_of_a_span_that_is_never_taken_leave_within_minutes(outcome: Outcome) -> None:
    held = parcels(4)
    poison = held[1].spans[1]
    backend = Stumbling(poison.raw, outcome)
    hours = Hours(backend, held)
    await hours.go_on(0.1)
    assert [list(each.spans) for each in hours.held] == [[poison]]
    assert hours.quarantined == []


async def test_a_span_over_which_the_backend_breaks_for_a_day_while_it_takes_others_is_put_aside() -> None:
    held = parcels(1)
    hours = Hours(Stumbling(held[0].spans[0].raw, Broken("HTTP 500")), held)
    await hours.go_on(23.9)
    assert len(hours.held) == 1
    await hours.go_on(0.2)
    assert hours.held == []
    (entry,) = hours.quarantined
    assert [span.raw for span in raw_spans_of(entry.body)] == [held[0].spans[0].raw]
    assert "24 hours" in entry.reason
    assert hours.metrics.value("quarantined_spans") == 1


@pytest.mark.parametrize("outcome", STUMBLES, ids=["broken", "retryable"])
async def test_however_long_a_backend_is_away_nothing_is_put_aside(outcome: Outcome) -> None:
    held = parcels(3)
    backend = Stumbling(b"", outcome)
    hours = Hours(backend, held)
    await hours.go_on(0.1)
    backend.away, hours.held = True, list(held)
    backend.asked.clear()
    await hours.go_on(30.0)
    assert len(hours.held) == 3
    assert min(len(raws) for raws in backend.asked) == 3, "no halves of traces are tried"
    backend.away = False
    backend._poison = held[0].spans[0].raw  # it is back, and stumbles once
    await hours.go_on(0.02)
    assert hours.quarantined == []
    backend._poison = b""
    await hours.go_on(0.02)
    assert (hours.held, hours.quarantined) == ([], [])


async def test_a_span_alone_in_an_idle_service_is_put_aside_when_others_were_taken_meanwhile() -> None:
    held = parcels(1)
    hours = Hours(Stumbling(held[0].spans[0].raw, STUMBLES[0]), held)
    await hours.go_on(30.0, with_others=False)
    await hours.go_on(0.1)
    assert len(hours.held) == 1, "an outage and a few minutes are no proof"
    await hours.go_on(1.0)
    assert hours.held == []
    assert len(hours.quarantined) == 1


@pytest.mark.parametrize("after_s", [None, 30.0])
async def test_what_a_backend_asks_to_wait_with_is_never_put_aside(after_s: float | None) -> None:
    held = parcels(1)
    hours = Hours(Stumbling(held[0].spans[0].raw, Retryable(after_s, "HTTP 429")), held)
    await hours.go_on(60.0)
    assert (len(hours.held), hours.quarantined) == (1, [])


async def test_what_failed_once_before_an_outage_is_not_put_aside_during_it() -> None:
    held = parcels(1)
    backend = Stumbling(held[0].spans[0].raw, Broken("HTTP 500"))
    hours = Hours(backend, held)
    await hours.go_on(0.05)
    backend.away = True
    await hours.go_on(30.0)
    backend.away = False
    await hours.go_on(0.05)
    assert (len(hours.held), hours.quarantined) == (1, [])


async def test_two_spans_that_break_the_backend_do_not_make_an_outage_of_each_other() -> None:
    held = parcels(6)
    poison = [held[1].spans[0].raw, held[4].spans[1].raw]

    class Twice(Stumbling):
        async def send(self, signal: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Outcome:
            if any(span.raw in poison for span in raw_spans_of(body)):
                return Broken("HTTP 500")
            return await super().send(signal, body, headers, timeout_s)

    hours = Hours(Twice(b"", Broken("HTTP 500")), held)
    await hours.go_on(25.2)
    assert hours.held == []
    assert sorted(span.raw for entry in hours.quarantined for span in raw_spans_of(entry.body)) == sorted(poison)
