"""What leaves the ledger beside the spans: the outbox (evaluation spans), records for the history, and the
quarantine.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from otel_scorer.ledger.client import Argument, StoreClient
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.keys import Keys

SEND_LEASE_MS = 30_000
"""How long outbox records belong to whoever has taken them."""


class StreamedRecord(NamedTuple):
    """A record on its way into the history database, by its id in the stream."""

    id: bytes
    record: str
    kept: bytes

    @property
    def written_ms(self) -> int:
        """When it was, by the store's clock: ids begin with it."""
        return int(self.id.partition(b"-")[0])


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A span (or a group of which the backend refused some) that the backend will not take. `body` is its OTLP
    request, b"" when unknown.
    """

    id: str
    tenant: str
    trace_id: str
    span_ids: tuple[str, ...]
    reason: str
    at_ms: int
    body: bytes = b""
    rejected: int = field(default=1)

    def to_json(self) -> str:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(fields | {"span_ids": list(self.span_ids), "body": base64.b64encode(self.body).decode()})

    @staticmethod
    def from_json(text: bytes | str) -> Quarantined:
        fields = json.loads(text)
        fields["span_ids"] = tuple(fields["span_ids"])
        fields["body"] = base64.b64decode(fields["body"])
        return Quarantined(**fields)


def _streamed(entry: bytes, fields: Mapping[bytes, bytes]) -> StreamedRecord:
    return StreamedRecord(entry, fields.get(b"record", b"").decode(errors="replace"), fields.get(b"kept", b""))


class Postbox:
    """Queues of one store."""

    def __init__(self, client: StoreClient, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def outgoing(self, now_ms: int, limit: int, lane: str = "") -> list[Outgoing]:
        """Outbox records of a lane (`Outgoing.lane`) that are due; they are due again after a lease, so a sender that
        dies loses none.
        """
        answer = await self._client.run(("outgoing", self._outbox_keys(lane), [now_ms, limit, SEND_LEASE_MS]))
        return [Outgoing.unpack(identity, data) for identity, data in zip(answer[::2], answer[1::2], strict=True)]

    async def sent(self, items: Sequence[Outgoing], lane: str = "") -> None:
        """Forgets what the backend has."""
        await self._client.run(("sent", self._outbox_keys(lane), [item.id for item in items]))

    async def postpone(self, items: Sequence[Outgoing], at_ms: int, lane: str = "") -> None:
        await self._client.run(("postpone", self._outbox_keys(lane), [at_ms, *(item.id for item in items)]))

    async def lanes(self) -> set[str]:
        """Those that there ever were, apart from the backend's."""
        (names,) = await self._client.all_of([("SMEMBERS", self._keys.named("outbox:lanes"))])
        return {name.decode() for name in names}

    async def to_lanes(self, items: Iterable[Outgoing], now_ms: int) -> None:
        """Moves what an older version has put in the backend's own queue to where it belongs."""
        outbox = self._keys.named("outbox")
        commands: list[tuple[Argument, ...]] = []
        for item in items:
            commands.append(("SADD", f"{outbox}:lanes", item.lane))
            commands.append(("ZADD", f"{outbox}:{item.lane}", now_ms, item.id))
            commands.append(("ZREM", outbox, item.id))  # last: what is in both is sent at most twice, and never lost
        await self._client.all_of(commands)

    def _outbox_keys(self, lane: str = "") -> list[str]:
        return [self._keys.named(f"outbox:{lane}" if lane else "outbox"), self._keys.named("outbox_data")]

    async def lock_records(self, holder: str, for_s: float) -> bool:
        """Whether this process may drain the records now: one at a time saves work, two would do no harm.

        For 0 s: gives the turn back.
        """
        return bool(await self._client.run(("lock", [self._keys.named("records_lock")], [holder, int(for_s * 1000)])))

    async def records(self, limit: int) -> list[StreamedRecord]:
        """The oldest records."""
        command = ("XRANGE", self._keys.named("records"), "-", "+", "COUNT", limit)
        (entries,) = await self._client.all_of([command])
        return [_streamed(entry, dict(zip(flat[::2], flat[1::2], strict=True))) for entry, flat in entries]

    async def forget_records(self, records: Sequence[StreamedRecord], lost: int = 0) -> None:
        """Takes them out of the stream; `lost` of them are nowhere else, and are counted so."""
        keys = [self._keys.named(name) for name in ("records", "records_bytes", "lost_records")]
        ids = [entry.id for entry in records]
        sizes = [len(entry.record.encode()) + len(entry.kept) for entry in records]
        await self._client.run(("forget", keys, [lost, *ids, *sizes]))

    async def quarantine(self, items: Sequence[Quarantined], keep_s: float) -> None:
        """Puts spans aside; those older than `keep_s` go."""
        if not items:
            return
        keys = [self._keys.named("quarantine"), self._keys.named("quarantine_times")]
        horizon = max(item.at_ms for item in items) - int(keep_s * 1000)
        triples = [part for item in items for part in (item.id, item.at_ms, item.to_json())]
        await self._client.run(("quarantine", keys, [horizon, *triples]))

    async def quarantined(self) -> list[Quarantined]:
        """Everything put aside, oldest first."""
        values: Mapping[bytes, bytes] = await self._client.guard(
            self._client.redis.hgetall(self._keys.named("quarantine"))
        )
        return sorted((Quarantined.from_json(value) for value in values.values()), key=lambda item: item.at_ms)
