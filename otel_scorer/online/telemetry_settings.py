"""Settings of what the service tells about itself: health, metrics, logs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class TelemetrySettings(BaseModel):
    """Health, readiness, Prometheus metrics, OTLP metrics."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: str | None = Field(
        default="127.0.0.1:4319",
        description="Host and port of `/healthz`, `/readyz` and `/metrics` (Prometheus); null switches them off.",
    )
    insecure: bool = Field(
        default=False, description="Let `listen` be an address that other machines can reach (a scraper, a kubelet)."
    )
    otlp_endpoint: str | None = Field(
        default=None,
        description="URL to which our own metrics are sent by OTLP; port 4317 means gRPC, port 4318 HTTP. It must not "
        "be ourselves.",
    )
    otlp_protocol: Literal["grpc", "http/protobuf"] | None = Field(
        default=None, description="`grpc` or `http/protobuf`, where `otlp_endpoint` alone does not tell."
    )
    otlp_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers sent with our own metrics. Never printed."
    )
    otlp_interval_s: float = Field(default=60, ge=1, description="Seconds between two sendings of our own metrics.")


class LogSettings(BaseModel):
    """Log lines on standard error. They never hold content of spans."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level of log lines: `debug`, `info`, `warning` or `error`."
    )
    format: Literal["text", "json"] = Field(
        default="text", description="`text` for people, `json` (one object a line) for log collectors."
    )
