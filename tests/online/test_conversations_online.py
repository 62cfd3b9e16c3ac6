"""Conversations from the history to the outbox: a real Valkey, a real database, the worker's part called by hand."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from online.test_scorer import LIMITS
from talk_traces import Ran, Told, Turn, root_id, talk, trace_id
from typer.testing import CliRunner

from otel_scorer.cli import app
from otel_scorer.config import load_settings
from otel_scorer.conventions.trace_view import view
from otel_scorer.errors import LedgerDown
from otel_scorer.history.conversations import KIND, conversation_key
from otel_scorer.history.kept import Kept, with_headers
from otel_scorer.history.record import Record
from otel_scorer.history.store import History
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.ledger.embedded import start_valkey
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger
from otel_scorer.ledger.talks import Talk, TalkContent, Talks
from otel_scorer.model import Conversation, Span
from otel_scorer.online.conversation_scorer import ConversationScorer
from otel_scorer.online.conversation_settings import ConversationSettings
from otel_scorer.online.conversations import Conversations
from otel_scorer.online.endings import WriteBack
from otel_scorer.online.pipeline_settings import WorkSettings
from otel_scorer.online.recording import Recorder
from otel_scorer.online.scorer import always
from otel_scorer.online.stores import Stores
from otel_scorer.online.telemetry import Metrics
from otel_scorer.otlp import decode_span
from otel_scorer.scoring.judging.judge import JudgeAnswer, JudgeError, Prompt
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score_conversation import score_conversation
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.serve.scoring_parts import ScoringParts
from otel_scorer.wire import split_traces

ASKS_AGAIN = (
    ("Where is my parcel? My order number is A-4711-B.", "It left our warehouse on Monday."),
    ("And when will it arrive?", "Could you please provide your order number?"),
)
KEY = conversation_key("default", "talk-1")
TALK = Talk("default", KEY)


class Listening:
    """Answers nothing and keeps what it was asked."""

    name = "listening"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.asked.append((prompt.system, prompt.user))
        raise JudgeError("nothing to say")


@dataclass
class Bench:
    """One ledger, one history, one loop of `serve`, one worker."""

    ledger: Ledger
    history: History
    folder: Path
    settings: ConversationSettings = field(default_factory=lambda: ConversationSettings(idle_s=0.05))
    work: WorkSettings = field(default_factory=WorkSettings)
    metrics: Metrics = field(default_factory=Metrics)
    judge: Listening = field(default_factory=Listening)
    calls: list[tuple[Any, int]] = field(default_factory=list)
    shed: bool = False
    others: tuple[Ledger, ...] = ()
    """Of other stores."""

    @property
    def serve(self) -> Conversations:
        recorder = Recorder(b"draw", b"salt", self.metrics)
        stores = Stores((*self.others, self.ledger))
        return Conversations(
            self.history.conversations, stores, self.settings, self.work, recorder, self._dispatch, lambda: self.shed
        )

    async def _dispatch(self, calls: Sequence[tuple[Any, int]]) -> None:
        self.calls += calls

    def worker(self, name: str = "w", *, asks: bool = False) -> ConversationScorer:
        rubrics = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)
        judge = self.judge if asks else None
        back = WriteBack("test", holds=True)
        return ConversationScorer(name, lambda _: self.ledger, rubrics, rubrics.by_kind, judge, 20.0, 2, back, always)

    async def keep(
        self,
        found: Conversation,
        *numbers: int,
        known: int = 0,
        headers: Mapping[str, str] = {},
        tenant: str = "default",
    ) -> None:
        """The content of these traces (from 1; all), and records of them and of `known` more."""
        pack = ScoringParts(load_settings(None, {}), ())._keep
        now = await self.ledger.now_ms()
        kept = []
        for number, trace in enumerate(found.traces, 1):
            if not numbers or number in numbers:
                packed = with_headers(pack(trace), headers)
                kept.append(Kept(tenant, trace.trace_id, now, packed, conversation_id="talk-1", user_hash="u"))
        records = [_ended(trace_id(number), now, tenant) for number in range(1, len(found.traces) + known + 1)]
        self.history.write(records, kept)
        await asyncio.sleep(0.1)

    async def drain(self) -> list[Record]:
        """What the ledger's stream has, into the history."""
        streamed = await self.ledger.postbox.records(100)
        await self.ledger.postbox.forget_records(streamed)
        records = [Record.from_json(one.record) for one in streamed]
        self.history.write(records)
        return records

    async def said_by(self, command: str, trace: str) -> str:
        words = [command, trace, "--set", f"history.url=sqlite:///{self.folder}/history.db"]
        done = await asyncio.to_thread(CliRunner(env={"COLUMNS": "200"}).invoke, app, words)
        return done.stdout

    async def sent(self) -> list[tuple[Outgoing, Span]]:
        """What lies in the outbox."""
        found = await self.ledger.postbox.outgoing(await self.ledger.now_ms() + 1, 100)
        spans = [split_traces(item.body, deployment="other", trust_upstream_scores=True).agent for item in found]
        return [(item, decode_span(one[0].raw, one[0].envelope)) for item, one in zip(found, spans, strict=True)]

    async def until_scored(self, worker: ConversationScorer | None = None) -> list[Record]:
        """One dispatch, one scoring, one commit."""
        await self.serve.look()
        talk_, number = self.calls.pop()
        await (worker or self.worker()).score(talk_, number)
        await self.serve.look()
        return await self.drain()


def _ended(name: str, at_ms: int, tenant: str = "default") -> Record:
    return Record(tenant=tenant, trace_id=name, ended_at_ms=at_ms, status="partial", conversation_id="talk-1")


@asynccontextmanager
async def ready(folder: Path, settings: LedgerSettings) -> AsyncIterator[Bench]:
    valkey = await asyncio.to_thread(start_valkey, folder / "v")
    client = StoreClient(valkey.url, 20.0)
    history = History(f"sqlite:///{folder}/history.db")
    history.open()
    try:
        yield Bench(Ledger(client, settings, LIMITS), history, folder)
    finally:
        history.close()
        await client.close()
        valkey.stop()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ready(tmp_path, LedgerSettings()) as made:
        yield made


async def test_a_conversation_is_handed_out_scored_and_ended_once(bench: Bench) -> None:
    await bench.keep(talk(*ASKS_AGAIN), headers={"X-Scope-OrgID": "blue"})
    (record,) = await bench.until_scored()
    assert (record.kind, record.trace_id, record.revision, record.user_hash) == (KIND, KEY, 0, "u")
    assert record.status == "partial"
    assert record.course is not None
    assert (record.course.trace_ids, record.course.turns) == ((trace_id(1), trace_id(2)), 2)
    ((item, span),) = await bench.sent()
    assert item.headers == {"X-Scope-OrgID": "blue"}
    assert (span.trace_id, span.parent_id) == (trace_id(2), root_id(2))
    assert {(link.trace_id, link.span_id) for link in span.links} == {(trace_id(n), root_id(n)) for n in (1, 2)}
    assert span.attributes["otel_scorer.score.instruction_adherence"] == 3
    assert await bench.serve.look() == 0, "it waits no longer"
    assert bench.calls == []


async def test_any_number_of_serves_and_messages_make_one_result(bench: Bench) -> None:
    await bench.keep(talk(*ASKS_AGAIN))
    await asyncio.gather(*(bench.serve.look() for _ in range(5)))
    assert bench.calls == [(TALK, 1)]
    workers = [bench.worker(f"w{number}") for number in range(4)]
    await asyncio.gather(*(worker.score(TALK, 1) for worker in workers))
    await asyncio.gather(*(bench.serve.look() for _ in range(5)))
    assert len(await bench.drain()) == 1
    assert len(await bench.sent()) == 1


async def test_a_scoring_that_is_lost_is_dispatched_again_and_then_given_up(bench: Bench) -> None:
    bench.work = WorkSettings(redispatch_s=0.01, max_attempts=2)
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.serve.look()
    for number in (1, 2):
        assert bench.calls.pop() == (TALK, number)
        assert await bench.ledger.talks.start(TALK, f"dies{number}", number) is not None
        await asyncio.sleep(0.05)
        await bench.serve.look()
    assert bench.calls == [], "two workers have died with it"
    (record,) = await bench.drain()
    assert (record.status, record.outcomes) == ("judge_timeout", ())
    assert await bench.serve.look() == 0
    assert await bench.sent() == []


async def test_who_lives_and_is_at_it_is_left_alone(bench: Bench) -> None:
    bench.work = WorkSettings(redispatch_s=0.01)
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.ledger.beat("w", 60)
    await bench.serve.look()
    assert await bench.ledger.talks.start(TALK, "w", 1) is not None
    await asyncio.sleep(0.05)
    await bench.serve.look()
    assert bench.calls == [(TALK, 1)]
    assert await bench.ledger.talks.start(TALK, "other", 1) is None


async def test_what_goes_on_is_scored_again_and_a_late_copy_of_the_old_is_not(bench: Bench) -> None:
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.until_scored()
    await bench.keep(talk(*ASKS_AGAIN))  # the same content once more
    await bench.serve.look()
    assert bench.calls == []
    await bench.keep(talk(*ASKS_AGAIN, ("It is A-4711-B.", "On Thursday.")))
    (record,) = await bench.until_scored()
    assert record.revision == 1
    assert record.course is not None
    assert record.course.turns == 3
    ids = {span.trace_id: span.span_id for _, span in await bench.sent()}
    assert set(ids) == {trace_id(2), trace_id(3)}
    found = bench.history.conversations.scored("default", "talk-1")
    assert found == record


async def test_while_its_record_is_on_the_way_a_conversation_that_goes_on_waits(bench: Bench) -> None:
    """Else the next scoring would not know what the last one saw, and two would have the same number."""
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.serve.look()
    await bench.worker().score(*bench.calls.pop())
    await bench.serve.look()
    await bench.keep(talk(*ASKS_AGAIN, ("It is A-4711-B.", "On Thursday.")))
    assert await bench.serve.look() == 1
    assert bench.calls == [], "the record lies in the ledger's stream"
    (first,) = await bench.drain()
    (second,) = await bench.until_scored()
    assert (first.revision, second.revision) == (0, 1)
    assert second.course is not None
    assert second.course.turns == 3
    assert len({span.span_id for _, span in await bench.sent()}) == 2


async def test_a_result_outlives_its_own_tombstone_while_the_history_is_away(tmp_path: Path) -> None:
    settings = LedgerSettings(tombstone_s=0.3)
    async with ready(tmp_path, settings) as bench:
        await bench.keep(talk(*ASKS_AGAIN))
        await bench.serve.look()
        await bench.worker().score(*bench.calls.pop())
        await bench.serve.look()
        await asyncio.sleep(0.5)  # the database takes nothing meanwhile
        assert await bench.serve.look() == 1
        assert bench.calls == [], "its record lies in the stream, though it is forgotten here"
        assert [record.revision for record in await bench.drain()] == [0]
        assert await bench.serve.look() == 0
        assert len(await bench.sent()) == 1


async def test_a_draft_from_before_somebody_elses_scoring_is_not_handed_out(bench: Bench) -> None:
    talks = bench.ledger.talks
    assert await talks.put(TALK, TalkContent(5, "{}", ()), 0)
    assert not await talks.put(TALK, TalkContent(9, "{}", ()), 0), "it is being scored"
    assert await talks.commit(TALK, 5, "", ())
    assert not await talks.put(TALK, TalkContent(9, "{}", ()), 0), "who looked before that has not seen its end"
    assert await talks.put(TALK, TalkContent(9, "{}", ()), 5)


async def test_content_that_comes_late_makes_no_second_result_without_a_new_turn(bench: Bench) -> None:
    """The trace's own late score: a later trace had told of the turn."""
    whole = talk(*ASKS_AGAIN, ("It is A-4711-B.", "On Thursday."))
    await bench.keep(whole, 2, 3)
    (record,) = await bench.until_scored()
    assert record.course is not None
    assert (record.course.turns, record.course.trace_ids) == (3, (trace_id(2), trace_id(3)))
    await bench.keep(whole, 1)
    assert await bench.until_scored() == []
    await bench.serve.look()
    assert await bench.serve.look() == 0, "it waits no longer"
    assert len(await bench.sent()) == 1
    await bench.keep(talk(*ASKS_AGAIN, ("It is A-4711-B.", "On Thursday."), ("Thanks.", "Goodbye.")), 4)
    (again,) = await bench.until_scored()
    assert again.revision == 1
    assert again.course is not None
    assert (again.course.turns, len(again.course.trace_ids)) == (4, 4)


async def test_a_turn_that_nobody_had_told_of_is_new_however_late_it_comes(bench: Bench) -> None:
    told: Told = "none"
    whole = talk(*ASKS_AGAIN, ("And the fee?", "4 euros."), told=told)
    await bench.keep(whole, 2, 3)
    await bench.until_scored()
    await bench.keep(whole, 1)
    (again,) = await bench.until_scored()
    assert again.revision == 1
    assert again.course is not None
    assert (again.course.turns, again.course.not_told) == (3, 0)


async def test_what_came_while_a_scoring_was_given_up_is_scored(bench: Bench) -> None:
    bench.work = WorkSettings(redispatch_s=0.01, max_attempts=1)
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.serve.look()
    assert await bench.ledger.talks.start(TALK, "dies", bench.calls.pop()[1]) is not None
    await bench.keep(talk(*ASKS_AGAIN, ("It is A-4711-B.", "On Thursday.")))
    await bench.serve.look()
    (given_up,) = await bench.drain()
    assert (given_up.status, given_up.revision) == ("judge_timeout", 0)
    (record,) = await bench.until_scored()
    assert (record.status, record.revision) == ("partial", 1)


async def test_after_the_store_was_emptied_the_history_says_what_waits(bench: Bench) -> None:
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.serve.look()
    await bench.ledger.client.redis.flushall()
    bench.calls.clear()
    assert len(await bench.until_scored()) == 1
    await bench.ledger.client.redis.flushall()
    assert await bench.serve.look() == 0
    await bench.keep(talk(*ASKS_AGAIN))  # the same content once more, later
    await bench.serve.look()
    assert bench.calls == [], "the record says what was seen"


async def test_a_store_that_is_away_holds_up_no_conversation_of_another(bench: Bench) -> None:
    client = StoreClient("redis://127.0.0.1:1/0", 0.5)
    bench.others = (Ledger(client, LedgerSettings(), LIMITS),)
    found = talk(*ASKS_AGAIN)
    names = [f"talk-{number}" for number in range(2, 12)]
    for tenant in names:  # each of its own: equal trace ids of one tenant are one trace
        await bench.keep(found, tenant=tenant)
    with pytest.raises(LedgerDown):
        await bench.serve.look()
    stores = Stores((*bench.others, bench.ledger))
    here = {name for name in names if stores.of(bytes.fromhex(conversation_key(name, "talk-1"))) is bench.ledger}
    assert 0 < len(here) < len(names)
    assert {call.tenant for call, _ in bench.calls} == here
    await client.close()


async def test_however_many_wait_for_a_store_that_is_away_those_of_others_have_their_turn(bench: Bench) -> None:
    client = StoreClient("redis://127.0.0.1:1/0", 0.5)
    bench.others = (Ledger(client, LedgerSettings(), LIMITS),)
    stores = Stores((*bench.others, bench.ledger))
    names = [f"talk-{number}" for number in range(900)]
    away = [one for one in names if stores.of(bytes.fromhex(conversation_key(one, "talk-1"))) is not bench.ledger]
    assert len(away) > 400, "more than are looked at in one round"
    now = await bench.ledger.now_ms() - 1000
    waiting = [Kept(name, trace_id(1), now, b"x", conversation_id="talk-1") for name in away]
    bench.history.write([], waiting)
    here = next(one for one in names if one not in away)
    await bench.keep(talk(*ASKS_AGAIN), tenant=here)
    with pytest.raises(LedgerDown):
        await bench.serve.look()
    assert [call.tenant for call, _ in bench.calls] == [here]
    await client.close()


async def test_while_the_history_is_away_conversations_wait(bench: Bench) -> None:
    await bench.keep(talk(*ASKS_AGAIN))
    with sqlite3.connect(bench.folder / "history.db", isolation_level=None) as other:
        other.execute("ALTER TABLE otel_scorer_kept RENAME TO away")
        stopping = asyncio.Event()
        bench.settings = bench.settings.model_copy(update={"look_s": 0.05})
        running = asyncio.create_task(bench.serve.run(stopping))
        await asyncio.sleep(0.3)
        assert (bench.calls, running.done()) == ([], False)
        other.execute("ALTER TABLE away RENAME TO otel_scorer_kept")
    async with asyncio.timeout(20):
        while not bench.calls:
            await asyncio.sleep(0.05)
    stopping.set()
    await running


async def test_conversations_are_counted_apart_from_traces(bench: Bench) -> None:
    """One that was sampled in part lacks evidence, which is no reason to look for what traces do not carry."""
    told: Told = "none"
    await bench.keep(talk(*ASKS_AGAIN, told=told), known=3)
    await bench.until_scored()
    value = bench.metrics.value
    assert value("conversations", status="partial") == 1
    assert value("conversation_missing_scores", dimension="instruction_adherence", why="missing_evidence") == 1
    assert value("conversation_scores") + value("conversation_missing_scores") == 4
    assert value("scores") + value("missing_scores") + value("score_weights") == 0


async def test_equal_ids_of_two_tenants_are_two_conversations(bench: Bench) -> None:
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.keep(talk(*ASKS_AGAIN), tenant="other")
    await bench.serve.look()
    assert {call.tenant for call, _ in bench.calls} == {"default", "other"}
    assert len({call.key for call, _ in bench.calls}) == 2
    while bench.calls:
        await bench.worker().score(*bench.calls.pop())
    await bench.serve.look()
    assert {(one.tenant, one.revision) for one in await bench.drain()} == {("default", 0), ("other", 0)}


async def test_what_is_too_short_or_goes_on_unseen_is_not_scored(bench: Bench) -> None:
    await bench.keep(talk(ASKS_AGAIN[0]))
    assert await bench.serve.look() == 1
    assert await bench.serve.look() == 0, "one trace is no conversation"
    await bench.keep(talk(*ASKS_AGAIN), known=1)
    bench.history.write([replace(_ended(trace_id(3), await bench.ledger.now_ms() + 60_000), revision=1)])
    await bench.serve.look()
    assert bench.calls == [], "a trace that was not kept came a moment ago"
    assert await bench.serve.look() == 0
    bench.shed = True
    assert await bench.serve.look() == 0


async def test_a_conversation_of_one_turn_told_twice_leaves_no_record(bench: Bench) -> None:
    twice = talk(Turn("Where is it?", None), ("Where is it?", "In Rome."))
    await bench.keep(twice)
    assert await bench.until_scored() == []
    assert await bench.sent() == []
    await bench.serve.look()
    assert await bench.serve.look() == 0


async def test_where_traces_are_missing_it_is_said(bench: Bench) -> None:
    told: Told = "none"
    await bench.keep(talk(*ASKS_AGAIN, told=told), known=3)
    (record,) = await bench.until_scored()
    assert record.course is not None
    assert (record.course.known_traces, record.course.not_told) == (5, 3)
    (outcome,) = record.outcomes
    assert outcome.scores["instruction_adherence"].missing == "missing_evidence"
    assert outcome.metrics["conversation_coverage"] == pytest.approx(0.4)
    ((_, span),) = await bench.sent()
    assert span.attributes["otel_scorer.metric.conversation_coverage"] == pytest.approx(0.4)
    assert span.attributes["otel_scorer.missing.instruction_adherence"] == "missing_evidence"
    assert "2 of 5 traces read" in await bench.said_by("view", trace_id(1))
    assert "of 3 nobody tells the turns" in " ".join((await bench.said_by("why", trace_id(1))).split())


async def test_the_judge_is_sent_the_very_bytes_that_render_and_eval_would_send(bench: Bench) -> None:
    turns = (("I am Ann, ann@example.org, and want a refund.", "For which order, Ann?"), ("For A-1.", "It is done."))
    await bench.keep(talk(*turns))
    await bench.until_scored(bench.worker(asks=True))
    words = ["rubric", "render", trace_id(1), "conversation", "--json"]
    words += ["--set", f"history.url=sqlite:///{bench.folder}/history.db"]
    told = await asyncio.to_thread(CliRunner().invoke, app, words)
    rendered = json.loads(told.stdout)
    assert bench.judge.asked == [(rendered["system"], rendered["user"])]
    assert "ann@example.org" not in rendered["user"]
    steps = json.loads(rendered["user"].splitlines()[1])["steps"]
    assert [step["agent"] for step in steps] == [["For which order, Ann?"], ["It is done."]]


async def test_without_anything_to_scrub_a_recorded_file_gives_the_same_prompt(bench: Bench) -> None:
    found = talk(*ASKS_AGAIN, Turn("And the fee?", "It is 4 euros.", (Ran("fees", {"of": "parcel"}, "4"),)))
    await bench.keep(found)
    await bench.until_scored(bench.worker(asks=True))
    offline = Listening()
    rubrics = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)
    await score_conversation(found, rubrics.for_conversation(view(found.traces[-1])), offline, deadline=1e12)
    assert bench.judge.asked == offline.asked
    assert len(offline.asked) == 1


async def test_a_result_of_a_conversation_is_handed_in_although_the_ledger_is_away_for_a_moment(bench: Bench) -> None:
    """Else it would be judged, and paid for, once more; and only after the longest time that a scoring may take."""
    await bench.keep(talk(*ASKS_AGAIN))
    await bench.serve.look()
    await replace(bench.worker(), ledger_of=lambda _: Lagging(bench.ledger.talks)).score(TALK, 1)
    await bench.serve.look()
    (record,) = await bench.drain()
    assert record.status in ("scored", "partial")


@dataclass
class Lagging:
    """A ledger that is away when results are handed in, the first three times."""

    of: Talks
    away: int = 3

    @property
    def talks(self) -> Any:
        return self

    async def start(self, talk: Talk, worker: str, dispatch: int) -> TalkContent | None:
        return await self.of.start(talk, worker, dispatch)

    async def finish(self, talk: Talk, since: int, record: str, outbox: Sequence[Outgoing]) -> bool:
        self.away -= 1
        if self.away >= 0:
            raise LedgerDown("away")
        return await self.of.finish(talk, since, record, outbox)
