"""Which conversations wait, in real databases; and that nothing of it stands in anybody's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from past_traces import DAY_MS, NOW_MS, kept, record, trace_id
from sqlalchemy import Engine, create_engine, event, inspect, text

from otel_scorer.history.conversations import KIND, Waiting, conversation_key
from otel_scorer.history.database import parse_url
from otel_scorer.history.kept import Kept, pack_kept, with_headers
from otel_scorer.history.record import Course, Record, Times
from otel_scorer.history.store import History

LIMITS = (100, 2**20)


def content(n: int, at_ms: int = NOW_MS, name: str = "talk-1", **changes: str) -> Kept:
    return Kept("default", trace_id(n), at_ms, pack_kept(b"spans"), conversation_id=name, **changes)


def scored(until_ms: int, name: str = "talk-1", **changes: object) -> Record:
    fields: dict[str, object] = {"ended_at_ms": until_ms, "status": "scored", "conversation_id": name}
    fields |= {"times": Times(last_seen_ms=until_ms), "course": Course(turns=2), **changes}
    tenant = str(fields.pop("tenant", "default"))
    return Record(tenant=tenant, trace_id=conversation_key(tenant, name), kind=KIND, **fields)  # type: ignore[arg-type]


def test_a_conversation_waits_since_its_last_kept_trace_until_it_is_scored(history: History) -> None:
    history.write([record(1), record(2)], [content(1), content(2, NOW_MS + 5)])
    talks = history.conversations
    assert talks.waiting(NOW_MS + 4, 10) == []
    (one,) = talks.waiting(NOW_MS + 5, 10)
    assert one == Waiting("default", "talk-1", NOW_MS + 5)
    history.write([scored(NOW_MS + 5)])
    assert talks.waiting(NOW_MS + 99, 10) == []
    history.write([record(1)], [content(1), content(2, NOW_MS + 5)])
    assert talks.waiting(NOW_MS + 99, 10) == [], "the stream delivers at least once"
    history.write([], [content(3, NOW_MS + 9)])
    assert talks.waiting(NOW_MS + 99, 10) == [Waiting("default", "talk-1", NOW_MS + 9)]
    history.write([scored(NOW_MS + 5, revision=1)])
    assert len(talks.waiting(NOW_MS + 99, 10)) == 1, "what came meanwhile was not seen by that scoring"
    talks.postpone(Waiting("default", "talk-1", NOW_MS + 9), NOW_MS + 50)
    assert talks.waiting(NOW_MS + 49, 10) == []
    talks.settle(Waiting("default", "talk-1", NOW_MS + 9))
    assert len(talks.waiting(NOW_MS + 50, 10)) == 1, "who has not seen it cannot settle it"
    talks.settle(Waiting("default", "talk-1", NOW_MS + 50))
    assert talks.waiting(2**60, 10) == []


def test_content_that_comes_late_waits_though_its_trace_ended_long_before(history: History) -> None:
    talks = history.conversations
    history.write([record(3)], [content(3, NOW_MS + 9)])
    (one,) = talks.waiting(2**60, 10)
    talks.settle(one)
    history.write([record(1), record(2)], [content(1, NOW_MS), content(2, NOW_MS + 9)])
    (late,) = talks.waiting(2**60, 10)
    assert late.waiting_ms > one.waiting_ms, "who has seen what was there before has not seen this"
    talks.settle(one)
    assert talks.waiting(2**60, 10) == [late]
    talks.postpone(late, NOW_MS + 50)
    talks.settle(Waiting("default", "talk-1", NOW_MS + 50))
    history.write([record(4)], [content(4, NOW_MS + 20)])
    (last,) = talks.waiting(2**60, 10)
    assert last.waiting_ms > NOW_MS + 50
    talks.settle(last)
    history.write([record(4)], [content(4, NOW_MS + 20)])
    assert talks.waiting(2**60, 10) == [], "the stream delivers at least once"


def test_who_is_forgotten_is_forgotten_in_conversations_with_others(history: History) -> None:
    history.write(
        [record(1, user_hash="u"), record(2, user_hash="v"), record(3, user_hash="w", conversation_id="talk-2")],
        [content(1, user_hash="u"), content(2, user_hash="v"), content(3, name="talk-2", user_hash="w")],
    )
    others = scored(NOW_MS, tenant="other", user_hash="u")
    history.write([scored(NOW_MS, user_hash="v"), scored(NOW_MS, "talk-2", user_hash="w"), others])
    assert history.delete_user("default", "u") == 1
    assert history.conversations.scored("default", "talk-1") is None
    assert history.conversations.scored("default", "talk-2") is not None
    assert history.conversations.scored("other", "talk-1") == others
    assert history.get("default", trace_id(2)) is not None, "the other's trace stays"


def test_traces_without_a_conversation_or_content_leave_nothing_to_look_for(history: History) -> None:
    history.write([record(1), record(2, conversation_id="")], [content(2, name="")])
    assert history.conversations.waiting(2**60, 10) == []


def test_what_is_known_counts_all_traces_and_reads_the_latest_content(history: History) -> None:
    records = [record(n, ended_at_ms=NOW_MS + n) for n in range(1, 6)]
    records += [record(9, status="own", ended_at_ms=NOW_MS + 99), record(7, conversation_id="talk-2"), scored(NOW_MS)]
    history.write(records, [content(n, NOW_MS + n, user_hash="u") for n in (1, 2, 3)])
    (one,) = history.conversations.waiting(2**60, 10)
    known = history.conversations.known(one, *LIMITS)
    assert (known.traces, known.last_ms) == (5, NOW_MS + 5)
    assert [each.trace_id for each in known.kept] == [trace_id(3), trace_id(2), trace_id(1)]
    assert known.before is not None
    assert known.before.course == Course(turns=2)
    assert len(history.conversations.known(one, 2, 2**20).kept) == 2
    size = len(pack_kept(b"spans"))
    assert len(history.conversations.known(one, 9, size).kept) == 1
    assert history.conversations.scored("default", "talk-1") == scored(NOW_MS)
    assert history.conversations.scored("default", "talk-2") is None


def test_what_is_forgotten_is_forgotten_here_too(history: History, url: str) -> None:
    history.write([record(1, user_hash="u"), record(2, conversation_id="talk-2")], [content(1, user_hash="u")])
    history.write([scored(NOW_MS, user_hash="u")], [content(2, name="talk-2")])
    assert history.delete_user("default", "u") == 1, "a conversation is no trace"
    assert history.conversations.scored("default", "talk-1") is None
    assert _names(url) == ["talk-2"]
    assert history.delete_tenant("default") == 1
    assert _names(url) == []
    history.write([], [content(3)])
    history.prune(30, 1, 2**30, now_ms=NOW_MS + 31 * DAY_MS)
    assert _names(url) == []


def _names(url: str) -> list[str]:
    with other(url) as engine, engine.connect() as connection:
        return [row[0] for row in connection.execute(text("SELECT conversation_id FROM otel_scorer_conversations"))]


@contextmanager
def other(url: str) -> Iterator[Engine]:
    """A connection of the test's own."""
    engine = create_engine(parse_url(url))
    try:
        yield engine
    finally:
        engine.dispose()


def test_a_database_of_the_first_shape_is_brought_up(url: str) -> None:
    first = History(url)
    first.open()
    first.write([record(1)], [kept(1)])
    first.close()
    with other(url) as engine, engine.begin() as connection:
        connection.execute(text("DROP TABLE otel_scorer_conversations"))
        connection.execute(text("DROP INDEX otel_scorer_records_conversation"))
        connection.execute(text("UPDATE otel_scorer_schema SET version = 1"))
    for _ in range(2):
        again = History(url)
        again.open()
        again.write([record(2)], [content(2)])
        assert again.get(None, trace_id(1)) == record(1)
        assert again.conversations.waiting(2**60, 1)
        again.close()
    with other(url) as engine:
        names = {index["name"] for index in inspect(engine).get_indexes("otel_scorer_records")}
    assert "otel_scorer_records_conversation" in names


def test_what_waits_is_found_by_an_index_however_much_there_is(history: History) -> None:
    engine = history.conversations._engine
    if engine.dialect.name != "sqlite":
        return
    history.write([record(1)], [content(1)])
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *at: asked.append((at[2], at[3])))
    (one,) = history.conversations.waiting(2**60, 10)
    history.conversations.known(one, *LIMITS)
    queries = [query for query in asked if query[0].startswith("SELECT")]
    with engine.connect() as connection:
        plans = [str([*connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]) for sql, given in queries]
    assert not any("SCAN" in plan for plan in plans), plans
    for plan, index in zip(plans, ("conversations_waiting", "records_conversation"), strict=False):
        assert f"INDEX otel_scorer_{index}" in plan
        assert "TEMP B-TREE" not in plan, "nor is a long conversation sorted for its latest traces"


def test_headers_travel_with_the_content() -> None:
    packed = with_headers(pack_kept(b"spans", b"logs"), {"X-Scope-OrgID": "blue"})
    one = Kept("default", trace_id(1), 0, packed)
    assert (one.traces, one.logs, one.headers) == (b"spans", b"logs", {"X-Scope-OrgID": "blue"})
    assert content(1).headers == {}
    assert with_headers(b"", {"a": "b"}) == b""
