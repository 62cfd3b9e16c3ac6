"""The statements that store rows, as text made once: compiling and binding by name cost more than the database does."""

from __future__ import annotations

from sqlalchemy import Dialect, Table, case, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from otel_scorer.history.tables import conversations


def upsert(table: Table, newer: str, dialect: Dialect) -> str:
    """SQL for rows (tuples) of all columns, in the table's order; of equal keys the larger `newer` stays."""
    insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    key = [column.name for column in table.primary_key]
    statement = insert(table)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=key,
        set_={column.name: new[column.name] for column in table.columns if column.name not in key},
        where=new[newer] > table.c[newer],
    )
    return str(statement.compile(dialect=dialect))


def upsert_conversations(dialect: Dialect) -> str:
    """SQL for rows of `tables.conversations`, of which new content has come.

    Whenever its traces ended, each coming gives a later time than any before: whoever has looked at the conversation
    until then has not seen it. Records come late and out of order, where a backend was away or a process died.
    """
    statement = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(conversations)
    last_ms, came_ms = conversations.c.last_ms, statement.excluded.last_ms
    later_ms = case((came_ms > last_ms, came_ms), else_=last_ms + literal_column("1"))
    key = [column.name for column in conversations.primary_key]
    statement = statement.on_conflict_do_update(index_elements=key, set_={"last_ms": later_ms, "waiting_ms": later_ms})
    return str(statement.compile(dialect=dialect))
