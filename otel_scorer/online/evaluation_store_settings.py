"""Settings of the stores that are told scores beside the spans."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from otel_scorer.conventions.evaluation_stores import StoreKind


class EvaluationStoreSettings(BaseModel):
    """A backend's own store of evaluations, which its pages show."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StoreKind = Field(description="`phoenix` (annotations), `langfuse` (scores) or `mlflow` (assessments).")
    endpoint: str = Field(
        description="URL of its server, `http://` or `https://`, without the path of an API: `http://phoenix:6006`."
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Headers of each request. Langfuse: `authorization: Basic <base64 of public key:secret key>`; "
        "Phoenix with authentication: `authorization: Bearer <key>`.",
    )
    scores: Literal["all", "late"] = Field(
        default="all",
        description="`late`: only scores that come after their span has left, and so are on no span.",
    )
    timeout_s: float = Field(default=5.0, gt=0, description="Wait for an answer.")
    give_up_hours: float = Field(
        default=24.0, gt=0, description="A score that the store has not taken by then is dropped, counted and logged."
    )

    @field_validator("endpoint")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"{value!r} is no http:// or https:// URL; for example http://127.0.0.1:6006")
        if url.query or url.fragment or url.username or url.password:
            raise ValueError("give the server's URL without query, fragment or password; keys belong in headers")
        return value.rstrip("/")
