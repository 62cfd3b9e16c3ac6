"""The statement that stores rows, as text made once: compiling and binding by name cost more than the database does."""

from __future__ import annotations

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite


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
