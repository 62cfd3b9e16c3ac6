"""What becomes of held spans by what the backend answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
from e2e.agent_traces import agent_run, request_of
from otlp_sink import Sink, raw_spans_of

from otel_scorer.ledger.contents import StoredSpan
from otel_scorer.ledger.keys import Member, StoredEnvelope
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backends import open_backend
from otel_scorer.online.forward import BackendWatch
from otel_scorer.online.pipeline_settings import SweepSettings
from otel_scorer.online.shipping import Delivery, Parcel, Shipper
from otel_scorer.online.telemetry import Metrics
from otel_scorer.wire import split_traces

NOW_MS = 1_700_000_000_000


def parcels(traces: int) -> list[Parcel]:
    found = []
    for _ in range(traces):
        for span in split_traces(request_of(agent_run()), deployment="test").agent:
            stored = StoredSpan(span.key, span.raw, StoredEnvelope(span.envelope, {}), NOW_MS, None)
            found.append(Parcel(Member("default", span.trace_id.hex()), stored, b""))
    return found


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


def by_trace(held: Sequence[Parcel]) -> Iterator[list[Parcel]]:
    for member in dict.fromkeys(parcel.member for parcel in held):
        yield [parcel for parcel in held if parcel.member == member]


@pytest.mark.parametrize("answer", ["internal", "http:500"])
async def test_what_a_broken_backend_does_not_take_stays_and_is_not_put_aside(
    sink: Sink, way: Way, answer: str
) -> None:
    sink.script(answer, forever=True)
    held = parcels(3)
    delivery = await way.ship(held)
    assert (delivery.done, delivery.quarantined, delivery.pending) == (set(), [], len(held))
    assert delivery.retry_s is None, "our own wait"
    assert len(sink.requests) == 1 + 3, "no bisecting of a backend that is sick anyway"
    assert way.metrics.value("backend_outcomes", outcome="broken") == 4
    sink.heal()
    assert len((await way.ship(held)).done) == len(held)


async def test_a_trace_over_which_the_backend_stumbles_does_not_hold_up_the_others(sink: Sink, way: Way) -> None:
    held = parcels(4)
    sink.script("internal", "internal")
    delivery = await way.ship(held)
    assert delivery.pending == 3, "the spans of one trace"
    left = {parcel.member for parcel in held} - {member for member, _ in delivery.done}
    assert len(left) == 1
    assert delivery.quarantined == []


async def test_of_a_partial_success_each_trace_is_put_aside_with_its_own_bytes(sink: Sink, way: Way) -> None:
    held = parcels(2)
    sink.script("partial:1")
    delivery = await way.ship(held)
    assert len(delivery.done) == len(held)
    for own, entry in zip(by_trace(held), delivery.quarantined, strict=True):
        assert (entry.trace_id, entry.rejected) == (own[0].member.trace_id, 1)
        assert [span.raw for span in raw_spans_of(entry.body)] == [parcel.bytes for parcel in own]
