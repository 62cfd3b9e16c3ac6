"""From the backend's settings to where exactly requests go; and the check that this is not ourselves."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from otel_scorer.errors import UserError
from otel_scorer.online.backend_settings import BackendSettings, Protocol
from otel_scorer.online.listen import is_loopback, parse_address

_SIGNAL_PATH = re.compile(r"/v1/(traces|logs|metrics)/?$")
_SETTING = "backend.endpoint"


class Target(NamedTuple):
    """`base` is the URL to which `/v1/<signal>` is appended (HTTP), or "" (gRPC)."""

    kind: Literal["grpc", "http"]
    host: str
    port: int
    tls: bool
    base: str = ""
    query: str = ""

    def url(self, signal: str) -> str:
        """Where requests of `signal` go, for HTTP."""
        return f"{self.base}/v1/{signal}" + (f"?{self.query}" if self.query else "")

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.kind} {'https' if self.tls else 'http'}://{self.authority}"


def resolve(settings: BackendSettings) -> Target:
    """Where `settings.endpoint` points. UserError that names what is wrong and what would be right."""
    return resolve_endpoint(settings.endpoint or "", settings.protocol, setting=_SETTING)


def resolve_endpoint(endpoint: str, protocol: Protocol | None, *, setting: str) -> Target:
    """Design 2.2: without a protocol port 4317 means gRPC, a path or port 4318 HTTP, and anything else is asked for."""
    url = _split(endpoint, setting)
    tls = url.scheme == "https"
    path = url.path.rstrip("/")
    kind = protocol or _guess(url, path, setting)
    if kind == "grpc":
        if path or url.query:
            raise UserError(
                f"{setting}: {_shown(url)} has a path, but gRPC has none; remove {url.path!r} or use http/protobuf"
            )
        return Target("grpc", url.hostname or "", url.port or (443 if tls else 4317), tls)
    host, port = url.hostname or "", url.port or (443 if tls else 80)
    authority = Target("http", host, port, tls).authority
    base = f"{url.scheme}://{authority}{_SIGNAL_PATH.sub('', path)}"
    return Target("http", host, port, tls, base, url.query)


def refuse_ourselves(target: Target, listeners: Iterable[str], *, setting: str = _SETTING) -> None:
    """UserError when `target` is one of our own `listeners` ("host:port"): its spans would come back for ever.

    Names are looked up; a name that nobody knows now is not refused.
    """
    addresses = _addresses(target.host)
    for listener in listeners:
        ours = parse_address(listener, "receive")
        if ours.port == target.port and addresses and _reaches(addresses, ours.host):
            raise UserError(
                f"{setting}: {target.host}:{target.port} is where otel_scorer itself listens ({listener}); give the "
                "address of your tracing backend, or listen on another port"
            )


def _split(endpoint: str, setting: str) -> SplitResult:
    text = endpoint.strip()
    if "://" not in text:
        host = text.partition("/")[0].rpartition(":")[0]
        if not is_loopback(host.strip("[]")):
            raise UserError(f"{setting}: {text!r} is not a URL; write http:// or https:// before it")
        text = f"http://{text}"
    try:
        url = urlsplit(text)
        port_is_good = url.port != 0
    except ValueError:
        raise UserError(f"{setting}: the port or host is not valid; write a URL like http://localhost:4317") from None
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_good or url.fragment:
        raise UserError(f"{setting}: {_shown(url)} is not a URL of a backend; write one like http://localhost:4317")
    if url.username is not None or url.password is not None:
        raise UserError(f"{setting}: {_shown(url)} carries a user name; put credentials into backend.headers instead")
    return url


def _guess(url: SplitResult, path: str, setting: str) -> Protocol:
    says_grpc, says_http = url.port == 4317, bool(path) or url.port == 4318
    if says_grpc == says_http:
        protocol_setting = f"{setting.rpartition('.')[0]}.protocol"
        raise UserError(
            f"{setting}: {_shown(url)} does not tell whether it speaks gRPC or HTTP; set {protocol_setting} to grpc or "
            "http/protobuf"
        )
    return "grpc" if says_grpc else "http/protobuf"


def _shown(url: SplitResult) -> str:
    """The URL without user, password and query."""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def _addresses(host: str) -> frozenset[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset()
    return frozenset(_plain(str(entry[4][0])) for entry in found)


def _reaches(addresses: frozenset[str], listener_host: str) -> bool:
    """True when a connection to one of `addresses` can end at a listener on `listener_host`."""
    ours = _addresses(listener_host)
    if any(ipaddress.ip_address(one).is_unspecified for one in ours):
        return any(_is_own(address) for address in addresses)
    # Connecting to 0.0.0.0 or :: reaches the loopback interface.
    unspecified = any(ipaddress.ip_address(address).is_unspecified for address in addresses)
    return bool(addresses & ours) or (unspecified and any(ipaddress.ip_address(one).is_loopback for one in ours))


def _is_own(address: str) -> bool:
    """True when `address` belongs to an interface of this machine: exactly then it can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True


def _plain(address: str) -> str:
    """Without zone; an IPv4 address mapped into IPv6 as IPv4."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
