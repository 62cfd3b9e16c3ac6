"""Backends over the network, against a real OTLP sink: what each answer means."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest
from otlp_sink import Sink
from transport_parts import logs, metrics, traces, traces_of_size

from otel_scorer.online.backend import (
    LONGEST_WAIT_S,
    Accepted,
    Backend,
    Broken,
    Misconfigured,
    Refused,
    Retryable,
    TooLarge,
    Unsupported,
    accepted,
)
from otel_scorer.online.backend_http import retry_after
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backends import open_backend

both = pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])


@contextlib.asynccontextmanager
async def connected(protocol: str, *, sink: Sink | None = None, **settings: Any) -> AsyncIterator[tuple[Sink, Backend]]:
    async with sink or Sink() as sink:
        endpoint = sink.grpc_url if protocol == "grpc" else sink.http_url
        backend = open_backend(BackendSettings(endpoint=endpoint, protocol=protocol, **settings))
        try:
            yield sink, backend
        finally:
            await backend.close()


@both
async def test_requests_arrive_as_the_bytes_that_were_sent_with_headers(protocol: str) -> None:
    async with connected(protocol, headers={"Api-Key": "k", "x-scope-orgid": "ours"}) as (sink, backend):
        sent = {"traces": traces(3), "logs": logs(), "metrics": metrics()}
        for signal, body in sent.items():
            assert await backend.send(signal, body, {"x-scope-orgid": "theirs", "x-more": "m"}, 5) == Accepted()
    assert {each.signal: each.body for each in sink.requests} == sent
    for recorded in sink.requests:
        headers = recorded.headers
        assert (headers["api-key"], headers["x-scope-orgid"], headers["x-more"]) == ("k", "ours", "m")
        assert "otel_scorer" in headers["user-agent"]
        assert "gzip" not in (headers.get("grpc-encoding", ""), headers.get("content-encoding", ""))


@both
async def test_gzip_where_it_is_asked_for_also_for_large_bodies(protocol: str) -> None:
    async with connected(protocol, compression="gzip") as (sink, backend):
        for size in (300, 3 << 20):
            assert await backend.send("traces", traces_of_size(size), {}, 10) == Accepted()
    assert [len(each.body) for each in sink.requests] == [300, 3 << 20]


@both
async def test_large_bodies_pass(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        assert await backend.send("traces", traces_of_size(17 << 20), {}, 20) == Accepted()
    assert len(sink.bodies("traces")[0]) == 17 << 20


ANSWERS = [
    ("ok", "traces", Accepted),
    ("garbled", "traces", Accepted),
    ("partial:3", "traces", Accepted),
    ("partial:3", "logs", Accepted),
    ("partial:3", "metrics", Accepted),
    ("unavailable", "traces", Retryable),
    ("resource_exhausted", "traces", Retryable),
    ("too_large", "traces", TooLarge),
    ("invalid", "traces", Refused),
    ("internal", "traces", Broken),
    ("internal", "logs", Broken),
    ("unauthenticated", "traces", Misconfigured),
    ("denied", "logs", Misconfigured),
    ("unimplemented", "traces", Misconfigured),
    ("unimplemented", "logs", Unsupported),
    ("unimplemented", "metrics", Unsupported),
]
HTTP_ANSWERS = [
    ("http:201", "traces", Accepted),
    ("http:204", "traces", Accepted),
    ("http:302", "traces", Misconfigured),
    ("http:404", "traces", Misconfigured),
    ("http:405", "logs", Unsupported),
    ("http:408", "traces", Retryable),
    ("http:415", "traces", Misconfigured),
    ("http:422", "traces", Refused),
    ("http:429", "traces", Retryable),
    ("http:500", "traces", Broken),
    ("http:501", "metrics", Unsupported),
    ("http:502", "traces", Retryable),
    ("http:504", "traces", Retryable),
    ("http:507", "traces", Broken),
]
BODIES = {"traces": traces(), "logs": logs(), "metrics": metrics()}


@both
async def test_what_each_answer_means(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        for answer, signal, outcome in ANSWERS + (HTTP_ANSWERS if protocol != "grpc" else []):
            sink.script(answer)
            got = await backend.send(signal, BODIES[signal], {}, 5)
            assert type(got) is outcome, (answer, signal, got)
            if answer == "partial:3":
                assert got == Accepted(3, "some were bad")
        assert len(sink.requests) == len(ANSWERS) + (len(HTTP_ANSWERS) if protocol != "grpc" else 0), "each sent once"


@both
async def test_the_wait_that_the_backend_asks_for_is_read(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        sink.script("unavailable:2.5", "resource_exhausted:7", "unavailable")
        waits = [await backend.send("traces", traces(), {}, 5) for _ in range(3)]
    assert [wait.after_s for wait in waits if isinstance(wait, Retryable)] == [2.5, 7.0, None]


@both
async def test_nobody_waits_for_years_because_the_backend_says_so(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        sink.script("unavailable:1e9", "resource_exhausted:1e9")
        waits = [await backend.send("traces", traces(), {}, 5) for _ in range(2)]
    assert [wait.after_s for wait in waits if isinstance(wait, Retryable)] == [LONGEST_WAIT_S] * 2


@pytest.mark.parametrize("value", ["inf", "1e400", "9" * 400, "1700000000000", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_beyond_all_measure_is_bounded(value: str) -> None:
    assert retry_after(value) == LONGEST_WAIT_S


@pytest.mark.parametrize("value", ["nan", "-inf", "Fri, 31 Dec 9999 23:59:59 -0000", "Fri, 31 Dec 1999 23:59:59 +9999"])
def test_a_wait_that_cannot_be_read_is_no_mistake_of_ours(value: str) -> None:
    assert retry_after(value) in (None, 0.0, LONGEST_WAIT_S)


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("3") == 3.0
    assert retry_after(" 0.5 ") == 0.5
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now_s=1445412470.0) == 10.0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("soon") is None
    assert retry_after("") is None


@both
async def test_a_backend_that_hangs_is_left_after_the_time_out(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        sink.script("hang", forever=True)
        async with asyncio.timeout(20):  # it hangs for good
            assert isinstance(await backend.send("traces", traces(), {}, 0.3), Retryable)


@both
async def test_after_hanging_for_long_the_backend_is_used_again(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        sink.script("hang", forever=True)
        outcomes = await asyncio.gather(*(backend.send("traces", traces(), {}, 0.2) for _ in range(5)))
        assert {type(outcome) for outcome in outcomes} == {Retryable}
        sink.heal()
        assert await backend.send("traces", traces(), {}, 5) == Accepted()


@both
async def test_a_backend_that_is_away_is_retryable_and_is_found_again_soon(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        assert await backend.send("traces", traces(), {}, 5) == Accepted()
        await sink.stop()
        for _ in range(3):
            assert isinstance(await backend.send("traces", traces(), {}, 2), Retryable)
        await sink.start()
        async with asyncio.timeout(8):
            while not isinstance(await backend.send("traces", traces(), {}, 2), Accepted):
                await asyncio.sleep(0.1)


async def test_a_kept_connection_that_the_backend_closed_costs_nothing() -> None:
    async with connected("http/protobuf") as (sink, backend):
        assert await backend.send("traces", traces(), {}, 5) == Accepted()
        await sink.stop()
        await sink.start()
        assert await backend.send("traces", traces(), {}, 5) == Accepted()


@pytest.mark.parametrize(("protocol", "wrong"), [("grpc", "http_url"), ("http/protobuf", "grpc_url")])
async def test_the_wrong_protocol_is_our_misconfiguration(protocol: str, wrong: str) -> None:
    async with Sink() as sink:
        backend = open_backend(BackendSettings(endpoint=getattr(sink, wrong), protocol=protocol))
        outcomes = [await backend.send("traces", traces(), {}, 3) for _ in range(2)]
        await backend.close()
    assert not sink.bodies("traces")
    assert {type(outcome) for outcome in outcomes} == {Misconfigured}, outcomes


async def test_a_host_that_nobody_knows_is_retryable() -> None:
    for endpoint in ("http://no.such.host.invalid:4317", "http://no.such.host.invalid:4318"):
        backend = open_backend(BackendSettings(endpoint=endpoint))
        assert isinstance(await backend.send("traces", traces(), {}, 3), Retryable)
        await backend.close()


@both
async def test_tls_with_our_certificate(protocol: str, certificates) -> None:
    tls = {"ca": certificates.cert, "cert": certificates.client_cert, "key": certificates.client_key}
    sink = Sink(tls=(certificates.cert, certificates.key), client_ca=certificates.client_cert)
    async with connected(protocol, sink=sink, tls=tls) as (sink, backend):
        assert await backend.send("traces", traces(), {}, 5) == Accepted()


@both
async def test_a_certificate_that_we_do_not_trust_is_our_misconfiguration(protocol: str, certificates) -> None:
    sink = Sink(tls=(certificates.cert, certificates.key))
    async with connected(protocol, sink=sink, tls={"ca": certificates.client_cert}) as (sink, backend):
        assert isinstance(await backend.send("traces", traces(), {}, 5), Misconfigured)


@both
async def test_many_at_once_over_few_connections(protocol: str) -> None:
    async with connected(protocol) as (sink, backend):
        outcomes = await asyncio.gather(*(backend.send("traces", traces(5), {}, 10) for _ in range(200)))
    assert set(outcomes) == {Accepted()}
    assert len(sink.requests) == 200


def test_success_is_final_whatever_the_body_says() -> None:
    assert accepted(b"\xff\xff") == Accepted()
    assert accepted(gzip.compress(b"x")) == Accepted()
