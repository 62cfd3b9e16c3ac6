"""Addresses that we listen on: reading them, refusing careless ones, binding them with an error a person can act on."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import NamedTuple

from otel_scorer.errors import UserError
from otel_scorer.online.receive_settings import ReceiveSettings


class Address(NamedTuple):
    """Host as written (no brackets) and port; port 0 asks the system for a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, setting: str) -> Address:
    """`host:port`, `[v6]:port` -> Address; UserError that names `setting` otherwise."""
    host, colon, port = text.strip().rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    plain_v6 = ":" in host and not text.strip().startswith("[")
    if not colon or not host or plain_v6 or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UserError(
            f"{setting}: {text!r} is not an address; write host:port, for example 127.0.0.1:4317 or [::1]:4317"
        )
    return Address(host, int(port))


def is_loopback(host: str) -> bool:
    """True when only this machine can reach `host`; a name other than `localhost` counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_open_doors(settings: ReceiveSettings) -> None:
    """UserError when others could reach an address that asks nobody who they are, or listens in plain text."""
    known = bool(settings.tokens) or (settings.tls is not None and settings.tls.client_ca is not None)
    if settings.insecure or (known and settings.tls is not None):
        return
    for name, text in (("receive.grpc", settings.grpc), ("receive.http", settings.http)):
        if text is not None and not is_loopback(parse_address(text, name).host):
            missing = " and ".join(
                what for what, there in (("receive.tls", settings.tls), ("receive.tokens", known)) if not there
            )
            raise UserError(
                f"{name}: {text} can be reached by other machines, but {missing} is not set; set it, listen "
                "on 127.0.0.1, or set receive.insecure: true if the network is closed"
            )


def bind(address: Address, setting: str, *, reuse_port: bool = False) -> socket.socket:
    """A bound, not yet listening socket. UserError with what to do when the address cannot be had."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise UserError(f"{setting}: no address is known for host {address.host!r}; write an IP address") from None
    family, kind, protocol, _, where = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(where)
    except OSError as error:
        sock.close()
        raise UserError(f"{setting}: {_why(address, error)}") from None
    return sock


def check_free(address: Address, setting: str, *, reuse_port: bool = False) -> None:
    """UserError when `address` cannot be bound. For servers that bind for themselves and say little when they fail."""
    bind(address, setting, reuse_port=reuse_port).close()


def _why(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {address.port} of {address.host} is in use by another process; stop that one or choose another port"
        )
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {address.port}; choose one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address.host} is not an address of this machine; use 127.0.0.1, 0.0.0.0 or one of its own"
    return f"cannot listen on {address}: {error.strerror or type(error).__name__}"
