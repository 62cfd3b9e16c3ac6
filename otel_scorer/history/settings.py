"""Settings of the history database and of the content that is kept in it."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class HistorySettings(BaseModel):
    """Where the records of ended traces lie, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr | None = Field(
        default=None,
        description="`sqlite:////path/to/history.db` or `postgresql://user:password@host/database` (needs the extra "
        "`postgresql`). Left out: SQLite in `ledger.data_dir`.",
    )
    days: int = Field(default=30, ge=1, le=36_500, description="Days for which records are kept.")
    salt: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="Key of the hashes of user ids and fingerprints; the same wherever they are to be compared. "
        "Left out: made from the name of the deployment, which keeps nobody from trying user ids.",
    )

    def salt_for(self, deployment: str) -> bytes:
        """The key of user hashes and fingerprints, 32 bytes: the same in every process of the deployment."""
        secret = self.salt.get_secret_value() if self.salt is not None else f"deployment:{deployment}"
        return hashlib.blake2b(secret.encode(), digest_size=32, person=b"otel_scorer.hist").digest()


class KeepSettings(BaseModel):
    """Content of scored traces, scrubbed, kept for `view`, `promote` and conversations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scored: bool = Field(default=True, description="Keep the content of scored traces; `false` keeps none.")
    hours: float = Field(default=72, gt=0, le=876_000, description="Hours for which it is kept.")
    max_mib: int = Field(default=1024, gt=0, description="Compressed size of all that is kept; the oldest goes first.")
