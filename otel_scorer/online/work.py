"""A worker process: Celery's thread pool in front, one asyncio loop behind it on which all scoring runs (design
2.5).
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
import warnings
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import uvloop
from celery.exceptions import SecurityWarning
from celery.signals import worker_shutting_down

from otel_scorer.errors import LedgerError
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.talks import Talk
from otel_scorer.online.apart import ApartProcess, MakeScorer
from otel_scorer.online.broker import add_conversation_task, add_score_task, celery_app
from otel_scorer.online.check_threads import CheckThreads, end_when_stuck
from otel_scorer.online.pipeline_settings import SCORING_GRACE_S, WorkSettings
from otel_scorer.online.scorer import Scorer, beat_for_ever
from otel_scorer.online.stores import Stores

log = logging.getLogger(__name__)
_CLOSE_S = 5.0
_LOOP_LOST = 70
"""Exit code of a worker whose scoring loop was ended from within."""


@dataclass(frozen=True)
class Worker:
    """One worker process's parts."""

    make_scorer: MakeScorer
    store_url: str
    prefix: str
    settings: WorkSettings

    def run(self) -> int:
        """Until SIGTERM or SIGINT (Celery's warm shutdown: running scorings end, the others go back). Answers an
        exit code.
        """
        loop = _LoopThread()
        name = worker_name()
        scorer, apart, stores = loop.run(self._prepare(name))
        beat = loop.start(beat_for_ever(stores.ledgers, name, self.settings.heartbeat_s))
        watch = loop.start(end_when_stuck(loop.threads, self.settings.deadline_s + SCORING_GRACE_S))
        try:
            code = self._consume(name, scorer, loop)
        finally:
            beat.cancel()
            watch.cancel()
            loop.run(_close(apart, stores))
            loop.stop()
        if loop.threads.stuck():  # the interpreter would wait for them at its end, for ever
            logging.shutdown()
            os._exit(code)
        return code

    async def _prepare(self, name: str) -> tuple[Scorer, ApartProcess, Stores]:
        scorer, stores = self.make_scorer(name)
        apart = ApartProcess(self.make_scorer, name, scorer.ledger_of, self.settings.deadline_s)
        apart.start()
        return replace(scorer, apart=apart.queue), apart, stores

    def _consume(self, name: str, scorer: Scorer, loop: _LoopThread) -> int:
        def wait_for(scoring: Coroutine[Any, Any, None], what: str) -> bool:
            return loop.waits_for(scoring, what, self.settings.deadline_s + SCORING_GRACE_S)

        def score(tenant: str, trace_id: str, dispatch: int) -> None:
            member = Member(str(tenant), str(trace_id))
            if not wait_for(scorer.score(member, int(dispatch)), f"trace {trace_id}"):
                wait_for(scorer.stopped(member), f"trace {trace_id}")

        def score_conversation(tenant: str, key: str, dispatch: int) -> None:
            if scorer.conversations is not None:
                scoring = scorer.conversations.score(Talk(str(tenant), str(key)), int(dispatch))
                wait_for(scoring, f"conversation {key}")

        app = celery_app(self.store_url, self.settings, self.prefix)
        add_score_task(app, score)
        add_conversation_task(app, score_conversation)
        # as root Celery warns of pickle; nothing but JSON with ids is accepted here
        warnings.filterwarnings("ignore", category=SecurityWarning)
        worker = app.Worker(
            pool="threads",
            concurrency=self.settings.concurrency,
            loglevel="WARNING",
            hostname=name,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        ways: list[str] = []

        def told(how: str, **_: Any) -> None:
            ways.append(how)

        worker_shutting_down.connect(told)
        worker.start()
        stopped = ways[-1:] == ["Warm"]  # Celery calls an orderly stop by Ctrl-C a failure
        return 0 if stopped else int(worker.exitcode or 0)


def worker_name() -> str:
    """Whose trace it is, in the ledger. A container that is started again has the same host name and process ids."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


async def _close(apart: ApartProcess, stores: Stores) -> None:
    try:
        async with asyncio.timeout(_CLOSE_S):
            await apart.close()
    except TimeoutError:
        log.warning("a trace could not be given back: it is dispatched again later")
    await stores.close()


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self.threads = CheckThreads()
        self._loop.set_default_executor(self.threads)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="scoring-loop", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            if not self._stopping:  # a check called sys.exit(): a worker without its loop would only seem to live
                log.critical("the scoring loop was ended from within: the worker ends")
                os._exit(_LOOP_LOST)

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, Any], timeout_s: float | None = None) -> Any:
        """Waits for it in the calling thread; after the time-out it is cancelled."""
        future = self.start(coroutine)
        try:
            return future.result(timeout_s)
        finally:
            future.cancel()

    def waits_for(self, scoring: Coroutine[Any, Any, None], what: str, most_s: float) -> bool:
        """Whether it came to its end, or waits for the ledger; False where it took too long and was stopped."""
        try:
            self.run(scoring, most_s)
        except LedgerError as error:
            log.warning("scoring waits: %s", error)
        except TimeoutError:
            log.warning("scoring %s took too long and was stopped", what)
            return False
        return True

    def stop(self) -> None:
        self._stopping = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
