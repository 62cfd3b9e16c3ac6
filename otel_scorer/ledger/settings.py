"""Settings of the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class LedgerSettings(BaseModel):
    """Where agent spans are kept until they are exported, and what a failure of that store means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: tuple[SecretStr, ...] = Field(
        default=(),
        description="Valkey or Redis stores (`redis://`, `rediss://`, `unix://`); a trace's store is chosen by "
        "rendezvous hashing of its id. Empty: an embedded Valkey in `data_dir`.",
    )
    data_dir: Path = Field(default=Path("otel-scorer-data"), description="Folder of the embedded Valkey and SQLite.")
    durability: Literal["strict", "best_effort"] = Field(
        default="strict",
        description="`strict`: a request is acknowledged after fsync (`appendfsync always`, checked at start and while "
        "running). `best_effort`: what the store has not yet written is lost when it dies (about 2 s with `everysec`).",
    )
    on_failure: Literal["bypass", "refuse"] = Field(
        default="bypass",
        description="While the ledger is away: `bypass` forwards everything unscored, `refuse` tells senders to retry "
        "(the only one in tap).",
    )
    silence_s: float = Field(default=2.0, gt=0, description="Silence of the ledger after which it counts as away.")
    recovery_grace_s: float = Field(
        default=5.0, ge=0, description="Wait of the sweepers after the ledger came back, for the receivers' journals."
    )
    lease_s: float = Field(default=30.0, ge=5, description="How long a sweeper may keep a claimed trace.")
    tombstone_s: float = Field(
        default=3600.0, gt=0, description="How long an ended trace is remembered, for resends and late spans."
    )
    max_mib: int = Field(
        default=512,
        gt=0,
        description="Span bytes that the ledger may hold; from 70 % scoring is shed, from 80 % waits are shortened, "
        "from 90 % senders are told to retry.",
    )
    record_stream_limit: int = Field(
        default=100_000,
        gt=0,
        description="Records that wait for the history database, with their kept content at most a quarter of "
        "`max_mib`; beyond it the oldest are lost.",
    )
    prefix: str = Field(default="otel_scorer:", min_length=1, description="Prefix of all keys in the store.")
