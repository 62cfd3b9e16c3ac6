"""A conversation of several traces, sent by the real SDK: one evaluation span in its last trace, exactly once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from e2e.running import Deployment, attribute, is_evaluation, spans_of, until
from e2e.talks import ASKS_AGAIN, GOES_ON, send_turns
from otlp_sink import Sink
from pydantic import SecretStr
from redis.asyncio import Redis

from otel_scorer.conventions.scores import rfc3339
from otel_scorer.history.conversations import conversation_key
from otel_scorer.history.record import Record
from otel_scorer.sampling.draw import draw_conversation
from otel_scorer.sampling.settings import SamplingSettings

pytestmark = pytest.mark.e2e
SHORT: dict[str, Any] = {"conversation": {"idle_s": 3.0, "look_s": 0.5}}


async def test_a_conversation_is_scored_once_in_its_last_trace_and_again_when_it_goes_on(
    deploy: Callable[..., Deployment], sink: Sink
) -> None:
    deployment = deploy(**SHORT)
    _, door = await deployment.up()
    first = await asyncio.to_thread(send_turns, door, "talk-1", ASKS_AGAIN)
    alone = await asyncio.to_thread(send_turns, door, "talk-2", ASKS_AGAIN[:1])
    record = await _until_scored(deployment, "talk-1", 0)
    (evaluation,) = await _evaluations(sink, 1)
    _is_about(evaluation, first)
    assert attribute(evaluation, "otel_scorer.score.instruction_adherence") == 3
    assert attribute(evaluation, "otel_scorer.metric.knowledge_retention") == 0
    assert attribute(evaluation, "otel_scorer.metric.conversation_turns") == 2
    assert attribute(evaluation, "gen_ai.conversation.id") == "talk-1"
    assert record.course is not None
    assert (record.course.turns, record.course.known_traces) == (2, 2)
    assert [mark.code for outcome in record.outcomes for mark in outcome.findings] == ["conversation.asked_again"]
    assert "asked_again" in _said_by(deployment, "why", first[0][0])
    assert "talk-1" in _said_by(deployment, "view", first[1][0])
    more = await asyncio.to_thread(send_turns, door, "talk-1", [GOES_ON], before=ASKS_AGAIN)
    again = await _until_scored(deployment, "talk-1", 1)
    assert again.course is not None
    assert again.course.turns == 3
    newest = max(await _evaluations(sink, 2), key=lambda span: span.start_time_unix_nano)
    _is_about(newest, [*first, *more])
    await asyncio.sleep(4)  # nothing more comes of it
    _one_for_each_scoring(sink, [record, again])
    assert door.metric("otel_scorer_conversations_total") == 2
    about = {span.trace_id.hex() for span in _about_conversations(sink)}
    assert about == {first[1][0], more[0][0]}, f"one trace is no conversation: {alone}"


async def test_a_conversation_has_one_span_for_each_scoring_wherever_serve_is_killed(
    deploy: Callable[..., Deployment], sink: Sink
) -> None:
    deployment = deploy(conversation={"idle_s": 6.0, "look_s": 0.3})
    server, door = await deployment.serve()
    worker = deployment.work()
    sent = await asyncio.to_thread(send_turns, door, "talk-1", ASKS_AGAIN)
    await deployment.until_ended([trace_id for trace_id, _ in sent])
    worker.stop()
    await _until_state(deployment, "waiting")  # handed out, and nobody is there to take it
    server.kill()
    deployment.work("work-again")
    await _until_state(deployment, "scored")  # nobody is there to end it
    sink.script("slow:600", signal="traces", forever=True)
    server, door = await deployment.serve("serve-again")
    await _evaluations(sink, 1)
    server.kill()  # between send and mark
    sink.heal()
    await _let_leases_run_out(deployment)
    server, door = await deployment.serve("serve-third")
    record = await _until_scored(deployment, "talk-1", 0)
    await _until_nothing_is_to_send(deployment)
    assert len(_about_conversations(sink)) >= 2, "sent again"
    _is_about(_one_for_each_scoring(sink, [record])[0], sent)
    more = await asyncio.to_thread(send_turns, door, "talk-1", [GOES_ON], before=ASKS_AGAIN)
    again = await _until_scored(deployment, "talk-1", 1)
    server.kill()  # whatever it is at
    await _let_leases_run_out(deployment)
    await deployment.serve("serve-fourth")
    await _until_nothing_is_to_send(deployment)
    await asyncio.sleep(8)  # longer than a conversation waits: nothing more comes of it
    spans = _one_for_each_scoring(sink, [record, again])
    _is_about(spans[1], [*sent, *more])
    assert await asyncio.to_thread(_record, deployment, "talk-1") == again


async def test_drawn_by_conversation_one_is_scored_whole_or_not_at_all(
    deploy: Callable[..., Deployment], sink: Sink
) -> None:
    sampling = {"floor": 0.5, "rules": [], "draw_by": "conversation", "salt": "of this test"}
    salt = SamplingSettings(salt=SecretStr("of this test")).salt_for("default")
    taken = {f"talk-{n}": draw_conversation("default", f"talk-{n}", salt) < 0.5 for n in range(6)}
    assert set(taken.values()) == {True, False}
    deployment = deploy(**SHORT, sampling=sampling)
    _, door = await deployment.up()
    sent = {name: await asyncio.to_thread(send_turns, door, name, ASKS_AGAIN) for name in taken}
    ended = await deployment.until_ended([trace_id for traces in sent.values() for trace_id, _ in traces])
    for name, traces in sent.items():
        records = [ended[trace_id] for trace_id, _ in traces]
        assert {record.status == "not_sampled" for record in records} == {not taken[name]}, name
        assert {(record.rule, record.probability) for record in records} == {("floor", 0.5)}
    whole = [name for name in taken if taken[name]]
    for name in whole:
        await _until_scored(deployment, name, 0)
    evaluations = await _evaluations(sink, len(whole))
    assert {attribute(span, "gen_ai.conversation.id") for span in evaluations} == set(whole)
    assert {attribute(span, "otel_scorer.metric.conversation_coverage") for span in evaluations} == {1.0}


def _one_for_each_scoring(sink: Sink, records: list[Record]) -> list[Any]:
    """The spans of these scorings in order, each once however often it was sent, and no other."""
    different = {span.SerializeToString(): span for span in _about_conversations(sink)}
    by_time = {attribute(span, "otel_scorer.evaluated_at"): span for span in different.values()}
    assert len({span.span_id for span in different.values()}) == len(different) == len(records)
    assert [record.revision for record in records] == [*range(len(records))]
    return [by_time[rfc3339((record.times.scored_ms or 0) * 1_000_000)] for record in records]


def _is_about(evaluation: Any, traces: list[tuple[str, str]]) -> None:
    """In the last trace, a child of its root that ends with it, linked to the root of each."""
    last = traces[-1]
    assert (evaluation.trace_id.hex(), evaluation.parent_span_id.hex()) == last
    assert evaluation.end_time_unix_nano - evaluation.start_time_unix_nano == 1000
    linked = {(link.trace_id.hex(), link.span_id.hex()) for link in evaluation.links}
    assert linked == set(traces)
    assert attribute(evaluation, "otel_scorer.rubric.id") == "conversation@1"


async def _evaluations(sink: Sink, count: int) -> list[Any]:
    """Evaluation spans of conversations; one that was sent twice, byte for byte, is one."""

    async def enough() -> list[Any] | None:
        different = {span.SerializeToString(): span for span in _about_conversations(sink)}
        return [*different.values()] if len(different) >= count else None

    found: list[Any] = await until(enough, 30.0, lambda: f"fewer than {count} evaluation spans")
    return found


def _about_conversations(sink: Sink) -> list[Any]:
    found = [span for spans in spans_of(sink).values() for span in spans if is_evaluation(span)]
    return [span for span in found if attribute(span, "otel_scorer.rubric.id") == "conversation@1"]


async def _until_scored(deployment: Deployment, conversation_id: str, revision: int) -> Record:
    async def there() -> Record | None:
        record = await asyncio.to_thread(_record, deployment, conversation_id)
        return record if record is not None and record.revision >= revision else None

    found: Record = await until(there, 60.0, lambda: f"{[p.text()[-3000:] for p in deployment.processes]}")
    return found


def _record(deployment: Deployment, conversation_id: str) -> Record | None:
    return deployment.records([conversation_key("default", conversation_id)], kind="conversation").get(
        conversation_key("default", conversation_id)
    )


@asynccontextmanager
async def _store(deployment: Deployment) -> AsyncIterator[Redis]:
    assert deployment.valkey is not None
    store = Redis.from_url(deployment.valkey.url)
    try:
        yield store
    finally:
        await store.aclose()


async def _until_state(deployment: Deployment, state: str) -> None:
    """Of the only conversation, in the ledger."""

    async def there() -> bool | None:
        async with _store(deployment) as store:
            return [await store.hget(key, "state") for key in await store.keys("*c:default/*")] == [
                state.encode()
            ] or None

    await until(there, 40.0, lambda: f"{[p.text()[-3000:] for p in deployment.processes]}")


async def _let_leases_run_out(deployment: Deployment) -> None:
    """What a dead sender has taken from the outbox is due now, as it would be after half a minute."""
    async with _store(deployment) as store:
        for key in await store.keys("*:outbox"):
            await store.zadd(key, dict.fromkeys(await store.zrange(key, 0, -1), 0.0), xx=True)


async def _until_nothing_is_to_send(deployment: Deployment) -> None:
    async def sent() -> bool | None:
        async with _store(deployment) as store:
            return not await store.keys("*:outbox") or None

    await until(sent, 40.0, lambda: f"{[p.text()[-3000:] for p in deployment.processes]}")


def _said_by(deployment: Deployment, command: str, trace_id: str) -> str:
    words = [command, trace_id, "--data-dir", str(deployment.folder / "data")]
    done = subprocess.run([sys.executable, "-m", "otel_scorer", *words], capture_output=True, text=True, check=True)
    return done.stdout
