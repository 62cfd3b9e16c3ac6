"""OTLP/gRPC, over real connections: raw calls for what is wrong, SDK exporters for what is right."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from transport_parts import Pipeline, call, grpc_receiver, logs, metrics, spans_exported, traces, traces_of_size

from otel_scorer.errors import BadRequest, LedgerDown, TooLarge, Unavailable, UserError
from otel_scorer.online.admission import Admission
from otel_scorer.online.backend_grpc import METHODS
from otel_scorer.online.exchange import ExportAnswer
from otel_scorer.online.receive_settings import MIB, ReceiveSettings, ServerTlsSettings
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.transport_grpc import GrpcReceiver

TOKEN = {"sha256": hashlib.sha256(b"open sesame").hexdigest(), "tenant": "acme"}


@pytest.mark.parametrize(("signal", "body"), [("traces", traces(3)), ("logs", logs()), ("metrics", metrics())])
async def test_each_signal_reaches_the_pipeline_as_the_bytes_that_came(signal, body) -> None:
    pipeline = Pipeline()
    async with grpc_receiver(pipeline) as receiver:
        assert await call(receiver.port, body, signal) == b""
    (request,) = pipeline.requests
    assert (request.signal, request.body, request.tenant) == (signal, body, "default")
    assert not request.peer_is_collector


async def test_an_empty_request_succeeds() -> None:
    async with grpc_receiver(Pipeline()) as receiver:
        assert await call(receiver.port, b"") == b""


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
async def test_spans_of_the_sdk_arrive(compression) -> None:
    pipeline = Pipeline()
    async with grpc_receiver(pipeline) as receiver:
        exporter = OTLPSpanExporter(f"http://127.0.0.1:{receiver.port}", compression=compression, timeout=5)
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        assert await asyncio.to_thread(spans_exported, provider)
        await asyncio.to_thread(provider.shutdown)
    assert b"work" in pipeline.requests[0].body


async def test_partial_success_is_told() -> None:
    async with grpc_receiver(Pipeline(ExportAnswer(2, "two were bad"))) as receiver:
        answer = ExportLogsServiceResponse.FromString(await call(receiver.port, logs(), "logs"))
    assert answer.partial_success.rejected_log_records == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadRequest("not OTLP"), grpc.StatusCode.INVALID_ARGUMENT),
        (TooLarge("big"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (Unavailable("later"), grpc.StatusCode.UNAVAILABLE),
        (LedgerDown("gone"), grpc.StatusCode.UNAVAILABLE),
        (RuntimeError("oops"), grpc.StatusCode.UNAVAILABLE),
    ],
)
async def test_errors_of_the_pipeline_become_codes(error: Exception, code: grpc.StatusCode) -> None:
    async with grpc_receiver(Pipeline(error)) as receiver:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(receiver.port, traces())
    assert caught.value.code() is code
    trailers = dict(caught.value.trailing_metadata())
    assert status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).code == code.value[0]
    assert ("google.rpc.retryinfo-bin" in trailers) == (code is grpc.StatusCode.UNAVAILABLE)


async def test_an_sdk_resends_at_once_what_was_unavailable() -> None:
    pipeline = Pipeline(Unavailable("later"))

    async def then_recover() -> None:
        if len(pipeline.requests) == 2:
            pipeline.answer = ExportAnswer()

    pipeline.wait = then_recover
    async with grpc_receiver(pipeline) as receiver:
        exporter = OTLPSpanExporter(f"http://127.0.0.1:{receiver.port}", insecure=True, timeout=10)
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        assert await asyncio.to_thread(spans_exported, provider)
        await asyncio.to_thread(provider.shutdown)
    assert len(pipeline.requests) == 2
    assert pipeline.requests[0].body == pipeline.requests[1].body


async def test_a_message_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    pipeline = Pipeline()
    async with grpc_receiver(pipeline, max_message_mib=1) as receiver:
        assert await call(receiver.port, traces_of_size(MIB)) == b""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(receiver.port, traces_of_size(MIB + 1))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "google.rpc.retryinfo-bin" not in dict(caught.value.trailing_metadata() or ())
    assert [len(request.body) for request in pipeline.requests] == [MIB]


async def test_a_compressed_message_that_inflates_over_the_limit_is_refused() -> None:
    pipeline = Pipeline()
    async with (
        grpc_receiver(pipeline, max_message_mib=1) as receiver,
        grpc.aio.insecure_channel(f"127.0.0.1:{receiver.port}", compression=grpc.Compression.Gzip) as channel,
    ):
        export = channel.unary_unary(METHODS["traces"])
        assert await export(traces_of_size(MIB)) == b""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await export(b"\x0a" * (4 * MIB))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(pipeline.requests) == 1


async def test_too_many_bytes_in_work_are_unavailable_with_retry_info_and_are_taken_later() -> None:
    pipeline, gate = Pipeline(), asyncio.Event()
    pipeline.wait = gate.wait
    admission = Admission(MIB)
    async with grpc_receiver(pipeline, admission, max_message_mib=1) as receiver:
        first = asyncio.create_task(call(receiver.port, traces_of_size(MIB)))
        while not pipeline.requests:
            await asyncio.sleep(0.01)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(receiver.port, traces())
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        trailers = dict(caught.value.trailing_metadata())
        delay = error_details_pb2.RetryInfo.FromString(trailers["google.rpc.retryinfo-bin"]).retry_delay
        assert 0 < delay.ToMilliseconds() <= 1000
        gate.set()
        assert await first == b""
        assert await call(receiver.port, traces()) == b""
    assert admission.in_flight == 0


async def test_a_sender_that_gives_up_leaves_nothing_in_flight() -> None:
    pipeline, admission = Pipeline(), Admission(MIB)
    pipeline.wait = asyncio.Event().wait
    async with grpc_receiver(pipeline, admission, max_message_mib=1) as receiver:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(receiver.port, traces(), timeout=0.3)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        async with asyncio.timeout(20):
            while admission.in_flight:
                await asyncio.sleep(0.01)


async def test_an_unknown_service_is_unimplemented() -> None:
    async with (
        grpc_receiver(Pipeline()) as receiver,
        grpc.aio.insecure_channel(f"127.0.0.1:{receiver.port}") as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export")(
                b""
            )
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (("authorization", "Bearer wrong"),),
        (("authorization", "open sesame"),),
        (("authorization", "Basic open sesame"),),
        (("authorization", "Bearer open sesame"), ("authorization", "Bearer open sesame")),
    ],
)
async def test_without_an_accepted_token_nothing_is_taken(metadata) -> None:
    pipeline = Pipeline()
    async with grpc_receiver(pipeline, tokens=[TOKEN]) as receiver:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(receiver.port, traces(), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert not pipeline.requests


async def test_the_token_tells_the_tenant_and_headers_do_not() -> None:
    pipeline = Pipeline()
    other = {"sha256": hashlib.sha256(b"second").hexdigest(), "tenant": "acme"}
    metadata = (("authorization", "Bearer open sesame"), ("x-scope-orgid", "evil"), ("x-other", "no"))
    async with grpc_receiver(pipeline, tokens=[other, TOKEN]) as receiver:
        await call(receiver.port, traces(), metadata=metadata)
        await call(receiver.port, traces(), metadata=(("authorization", "bearer second"),))
    assert [request.tenant for request in pipeline.requests] == ["acme", "acme"]
    assert dict(pipeline.requests[0].headers) == {"x-scope-orgid": "evil"}


async def test_a_collector_is_known_by_its_user_agent_and_told_to_wait_longer() -> None:
    pipeline = Pipeline(Unavailable("later"))
    options = [("grpc.primary_user_agent", "OpenTelemetry Collector Contrib/0.149.0 (linux/amd64)")]
    async with (
        grpc_receiver(pipeline) as receiver,
        grpc.aio.insecure_channel(f"127.0.0.1:{receiver.port}", options=options) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(METHODS["traces"])(traces())
    assert pipeline.requests[0].peer_is_collector
    info = error_details_pb2.RetryInfo.FromString(dict(caught.value.trailing_metadata())["google.rpc.retryinfo-bin"])
    assert 5 <= info.retry_delay.ToSeconds() <= 30


async def test_bytes_that_are_not_http2_and_abandoned_connections_hurt_nobody() -> None:
    async with grpc_receiver(Pipeline()) as receiver:
        for junk in (
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff",
            gzip.compress(b"x"),
        ):
            _, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
            writer.write(junk)
            await writer.drain()
            writer.close()
        assert await call(receiver.port, traces()) == b""


async def test_tls_and_client_certificates(certificates) -> None:
    pipeline = Pipeline()
    tls = ServerTlsSettings(cert=certificates.cert, key=certificates.key, client_ca=certificates.client_cert)
    root = certificates.cert.read_bytes()
    with_certificate = grpc.ssl_channel_credentials(
        root, certificates.client_key.read_bytes(), certificates.client_cert.read_bytes()
    )
    async with grpc_receiver(pipeline, tls=tls) as receiver:
        where = f"localhost:{receiver.port}"
        async with grpc.aio.secure_channel(where, with_certificate) as channel:
            assert await channel.unary_unary(METHODS["traces"])(traces(), timeout=5) == b""
        async with grpc.aio.secure_channel(where, grpc.ssl_channel_credentials(root)) as channel:
            with pytest.raises(grpc.aio.AioRpcError):
                await channel.unary_unary(METHODS["traces"])(traces(), timeout=5)
        with pytest.raises(grpc.aio.AioRpcError):
            await call(receiver.port, traces())
    assert len(pipeline.requests) == 1


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"receive.grpc: port {port} of 127.0.0.1 is in use.*choose another port"):
            await GrpcReceiver(ReceiveSettings(grpc=f"127.0.0.1:{port}"), Pipeline()).start()


async def test_two_receivers_do_not_share_a_port_by_accident_but_may_on_purpose() -> None:
    async with grpc_receiver(Pipeline()) as receiver:
        with pytest.raises(UserError, match="in use"):
            await GrpcReceiver(ReceiveSettings(grpc=f"127.0.0.1:{receiver.port}"), Pipeline()).start()
    async with grpc_receiver(Pipeline(), reuse_port=True) as receiver:
        second = GrpcReceiver(ReceiveSettings(grpc=f"127.0.0.1:{receiver.port}", reuse_port=True), Pipeline())
        await second.start()
        assert second.port == receiver.port
        await second.stop(0)


async def test_stopping_finishes_what_is_in_work() -> None:
    pipeline = Pipeline()
    pipeline.wait = lambda: asyncio.sleep(0.3)
    receiver = GrpcReceiver(ReceiveSettings(grpc="127.0.0.1:0"), pipeline)
    await receiver.start()
    sending = asyncio.create_task(call(receiver.port, traces()))
    while not pipeline.requests:
        await asyncio.sleep(0.01)
    await receiver.stop(5)
    assert await sending == b""


async def test_requests_are_counted_by_signal_and_status() -> None:
    counted, pipeline = Metrics(), Pipeline()
    async with grpc_receiver(pipeline, counted=counted) as receiver:
        await call(receiver.port, logs(), "logs")
        pipeline.answer = Unavailable("later")
        with pytest.raises(grpc.aio.AioRpcError):
            await call(receiver.port, logs(), "logs")
    assert counted.value("received_requests", signal="logs", transport="grpc") == 1
    assert counted.value("refused_requests", status="503") == 1
