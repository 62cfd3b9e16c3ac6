"""OTLP/HTTP, over real connections: bad input of every kind, limits to the byte, SDK exporters."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import ssl
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from google.protobuf import json_format
from google.rpc import status_pb2
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from transport_parts import Pipeline, http_receiver, logs, metrics, spans_exported, traces, traces_of_size

from otel_scorer.errors import BadRequest, LedgerDown, TooLarge, Unavailable, UserError
from otel_scorer.online.admission import Admission
from otel_scorer.online.exchange import ExportAnswer
from otel_scorer.online.receive_settings import MIB, ReceiveSettings, ServerTlsSettings
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.transport_http import HttpReceiver

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
HEAD = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n"
TOKEN = {"sha256": hashlib.sha256(b"open sesame").hexdigest(), "tenant": "acme"}
SPAN_JSON = {
    "resourceSpans": [
        {"scopeSpans": [{"spans": [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331"}]}]}
    ]
}


class Answered:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def code(self) -> int:
        """The google.rpc code in the body, read by the answer's own content type."""
        if self.headers["content-type"] == "application/json":
            return int(json_format.Parse(self.body, status_pb2.Status()).code)
        assert self.headers["content-type"] == "application/x-protobuf"
        return int(status_pb2.Status.FromString(self.body).code)


async def post(
    port: int,
    body: Any = b"",
    headers: dict[str, str] | None = None,
    *,
    path: str = "/v1/traces",
    method: str = "POST",
    **more: Any,
) -> Answered:
    async with (
        aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["content-type"]) as session,
        session.request(
            method, f"http://127.0.0.1:{port}{path}", data=body, headers=headers or PROTOBUF, **more
        ) as response,
    ):
        return Answered(response.status, response.headers, await response.read())


@pytest.mark.parametrize(("signal", "body"), [("traces", traces(3)), ("logs", logs()), ("metrics", metrics())])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_each_signal_reaches_the_pipeline_as_the_bytes_that_came(signal, body, slash) -> None:
    pipeline = Pipeline()
    async with http_receiver(pipeline) as receiver:
        answered = await post(receiver.port, body, path=f"/v1/{signal}{slash}")
    assert (answered.status, answered.body) == (200, b"")
    assert answered.headers["content-type"] == "application/x-protobuf"
    assert [(request.signal, request.body) for request in pipeline.requests] == [(signal, body)]


@pytest.mark.parametrize("headers", [PROTOBUF, JSON, {**PROTOBUF, "content-encoding": "gzip"}])
async def test_an_empty_request_succeeds(headers) -> None:
    async with http_receiver(Pipeline()) as receiver:
        assert (await post(receiver.port, b"", headers)).status == 200


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip, Compression.Deflate])
async def test_spans_of_the_sdk_arrive(compression) -> None:
    pipeline = Pipeline()
    async with http_receiver(pipeline) as receiver:
        exporter = OTLPSpanExporter(f"http://127.0.0.1:{receiver.port}/v1/traces", compression=compression, timeout=5)
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        assert await asyncio.to_thread(spans_exported, provider)
        await asyncio.to_thread(provider.shutdown)
    assert b"work" in pipeline.requests[0].body


async def test_an_sdk_resends_what_was_unavailable() -> None:
    pipeline = Pipeline(Unavailable("later"))

    async def then_recover() -> None:
        if len(pipeline.requests) == 2:
            pipeline.answer = ExportAnswer()

    pipeline.wait = then_recover
    async with http_receiver(pipeline) as receiver:
        exporter = OTLPSpanExporter(f"http://127.0.0.1:{receiver.port}/v1/traces", timeout=10)
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        assert await asyncio.to_thread(spans_exported, provider)
        await asyncio.to_thread(provider.shutdown)
    assert len(pipeline.requests) == 2


async def test_json_is_converted_and_answered_in_json() -> None:
    pipeline = Pipeline(ExportAnswer(1, "one was bad"))
    async with http_receiver(pipeline) as receiver:
        answered = await post(receiver.port, json.dumps(SPAN_JSON), {"content-type": "Application/JSON; charset=utf-8"})
    assert answered.status == 200
    assert json.loads(answered.body) == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "one was bad"}}
    assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") in pipeline.requests[0].body


async def test_a_large_json_body_is_converted_too() -> None:
    spans = SPAN_JSON["resourceSpans"] * 1000
    pipeline = Pipeline()
    async with http_receiver(pipeline) as receiver:
        answered = await post(receiver.port, json.dumps({"resourceSpans": spans}), JSON)
    assert (answered.status, answered.body) == (200, b"{}")
    assert pipeline.requests[0].body.count(bytes.fromhex("b7ad6b7169203331")) == 1000


@pytest.mark.parametrize("body", [b"{", b"[]", b"nonsense", b"\xff\xfe", b"null"])
async def test_json_that_is_none_is_refused_in_json(body: bytes) -> None:
    async with http_receiver(Pipeline()) as receiver:
        answered = await post(receiver.port, body, JSON)
    assert (answered.status, answered.code) == (400, 3)


async def test_partial_success_in_protobuf() -> None:
    async with http_receiver(Pipeline(ExportAnswer(2, "two were bad"))) as receiver:
        answered = await post(receiver.port, traces())
    assert ExportTraceServiceResponse.FromString(answered.body).partial_success.rejected_spans == 2


@pytest.mark.parametrize("headers", [PROTOBUF, JSON])
async def test_errors_of_the_pipeline_become_statuses_in_the_requests_encoding(headers) -> None:
    pipeline = Pipeline()
    async with http_receiver(pipeline) as receiver:
        for error, status, code in (
            (BadRequest("not OTLP"), 400, 3),
            (TooLarge("big"), 413, 8),
            (Unavailable("later"), 503, 14),
            (LedgerDown("gone"), 503, 14),
            (RuntimeError("oops"), 503, 14),
        ):
            pipeline.answer = error
            answered = await post(receiver.port, b"", headers)
            assert (answered.status, answered.code) == (status, code)
            assert answered.headers["content-type"] == headers["content-type"]
            assert answered.headers.get("retry-after") == ("1" if status == 503 else None)


BAD_REQUESTS: list[tuple[dict[str, Any], int, int]] = [
    ({"path": "/"}, 404, 5),
    ({"path": "/v1/profiles"}, 404, 5),
    ({"path": "/v1/traces/more"}, 404, 5),
    ({"method": "GET"}, 405, 12),
    ({"method": "PUT"}, 405, 12),
    ({"method": "DELETE"}, 405, 12),
    ({"headers": {"content-type": "text/plain"}}, 415, 12),
    ({"headers": {"accept": "*/*"}}, 415, 12),
    ({"headers": {**PROTOBUF, "content-encoding": "zstd"}}, 415, 12),
    ({"headers": {**PROTOBUF, "content-encoding": "br, gzip"}}, 415, 12),
    ({"headers": {**JSON, "content-encoding": "snappy"}}, 415, 12),
    ({"headers": {**PROTOBUF, "content-encoding": "gzip"}, "body": b"not gzip"}, 400, 3),
    ({"headers": {**PROTOBUF, "content-encoding": "deflate"}, "body": b"not deflate"}, 400, 3),
    ({"headers": {**PROTOBUF, "content-encoding": "gzip"}, "body": gzip.compress(traces(), mtime=0)[:-4]}, 400, 3),
    ({"headers": {**PROTOBUF, "content-encoding": "gzip"}, "body": gzip.compress(traces(), mtime=0) + b"junk"}, 400, 3),
    ({"headers": {**PROTOBUF, "content-encoding": "gzip"}, "body": b"\x1f"}, 400, 3),
]


async def test_what_is_not_an_otlp_request_is_refused_and_never_reaches_the_pipeline() -> None:
    pipeline = Pipeline()
    async with http_receiver(pipeline) as receiver:
        for change, status, code in BAD_REQUESTS:
            answered = await post(receiver.port, **{"body": traces(), **change})
            assert (answered.status, answered.code) == (status, code), change
            assert (answered.headers.get("allow") == "POST") == (status == 405)
        assert not pipeline.requests
        assert (await post(receiver.port, traces())).status == 200


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", traces()),
        ("GZIP", gzip.compress(traces(), mtime=0)),
        ("gzip", gzip.compress(traces(2)[:20], mtime=0) + gzip.compress(traces(2)[20:], mtime=0)),
        ("gzip", gzip.compress(traces(), mtime=0) + b"\0\0\0"),
        ("deflate", zlib.compress(traces())),
    ],
)
async def test_compressed_bodies_arrive_as_they_were(encoding, body) -> None:
    pipeline = Pipeline()
    async with http_receiver(pipeline) as receiver:
        assert (await post(receiver.port, body, {**PROTOBUF, "content-encoding": encoding})).status == 200
    assert pipeline.requests[0].body in (traces(), traces(2))


async def in_pieces(body: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(chunked: bool, encoding: str) -> None:
    pipeline = Pipeline()
    async with http_receiver(pipeline, max_message_mib=1) as receiver:
        for size, status in ((MIB, 200), (MIB + 1, 413)):
            body = traces_of_size(size)
            sent = gzip.compress(body) if encoding == "gzip" else body
            data = in_pieces(sent) if chunked else io.BytesIO(sent)
            answered = await post(receiver.port, data, {**PROTOBUF, "content-encoding": encoding})
            assert answered.status == status
        assert answered.code == 8
        assert "retry-after" not in answered.headers
    assert [len(request.body) for request in pipeline.requests] == [MIB]


@pytest.mark.parametrize("size_mib", [2, 200])
async def test_a_bomb_is_refused(size_mib: int) -> None:
    admission = Admission(64 * MIB)
    async with http_receiver(Pipeline(), admission) as receiver:
        compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join([compressor.compress(bytes(MIB)) for _ in range(size_mib)]) + compressor.flush()
        answered = await post(receiver.port, bomb, {**PROTOBUF, "content-encoding": "gzip"})
    assert answered.status == 413
    assert admission.in_flight == 0


async def test_a_length_over_the_limit_is_refused_before_the_body_comes() -> None:
    async with http_receiver(Pipeline(), max_message_mib=1) as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(HEAD + b"content-length: 99999999\r\n\r\n")
        line = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    assert line.startswith(b"HTTP/1.1 413 ")


async def test_who_is_not_known_is_told_so_before_the_body_comes() -> None:
    pipeline = Pipeline()
    async with http_receiver(pipeline, tokens=[TOKEN]) as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(HEAD + b"content-length: 1000\r\n\r\n")
        line = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        answered = await post(receiver.port, traces(), {**PROTOBUF, "authorization": "Bearer no"})
        good = await post(receiver.port, traces(), {**PROTOBUF, "authorization": "Bearer open sesame"})
    assert line.startswith(b"HTTP/1.1 401 ")
    assert (answered.status, answered.code, good.status) == (401, 16, 200)
    assert answered.headers["www-authenticate"] == "Bearer"
    assert [request.tenant for request in pipeline.requests] == ["acme"]


async def test_a_body_that_does_not_come_is_given_up_and_may_be_sent_again() -> None:
    admission = Admission(MIB)
    async with http_receiver(Pipeline(), admission, body_timeout_s=0.2, max_message_mib=1) as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(HEAD + b"content-length: 10\r\n\r\nabc")
        line = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    assert line.startswith(b"HTTP/1.1 503 ")
    assert admission.in_flight == 0


@pytest.mark.parametrize("beginning", [b"", b"POST /v1/tra", b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-more: "])
async def test_headers_that_do_not_come_close_the_connection(beginning: bytes) -> None:
    async with http_receiver(Pipeline(), header_timeout_s=0.2) as receiver:
        reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(beginning)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def never_ending_headers(writer: asyncio.StreamWriter) -> None:
    for number in range(10_000):
        writer.write(b"x-%d: %s\r\n" % (number, b"y" * 1000))
        await writer.drain()
        await asyncio.sleep(0)


async def test_headers_without_end_close_the_connection() -> None:
    async with http_receiver(Pipeline()) as receiver:
        _, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(b"POST /v1/traces HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            await never_ending_headers(writer)
        writer.close()
        assert (await post(receiver.port, traces())).status == 200


async def test_too_many_connections_are_closed_and_the_others_go_on() -> None:
    async with http_receiver(Pipeline(), max_http_connections=2) as receiver:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{receiver.port}/v1/traces"
            assert (await session.post(url, data=traces(), headers=PROTOBUF)).status == 200
            idle = await asyncio.open_connection("127.0.0.1", receiver.port)
            third = await asyncio.open_connection("127.0.0.1", receiver.port)
            assert await asyncio.wait_for(third[0].read(), 5) == b""
            assert (await session.post(url, data=traces(), headers=PROTOBUF)).status == 200
        idle[1].close()
        third[1].close()


@pytest.mark.parametrize(
    "junk", [b"\x00\x01\x02\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"]
)
async def test_bytes_that_are_not_http_hurt_nobody(junk: bytes) -> None:
    async with http_receiver(Pipeline()) as receiver:
        _, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
        writer.write(junk)
        await writer.drain()
        writer.close()
        assert (await post(receiver.port, traces())).status == 200


async def test_too_many_bytes_in_work_are_503_and_are_taken_later() -> None:
    pipeline, gate = Pipeline(), asyncio.Event()
    pipeline.wait = gate.wait
    admission = Admission(MIB)
    async with http_receiver(pipeline, admission, max_message_mib=1) as receiver:
        first = asyncio.create_task(post(receiver.port, traces_of_size(MIB)))
        while not pipeline.requests:
            await asyncio.sleep(0.01)
        refused = await post(receiver.port, traces())
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, 14, "1")
        gate.set()
        assert (await first).status == 200
        assert (await post(receiver.port, traces())).status == 200
    assert admission.in_flight == 0


async def test_a_collector_is_told_to_wait_longer() -> None:
    headers = {**PROTOBUF, "user-agent": "OpenTelemetry Collector Contrib/0.149.0 (linux/amd64)"}
    async with http_receiver(Pipeline(Unavailable("later"))) as receiver:
        answered = await post(receiver.port, traces(), headers)
    assert 5 <= int(answered.headers["retry-after"]) <= 30


async def test_kept_headers_travel_and_others_do_not() -> None:
    pipeline = Pipeline()
    headers = {**PROTOBUF, "X-Scope-OrgID": "team", "x-other": "no", "cookie": "c"}
    async with http_receiver(pipeline) as receiver:
        await post(receiver.port, traces(), headers)
    assert dict(pipeline.requests[0].headers) == {"x-scope-orgid": "team"}


async def test_a_connection_is_kept_over_refusals() -> None:
    async with http_receiver(Pipeline(), max_message_mib=1) as receiver:
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=connector) as session:
            url = f"http://127.0.0.1:{receiver.port}/v1/"
            for path, body, status in (
                ("traces", traces(), 200),
                ("nothing", traces_of_size(MIB), 404),
                ("traces", io.BytesIO(bytes(3 * MIB)), 413),
                ("traces", traces(), 200),
            ):
                async with session.post(url + path, data=body, headers=PROTOBUF) as response:
                    assert response.status == status


async def test_stopping_finishes_what_is_in_work_and_never_answers_500() -> None:
    pipeline = Pipeline()
    pipeline.wait = lambda: asyncio.sleep(0.3)
    receiver = HttpReceiver(ReceiveSettings(http="127.0.0.1:0"), pipeline)
    await receiver.start()
    quick = asyncio.create_task(post(receiver.port, traces()))
    while not pipeline.requests:
        await asyncio.sleep(0.01)
    pipeline.wait = lambda: asyncio.sleep(60)
    endless = asyncio.create_task(post(receiver.port, traces()))
    while len(pipeline.requests) < 2:
        await asyncio.sleep(0.01)
    await receiver.stop(1)
    assert (await quick).status == 200
    assert (await endless).status == 503


async def test_tls_and_client_certificates(certificates) -> None:
    pipeline = Pipeline()
    tls = ServerTlsSettings(cert=certificates.cert, key=certificates.key, client_ca=certificates.client_cert)
    context = ssl.create_default_context(cafile=certificates.cert)
    async with http_receiver(pipeline, tls=tls) as receiver:
        url = f"https://localhost:{receiver.port}/v1/traces"
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.post(url, data=traces(), headers=PROTOBUF, ssl=context)
            context.load_cert_chain(certificates.client_cert, certificates.client_key)
            async with session.post(url, data=traces(), headers=PROTOBUF, ssl=context) as response:
                assert response.status == 200
    assert len(pipeline.requests) == 1


async def test_a_port_in_use_is_one_sentence() -> None:
    async with http_receiver(Pipeline()) as receiver:
        with pytest.raises(UserError, match=f"receive.http: port {receiver.port} of 127.0.0.1 is in use"):
            await HttpReceiver(ReceiveSettings(http=f"127.0.0.1:{receiver.port}"), Pipeline()).start()


async def test_requests_are_counted_by_signal_and_status() -> None:
    counted = Metrics()
    async with http_receiver(Pipeline(), counted=counted) as receiver:
        await post(receiver.port, logs(), path="/v1/logs/")
        await post(receiver.port, b"", path="/nothing")
    assert counted.value("received_requests", signal="logs", transport="http") == 1
    assert counted.value("refused_requests", status="404") == 1
