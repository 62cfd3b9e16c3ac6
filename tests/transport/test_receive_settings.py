"""Settings of the receiving side: what is refused, and that the sentence helps."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pydantic
import pytest

from otel_scorer.errors import UserError
from otel_scorer.online.listen import Address, bind, is_loopback, parse_address, refuse_open_doors
from otel_scorer.online.receive_settings import ReceiveSettings, ServerTlsSettings, TokenSettings
from otel_scorer.online.tls import ServerCertificate

TOKEN = TokenSettings(sha256=hashlib.sha256(b"x").hexdigest())


def test_the_defaults_can_only_be_reached_from_this_machine() -> None:
    settings = ReceiveSettings()
    assert (settings.grpc, settings.http) == ("127.0.0.1:4317", "127.0.0.1:4318")
    refuse_open_doors(settings)


@pytest.mark.parametrize("address", ["0.0.0.0:4317", "[::]:4317", "10.0.0.1:4317", "collector.internal:4317"])
def test_an_address_that_others_reach_needs_tls_and_tokens(address: str, certificates) -> None:
    tls = ServerTlsSettings(cert=certificates.cert, key=certificates.key)
    mutual = ServerTlsSettings(cert=certificates.cert, key=certificates.key, client_ca=certificates.client_cert)
    for lacking, named in (
        ({}, "receive.tls and receive.tokens"),
        ({"tls": tls}, "receive.tokens"),
        ({"tokens": (TOKEN,)}, "receive.tls"),
    ):
        with pytest.raises(UserError, match=f"receive.grpc: .*{named} is not set.*127.0.0.1"):
            refuse_open_doors(ReceiveSettings(grpc=address, **lacking))
    refuse_open_doors(ReceiveSettings(grpc=address, tls=tls, tokens=(TOKEN,)))
    refuse_open_doors(ReceiveSettings(grpc=address, tls=mutual))
    refuse_open_doors(ReceiveSettings(grpc=address, insecure=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:4317", Address("127.0.0.1", 4317)),
        ("[::1]:4317", Address("::1", 4317)),
        ("localhost:0", Address("localhost", 0)),
    ],
)
def test_addresses_are_read_and_written(text: str, address: Address) -> None:
    assert parse_address(text, "receive.grpc") == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "4317", ":4317", "localhost", "localhost:", "localhost:x", "::1:4317", "a:65536", "a:-1"]
)
def test_what_is_no_address_is_one_sentence(text: str) -> None:
    with pytest.raises(UserError, match=r"receive\.grpc: .* is not an address; write host:port"):
        parse_address(text, "receive.grpc")


@pytest.mark.parametrize(
    ("host", "said"), [("192.0.2.1", "not an address of this machine"), ("no.such.host.invalid", "no address is known")]
)
def test_an_address_that_cannot_be_bound_is_one_sentence(host: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        bind(Address(host, 4317), "receive.http")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"grpc": None, "http": None}, "nobody could send"),
        ({"max_message_mib": 65}, "64"),
        ({"max_message_mib": 32, "max_in_flight_mib": 16}, "never be taken"),
        ({"tokens": [{"sha256": "secret"}]}, "sha256sum"),
        ({"keep_headers": ["Authorization"]}, "cannot be sent on"),
        ({"port": 1}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, said: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=said):
        ReceiveSettings(**settings)


def test_certificates_that_are_missing_or_none_are_one_sentence(tmp_path: Path, certificates) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("nothing")
    for tls, said in (
        (ServerTlsSettings(cert=tmp_path / "no.pem", key=certificates.key), "cannot be read"),
        (ServerTlsSettings(cert=junk, key=certificates.key), "not a PEM certificate and its key"),
        (ServerTlsSettings(cert=certificates.cert, key=certificates.client_key), "belong together"),
        (ServerTlsSettings(cert=certificates.cert, key=certificates.key, client_ca=junk), "holds no PEM certificate"),
    ):
        with pytest.raises(UserError, match=said):
            ServerCertificate(tls)


def test_a_changed_certificate_is_noticed_once(tmp_path: Path, certificates) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(certificates.cert.read_bytes())
    key.write_bytes(certificates.key.read_bytes())
    certificate = ServerCertificate(ServerTlsSettings(cert=cert, key=key))
    assert not certificate.changed()
    for path, new in ((cert, certificates.client_cert), (key, certificates.client_key)):
        path.unlink()
        path.write_bytes(new.read_bytes())
    assert certificate.changed()
    assert not certificate.changed()
    certificate.reload_into(certificate.context())
    key.unlink()
    assert not certificate.changed()
