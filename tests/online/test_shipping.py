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
from otel_scorer.online.backend import Accepted, Outcome, Refused
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
