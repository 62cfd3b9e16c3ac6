"""A real OTLP backend for tests: gRPC and HTTP, records every request as it came, answers as it is told.

In a test:

    async with Sink() as sink:
        sink.script("unavailable", "ok")          # the next two requests, then `ok` for ever
        sink.script("unimplemented", signal="logs", forever=True)
        ...
        assert sink.span_copies() == {...}

As a process (prints one line with its ports when ready, writes each request as a line of JSON as it comes):

    python tests/otlp_sink.py --grpc 0 --http 0 --dump FILE [--script unavailable,ok]

Its HTTP port then also answers `POST /__script` (body: {"answers": [...], "signal": "traces", "forever": false}) and
`GET /__requests` (the lines). `read_dump(FILE)` reads what it wrote.
Uses nothing of otel_scorer, so that what the product says of itself is not what the test looks at.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import signal as signals
import ssl
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal

import grpc
import grpc.aio
from aiohttp import web
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from otlp_answers import NAMED, OK, Answer, answer_of
from otlp_bytes import RawSpan, raw_spans_of, without_scores

__all__ = ["Answer", "RawSpan", "Recorded", "Sink", "raw_spans", "raw_spans_of", "read_dump", "without_scores"]

Signal = Literal["traces", "logs", "metrics"]
SIGNALS: tuple[Signal, ...] = ("traces", "logs", "metrics")

_SERVICES: dict[Signal, str] = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
REQUESTS: dict[Signal, Any] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
RESPONSES: dict[Signal, Any] = {
    "traces": ExportTraceServiceResponse,
    "logs": ExportLogsServiceResponse,
    "metrics": ExportMetricsServiceResponse,
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came (decompressed) and how it was answered."""

    signal: Signal
    transport: Literal["grpc", "http"]
    body: bytes
    headers: Mapping[str, str]
    at: float
    answer: str
    taken: bool

    def message(self) -> Any:
        """The body as the generated class of its signal."""
        request = REQUESTS[self.signal]()
        request.ParseFromString(self.body)
        return request

    def to_json(self) -> str:
        body = base64.b64encode(self.body).decode()
        fields = {"signal": self.signal, "transport": self.transport, "body": body, "headers": dict(self.headers)}
        return json.dumps({**fields, "at": self.at, "answer": self.answer, "taken": self.taken})

    @staticmethod
    def from_json(line: str) -> Recorded:
        fields = json.loads(line)
        return Recorded(**{**fields, "body": base64.b64decode(fields["body"])})


class Sink:
    """Listens on free ports of 127.0.0.1 (or the given ones). Everything that came is in `requests`."""

    def __init__(
        self,
        *,
        grpc_port: int = 0,
        http_port: int = 0,
        max_message_bytes: int = 64 << 20,
        dump: Path | None = None,
        tls: tuple[Path, Path] | None = None,
        client_ca: Path | None = None,
    ) -> None:
        """`tls` is (certificate, key) for both ports; `client_ca` asks clients for certificates of that authority."""
        self.requests: list[Recorded] = []
        self.grpc_port = grpc_port
        self.http_port = http_port
        self._max_message_bytes = max_message_bytes
        self._dump = dump
        self._tls = tls
        self._client_ca = client_ca
        self._scripts: dict[str, deque[Answer]] = {name: deque() for name in (*SIGNALS, "any")}
        self._forever: dict[str, Answer] = {}
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._file: IO[str] | None = None
        self._server: grpc.aio.Server | None = None
        self._runner: web.AppRunner | None = None

    # ---- telling it what to answer ----

    def script(self, *answers: str | Answer, signal: Signal | None = None, forever: bool = False) -> None:
        """The next requests (of `signal`, or of any) are answered so, one each; with `forever` all by the one given."""
        key = signal or "any"
        if forever:
            (self._forever[key],) = (answer_of(answer) for answer in answers)
        else:
            self._scripts[key].extend(answer_of(answer) for answer in answers)

    def heal(self) -> None:
        """From now on everything is `ok`."""
        self._forever.clear()
        for script in self._scripts.values():
            script.clear()

    # ---- looking at what came ----

    @property
    def grpc_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.grpc_port}"

    @property
    def http_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.http_port}"

    def bodies(self, signal: Signal, *, taken: bool = True) -> list[bytes]:
        """Bodies in order of arrival; only those that were kept, unless `taken` is False."""
        return [each.body for each in self.requests if each.signal == signal and (each.taken or not taken)]

    def spans(self) -> list[RawSpan]:
        """Every span that was kept, in order of arrival, copies included."""
        return list(raw_spans(self.requests))

    def span_copies(self) -> Counter[tuple[str, str]]:
        """How often each (trace id, span id) was kept."""
        return Counter((span.trace_id, span.span_id) for span in self.spans())

    async def until(self, count: int, *, signal: Signal | None = None, timeout_s: float = 10.0) -> None:
        """Returns when `count` requests have come (answered in whatever way); TimeoutError otherwise."""
        async with asyncio.timeout(timeout_s):
            while sum(signal in (None, each.signal) for each in self.requests) < count:
                self._changed.clear()
                await self._changed.wait()

    async def until_spans(self, count: int, *, timeout_s: float = 30.0) -> None:
        """Returns when `count` different spans were kept; TimeoutError otherwise."""
        async with asyncio.timeout(timeout_s):
            while len(self.span_copies()) < count:
                self._changed.clear()
                await self._changed.wait()

    # ---- life ----

    async def __aenter__(self) -> Sink:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen (again, on the same ports, after `stop`)."""
        self._stopping.clear()
        self._file = self._dump.open("a", encoding="utf-8") if self._dump is not None else None
        await self._start_grpc()
        await self._start_http()

    async def stop(self) -> None:
        """Hanging requests are let go; what was recorded stays."""
        self._stopping.set()
        server, self._server = self._server, None
        if server is not None:
            await server.stop(0.2)
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _start_grpc(self) -> None:
        size = self._max_message_bytes
        options = [
            ("grpc.max_receive_message_length", size),
            ("grpc.max_send_message_length", size),
            ("grpc.so_reuseport", 0),
            ("grpc.max_metadata_size", 64 << 10),
        ]
        server = grpc.aio.server(options=options)
        for signal, service in _SERVICES.items():
            method = grpc.unary_unary_rpc_method_handler(self._grpc_handler(signal))
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": method}),))
        where = f"127.0.0.1:{self.grpc_port}"
        if self._tls is None:
            self.grpc_port = server.add_insecure_port(where)
        else:
            cert, key = (path.read_bytes() for path in self._tls)
            ca = self._client_ca.read_bytes() if self._client_ca else None
            credentials = grpc.ssl_server_credentials([(key, cert)], ca, ca is not None)
            self.grpc_port = server.add_secure_port(where, credentials)
        await server.start()
        self._server = server

    async def _start_http(self) -> None:
        app = web.Application(client_max_size=self._max_message_bytes)
        for signal in SIGNALS:
            app.router.add_post("/" + "v1/" + signal, self._http_handler(signal))
            app.router.add_post("/{prefix:.+}/v1/" + signal, self._http_handler(signal))
        app.router.add_post("/__script", self._on_script)
        app.router.add_get("/__requests", self._on_requests)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.http_port, ssl_context=self._ssl_context())
        await site.start()
        self.http_port = runner.addresses[0][1]
        self._runner = runner

    def _ssl_context(self) -> ssl.SSLContext | None:
        if self._tls is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._tls)
        if self._client_ca is not None:
            context.load_verify_locations(self._client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    # ---- one request ----

    async def _receive(
        self, signal: Signal, transport: Literal["grpc", "http"], body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        answer = self._next_answer(signal, body)
        recorded = Recorded(signal, transport, body, headers, time.time(), answer.name, answer.taken)
        self.requests.append(recorded)
        if self._file is not None:
            self._file.write(recorded.to_json() + "\n")
            self._file.flush()
        self._changed.set()
        if answer.delay_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), answer.delay_s)
        return answer

    def _next_answer(self, signal: Signal, body: bytes) -> Answer:
        if not _parses(signal, body):
            return NAMED["invalid"]
        for key in (signal, "any"):
            if self._scripts[key]:
                return self._scripts[key].popleft()
        for key in (signal, "any"):
            forever = self._forever.get(key)
            if forever is not None and not _is_small_enough(forever, body):
                return forever
        return OK

    def _grpc_handler(self, signal: Signal) -> Any:
        async def export(body: bytes, context: Any) -> bytes:
            metadata = {name: value for name, value in context.invocation_metadata() or () if isinstance(value, str)}
            answer = await self._receive(signal, "grpc", body, metadata)
            if answer.grpc_code is not None:
                await context.abort(answer.grpc_code, answer.message, _trailers(answer))
            return _response(signal, answer)

        return export

    def _http_handler(self, signal: Signal) -> Any:
        async def export(request: web.Request) -> web.Response:
            raw = await request.read()
            headers = {name.lower(): value for name, value in request.headers.items()}
            answer = await self._receive(signal, "http", raw, {**headers, "path": request.path})
            kind = {"content-type": "application/x-protobuf"}
            if answer.http_status == 200:
                return web.Response(body=_response(signal, answer), headers=kind)
            if answer.retry_s is not None:
                kind["retry-after"] = f"{answer.retry_s:g}"
            status = status_pb2.Status(
                code=answer.grpc_code.value[0] if answer.grpc_code else 2, message=answer.message
            )
            return web.Response(status=answer.http_status, body=status.SerializeToString(), headers=kind)

        return export

    async def _on_script(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        if wanted.get("heal"):
            self.heal()
        self.script(*wanted.get("answers", ()), signal=wanted.get("signal"), forever=wanted.get("forever", False))
        return web.Response(text="ok\n")

    async def _on_requests(self, _request: web.Request) -> web.Response:
        return web.Response(text="".join(each.to_json() + "\n" for each in self.requests))


def _parses(signal: Signal, body: bytes) -> bool:
    try:
        REQUESTS[signal]().ParseFromString(body)
    except Exception:
        return False
    return True


def _is_small_enough(answer: Answer, body: bytes) -> bool:
    """`too_large:N` only concerns bodies of more than N bytes."""
    name, _, limit = answer.name.partition(":")
    return name == "too_large" and bool(limit) and len(body) <= int(limit)


def _response(signal: Signal, answer: Answer) -> bytes:
    if answer.broken_body:
        return b"\xff\xff\xff not protobuf"
    response = RESPONSES[signal]()
    if answer.rejected:
        fields = {"traces": "rejected_spans", "logs": "rejected_log_records", "metrics": "rejected_data_points"}
        setattr(response.partial_success, fields[signal], answer.rejected)
        response.partial_success.error_message = answer.message
    body: bytes = response.SerializeToString()
    return body


def _trailers(answer: Answer) -> tuple[tuple[str, bytes], ...]:
    """RetryInfo as Collectors and Go backends send it: inside grpc-status-details-bin only."""
    if answer.retry_s is None or answer.grpc_code is None:
        return ()
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromMilliseconds(round(answer.retry_s * 1000))
    status = status_pb2.Status(code=answer.grpc_code.value[0], message=answer.message)
    status.details.add().Pack(info)
    return (("grpc-status-details-bin", status.SerializeToString()),)


def raw_spans(requests: Iterable[Recorded]) -> Iterator[RawSpan]:
    """Spans of all kept trace requests, byte for byte as they stood in them."""
    for request in requests:
        if request.signal == "traces" and request.taken:
            yield from raw_spans_of(request.body, request.at)


# ---- as a process ----


def read_dump(path: Path) -> list[Recorded]:
    """What a sink process has written so far; a last line that is not whole yet is left out."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [Recorded.from_json(line) for line in text[: text.rfind("\n") + 1].splitlines()]


async def _main(arguments: argparse.Namespace) -> None:
    sink = Sink(grpc_port=arguments.grpc, http_port=arguments.http, dump=arguments.dump)
    sink.script(*(answer for answer in arguments.script.split(",") if answer))
    await sink.start()
    print(json.dumps({"grpc": sink.grpc_port, "http": sink.http_port}), flush=True)
    stop = asyncio.Event()
    for name in (signals.SIGTERM, signals.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await sink.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="An OTLP backend for tests.")
    parser.add_argument("--grpc", type=int, default=0, help="port for gRPC; 0 takes a free one")
    parser.add_argument("--http", type=int, default=0, help="port for HTTP; 0 takes a free one")
    parser.add_argument("--dump", type=Path, help="file to which each request is appended as a line of JSON")
    parser.add_argument("--script", default="", help="answers to the first requests, separated by commas")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_main(_arguments()))
