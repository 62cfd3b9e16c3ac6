"""Opening the database: what a URL may be, how each dialect is spoken to, and how its failures are told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from otel_scorer.errors import OtelScorerError, UserError

_FORMS = "`sqlite:////path/to/history.db` or `postgresql://user:password@host/database`"
_POSTGRESQL = "postgresql+psycopg"
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": _POSTGRESQL,
    "postgresql": _POSTGRESQL,
    "postgresql+psycopg": _POSTGRESQL,
}
_WRITES = "otel_scorer_writes"
_NOTICES_DEATH = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A host of PostgreSQL that vanishes says nothing: by the system's own times that is noticed after hours."""
_CACHE_KIB = 16 * 1024
"""Of a connection to SQLite, at most."""
_LOG_PAGES = 4_000
"""Pages (of 4 KiB) in SQLite's write-ahead log before they go into the file."""


class HistoryUnavailable(OtelScorerError):
    """The history database did not do what was asked (locked, full, unreachable): nothing of it was done, ask again."""


def parse_url(text: str) -> URL:
    """The URL with the driver that is used. Raises UserError, which never shows a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UserError(f"The history URL is not one of a database; write {_FORMS}.") from None
    shown = url.render_as_string(hide_password=True)
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise UserError(f"The history URL {shown!r} names a database that is not supported; write {_FORMS}.")
    if driver == "sqlite":
        _check_file(url, shown)
    return url.set(drivername=driver)


def open_engine(url: URL, busy_timeout_s: float) -> Engine:
    """An engine for `parse_url`'s result; connects to nothing yet. Raises UserError where the driver is missing."""
    if url.drivername == "sqlite":
        engine = create_engine(url, connect_args={"timeout": busy_timeout_s})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        arguments = _postgresql_arguments(url, busy_timeout_s)
        # Parameters by position, as in SQLite: rows are tuples for both.
        return create_engine(url, pool_pre_ping=True, paramstyle="format", connect_args=arguments)
    except ModuleNotFoundError:
        raise UserError(
            "The history URL is one of PostgreSQL, whose driver is not installed; "
            "install it with `pip install 'otel_scorer[postgresql]'`."
        ) from None


def writing(engine: Engine) -> Engine:
    """The same pool for transactions that write.

    SQLite takes the write lock at their start: a transaction that reads first and then wants to write is refused at
    once when another process wrote in between, whatever the busy timeout.
    """
    return engine.execution_options(**{_WRITES: True})


@contextmanager
def told_apart(shown: str) -> Iterator[None]:
    """Turns what SQLAlchemy raises into HistoryUnavailable: the driver's first line alone, without the parameters."""
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryUnavailable(f"history database {shown}: {error}") from error
    except SQLAlchemyError as error:
        said = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
        first = next(iter(said.strip().splitlines()), type(error).__name__)
        raise HistoryUnavailable(f"history database {shown}: {first}") from error


def is_no_database(error: BaseException | None) -> bool:
    """SQLite opened a file that is something else."""
    while error is not None:
        if isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            return True
        error = error.__cause__ or getattr(error, "orig", None)
    return False


def _check_file(url: URL, shown: str) -> None:
    if url.database in (None, "", ":memory:"):
        raise UserError(
            f"The history URL {shown!r} names no file, which several processes could not share; write {_FORMS}."
        )
    folder = Path(url.database or "").absolute().parent
    if not folder.is_dir():
        raise UserError(f"The history URL {shown!r} names a file in {folder}, which is no folder; make it first.")


def _postgresql_arguments(url: URL, busy_timeout_s: float) -> dict[str, Any]:
    """What the URL's own query does not say."""
    ours = {"connect_timeout": 5, "options": f"-c lock_timeout={int(busy_timeout_s * 1000)}", **_NOTICES_DEATH}
    return {name: value for name, value in ours.items() if name not in url.query}


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transactions begin too late (before the first write) and without the write lock.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")
    # Trace ids and users come in no order, so that each row touches pages of its own in their indexes: more of them
    # stay in memory, and a page that is written several times goes from the log into the file once.
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
