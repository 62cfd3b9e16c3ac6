"""OTLP/gRPC: raw bytes in, raw bytes out. Nothing is decoded here; the pipeline decides what it must decode."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NoReturn

import grpc
import grpc.aio

from otel_scorer.errors import UserError
from otel_scorer.online.admission import Admission
from otel_scorer.online.answers import Refusal, Refusals, success_body
from otel_scorer.online.exchange import Export, ExportRequest
from otel_scorer.online.identity import Doorkeeper
from otel_scorer.online.listen import Address, check_free, parse_address, refuse_open_doors
from otel_scorer.online.receive_settings import ReceiveSettings
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.tls import ServerCertificate
from otel_scorer.wire.parts import Signal

logger = logging.getLogger(__name__)

SERVICES: dict[Signal, str] = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_SETTING = "receive.grpc"

Context = grpc.aio.ServicerContext[bytes, bytes]
Handler = Callable[[bytes, Context], Awaitable[bytes]]


class GrpcReceiver:
    """A grpc.aio server for the three signals. `port` is known after `start`."""

    def __init__(
        self,
        settings: ReceiveSettings,
        export: Export,
        admission: Admission | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`admission` and `metrics` are shared with the HTTP receiver where both run."""
        self._settings = settings
        self._export = export
        self._admission = admission or Admission(settings.max_in_flight_bytes)
        self._doorkeeper = Doorkeeper(settings)
        self._refusals = Refusals()
        self._metrics = metrics or Metrics()
        self._server: grpc.aio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen. UserError when the address, the certificate or the combination cannot be used."""
        refuse_open_doors(self._settings)
        address = parse_address(self._settings.grpc or "", _SETTING)
        check_free(address, _SETTING, reuse_port=self._settings.reuse_port)
        server = grpc.aio.server(options=_options(self._settings))
        for signal, service in SERVICES.items():
            method = grpc.unary_unary_rpc_method_handler(self._handler(signal))
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": method}),))
        self.port = self._bind(server, address)
        await server.start()
        self._server = server

    async def stop(self, grace_s: float = 5.0) -> None:
        """Tell senders to go elsewhere (GOAWAY), finish what is in work for at most `grace_s` seconds, close."""
        if self._server is not None:
            await self._server.stop(grace_s)
            self._server = None

    def _bind(self, server: grpc.aio.Server, address: Address) -> int:
        try:
            if self._settings.tls is None:
                return server.add_insecure_port(str(address))
            return server.add_secure_port(str(address), _credentials(ServerCertificate(self._settings.tls)))
        except RuntimeError:
            raise UserError(f"{_SETTING}: cannot listen on {address}; choose another address or port") from None

    def _handler(self, signal: Signal) -> Handler:
        async def export(body: bytes, context: Context) -> bytes:
            is_collector = False
            try:
                peer = self._doorkeeper.identify(_metadata(context))
                is_collector = peer.is_collector
                with self._admission.request() as claim:
                    claim.grow(len(body))
                    answer = await self._export(ExportRequest(signal, body, peer.tenant, peer.headers, is_collector))
                self._metrics.add("received_requests", 1, signal=signal, transport="grpc")
                return success_body(signal, answer)
            except Exception as error:
                refusal = self._refusals.of(error, peer_is_collector=is_collector)
            self._metrics.add("refused_requests", 1, transport="grpc", status=str(refusal.http))
            return await _abort(context, refusal)

        return export


async def _abort(context: Context, refusal: Refusal) -> NoReturn:
    await context.abort(_CODES[refusal.code], refusal.message, refusal.trailers())


def _metadata(context: Context) -> Iterable[tuple[str, str | bytes]]:
    return context.invocation_metadata() or ()


def _options(settings: ReceiveSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", 4 << 20),
        # Memory is spent before a handler runs: connections x streams x message size.
        ("grpc.max_concurrent_streams", settings.max_streams_per_connection),
        ("grpc.max_connection_age_ms", settings.connection_age_s * 1000),
        ("grpc.max_connection_age_grace_ms", 30_000),
        ("grpc.max_metadata_size", 16 << 10),
        # Dead peers are noticed; peers that ping every 10 s or slower, also without calls, are not sent away (grpc's
        # own minimum is 5 min, and Collectors are often configured to ping every 30 s).
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        # On by default in grpc: a second process would share the port instead of failing.
        ("grpc.so_reuseport", int(settings.reuse_port)),
    ]


def _credentials(certificate: ServerCertificate) -> grpc.ServerCredentials:
    """Credentials that look at the certificate's files at each handshake."""
    required = certificate.pem().client_ca is not None

    def configuration() -> grpc.ServerCertificateConfiguration:
        pem = certificate.pem()
        return grpc.ssl_server_certificate_configuration([(pem.key, pem.cert)], pem.client_ca)

    def fetch() -> Any:
        try:
            if not certificate.changed():
                return None  # None keeps the present one
            certificate.context()  # files that do not belong together must not replace good ones
            return configuration()
        except UserError as error:
            logger.error("the changed certificate is not used: %s", error)
            return None

    return grpc.dynamic_ssl_server_credentials(configuration(), fetch, required)
