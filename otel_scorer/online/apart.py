"""Suspect traces, those with which a worker died: each is scored alone, in a process of its own (design 2.5)."""

from __future__ import annotations

import asyncio
import logging
import math
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable

from otel_scorer.errors import LedgerError
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import GaveBack, Ledger
from otel_scorer.online.pipeline_settings import SCORING_GRACE_S
from otel_scorer.online.scorer import GIVE_BACK_S, Scorer
from otel_scorer.online.stores import Stores

log = logging.getLogger(__name__)
_DONE, _COULD_NOT, _CRASHED = 0, 75, 1
"""Exit codes of the process: any but the first two, and any signal, is a crash."""
_TELL_AGAIN_S = 1.0

MakeScorer = Callable[[str], tuple[Scorer, Stores]]
"""Builds the parts inside the loop that will use them: worker name -> scorer and its stores. Picklable: the process
apart builds its own."""


class ApartProcess:
    """Scores one suspect trace at a time: a crash is that trace's.

    One that waits for its turn is nobody's in the ledger: it loses neither time nor attempts, and is dispatched again
    to whoever is free.
    """

    def __init__(
        self, make_scorer: MakeScorer, worker: str, ledger_of: Callable[[Member], Ledger], deadline_s: float
    ) -> None:
        self._make_scorer = make_scorer
        self._worker = worker
        self._ledger_of = ledger_of
        self._deadline_s = deadline_s
        self._turns: asyncio.Queue[tuple[Member, int]] = asyncio.Queue()
        self._known: set[Member] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to take turns, on the running loop."""
        self._task = asyncio.create_task(self._take_turns(), name="apart")

    async def close(self) -> None:
        """The process that runs is stopped, its trace given back; those that wait are dispatched again anyway."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def queue(self, member: Member, dispatch: int) -> None:
        """Gives it a turn, if it has none."""
        if member not in self._known:
            self._known.add(member)
            self._turns.put_nowait((member, dispatch))

    async def _take_turns(self) -> None:
        while True:
            member, dispatch = await self._turns.get()
            try:
                await self._score(member, dispatch)
            except Exception:
                log.exception("trace %s could not be scored alone", member.trace_id)
            finally:
                self._known.discard(member)

    async def _score(self, member: Member, dispatch: int) -> None:
        process = multiprocessing.get_context("spawn").Process(
            target=score_alone, args=(self._make_scorer, self._worker, member, dispatch, self._deadline_s), daemon=True
        )
        process.start()
        stopped = True  # by us: no fault of the trace
        try:
            await asyncio.to_thread(process.join, self._deadline_s + SCORING_GRACE_S)
            stopped = False
        finally:
            process.kill()
            process.join()
            await self._tell(member, _COULD_NOT if stopped else process.exitcode)

    async def _tell(self, member: Member, exit_code: int | None) -> None:
        """What the process could not say itself; however long the ledger is away."""
        if exit_code == _DONE:
            return
        why: GaveBack = "" if exit_code == _COULD_NOT else "crash"
        if why:
            log.error("scoring trace %s alone killed its process (exit code %s)", member.trace_id, exit_code)
        while True:
            try:
                await self._ledger_of(member).give_back(member, self._worker, 0.0 if why else GIVE_BACK_S, why)
            except LedgerError:
                await asyncio.sleep(_TELL_AGAIN_S)
            else:
                return


def score_alone(make_scorer: MakeScorer, worker: str, member: Member, dispatch: int, deadline_s: float) -> None:
    """The body of the process apart: takes the trace in the name of `worker`, its parent."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the parent, which stops us as it likes
        signal.signal(number, signal.SIG_IGN)
    signal.alarm(math.ceil(deadline_s + 2 * SCORING_GRACE_S))  # should the parent be killed: a check may never end

    async def once() -> None:
        scorer, stores = make_scorer(worker)
        try:
            await scorer.score(member, dispatch)
        finally:
            await stores.close()

    try:
        asyncio.run(once())
    except Exception as error:  # the ledger is away, a rubric does not load: no fault of the trace
        log.warning("trace %s was not scored alone: %s", member.trace_id, type(error).__name__)
        sys.exit(_COULD_NOT)
    except BaseException:  # a check that calls sys.exit() ends a worker as well as os._exit()
        os._exit(_CRASHED)
