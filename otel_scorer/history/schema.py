"""Making the tables, by whichever of several processes comes first, and refusing those of a newer version."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, insert, select, text, update

from otel_scorer.errors import UserError
from otel_scorer.history.tables import SCHEMA_VERSION, metadata, records_conversation, schema

_LOCK = 0x6F74656C_73636F72
"""Of PostgreSQL's advisory locks, the one under which tables are made. SQLite's write lock is enough there."""


def make_tables(writer: Engine, shown: str) -> None:
    """The tables are there, in this version's shape. Raises UserError for a newer shape, and what SQLAlchemy raises."""
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _check_version(connection, shown)
        metadata.create_all(connection, checkfirst=True)
        _bring_up(connection)


def _check_version(connection: Connection, shown: str) -> None:
    schema.create(connection, checkfirst=True)
    version = connection.execute(select(schema.c.version)).scalar()
    if version is None:
        connection.execute(insert(schema).values(version=SCHEMA_VERSION))
    elif version > SCHEMA_VERSION:
        raise UserError(
            f"The history database {shown} was written by a newer otel_scorer (its shape is {version}, this version "
            f"knows {SCHEMA_VERSION}); upgrade otel_scorer, or give `history.url` another database."
        )


def _bring_up(connection: Connection) -> None:
    """Older tables get this version's shape: `create_all` makes what is missing, but no index of a table that is there.

    2: conversations, and the index that finds the records of one.
    """
    if connection.execute(select(schema.c.version)).scalar() != SCHEMA_VERSION:
        records_conversation.create(connection, checkfirst=True)
        connection.execute(update(schema).values(version=SCHEMA_VERSION))
