"""`why` and `view TRACE_ID` from a real history database; `quarantine` from a real store."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from otel_scorer.history.kept import Kept, pack_kept
from otel_scorer.history.record import Outcome, Record, Verdict
from otel_scorer.history.store import History
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.embedded import start_valkey
from otel_scorer.ledger.keys import Keys
from otel_scorer.ledger.postbox import Postbox, Quarantined
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.model import Span
from otel_scorer.otlp import encode_span
from otel_scorer.wire import assemble

ROOT = Path(__file__).resolve().parents[2]
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
AGENT = Span(
    TRACE_ID,
    "a" * 16,
    "",
    "invoke_agent helper",
    start_ns=1_000_000,
    end_ns=90_000_000,
    attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"},
)
RECORD = Record(
    tenant="default",
    trace_id=TRACE_ID,
    ended_at_ms=1_700_000_000_000,
    status="partial",
    label="pass",
    rule="floor",
    probability=0.02,
    root_span_id=AGENT.span_id,
    outcomes=(
        Outcome(
            rubric="agent",
            version=1,
            digest="abc",
            target_span_id=AGENT.span_id,
            scores={"factual_grounding": Verdict(value=4), "privacy_and_safety": Verdict(missing="undecided")},
            composite=4.0,
            coverage=0.5,
            label="pass",
        ),
    ),
)


def told(*arguments: str | Path, code: int = 0) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-m", "otel_scorer", *map(str, arguments)],
        env={**environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder with the record and the content of one trace, and the record of another."""
    raw, envelope = encode_span(AGENT)
    history = History(f"sqlite:///{tmp_path / 'history.db'}")
    history.open()
    other = replace(RECORD, trace_id="f" * 32, status="not_sampled", outcomes=())
    history.write(
        [RECORD, other], [Kept("default", TRACE_ID, 1_700_000_000_000, pack_kept(assemble([(envelope, raw)])))]
    )
    history.close()
    return tmp_path


def test_why_tells_how_a_trace_ended(data_dir: Path) -> None:
    shown = " ".join(told("why", TRACE_ID, "--data-dir", data_dir).split())
    assert "ended partial: some dimensions have a score" in shown
    assert "rule floor, probability 0.02" in shown
    assert Record.from_json(told("why", TRACE_ID, "--json", "--data-dir", data_dir)) == RECORD


def test_why_says_so_when_there_is_no_record(data_dir: Path) -> None:
    assert f"no record of trace {'e' * 32}" in told("why", "e" * 32, "--data-dir", data_dir, code=2)
    assert "no record" in told("why", TRACE_ID, "--tenant", "other", "--data-dir", data_dir, code=2)


def test_view_shows_a_kept_trace_with_the_scores_of_its_record(data_dir: Path) -> None:
    shown = " ".join(told("view", TRACE_ID, "--data-dir", data_dir).split())
    assert "AGENT invoke_agent helper 89 ms" in shown
    assert "factual_grounding 4" in shown
    assert "privacy_and_safety - no score: undecided" in shown
    assert "composite 4.00 label pass status partial" in shown
    form = json.loads(told("view", TRACE_ID, "--json", "--data-dir", data_dir))
    assert form["scores"]["a" * 16]["status"] == "partial"


def test_view_says_so_when_the_content_was_not_kept(data_dir: Path) -> None:
    assert f"`otel-scorer why {'f' * 32}`" in told("view", "f" * 32, "--data-dir", data_dir, code=2)


def test_quarantine_lists_what_the_backend_refused(short_folder: Path) -> None:
    valkey = start_valkey(short_folder)
    try:
        item = Quarantined("1", "default", TRACE_ID, ("a" * 16,), "span name is empty", 1_700_000_000_000, b"secret")

        async def put() -> None:
            settings = LedgerSettings()
            client = StoreClient(valkey.url, settings.silence_s)
            await Postbox(client, Keys(settings.prefix)).quarantine([item], 3600)
            await client.close()

        asyncio.run(put())
        assert "span name is empty" in told("quarantine", "--data-dir", short_folder)
        (entry,) = json.loads(told("quarantine", "--json", "--set", f"ledger.urls={valkey.url}"))
        assert entry["trace_id"] == TRACE_ID
        assert "body" not in entry
    finally:
        valkey.stop()
    assert "does not answer" in told("quarantine", "--data-dir", short_folder, code=2)
