"""Conversations that are being scored, in one store: handed to workers, taken by one, ended once.

The history says which conversation waits, and still says so after everything here is lost. One hash for each, by
`history.conversations.conversation_key`: waiting -> scored -> done; what is done is remembered for a while.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from otel_scorer.ledger.client import Argument, StoreClient
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.keys import Keys

_SIZE = struct.Struct("<I")
_LIFE_MS = 24 * 3_600_000
"""How long a conversation waits for a worker at most, whatever the settings: what nobody asks for is not kept."""


class Talk(NamedTuple):
    """A conversation in the store: tenant and key."""

    tenant: str
    key: str


Ask: TypeAlias = Literal["new", "done", "wait", "dispatch", "given_up", "result"]


@dataclass(frozen=True, slots=True)
class TalkState:
    """What is to be done about a conversation. `since` names what was handed out (with `new`, what was done before: 0
    is nothing). `record` "" is none; of one that was given up it is the draft.
    """

    ask: Ask
    number: int = 0
    """Of the dispatch."""
    size: int = 0
    """Bytes of content that lie in the store."""
    since: int = 0
    record: str = ""
    outbox: tuple[Outgoing, ...] = ()


@dataclass(frozen=True, slots=True)
class Patience:
    """When a conversation is dispatched again (also where its worker has died, or holds it for `worker_ms`), and when
    it is given up: after so many attempts, or so long after it was handed out.
    """

    redispatch_ms: int
    max_attempts: int
    max_wait_ms: int
    worker_ms: int


@dataclass(frozen=True, slots=True)
class TalkContent:
    """What a worker is given: packed traces (`history.kept`) with their ids, and a draft of the record as JSON."""

    since: int
    draft: str
    traces: tuple[tuple[str, bytes], ...]

    @property
    def size(self) -> int:
        """Bytes of content."""
        return sum(len(packed) for _, packed in self.traces)


class Talks:
    """Raises LedgerError."""

    def __init__(self, client: StoreClient, keys: Keys, stream_limits: tuple[int, int], tombstone_ms: int) -> None:
        self._client = client
        self._keys = keys
        self._stream_limits = stream_limits
        self._tombstone_ms = tombstone_ms

    async def look(self, talk: Talk, since: int, patience: Patience) -> TalkState:
        """What is to be done about a conversation that waits in the history since `since`. A dispatch is counted.

        One whose last record has not reached the history yet waits: nobody could say what that has seen.
        """
        limits = [patience.redispatch_ms, patience.max_attempts, patience.max_wait_ms, patience.worker_ms]
        keys = [self._hash(talk), self._workers(), self._keys.named("records")]
        answer = await self._client.run(("talk_look", keys, [since, *limits, self._tombstone_ms]))
        ask: Ask = answer[0].decode()
        if ask == "wait":
            return TalkState(ask, size=int(answer[1]))
        if ask == "dispatch":
            return TalkState(ask, number=int(answer[2]), size=int(answer[1]))
        if ask == "given_up":
            return TalkState(ask, since=int(answer[1]), record=answer[2].decode())
        if ask == "new":
            return TalkState(ask, since=int(answer[1] or 0))
        if ask == "result":
            outbox = _load_outbox(answer[3])
            return TalkState(ask, since=int(answer[1]), record=answer[2].decode(), outbox=outbox)
        return TalkState(ask)

    async def put(self, talk: Talk, content: TalkContent, done: int) -> bool:
        """Hands it to the workers; False where somebody else has, since the look that said "new" and `done`."""
        arguments: list[Argument] = [content.since, _LIFE_MS, done or ""]
        arguments += ["draft", content.draft, "content", _pack(content.traces)]
        return bool(await self._client.run(("talk_put", [self._hash(talk)], arguments)))

    async def start(self, talk: Talk, worker: str, dispatch: int) -> TalkContent | None:
        """Takes it to score; None when there is nothing to do, or another worker is at it."""
        flat = await self._client.run(("talk_start", [self._hash(talk), self._workers()], [worker, dispatch]))
        if not flat:
            return None
        found = dict(zip(flat[::2], flat[1::2], strict=True))
        return TalkContent(int(found[b"since"]), found[b"draft"].decode(), _unpack(found[b"content"]))

    async def finish(self, talk: Talk, since: int, record: str, outbox: Sequence[Outgoing]) -> bool:
        """Hands in a result ("" where there is nothing to tell); False when another was first."""
        arguments: list[Argument] = [since, record, _dump_outbox(outbox)]
        return bool(await self._client.run(("talk_finish", [self._hash(talk)], arguments)))

    async def commit(self, talk: Talk, since: int, record: str, outbox: Sequence[Outgoing]) -> bool:
        """Ends it: outbox and record are written, once. False when somebody else has ended it."""
        names = ("outbox", "outbox_data", "records", "records_bytes", "lost_records")
        keys = [self._hash(talk), *map(self._keys.named, names)]
        arguments: list[Argument] = [since, self._tombstone_ms, *self._stream_limits, record]
        for item in outbox:
            arguments += (f"{talk.tenant}/{item.id}", item.lane, item.packed())
        return bool(await self._client.run(("talk_commit", keys, arguments)))

    def _hash(self, talk: Talk) -> str:
        return self._keys.named(f"c:{talk.tenant}/{talk.key}")

    def _workers(self) -> str:
        return self._keys.named("workers")


def _pack(traces: Iterable[tuple[str, bytes]]) -> bytes:
    return b"".join(bytes.fromhex(trace_id) + _SIZE.pack(len(packed)) + packed for trace_id, packed in traces)


def _unpack(content: bytes) -> tuple[tuple[str, bytes], ...]:
    found: list[tuple[str, bytes]] = []
    at = 0
    while at < len(content):
        (size,) = _SIZE.unpack_from(content, at + 16)
        start = at + 16 + _SIZE.size
        found.append((content[at : at + 16].hex(), content[start : start + size]))
        at = start + size
    return tuple(found)


def _dump_outbox(items: Sequence[Outgoing]) -> str:
    return json.dumps([[item.id, base64.b64encode(item.packed()).decode()] for item in items])


def _load_outbox(text: bytes) -> tuple[Outgoing, ...]:
    return tuple(Outgoing.unpack(name.encode(), base64.b64decode(packed)) for name, packed in json.loads(text))
