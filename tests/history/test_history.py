"""Records and kept content in real databases, each test in SQLite and in PostgreSQL."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from past_traces import DAY_MS, HOUR_MS, NOW_MS, foreign, kept, record, trace_id
from sqlalchemy import create_engine, select, text

from otel_scorer.errors import UserError
from otel_scorer.history.database import parse_url
from otel_scorer.history.record import Record
from otel_scorer.history.store import History, Pruned
from otel_scorer.history.tables import SCHEMA_VERSION, records


def test_what_was_written_is_read_back(history: History) -> None:
    history.write([record(1), record(2)], [kept(1, b"spans" * 1000)])
    assert history.get("default", trace_id(1)) == record(1)
    assert history.get(None, trace_id(2)) == record(2)
    content = history.kept(None, trace_id(1))
    assert content == kept(1, b"spans" * 1000)
    assert content.traces == b"spans" * 1000
    assert history.get("default", trace_id(3)) is None
    assert history.kept("default", trace_id(2)) is None


def test_nothing_to_write_is_no_error(history: History) -> None:
    history.write([])
    assert history.get("default", trace_id(1)) is None


@pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 2])))
def test_the_highest_revision_stays_in_whatever_order_they_come(history: History, order: tuple[int, ...]) -> None:
    for revision in order:
        history.write([record(revision=revision, attempts=revision)])
    found = history.get("default", trace_id(1))
    assert found is not None
    assert (found.revision, found.attempts) == (2, 2)
    history.write([record(revision=7), record(revision=9), record(revision=8)])
    found = history.get("default", trace_id(1))
    assert found is not None
    assert found.revision == 9


def test_a_record_that_comes_twice_changes_nothing(history: History) -> None:
    history.write([record(attempts=1)])
    history.write([record(attempts=1), record(2)])
    assert history.get("default", trace_id(1)) == record(attempts=1)


def test_the_content_stored_last_stays(history: History) -> None:
    for at in (5, 9, 7):
        history.write([], [kept(stored_at_ms=at, traces=str(at).encode())])
    content = history.kept("default", trace_id(1))
    assert content is not None
    assert content.traces == b"9"


def test_what_a_newer_version_wrote_is_kept_as_it_came(history: History, url: str) -> None:
    newer = record().to_json().replace("{", '{"novelty":1,', 1)
    history.store([(Record.from_json(newer), newer)])
    assert history.get("default", trace_id(1)) == record()
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        assert connection.execute(select(records.c.body)).scalar_one() == newer
    engine.dispose()


def test_tenants_and_kinds_do_not_see_one_another(history: History) -> None:
    theirs = record(tenant="other", ended_at_ms=NOW_MS + 1, status="scored")
    history.write([record(), theirs, record(kind="conversation", attempts=3)])
    assert history.get("default", trace_id(1)) == record()
    assert history.get("other", trace_id(1)) == theirs
    assert history.get(None, trace_id(1)) == theirs
    found = history.get("default", trace_id(1), "conversation")
    assert found is not None
    assert found.attempts == 3


def test_columns_hold_the_traces_own_scores_for_queries(history: History, url: str) -> None:
    history.write([record(1), Record(tenant="t", trace_id=trace_id(2), ended_at_ms=1, status="bypassed")])
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        full, bare = connection.execute(select(records).order_by(records.c.trace_id)).all()
    engine.dispose()
    columns = dict(full._mapping)
    assert columns.pop("body") == record(1).to_json()
    assert columns == {
        "trace_id": trace_id(1),
        "tenant": "default",
        "kind": "trace",
        "revision": 0,
        "ended_at_ms": NOW_MS,
        "status": "partial",
        "label": "fail",
        "rule": "failed",
        "probability": 1.0,
        "service": "shop",
        "agent": "helper",
        "model": "gpt-x",
        "conversation_id": "talk-1",
        "response_id": "resp-1",
        "user_hash": "e" * 32,
        "rubric": "agent@1",
        "rubric_digest": "a" * 12,
        "evaluator": "checks",
        "factual_grounding": 2,
        "privacy_and_safety": None,
        "instruction_adherence": None,
        "optimal_plan_execution": None,
        "composite": 2.0,
        "coverage": 0.5,
        "latency_s": 9.0,
        "total_tokens": 120,
    }
    assert (bare.rubric, bare.factual_grounding, bare.probability, bare.service) == ("", None, None, "")


def test_hostile_values_are_stored(history: History) -> None:
    hostile = foreign(
        conversation_id="a\0b\ud800'); DROP TABLE otel_scorer_records; --" + "x" * 9999,
        segments={"service": "\0\ud800", "agent": "🦜" * 999},
        started_at_ms=2**70,
        latency_s=float("inf"),
        tokens={"total": 2**200},
    )
    history.write([hostile])
    assert history.get("default", trace_id(1)) == hostile


def test_records_and_content_past_their_age_go(history: History) -> None:
    ages = [(1, 0), (2, 29), (3, 31), (4, 400)]
    history.write(
        [record(n, ended_at_ms=NOW_MS - days * DAY_MS) for n, days in ages],
        [kept(n, stored_at_ms=NOW_MS - n * HOUR_MS) for n in range(1, 5)],
    )
    assert history.prune(30, 2.5, 10**9, now_ms=NOW_MS) == Pruned(records=2, kept_by_age=2)
    assert [history.get("default", trace_id(n)) is not None for n in range(1, 5)] == [True, True, False, False]
    assert [history.kept("default", trace_id(n)) is not None for n in range(1, 5)] == [True, True, False, False]
    assert history.prune(30, 2.5, 10**9, now_ms=NOW_MS) == Pruned()


def test_the_oldest_content_goes_first_when_there_is_too_much(history: History) -> None:
    noise = [os.urandom(1000) for _ in range(10)]
    history.write([], [kept(n, noise[n], stored_at_ms=NOW_MS - n) for n in range(10)])
    size = sum(len(kept(n, noise[n]).packed) for n in range(4))
    assert history.prune(30, 72, size, now_ms=NOW_MS) == Pruned(kept_by_size=6)
    assert [n for n in range(10) if history.kept("default", trace_id(n))] == [0, 1, 2, 3]
    assert history.prune(30, 72, 0, now_ms=NOW_MS) == Pruned(kept_by_size=4)


def test_more_than_one_chunk_is_pruned(history: History) -> None:
    history.write([record(n, ended_at_ms=0) for n in range(1203)], [kept(n, stored_at_ms=0) for n in range(700)])
    history.write([record(2000)], [kept(n, stored_at_ms=NOW_MS) for n in range(2000, 2600)])
    assert history.prune(1, 1, 0, now_ms=NOW_MS) == Pruned(records=1203, kept_by_age=700, kept_by_size=600)
    assert history.get("default", trace_id(2000)) is not None


def test_a_tenant_is_forgotten_and_no_other(history: History) -> None:
    history.write([record(1), record(2, tenant="gone"), record(3, tenant="gone")], [kept(1), kept(4, tenant="gone")])
    assert history.delete_tenant("gone") == 3
    assert [history.get(None, trace_id(n)) is not None for n in (1, 2, 3)] == [True, False, False]
    assert (history.kept("default", trace_id(1)) is not None, history.kept("gone", trace_id(4))) == (True, None)
    assert history.delete_tenant("gone") == 0


def test_a_user_is_forgotten_with_the_content_of_the_traces(history: History) -> None:
    history.write(
        [record(1), record(2, user_hash="f" * 32), record(3, tenant="other"), record(4, user_hash="")],
        [kept(1, user_hash=""), kept(2, user_hash="f" * 32), kept(5)],
    )
    assert history.delete_user("default", "e" * 32) == 2
    assert [history.get(None, trace_id(n)) is not None for n in range(1, 5)] == [False, True, True, True]
    assert [history.kept(None, trace_id(n)) is not None for n in (1, 2, 5)] == [False, True, False]
    assert history.delete_user("default", "") == 0


def test_opening_again_keeps_everything(history: History, url: str) -> None:
    history.write([record()])
    history.open()
    again = History(url)
    again.open()
    assert again.get("default", trace_id(1)) == record()
    again.close()


def test_a_database_of_a_newer_version_is_refused(history: History, url: str) -> None:
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE otel_scorer_schema SET version = {SCHEMA_VERSION + 1}"))
    engine.dispose()
    with pytest.raises(UserError, match=r"newer otel_scorer.*upgrade"):
        history.open()


def test_threads_write_and_read_side_by_side(history: History) -> None:
    def work(worker: int) -> None:
        for n in range(20):
            history.write([record(n, revision=worker), record(1000 * worker + n)], [kept(n, stored_at_ms=worker)])
            assert history.get("default", trace_id(1000 * worker + n)) is not None

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(1, 7)))
    assert {history.get("default", trace_id(n)).revision for n in range(20)} == {6}  # type: ignore[union-attr]


def test_a_prune_in_between_stops_no_writer(history: History) -> None:
    history.write([record(n, ended_at_ms=0) for n in range(1500)])
    with ThreadPoolExecutor(2) as pool:
        pruning = pool.submit(history.prune, 1, 1, 0, now_ms=NOW_MS)
        writing = pool.submit(lambda: [history.write([record(5000 + n)]) for n in range(50)])
        assert pruning.result().records == 1500
        writing.result()
    assert history.get("default", trace_id(5049)) is not None
