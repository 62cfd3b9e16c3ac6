"""Records and kept content in SQL: SQLite for one machine, PostgreSQL for many. Synchronous; call it in a thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, func, or_, select, tuple_

from otel_scorer.errors import UserError
from otel_scorer.history.conversations import ConversationHistory, new_content, of_conversations, settle
from otel_scorer.history.database import HistoryUnavailable, is_no_database, open_engine, parse_url, told_apart, writing
from otel_scorer.history.kept import Kept
from otel_scorer.history.record import Record
from otel_scorer.history.rows import Written, conversation_rows, kept_rows, record_rows
from otel_scorer.history.schema import make_tables
from otel_scorer.history.sqlite_file import forget_deleted, give_pages_back, is_sqlite, prepare_file
from otel_scorer.history.tables import conversations as conversations_table
from otel_scorer.history.tables import kept as kept_table
from otel_scorer.history.tables import records as records_table
from otel_scorer.history.upsert import upsert, upsert_conversations

__all__ = ["History", "HistoryUnavailable", "Kept", "Pruned"]

_CHUNK = 500
"""Rows deleted in one transaction: SQLite lets nobody else write meanwhile."""
_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning removed: records by age, contents by age, contents because of the size limit."""

    records: int = 0
    kept_by_age: int = 0
    kept_by_size: int = 0


class History:
    """Records and kept content. Threads and processes may share a database; one object may be used by many threads.

    Every method raises HistoryUnavailable when the database did not do it; then nothing of that call (of that chunk, in
    prunings and deletions) was done, and it can be called again.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = 5.0) -> None:
        """Connects to nothing. Raises UserError for a URL that cannot be used, and for a driver that is missing."""
        parsed = parse_url(url)
        self._shown = parsed.render_as_string(hide_password=True)
        self._busy_timeout_s = busy_timeout_s
        self._engine = open_engine(parsed, busy_timeout_s)
        self._writer = writing(self._engine)
        self._put_records = upsert(records_table, "revision", self._engine.dialect)
        self._put_kept = upsert(kept_table, "stored_at_ms", self._engine.dialect)
        self._put_conversations = upsert_conversations(self._engine.dialect)
        self.conversations = ConversationHistory(self._engine, self._writer, self._shown)
        """What is known of conversations, in the same database."""

    def open(self) -> None:
        """Make the tables where they are missing; may be called again. UserError for a file or shape not ours."""
        try:
            with told_apart(self._shown):
                if is_sqlite(self._engine):
                    prepare_file(self._engine, self._busy_timeout_s)
                make_tables(self._writer, self._shown)
        except HistoryUnavailable as error:
            if is_no_database(error):
                raise UserError(
                    f"The history database {self._shown} is a file of another kind; name another."
                ) from None
            raise

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def write(self, records: Sequence[Record], kept: Sequence[Kept] = ()) -> None:
        """Store both in one transaction. Of equal keys the highest revision stays, and the content stored last.

        Doing it twice changes nothing, in whatever order: the stream that feeds it delivers at least once.
        """
        self.store([(record, record.to_json()) for record in records], kept)

    def store(self, written: Sequence[Written], kept: Sequence[Kept] = ()) -> None:
        """As `write`, for records that are there as JSON already."""
        with told_apart(self._shown), self._writer.begin() as connection:
            puts = [
                (self._put_conversations, conversation_rows(new_content(connection, kept))),
                (self._put_records, record_rows(written)),
                (self._put_kept, kept_rows(kept)),
            ]
            for statement, rows in puts:
                if rows:
                    connection.exec_driver_sql(statement, rows)
            settle(connection, [record for record, _ in written])

    def get(self, tenant: str | None, trace_id: str, kind: str = "trace") -> Record | None:
        """The record of a trace; with `tenant` None of any tenant, the latest to end where several have that id."""
        table = records_table.c
        query = select(table.body).where(table.trace_id == trace_id, table.kind == kind)
        if tenant is not None:
            query = query.where(table.tenant == tenant)
        row = self._first(query.order_by(table.ended_at_ms.desc()).limit(1))
        return Record.from_json(row.body) if row is not None else None

    def kept(self, tenant: str | None, trace_id: str) -> Kept | None:
        """The kept content of a trace; with `tenant` None of any tenant, the latest where several have that id."""
        table = kept_table.c
        query = select(kept_table).where(table.trace_id == trace_id)
        if tenant is not None:
            query = query.where(table.tenant == tenant)
        row = self._first(query.order_by(table.stored_at_ms.desc()).limit(1))
        return _kept_of(row) if row is not None else None

    def prune(self, days: float, keep_hours: float, keep_bytes: int, *, now_ms: int) -> Pruned:
        """Remove what is too old, then the oldest content until all of it is at most `keep_bytes` compressed."""
        with told_apart(self._shown):
            pruned = Pruned(
                records=self._delete(records_table, records_table.c.ended_at_ms < now_ms - int(days * _DAY_MS)),
                kept_by_age=self._delete(kept_table, kept_table.c.stored_at_ms < now_ms - int(keep_hours * _HOUR_MS)),
                kept_by_size=self._shrink_to(keep_bytes),
            )
            self._delete(conversations_table, conversations_table.c.last_ms < now_ms - int(days * _DAY_MS))
            if pruned != Pruned() and is_sqlite(self._engine):
                give_pages_back(self._engine)
        return pruned

    def delete_tenant(self, tenant: str) -> int:
        """Remove all that is stored of a tenant for good; the number of traces whose record or content went.

        What still waits in the ledger's stream comes in afterwards: delete again when that has drained.
        """
        with told_apart(self._shown):
            self._delete(conversations_table, conversations_table.c.tenant == tenant)
        return self._erase(records_table.c.tenant == tenant, kept_table.c.tenant == tenant)

    def delete_user(self, tenant: str, user_hash: str) -> int:
        """Remove all traces of a user (`records.user_hash`) of a tenant for good; their number. "" removes nothing.

        With them goes what was found in conversations that they took part in. A trace that names no user stays, also
        of such a conversation. What waits in the ledger, and a conversation that is being scored, comes in afterwards,
        as in `delete_tenant`.
        """
        if not user_hash:
            return 0
        of_records = and_(records_table.c.tenant == tenant, records_table.c.user_hash == user_hash)
        of_kept = and_(kept_table.c.tenant == tenant, kept_table.c.user_hash == user_hash)
        theirs = select(kept_table.c.conversation_id).where(of_kept)
        names = theirs.union(select(records_table.c.conversation_id).where(of_records))
        with told_apart(self._shown):
            column = conversations_table.c
            self._delete(conversations_table, and_(column.tenant == tenant, column.conversation_id.in_(names)))
            # also those that others took part in: what was found in them is about all who did
            self._delete(records_table, of_conversations(tenant, names))
        return self._erase(of_records, of_kept)

    # ---- steps ------------------------------------------------------------------------------------------------------

    def _first(self, query: Any) -> Row[Any] | None:
        with told_apart(self._shown), self._engine.connect() as connection:
            row: Row[Any] | None = connection.execute(query).first()
            return row

    def _delete(self, table: Table, condition: ColumnElement[bool]) -> int:
        """Delete in chunks, so that writers get their turn; the number of rows."""
        key = tuple_(*table.primary_key.columns)
        chunk = select(*table.primary_key.columns).where(condition).limit(_CHUNK)
        removed = 0
        while True:
            with self._writer.begin() as connection:
                count = connection.execute(delete(table).where(key.in_(chunk))).rowcount
            removed += count
            if count < _CHUNK:
                return removed

    def _shrink_to(self, keep_bytes: int) -> int:
        table = kept_table.c
        oldest = select(table.trace_id, table.tenant, table.size).order_by(table.stored_at_ms).limit(_CHUNK)
        removed = 0
        while True:
            with self._writer.begin() as connection:
                surplus = (connection.execute(select(func.sum(table.size))).scalar() or 0) - keep_bytes
                if surplus <= 0:
                    return removed
                doomed = _first_of_size(connection.execute(oldest), int(surplus))
                connection.execute(delete(kept_table).where(tuple_(table.trace_id, table.tenant).in_(doomed)))
            removed += len(doomed)

    def _erase(self, of_records: ColumnElement[bool], of_kept: ColumnElement[bool]) -> int:
        key = (records_table.c.trace_id, records_table.c.tenant)
        traces = (
            select(*key)
            .where(and_(of_records, records_table.c.kind != "conversation"))
            .union(select(kept_table.c.trace_id, kept_table.c.tenant).where(of_kept))
            .subquery()
        )
        with told_apart(self._shown):
            with self._engine.connect() as connection:
                count: int = connection.execute(select(func.count()).select_from(traces)).scalar_one()
            # Content first: a trace whose record is there can still be found and deleted when this is cut short.
            known = tuple_(kept_table.c.trace_id, kept_table.c.tenant).in_(select(*key).where(of_records))
            self._delete(kept_table, or_(of_kept, known))
            self._delete(records_table, of_records)
            if is_sqlite(self._engine):
                forget_deleted(self._engine)
        return count


def _kept_of(row: Row[Any]) -> Kept:
    return Kept(
        tenant=row.tenant,
        trace_id=row.trace_id,
        stored_at_ms=row.stored_at_ms,
        packed=bytes(row.packed),
        user_hash=row.user_hash,
        conversation_id=row.conversation_id,
    )


def _first_of_size(rows: Iterable[Row[Any]], surplus: int) -> list[tuple[str, str]]:
    """The keys of the first rows that together have at least `surplus` bytes, or of all."""
    taken: list[tuple[str, str]] = []
    for row in rows:
        if surplus <= 0:
            break
        taken.append((row.trace_id, row.tenant))
        surplus -= row.size
    return taken
