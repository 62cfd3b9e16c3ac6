"""Judges' answers that are used again, in one store: bounded in time and in bytes, each tenant's by itself."""

from __future__ import annotations

from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.keys import Keys


class LedgerAnswers:
    """Remembers answers for `for_s` seconds, at most `most_bytes` of them. Raises LedgerError."""

    def __init__(self, client: StoreClient, keys: Keys, for_s: float, most_bytes: int) -> None:
        self._client = client
        self._keys = [keys.named("answers:until"), keys.named("answers"), keys.named("answers:bytes")]
        self._for_ms = max(1, int(for_s * 1000))
        self._most_bytes = most_bytes

    async def get(self, tenant: str, key: str) -> bytes | None:
        """The answer that this tenant's question had, None where it is not (or no longer) known."""
        found = await self._client.run(("answer_get", self._keys[:2], [_name(tenant, key)]))
        return bytes(found) if found is not None else None

    async def put(self, tenant: str, key: str, answer: bytes) -> None:
        """Remembers it; what is oldest goes where there is no room."""
        await self._client.run(("answer_put", self._keys, [_name(tenant, key), answer, self._for_ms, self._most_bytes]))


def _name(tenant: str, key: str) -> str:
    return f"{tenant}/{key}"
