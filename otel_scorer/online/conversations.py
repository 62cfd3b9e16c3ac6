"""Finds conversations that have ended in the history, has them scored by a worker, and ends them in the ledger.

Any number of processes may look: what is handed out, and what is ended, is decided by the ledger. The history says what
waits until it has the record, so nothing is lost with a process or a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from otel_scorer.errors import LedgerError, OtelScorerError
from otel_scorer.history.conversations import KIND, ConversationHistory, Known, Waiting
from otel_scorer.history.record import Course, Record, Times
from otel_scorer.ledger.store import Ledger
from otel_scorer.ledger.talks import Patience, Talk, TalkContent, TalkState
from otel_scorer.online.conversation_settings import ConversationSettings
from otel_scorer.online.dispatch import Dispatch
from otel_scorer.online.pipeline_settings import SCORING_GRACE_S, WorkSettings
from otel_scorer.online.recording import Recorder
from otel_scorer.online.stores import Stores

log = logging.getLogger(__name__)
_AT_ONCE = 200
"""Conversations that are looked at in one round: no more of them lie in the ledger either."""
_MIB = 1024 * 1024
_ROOM = 32 * _MIB
"""Bytes of content that lie in the ledger for workers: the rest waits in the history."""
_SOON_S = 0.5
"""The next look while workers are at it."""


@dataclass(frozen=True)
class Conversations:
    """One loop of a `serve` process. `shed`: scoring is under pressure, and nothing new is handed out."""

    history: ConversationHistory
    stores: Stores
    settings: ConversationSettings
    work: WorkSettings
    recorder: Recorder
    dispatch: Dispatch
    shed: Callable[[], bool]

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop."""
        away = False
        while not stopping.is_set():
            pause_s = self.settings.look_s
            try:
                if await self.look():
                    pause_s = min(pause_s, _SOON_S)
                away = False
            except OtelScorerError as error:  # the ledger or the history: what waits there waits on
                if not away:
                    log.info("conversations wait: %s", error)
                away = True
            await asyncio.sleep(pause_s)

    async def look(self) -> int:
        """One round; answers how many have waited long enough."""
        until_ms = await self._now_ms() - int(self.settings.idle_s * 1000)
        room, away, handled, seen = _ROOM, dict[str, LedgerError](), 0, 0
        while handled < _AT_ONCE:
            found = await asyncio.to_thread(self.history.waiting, until_ms, _AT_ONCE, seen)
            seen += len(found)
            for one in found:
                name = self._ledger(one).name
                if name not in away:
                    try:
                        room -= await self._handle_apart(one, until_ms, room)
                        handled += 1
                    except LedgerError as error:
                        away[name] = error
            if len(found) < _AT_ONCE or not away:
                break  # else those of a store that is away, however many, take the turns of the others
        if away:
            raise next(iter(away.values()))
        return handled

    async def _now_ms(self) -> int:
        """Of the first store that answers."""
        *others, last = self.stores.ledgers
        for ledger in others:
            with contextlib.suppress(LedgerError):
                return await ledger.now_ms()
        return await last.now_ms()

    async def _handle_apart(self, one: Waiting, until_ms: int, room: int) -> int:
        """A conversation that cannot be handled keeps no other from its turn."""
        try:
            return await self._handle(one, until_ms, room)
        except OtelScorerError:
            raise
        except Exception:
            log.exception("conversation %s cannot be handled: it is left unscored", one.key)
            await asyncio.to_thread(self.history.settle, one)
            return 0

    async def _handle(self, one: Waiting, until_ms: int, room: int) -> int:
        """Answers how many bytes of content it has in the ledger."""
        talk, ledger = Talk(one.tenant, one.key), self._ledger(one)
        state = await ledger.talks.look(talk, one.waiting_ms, self._patience())
        match state.ask:
            case "new" if room > 0 and not self.shed():
                return await self._hand_out(one, talk, state, until_ms)
            case "dispatch":
                await self.dispatch([(talk, state.number)])
            case "result":
                await self._end(talk, ledger, state)
            case "given_up":
                await self._give_up(talk, ledger, state)
            case "done":
                await asyncio.to_thread(self.history.settle, one)
        return state.size

    async def _hand_out(self, one: Waiting, talk: Talk, state: TalkState, until_ms: int) -> int:
        most_bytes = int(self.settings.max_mib * _MIB)
        known = await asyncio.to_thread(self.history.known, one, self.settings.max_traces, most_bytes)
        if known.last_ms > until_ms:  # it goes on, with traces that are not kept
            await asyncio.to_thread(self.history.postpone, one, known.last_ms)
        elif known.traces < self.settings.min_traces or not known.kept or _is_told(known):
            await asyncio.to_thread(self.history.settle, one)
        else:
            traces = tuple((kept.trace_id, kept.packed) for kept in known.kept)
            content = TalkContent(one.waiting_ms, draft_of(one, known).to_json(), traces)
            if await self._ledger(one).talks.put(talk, content, state.since):
                await self.dispatch([(talk, 1)])
            return content.size
        return 0

    async def _end(self, talk: Talk, ledger: Ledger, state: TalkState) -> None:
        ended = await ledger.talks.commit(talk, state.since, state.record, state.outbox)
        if ended and state.record:
            self.recorder.conversation_ended(Record.from_json(state.record))

    async def _give_up(self, talk: Talk, ledger: Ledger, state: TalkState) -> None:
        """As it was handed out: what came since then is not given up."""
        if await ledger.talks.commit(talk, state.since, state.record, ()):
            log.error("conversation %s was given up: no worker has scored it", talk.key)
            self.recorder.conversation_ended(Record.from_json(state.record))

    def _ledger(self, one: Waiting) -> Ledger:
        return self.stores.of(bytes.fromhex(one.key))

    def _patience(self) -> Patience:
        work = self.work
        return Patience(
            redispatch_ms=int(work.redispatch_s * 1000),
            max_attempts=work.max_attempts,
            max_wait_ms=int(work.max_wait_s * 1000),
            worker_ms=int((work.deadline_s + 2 * SCORING_GRACE_S) * 1000),
        )


def draft_of(one: Waiting, known: Known) -> Record:
    """The record of a scoring before it is done (and of one that nobody did): its revision, and what was there."""
    before = known.before
    return Record(
        tenant=one.tenant,
        trace_id=one.key,
        kind=KIND,
        revision=before.revision + 1 if before is not None else 0,
        ended_at_ms=one.waiting_ms,
        status="judge_timeout",
        conversation_id=one.conversation_id,
        user_hash=next((kept.user_hash for kept in known.kept if kept.user_hash), ""),
        times=Times(last_seen_ms=one.waiting_ms),
        course=replace(_seen_before(known), known_traces=known.traces),
    )


def _seen_before(known: Known) -> Course:
    """Traces and turns that the scoring before has seen."""
    return (known.before.course if known.before is not None else None) or Course()


def _is_told(known: Known) -> bool:
    return {kept.trace_id for kept in known.kept} <= set(_seen_before(known).trace_ids)
