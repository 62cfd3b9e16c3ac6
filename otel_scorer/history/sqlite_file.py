"""What a SQLite file needs beyond SQL: the write-ahead log, and its pages given back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Engine

_PAGES_AT_ONCE = 2_000
"""Pages (of 4 KiB) given back by one pruning; the others are used again."""


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def prepare_file(engine: Engine, timeout_s: float) -> None:
    """Settings that stay with the file. Raises sqlite3.Error."""
    with _driver(engine) as connection:
        # First, because it counts only while the file is empty.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _switch_to_wal(connection, time.monotonic() + timeout_s)


def give_pages_back(engine: Engine) -> None:
    """Some free pages go back to the file system. Raises sqlite3.Error."""
    with _driver(engine) as connection:
        _vacuum(connection, _PAGES_AT_ONCE)


def forget_deleted(engine: Engine) -> None:
    """Nothing of what was deleted is left in file or log, as far as no reader holds it back. Raises sqlite3.Error."""
    with _driver(engine) as connection:
        _vacuum(connection, 0)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def _driver(engine: Engine) -> Iterator[sqlite3.Connection]:
    """The driver's connection: these statements do nothing inside a transaction, which SQLAlchemy would begin."""
    pooled = engine.raw_connection()
    try:
        yield cast(sqlite3.Connection, pooled.driver_connection)
    finally:
        pooled.close()


def _vacuum(connection: sqlite3.Connection, pages: int) -> None:
    """Gives back that many free pages, 0 for all."""
    # Not `execute`: the statement frees one page at each step and returns no rows, so the driver would step once.
    connection.executescript(f"PRAGMA incremental_vacuum({pages})")


def _switch_to_wal(connection: sqlite3.Connection, deadline: float) -> None:
    # While another process makes the same switch SQLite says "locked" at once, without waiting.
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
