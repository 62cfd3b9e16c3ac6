"""Conversations in the history: which are waiting to be looked at, and what is known of one.

A row of `tables.conversations` is written with the content of each trace that names a conversation, so that nothing is
looked for where no trace does, and what waits is found by an index of its own, however many records there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Update,
    and_,
    literal_column,
    select,
    tuple_,
    update,
)

from otel_scorer.history.database import told_apart
from otel_scorer.history.kept import Kept
from otel_scorer.history.record import Record
from otel_scorer.history.tables import conversations, kept, records

KIND = "conversation"
"""Of the records that conversations leave."""
_MOST_KNOWN = 2_000
"""Records of one conversation that are looked at: the latest."""
_NAMED = records.c.conversation_id != literal_column("''")
"""As the index has it, and written out: of a value that is bound nobody knows that it is not empty."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation with something new in it. `waiting_ms` is when that ended, or later: who settles it names what it
    saw.
    """

    tenant: str
    conversation_id: str
    waiting_ms: int

    @property
    def key(self) -> str:
        return conversation_key(self.tenant, self.conversation_id)


@dataclass(frozen=True, slots=True)
class Known:
    """What records and content tell. `kept` are the latest traces of which content is there, the last to end first.

    `traces` is how many it is known to have, `last_ms` when the last of them ended, `before` the record of its last
    scoring.
    """

    traces: int
    last_ms: int
    kept: tuple[Kept, ...]
    before: Record | None


def conversation_key(tenant: str, conversation_id: str) -> str:
    """32 hex digits that stand for a conversation of a tenant where a trace id stands for a trace."""
    said = f"{tenant}\0{conversation_id}".encode("utf-8", "replace")
    return hashlib.blake2b(said, digest_size=16, person=b"otel_scorer.conv").hexdigest()


class ConversationHistory:
    """Raises HistoryUnavailable as `History` does. Synchronous; call it in a thread."""

    def __init__(self, engine: Engine, writer: Engine, shown: str) -> None:
        self._engine = engine
        self._writer = writer
        self._shown = shown

    def waiting(self, until_ms: int, limit: int, skip: int = 0) -> list[Waiting]:
        """Those that have waited since `until_ms` or before, the longest first, without the first few."""
        column = conversations.c
        query = select(column.tenant, column.conversation_id, column.waiting_ms).where(column.waiting_ms <= until_ms)
        with told_apart(self._shown), self._engine.connect() as connection:
            rows = connection.execute(query.order_by(column.waiting_ms).limit(limit).offset(skip))
            return [Waiting(row.tenant, row.conversation_id, row.waiting_ms) for row in rows]

    def known(self, one: Waiting, most_traces: int, most_bytes: int) -> Known:
        """What there is of it; content of at most so many traces and (compressed) bytes."""
        column = records.c
        ended = (
            select(column.ended_at_ms)
            .where(and_(column.conversation_id == one.conversation_id, column.tenant == one.tenant))
            .where(and_(column.kind == "trace", column.status != "own", _NAMED))
            .order_by(column.ended_at_ms.desc())
            .limit(_MOST_KNOWN)
        )
        before = select(column.body).where(
            and_(column.trace_id == one.key, column.tenant == one.tenant, column.kind == KIND)
        )
        with told_apart(self._shown), self._engine.connect() as connection:
            times = [row.ended_at_ms for row in connection.execute(ended)]
            row = connection.execute(before).first()
            content = self._content(connection, one, most_traces, most_bytes)
        last_ms = max([one.waiting_ms, *times[:1]])
        return Known(max(len(times), len(content)), last_ms, content, Record.from_json(row.body) if row else None)

    def _content(self, connection: Connection, one: Waiting, most_traces: int, most_bytes: int) -> tuple[Kept, ...]:
        column = kept.c
        sizes = (
            select(column.trace_id, column.size)
            .where(and_(column.tenant == one.tenant, column.conversation_id == one.conversation_id))
            .order_by(column.stored_at_ms.desc(), column.trace_id)
            .limit(most_traces)
        )
        found: list[Kept] = []
        for trace_id, size in connection.execute(sizes).all():
            most_bytes -= size
            if most_bytes < 0:
                break
            query = select(kept).where(and_(column.trace_id == trace_id, column.tenant == one.tenant))
            row = connection.execute(query).first()
            if row is not None:
                packed = bytes(row.packed)
                found.append(Kept(one.tenant, trace_id, row.stored_at_ms, packed, row.user_hash, row.conversation_id))
        return tuple(found)

    def scored(self, tenant: str, conversation_id: str) -> Record | None:
        """The record of its last scoring."""
        key = conversation_key(tenant, conversation_id)
        column = records.c
        query = select(column.body).where(and_(column.trace_id == key, column.tenant == tenant, column.kind == KIND))
        with told_apart(self._shown), self._engine.connect() as connection:
            row = connection.execute(query).first()
            return Record.from_json(row.body) if row is not None else None

    def settle(self, one: Waiting) -> None:
        """It waits no longer, unless something newer came than was seen."""
        with told_apart(self._shown), self._writer.begin() as connection:
            connection.execute(_unchanged(one).values(waiting_ms=None))

    def postpone(self, one: Waiting, waiting_ms: int) -> None:
        """It went on: it waits since then, which is later than all that it was seen with."""
        with told_apart(self._shown), self._writer.begin() as connection:
            connection.execute(_unchanged(one).values(waiting_ms=waiting_ms, last_ms=waiting_ms))


def settle(connection: Connection, written: Iterable[Record]) -> None:
    """With the record of a conversation's scoring it waits no longer, unless something newer came meanwhile."""
    for record in written:
        if record.kind == KIND and record.times.last_seen_ms is not None:
            seen = Waiting(record.tenant, record.conversation_id, record.times.last_seen_ms)
            connection.execute(_unchanged(seen).values(waiting_ms=None))


def of_conversations(tenant: str, names: CompoundSelect[tuple[str]]) -> ColumnElement[bool]:
    """The records of scorings of the conversations that a query names."""
    column = records.c
    return and_(column.conversation_id.in_(names), column.tenant == tenant, column.kind == KIND, _NAMED)


def new_content(connection: Connection, came: Sequence[Kept]) -> list[Kept]:
    """What of this is of conversations and is not there yet: the stream that brings it delivers at least once."""
    named = [content for content in came if content.conversation_id]
    if not named:
        return []
    column = kept.c
    keys = tuple_(column.trace_id, column.tenant).in_([(content.trace_id, content.tenant) for content in named])
    rows = connection.execute(select(column.trace_id, column.tenant, column.stored_at_ms).where(keys))
    there = {(row.trace_id, row.tenant): row.stored_at_ms for row in rows}
    return [one for one in named if there.get((one.trace_id, one.tenant), -1) < one.stored_at_ms]


def _unchanged(one: Waiting) -> Update:
    """Of its row, unless something newer came than was seen."""
    column = conversations.c
    which = and_(column.conversation_id == one.conversation_id, column.tenant == one.tenant)
    return update(conversations).where(and_(which, column.waiting_ms <= one.waiting_ms))
