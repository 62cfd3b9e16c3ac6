"""Settings of the receiving side: where we listen, who may send, and how much at once."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MIB = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ServerTlsSettings(BaseModel):
    """Certificates of the receiving side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cert: Path = Field(description="PEM file with the server's certificate chain. Read again when it changes.")
    key: Path = Field(description="PEM file with the certificate's private key.")
    client_ca: Path | None = Field(
        default=None,
        description="PEM file with the authorities whose client certificates are accepted. Set: every sender must show "
        "one (mutual TLS).",
    )


class TokenSettings(BaseModel):
    """One bearer token that is accepted, and whose it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(
        description="SHA-256 of the token in hex, as `printf %s TOKEN | sha256sum` prints it. The token itself is "
        "written nowhere."
    )
    tenant: str = Field(default="default", min_length=1, max_length=128, description="Tenant of who sends this token.")

    @field_validator("sha256")
    @classmethod
    def _must_be_a_digest(cls, value: str) -> str:
        value = value.strip().lower()
        if not _SHA256.fullmatch(value):
            raise ValueError("must be 64 hex digits: what `printf %s TOKEN | sha256sum` prints")
        return value


class ReceiveSettings(BaseModel):
    """Where we listen, who may send, and how much at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grpc: str | None = Field(
        default="127.0.0.1:4317",
        description="Host and port for OTLP/gRPC; null switches it off. An address that other machines can reach needs "
        "`tls` and `tokens` (or `tls.client_ca`).",
    )
    http: str | None = Field(
        default="127.0.0.1:4318",
        description="Host and port for OTLP/HTTP; null switches it off. The same rule as for `grpc`.",
    )
    insecure: bool = Field(
        default=False,
        description="Listen on an address that other machines can reach although `tls` or `tokens` is missing.",
    )
    tls: ServerTlsSettings | None = Field(
        default=None, description="Certificates; without them the doors speak plain text."
    )
    tokens: tuple[TokenSettings, ...] = Field(
        default=(),
        description="Bearer tokens that are accepted (several at once, for rotation), each with its tenant. "
        "Empty: nobody is asked, every sender is tenant `default`.",
    )
    keep_headers: tuple[str, ...] = Field(
        default=("x-scope-orgid",),
        description="Request headers that are kept with the spans and sent on to the backend.",
    )
    trust_upstream_scores: bool = Field(
        default=False,
        description="Leave `otel_scorer.*` attributes that senders wrote where they are (chained scorers). Otherwise "
        "they are taken off: a client must not forge scores.",
    )
    max_message_mib: int = Field(
        default=16, ge=1, le=64, description="Largest request, before and after decompression, in MiB."
    )
    max_in_flight_mib: int = Field(
        default=64,
        ge=1,
        description="Requests in work at once, in MiB of their bodies; beyond it senders are told to try again.",
    )
    max_streams_per_connection: int = Field(
        default=16, ge=1, description="gRPC calls that one connection may have open at once."
    )
    max_http_connections: int = Field(default=1000, ge=1, description="HTTP connections open at once; more are closed.")
    connection_age_s: int = Field(
        default=240,
        ge=1,
        description="Seconds after which a gRPC connection is asked to reconnect, so that load spreads over replicas.",
    )
    header_timeout_s: float = Field(
        default=10, gt=0, description="Seconds in which an HTTP request's headers must come."
    )
    body_timeout_s: float = Field(default=30, gt=0, description="Seconds in which an HTTP request's body must come.")
    reuse_port: bool = Field(
        default=False,
        description="Several processes of one machine share the ports (SO_REUSEPORT). Off: a port in use is an error.",
    )

    @field_validator("keep_headers")
    @classmethod
    def _lower_case(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.strip().lower() for name in value)
        for name in names:
            if name in ("authorization", "host", "content-type", "content-length", "te") or name.endswith("-bin"):
                raise ValueError(f"{name!r} belongs to one connection and cannot be sent on; remove it")
        return names

    @model_validator(mode="after")
    def _limits_fit(self) -> ReceiveSettings:
        if self.grpc is None and self.http is None:
            raise ValueError("grpc and http are both null: nobody could send; set one of them to a host:port")
        if self.max_in_flight_mib < self.max_message_mib:
            raise ValueError(
                f"max_in_flight_mib ({self.max_in_flight_mib}) is under max_message_mib ({self.max_message_mib}): "
                "the largest message would never be taken; raise the first or lower the second"
            )
        return self

    @property
    def max_message_bytes(self) -> int:
        return self.max_message_mib * MIB

    @property
    def max_in_flight_bytes(self) -> int:
        return self.max_in_flight_mib * MIB
