"""Where the backend is: what a URL means, and that it is never ourselves."""

from __future__ import annotations

import socket

import pydantic
import pytest

from otel_scorer.errors import UserError
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backend_target import refuse_ourselves, resolve
from otel_scorer.online.backends import open_backend


@pytest.mark.parametrize(
    ("endpoint", "protocol", "kind", "where"),
    [
        ("http://localhost:4317", None, "grpc", "localhost:4317"),
        ("https://tempo.example:4317/", None, "grpc", "tempo.example:4317"),
        ("localhost:4317", None, "grpc", "localhost:4317"),
        ("http://[::1]:4317", None, "grpc", "[::1]:4317"),
        ("https://api.example", "grpc", "grpc", "api.example:443"),
        ("http://tempo:9999", "grpc", "grpc", "tempo:9999"),
        ("http://localhost:4318", None, "http", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", None, "http", "http://localhost:4318/v1/traces"),
        ("https://cloud.example/otlp", None, "http", "https://cloud.example:443/otlp/v1/traces"),
        ("https://cloud.example/otlp/v1/traces", None, "http", "https://cloud.example:443/otlp/v1/traces"),
        ("https://cloud.example/otlp/v1/traces/?key=1", None, "http", "https://cloud.example:443/otlp/v1/traces?key=1"),
        ("http://localhost:9999", "http/protobuf", "http", "http://localhost:9999/v1/traces"),
        ("http://localhost:4317", "http/protobuf", "http", "http://localhost:4317/v1/traces"),
    ],
)
def test_what_a_url_means(endpoint: str, protocol, kind: str, where: str) -> None:
    target = resolve(BackendSettings(endpoint=endpoint, protocol=protocol))
    assert target.kind == kind
    assert (target.authority if kind == "grpc" else target.url("traces")) == where
    assert target.tls == endpoint.startswith("https")


def test_a_path_of_one_signal_is_the_path_of_all() -> None:
    target = resolve(BackendSettings(endpoint="http://h/x/v1/traces"))
    assert target.url("logs") == "http://h:80/x/v1/logs"


@pytest.mark.parametrize(
    ("endpoint", "protocol", "said"),
    [
        ("http://tempo:9999", None, "does not tell.*backend.protocol to grpc or http/protobuf"),
        ("http://tempo:4317/v1/traces", None, "does not tell"),
        ("http://tempo:4317/v1/traces", "grpc", "gRPC has none"),
        ("tempo:4317", None, "write http:// or https://"),
        ("ftp://tempo:4317", None, "is not a URL of a backend"),
        ("http://tempo:99999", None, "port or host is not valid"),
        ("http://tempo:0", None, "is not a URL"),
        ("http://:4317", None, "is not a URL"),
        ("http://[x]:4317", None, "not valid"),
        ("http://tempo:4317#x", None, "is not a URL"),
        ("http://me:hunter2@tempo:4317", None, "backend.headers"),
        ("", None, "not a URL"),
    ],
)
def test_a_url_that_does_not_tell_is_one_sentence(endpoint: str, protocol, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        resolve(BackendSettings(endpoint=endpoint, protocol=protocol))
    assert str(caught.value).startswith("backend.endpoint: ")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:4317", "http://localhost:4317", "http://0.0.0.0:4317", "http://[::ffff:127.0.0.1]:4317"],
)
@pytest.mark.parametrize("listener", ["127.0.0.1:4317", "localhost:4317", "0.0.0.0:4317"])
def test_a_backend_that_is_ourselves_is_refused(endpoint: str, listener: str) -> None:
    with pytest.raises(UserError, match=r"otel_scorer itself listens.*tracing backend"):
        refuse_ourselves(resolve(BackendSettings(endpoint=endpoint)), [listener, "127.0.0.1:4318"])


def test_our_own_interface_address_is_ourselves_when_we_listen_everywhere() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no route: no address but loopback")
        own = sock.getsockname()[0]
    target = resolve(BackendSettings(endpoint=f"http://{own}:4317"))
    with pytest.raises(UserError, match="itself listens"):
        refuse_ourselves(target, ["0.0.0.0:4317"])
    refuse_ourselves(target, ["127.0.0.1:4317"])


@pytest.mark.parametrize(
    ("endpoint", "listener"),
    [
        ("http://127.0.0.1:14317", "127.0.0.1:4317"),
        ("http://127.0.0.2:4317", "127.0.0.1:4317"),
        ("http://192.0.2.1:4317", "0.0.0.0:4317"),
        ("http://no.such.host.invalid:4317", "0.0.0.0:4317"),
    ],
)
def test_another_place_is_not_ourselves(endpoint: str, listener: str) -> None:
    refuse_ourselves(resolve(BackendSettings(endpoint=endpoint, protocol="grpc")), [listener])


def test_no_backend_at_all_and_two_at_once_are_refused() -> None:
    with pytest.raises(UserError, match="neither endpoint nor file"):
        open_backend(BackendSettings())
    with pytest.raises(pydantic.ValidationError, match="remove the other"):
        BackendSettings(endpoint="http://localhost:4317", file="spans.jsonl")


@pytest.mark.parametrize("endpoint", ["https://localhost:4317", "https://localhost:4318"])
def test_certificates_that_are_not_there_are_one_sentence(endpoint: str, tmp_path) -> None:
    with pytest.raises(UserError, match=r"backend\.tls"):
        open_backend(BackendSettings(endpoint=endpoint, tls={"ca": tmp_path / "no.pem"}))


def test_header_values_are_never_shown() -> None:
    assert "hunter2" not in repr(BackendSettings(endpoint="http://h:4317", headers={"api-key": "hunter2"}))
