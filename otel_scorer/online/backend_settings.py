"""Settings of the backend: where spans go when they are done, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

Protocol = Literal["grpc", "http/protobuf"]


class ClientTlsSettings(BaseModel):
    """Certificates of the connection to the backend; the certificate that it shows is always checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca: Path | None = Field(
        default=None,
        description="PEM file with the authorities that may have signed the backend's certificate. "
        "Default: the system's.",
    )
    cert: Path | None = Field(default=None, description="PEM file with our client certificate (mutual TLS).")
    key: Path | None = Field(default=None, description="PEM file with the client certificate's private key.")

    @model_validator(mode="after")
    def _belong_together(self) -> ClientTlsSettings:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together: set both or neither")
        return self


class BackendSettings(BaseModel):
    """The tracing backend: an OTLP endpoint, or a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str | None = Field(
        default=None,
        description="URL of the tracing backend, `http://` or `https://`. Port 4317 means gRPC; a path or port 4318 "
        "means OTLP/HTTP; for any other, set `protocol`. OTEL_EXPORTER_OTLP_* is not read: on the same host it points "
        "at us.",
    )
    protocol: Protocol | None = Field(
        default=None, description="`grpc` or `http/protobuf`, where the URL alone does not tell."
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers sent with every request, for example an API key. Never printed."
    )
    compression: Literal["none", "gzip"] = Field(
        default="none", description="`gzip` saves network and costs CPU; on the same host leave it off."
    )
    tls: ClientTlsSettings = Field(default=ClientTlsSettings(), description="Certificates, for `https://` endpoints.")
    timeout_s: float = Field(default=10, gt=0, description="Seconds in which the backend must answer one request.")
    file: Path | None = Field(
        default=None,
        description="Instead of an endpoint: append traces and logs to this file, one OTLP/JSON request a line. "
        "Several processes may share it; a file that is moved away is begun anew.",
    )
    file_fsync: bool = Field(
        default=True,
        description="Write the file through to the disk before a request is acknowledged. Off: a killed process loses "
        "nothing, a power cut may lose the last seconds.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> BackendSettings:
        if self.endpoint is not None and self.file is not None:
            raise ValueError("endpoint and file are both set: spans go to one of them; remove the other")
        return self
