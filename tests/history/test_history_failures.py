"""What a database that is not there, not ours, locked or full says; and many processes at one file."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from socket import TCP_KEEPIDLE, TCP_USER_TIMEOUT
from typing import Any

import pytest
from past_traces import kept, record, trace_id

from otel_scorer.errors import OtelScorerError, UserError
from otel_scorer.history.database import HistoryUnavailable, open_engine, parse_url
from otel_scorer.history.settings import HistorySettings, KeepSettings
from otel_scorer.history.store import History


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("history.db", "is not one of a database"),
        ("", "is not one of a database"),
        ("mysql://me:secret@host/db", "'mysql://me:\\*\\*\\*@host/db' names a database that is not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////no/such/folder/history.db", "/no/such/folder, which is no folder; make it first"),
        ("postgresql://host:port/db", "is not one of a database"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_in_one_sentence(url: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as raised:
        History(url)
    assert "secret" not in str(raised.value)


def test_looking_at_a_url_makes_no_file(tmp_path: Path) -> None:
    History(f"sqlite:///{tmp_path}/history.db").close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_the_users_mistake(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary, " * 100)
    with pytest.raises(UserError, match="a file of another kind"):
        History(f"sqlite:///{file}").open()
    assert file.read_text().startswith("Dear diary")


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(OtelScorerError, match="unable to open"):
        History(f"sqlite:///{tmp_path}").open()


def test_a_locked_database_is_unavailable_and_then_takes_the_same_call(tmp_path: Path) -> None:
    history = History(f"sqlite:///{tmp_path}/history.db", busy_timeout_s=0.1)
    history.open()
    other = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(HistoryUnavailable, match="database is locked"):
        history.write([record()])
    assert history.get("default", trace_id(1)) is None
    other.execute("ROLLBACK")
    other.close()
    history.write([record()])
    assert history.get("default", trace_id(1)) == record()
    history.close()


def test_a_full_disk_is_unavailable_and_what_was_there_stays(tmp_path: Path) -> None:
    """The process may not make files larger than 400 KB: for SQLite the same as a disk that is full."""
    code = """
        import resource, sys, os
        sys.path.insert(0, sys.argv[2])
        from past_traces import kept, record, trace_id
        from otel_scorer.history.store import History, HistoryUnavailable
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        history = History(sys.argv[1])
        history.open()
        history.write([record(1)])
        try:
            history.write([record(2)], [kept(2, os.urandom(2_000_000))])
        except HistoryUnavailable as error:
            print(error)
        print(history.get("default", trace_id(1)) == record(1), history.get("default", trace_id(2)))
    """
    said = _python(code, f"sqlite:///{tmp_path}/history.db").splitlines()
    assert "history database" in said[0]
    assert "full" in said[0] or "disk I/O error" in said[0]
    assert "past_traces" not in said[0]
    assert said[1] == "True None"


def test_an_unreachable_server_is_unavailable_not_a_mistake() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    history = History("postgresql://me:secret@127.0.0.1:1/db?connect_timeout=2")
    with pytest.raises(HistoryUnavailable, match=r"127\.0\.0\.1") as raised:
        history.open()
    assert "secret" not in str(raised.value)


def test_a_server_whose_host_vanishes_is_noticed_within_half_a_minute(postgresql: str) -> None:
    """By the system's own times it would be after hours, and what the history is asked waits so long."""
    engine = open_engine(parse_url(postgresql), 5.0)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        with socket.socket(fileno=os.dup(driver.fileno())) as seen:
            asked = [seen.getsockopt(socket.IPPROTO_TCP, option) for option in (TCP_KEEPIDLE, TCP_USER_TIMEOUT)]
            assert seen.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    engine.dispose()
    assert asked == [15, 30_000]


def test_four_processes_open_and_fill_one_new_file(tmp_path: Path) -> None:
    code = """
        import sys
        sys.path.insert(0, sys.argv[2])
        from past_traces import kept, record
        from otel_scorer.history.store import History
        history = History(sys.argv[1])
        worker = int(sys.argv[3])
        print("ready", flush=True)
        sys.stdin.readline()
        history.open()
        for n in range(25):
            history.write([record(n, revision=worker), record(1000 * worker + n)], [kept(1000 * worker + n)])
        history.close()
    """
    url = f"sqlite:///{tmp_path}/history.db"
    started = [_start(code, url, str(worker)) for worker in range(1, 5)]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    outcomes = [process.communicate("go\n", timeout=60) for process in started]
    assert [(process.returncode, said[1]) for process, said in zip(started, outcomes, strict=True)] == [(0, "")] * 4
    history = History(url)
    assert all(history.get("default", trace_id(1000 * w + n)) for w in range(1, 5) for n in range(25))
    assert {history.get("default", trace_id(n)).revision for n in range(25)} == {4}  # type: ignore[union-attr]
    history.close()


def test_deleted_content_is_in_no_file_afterwards(tmp_path: Path) -> None:
    history = History(f"sqlite:///{tmp_path}/history.db")
    history.open()
    history.write([record(1, conversation_id="conversation-of-ada"), record(2, user_hash="")], [kept(2, user_hash="")])
    history.delete_user("default", "e" * 32)
    assert all(b"conversation-of-ada" not in file.read_bytes() for file in tmp_path.iterdir())
    assert history.get("default", trace_id(2)) is not None
    history.close()


def test_a_large_deletion_gives_space_back(tmp_path: Path) -> None:
    history = History(f"sqlite:///{tmp_path}/history.db")
    history.open()
    history.write([record(n) for n in range(2000)])
    history.delete_tenant("default")
    assert (tmp_path / "history.db").stat().st_size < 200_000
    history.close()


def test_a_killed_writer_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        sys.path.insert(0, sys.argv[2])
        from past_traces import record
        from otel_scorer.history.store import History
        history = History(sys.argv[1])
        history.open()
        history.write([record(n) for n in range(100)])
        os.kill(os.getpid(), signal.SIGKILL)
    """
    process = _start(code, f"sqlite:///{tmp_path}/history.db")
    process.communicate(timeout=60)
    history = History(f"sqlite:///{tmp_path}/history.db")
    history.open()
    assert all(history.get("default", trace_id(n)) for n in range(100))
    history.close()


def test_every_setting_is_described_and_the_salt_is_not_shown() -> None:
    for model in (HistorySettings, KeepSettings):
        assert all(field.description for field in model.model_fields.values())
    settings = HistorySettings.model_validate({"salt": "our own salt", "url": "postgresql://u:secret@h/d"})
    assert "our own" not in repr(settings)
    assert "secret" not in repr(settings)
    assert settings.salt_for("a") == settings.salt_for("b") != HistorySettings().salt_for("b")


def _start(code: str, *arguments: str) -> subprocess.Popen[str]:
    url, *rest = arguments
    command = [sys.executable, "-c", textwrap.dedent(code), url, str(Path(__file__).parent), *rest]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _python(code: str, *arguments: str) -> str:
    process = _start(code, *arguments)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return said
