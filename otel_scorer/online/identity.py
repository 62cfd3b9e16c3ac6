"""Who sends: tenant by bearer token, Collector or SDK by user agent, and the headers that travel with the data."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import NamedTuple

from otel_scorer.errors import Unauthenticated
from otel_scorer.online.receive_settings import ReceiveSettings

_COLLECTOR = re.compile(r"collector|otelcol|alloy", re.IGNORECASE)
_VALUE = re.compile(r"[\x20-\x7e]{1,1024}")


class Peer(NamedTuple):
    """The sender of one request."""

    tenant: str
    headers: dict[str, str]
    is_collector: bool


class Doorkeeper:
    """Knows the accepted tokens and the headers to keep. Tokens are compared as SHA-256, in constant time."""

    def __init__(self, settings: ReceiveSettings) -> None:
        self._tokens = tuple((bytes.fromhex(token.sha256), token.tenant) for token in settings.tokens)
        self._keep = frozenset(settings.keep_headers)

    def identify(self, headers: Iterable[tuple[str, str | bytes]]) -> Peer:
        """From lower-case names and values. Unauthenticated when tokens are asked for and none that fits came."""
        kept: dict[str, str] = {}
        authorizations: list[str] = []
        is_collector = False
        for name, value in headers:
            if not isinstance(value, str):
                continue
            if name == "authorization":
                authorizations.append(value)
            elif name == "user-agent":
                is_collector = _COLLECTOR.search(value) is not None
            elif name in self._keep and _VALUE.fullmatch(value):
                kept[name] = value
        return Peer(self._tenant(authorizations), kept, is_collector)

    def _tenant(self, authorizations: list[str]) -> str:
        if not self._tokens:
            return "default"
        if len(authorizations) != 1:
            raise Unauthenticated("exactly one authorization header is needed: Bearer TOKEN")
        scheme, _, token = authorizations[0].partition(" ")
        digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        tenant = None
        for known, its_tenant in self._tokens:  # no early end: the time must not tell which token came close
            if hmac.compare_digest(known, digest):
                tenant = its_tenant
        if tenant is None or scheme.lower() != "bearer":
            raise Unauthenticated("the token is not accepted")
        return tenant
