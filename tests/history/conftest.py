"""Real databases: a SQLite file always, PostgreSQL where OTEL_SCORER_TEST_POSTGRESQL_URL names a server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from otel_scorer.history.store import History

SERVER = "OTEL_SCORER_TEST_POSTGRESQL_URL"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/history.db"
        return
    if SERVER not in os.environ:
        pytest.skip(f"{SERVER} names no PostgreSQL server")
    server = make_url(os.environ[SERVER]).set(drivername="postgresql+psycopg")
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
