"""Real databases: a SQLite file; PostgreSQL: the server that OTEL_SCORER_TEST_POSTGRESQL_URL names, else one that is
started here where the package is installed.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from history.postgresql_server import programs, running_postgresql
from sqlalchemy import create_engine, make_url, text

from otel_scorer.history.store import History

SERVER = "OTEL_SCORER_TEST_POSTGRESQL_URL"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server on which databases can be made."""
    place = programs()
    if SERVER in os.environ:
        yield os.environ[SERVER]
    elif place is None:
        pytest.skip(f"skipped: no PostgreSQL (Debian package postgresql; or {SERVER} names a server)")
    else:
        with running_postgresql(place) as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/history.db"
        return
    server = make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
    name = f"otel_scorer_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def history(url: str) -> Iterator[History]:
    opened = History(url)
    opened.open()
    yield opened
    opened.close()
