"""One `serve` process: receiver, pipeline clock and exporter, started downstream first and stopped upstream first."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from otel_scorer.config import Settings
from otel_scorer.errors import LedgerDown, LedgerError, LedgerRefuses, LedgerRefusesUs, UserError
from otel_scorer.history.record import Record
from otel_scorer.ledger.health import require_durable
from otel_scorer.ledger.store import Ledger
from otel_scorer.online.admission import Admission
from otel_scorer.online.backend import Backend
from otel_scorer.online.backend_target import refuse_ourselves, resolve
from otel_scorer.online.backends import open_backend
from otel_scorer.online.breaker import Breaker
from otel_scorer.online.broker import Dispatcher, celery_app
from otel_scorer.online.bypass import Bypass
from otel_scorer.online.conversations import Conversations
from otel_scorer.online.departures import Departures
from otel_scorer.online.dispatch import Dispatch, DispatchQueue
from otel_scorer.online.drain import Drain
from otel_scorer.online.evaluation_outbox import EvaluationSender, drop_forsaken
from otel_scorer.online.evaluation_stores import EvaluationStore, signal_of
from otel_scorer.online.exchange import ExportAnswer
from otel_scorer.online.forward import BackendWatch, forward
from otel_scorer.online.grace import Grace
from otel_scorer.online.health import HealthServer
from otel_scorer.online.intake import Intake, Shard, Wanted
from otel_scorer.online.journal import Journal
from otel_scorer.online.load import LoadMonitor
from otel_scorer.online.load_gauges import LoadGauges
from otel_scorer.online.open_traces import OpenSettings, OpenTraces
from otel_scorer.online.outbox import OutboxSender
from otel_scorer.online.recording import Ended, Recorder, bypassed_ending
from otel_scorer.online.shipping import Shipper
from otel_scorer.online.stores import Stores, open_stores, trace_limits
from otel_scorer.online.sweep import Sweeper
from otel_scorer.online.telemetry import Metrics, Telemetry
from otel_scorer.online.transport_grpc import GrpcReceiver
from otel_scorer.online.transport_http import HttpReceiver
from otel_scorer.online.unknown_evaluations import UnknownEvaluations
from otel_scorer.online.waiting_traces import WaitingTraces
from otel_scorer.otlp import Signal
from otel_scorer.sampling.named import refuse_unknown_rubrics
from otel_scorer.sampling.windows import Windows
from otel_scorer.scoring.rubrics.requested import RequestedRubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.serve.archive import Archive
from otel_scorer.serve.scoring_parts import windows_of, write_back

log = logging.getLogger(__name__)
_AGAIN_S = 1.0
_LAST_ROUND_S = 3.0
_DOORS_S = 12.0

Loop: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class Service:
    """Everything of one `serve` process. `store_urls` are those of the settings, or the embedded one."""

    def __init__(self, settings: Settings, store_urls: Sequence[str], ended: Ended) -> None:
        """`ended` is told every record that this process commits. Raises UserError for what cannot work."""
        self._settings = settings
        self._urls = store_urls
        self._tasks: list[asyncio.Task[None]] = []
        self._senders: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._doors = contextlib.AsyncExitStack()
        self._closing = contextlib.AsyncExitStack()
        self.metrics = Metrics()
        self._watch = BackendWatch(self.metrics)
        self._wanted = Wanted()
        self._ended = ended
        self._inline = settings.placement == "inline"
        rubrics = RubricSet.load(settings.scoring.folders, settings.scoring.assigned)
        refuse_unknown_rubrics(settings.sampling, rubrics.choose)
        self._rubrics = RequestedRubrics(rubrics, settings.scoring.requests, UnknownEvaluations(self.metrics))
        self._recorder = Recorder(
            settings.sampling.salt_for(settings.deployment),
            settings.history.salt_for(settings.deployment),
            self.metrics,
        )
        self._shards: list[Shard] = []
        self._monitors: list[LoadMonitor] = []
        self._drains: list[Drain] = []
        self._windows: Windows | None = None
        self._gauges = LoadGauges(self.metrics, settings.ledger.max_mib * 1024 * 1024)
        self._away_at_start: dict[str, LedgerDown] = {}
        self._started = False

    async def start(self) -> None:
        """Returns when requests are taken. Raises UserError; what was started is stopped then."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        self._started = True

    async def _start(self) -> None:
        settings = self._settings
        listeners = [address for address in (settings.receive.grpc, settings.receive.http) if address]
        if settings.backend.endpoint is not None:
            refuse_ourselves(resolve(settings.backend), listeners)
        telemetry = Telemetry(settings.telemetry, self.metrics, listeners)
        self._closing.push_async_callback(asyncio.to_thread, telemetry.close)
        stores = await self._open_stores()
        self._windows = windows_of(settings, stores.ledgers[0])
        archive = await Archive.open(settings)
        self._closing.push_async_callback(archive.close)
        backend = open_backend(settings.backend)
        self._closing.push_async_callback(backend.close)
        dispatch = self._open_dispatch()
        self._tasks.append(asyncio.create_task(archive.open_until_it_is_there(), name="history-open"))
        self._run(archive.prune_for_ever, "history-prune")
        for ledger in stores.ledgers:
            self._start_store(ledger, backend, dispatch, archive)
        self._start_conversations(stores, dispatch, archive)
        await self._start_doors(stores, backend, telemetry)

    async def _open_stores(self) -> Stores:
        limits = trace_limits(self._settings.complete, self._settings.hold, holds=self._inline)
        stores = open_stores(self._urls, self._settings.ledger, limits)
        self._closing.push_async_callback(stores.close)
        for ledger in stores.ledgers:
            try:
                await require_durable(ledger.client, self._settings.ledger)
            except LedgerRefusesUs as error:
                raise UserError(f"{error}: mend ledger.urls, or the store's users") from error
            except LedgerDown as error:
                self._away_at_start[ledger.name] = error
                log.error("we start without the ledger, %s: %s", _meanwhile(self._settings), error)
            except LedgerError as error:
                raise UserError(f"{error}: mend it, or name another store in ledger.urls") from error
        return stores

    def _open_dispatch(self) -> Dispatch:
        app = celery_app(self._urls[0], self._settings.work, self._settings.ledger.prefix)
        queue = DispatchQueue(Dispatcher(app, self._settings.work.queue), self.metrics)
        self._closing.push_async_callback(queue.close)
        return queue.dispatch

    # ---- the pipeline of one store
    # ------------------------------------------------------------------------------------

    def _start_store(self, ledger: Ledger, backend: Backend, dispatch: Dispatch, archive: Archive) -> None:
        settings = self._settings
        grace = Grace(settings.ledger.recovery_grace_s)
        self._shards.append(self._shard(ledger, grace))
        observe = partial(self._gauges.saw, ledger.name)
        monitor = LoadMonitor(ledger, settings.ledger, settings.work.max_waiting, self._wanted, observe, grace)
        self._monitors.append(monitor)
        self._run(monitor.run, "ledger-load")
        drain = Drain(ledger, archive.write, self.metrics)
        self._drains.append(drain)
        self._run(drain.run, "history-drain")
        timeout_s = settings.backend.timeout_s
        outbox = OutboxSender(
            ledger,
            backend,
            self.metrics,
            self._watch,
            timeout_s=timeout_s,
            retry_s=settings.sweep.retry_s,
        )
        self._send(lambda: outbox.run(settings.sweep.poll_s, self._stopping), "outbox")
        self._start_evaluations(ledger)
        shipper = Shipper(backend, settings.sweep, self.metrics, self._watch, timeout_s=timeout_s)
        for number in range(settings.sweep.sweepers):
            sweeper = self._sweeper(ledger, shipper, dispatch, monitor, grace)
            self._send(partial(self._sweep, sweeper, number * settings.sweep.poll_s), "sweeper")

    def _start_evaluations(self, ledger: Ledger) -> None:
        settings = self._settings
        lanes = []
        for number, of_store in enumerate(settings.evaluation_stores):
            lanes.append(signal_of(number))
            store = EvaluationStore(of_store)
            self._closing.push_async_callback(store.close)
            sender = EvaluationSender(ledger, lanes[-1], store.send, self.metrics)
            self._send(partial(sender.run, settings.sweep.poll_s, self._stopping), "evaluations")
        self._run(lambda: drop_forsaken(ledger, lanes, self.metrics, self._stopping), "forsaken-evaluations")

    def _start_conversations(self, stores: Stores, dispatch: Dispatch, archive: Archive) -> None:
        settings = self._settings
        if not settings.conversation.enabled or not settings.keep.scored:
            return
        conversations = Conversations(
            archive.conversations,
            stores,
            settings.conversation,
            settings.work,
            self._recorder,
            dispatch,
            shed=lambda: any(monitor.pressure.shed for monitor in self._monitors),
        )
        self._run(lambda: conversations.run(self._stopping), "conversations")

    async def _sweep(self, sweeper: Sweeper, later_s: float) -> None:
        await asyncio.sleep(later_s)
        await sweeper.run(self._stopping)

    def _sweeper(
        self, ledger: Ledger, shipper: Shipper, dispatch: Dispatch, monitor: LoadMonitor, grace: Grace
    ) -> Sweeper:
        settings = self._settings
        # they take turns in looking: idle, all of them together look as often as one would
        turns = settings.sweep.model_copy(update={"poll_s": settings.sweep.poll_s * settings.sweep.sweepers})
        departures = Departures(
            ledger,
            shipper,
            settings.sweep,
            self.metrics,
            lease_s=settings.ledger.lease_s,
            ended=self._note_end,
        )
        opened = OpenTraces(
            ledger,
            OpenSettings(settings.complete, settings.hold, settings.sweep, settings.work, settings.sampling),
            self._rubrics,
            self._recorder,
            dispatch,
            lambda: monitor.pressure,
            self._windows,
        )
        waiting = WaitingTraces(
            ledger,
            settings.hold,
            settings.sweep,
            settings.work,
            write_back(settings),
            self._recorder,
            dispatch,
            lambda: monitor.workers,
        )
        return Sweeper(ledger, opened, waiting, departures, turns, self.metrics, grace)

    def _note_end(self, record: Record) -> None:
        self._recorder.ended(record)
        self._ended(record)

    # ---- the doors ---------------------------------------------------------------------------------------------------

    async def _start_doors(self, stores: Stores, backend: Backend, telemetry: Telemetry) -> None:
        settings = self._settings
        shards = tuple(self._shards)
        intake = Intake(
            stores,
            shards,
            self._forward_with(backend),
            self.metrics,
            placement=settings.placement,
            bypass=settings.ledger.on_failure == "bypass",
            deployment=settings.deployment,
            trust_upstream_scores=settings.receive.trust_upstream_scores,
            wanted=self._wanted,
            full=lambda: any(monitor.pressure.refuse for monitor in self._monitors),
        )
        if settings.telemetry.listen is not None:
            health = HealthServer(
                settings.telemetry.listen,
                self.readiness,
                telemetry.prometheus_text,
                insecure=settings.telemetry.insecure,
            )
            self._doors.push_async_callback(health.stop)
            await health.start()
        admission = Admission(settings.receive.max_in_flight_bytes)
        self._read_gauges(shards, admission)
        if settings.receive.grpc is not None:
            grpc_door = GrpcReceiver(settings.receive, intake.export, admission, self.metrics)
            self._doors.push_async_callback(grpc_door.stop)
            await grpc_door.start()
        if settings.receive.http is not None:
            http_door = HttpReceiver(settings.receive, intake.export, admission, self.metrics)
            self._doors.push_async_callback(http_door.stop)
            await http_door.start()

    def _read_gauges(self, shards: Sequence[Shard], admission: Admission) -> None:
        read = self.metrics.read_from
        read("in_flight_bytes", lambda: admission.in_flight)
        read("in_flight_requests", lambda: admission.requests)
        read("breaker_open", lambda: any(shard.breaker.state == "open" for shard in shards))
        read("ready", lambda: self.readiness()[0])

    def _shard(self, ledger: Ledger, grace: Grace) -> Shard:
        bypass = Bypass(ledger, Journal(bypassed_ending), self._settings.backend.timeout_s)
        self._closing.push_async_callback(bypass.close)

        def counted(error: LedgerError) -> None:
            self.metrics.add("ledger_errors", 1, kind=type(error).__name__)

        async def prove() -> None:
            try:
                await require_durable(ledger.client, self._settings.ledger)
            except UserError as error:
                raise LedgerRefuses(str(error)) from error

        away = self._away_at_start.get(ledger.name)
        silence_s = self._settings.ledger.silence_s
        breaker = Breaker(ledger, silence_s, bypass, grace, counted, prove=prove if away else None)
        self._closing.push_async_callback(breaker.close)
        if away is not None:
            breaker.failed(away, breaker.now())  # from now on it looks whether the store is there
        return Shard(breaker, bypass)

    def _forward_with(
        self, backend: Backend
    ) -> Callable[[Signal, bytes, Mapping[str, str]], Coroutine[Any, Any, ExportAnswer]]:
        timeout_s = self._settings.backend.timeout_s

        async def pass_on(signal: Signal, body: bytes, headers: Mapping[str, str]) -> ExportAnswer:
            taken = await forward(backend, self._watch, self.metrics, signal, body, headers, timeout_s)
            return ExportAnswer(taken.rejected, taken.message)

        return pass_on

    def readiness(self) -> tuple[bool, list[str]]:
        """Whether requests are taken, and what is not as promised.

        Workers that are missing keep nobody from sending, nor does a ledger that is bypassed while it is away.
        """
        away = [monitor.away for monitor in self._monitors if monitor.away]
        bypasses = self._settings.ledger.on_failure == "bypass"
        blocking = [] if bypasses else away
        notes = [f"agent spans pass unscored, for the ledger is away: {why}" for why in away] if bypasses else []
        blocking += [problem for monitor in self._monitors for problem in monitor.problems]
        if self._watch.problem is not None:
            blocking.append(self._watch.problem)
        if not self._started:
            blocking.append("starting, or stopping")
        notes += [f"history is away: {drain.complaint}" for drain in self._drains if drain.complaint]
        if self._monitors and not any(monitor.workers for monitor in self._monitors):
            notes.append("no worker is running: nothing is scored (otel-scorer work)")
        return not blocking, blocking + notes

    def _run(self, loop: Loop, name: str) -> None:
        self._tasks.append(asyncio.create_task(_for_ever(loop, name, self._stopping), name=name))

    def _send(self, loop: Loop, name: str) -> None:
        """A loop that sends: it ends between two rounds, so that nothing is sent and then not committed."""
        self._run(loop, name)
        self._senders.append(self._tasks[-1])

    async def stop(self) -> None:
        """Doors first: requests in work are answered. What is held stays in the ledger, for whoever runs next."""
        self._started = False
        await _at_most(_DOORS_S, asyncio.create_task(self._doors.aclose(), name="closing-doors"))
        self._stopping.set()
        if self._senders:
            await asyncio.wait(self._senders, timeout=self._settings.backend.timeout_s + _LAST_ROUND_S)
        running = set(self._tasks)
        while running:  # more than once: a client of the store can swallow a cancellation
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=_AGAIN_S)
        self._tasks.clear()
        await self._closing.aclose()


def _meanwhile(settings: Settings) -> str:
    """What becomes of agent spans until the ledger is there."""
    if settings.ledger.on_failure == "bypass" and settings.placement == "inline":
        return "agent spans pass unscored until it is there"
    return "senders are told to retry until it is there"


async def _at_most(seconds: float, *tasks: asyncio.Task[None]) -> None:
    """Waits for the end of tasks, but no stop hangs on one: nothing depends on a clean end."""
    if not tasks:
        return
    _, left = await asyncio.wait(tasks, timeout=seconds)
    for task in left:
        log.error("%s did not end within %g s and is left alone", task.get_name(), seconds)


async def _for_ever(loop: Loop, name: str, stopping: asyncio.Event) -> None:
    """A loop of the service never ends by an error: it is logged, and the loop is begun again."""
    while not stopping.is_set():
        try:
            await loop()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.error("%s was cancelled from within and is begun again", name)  # by a library, not by us
        except Exception:
            log.exception("%s failed and is begun again", name)
            await asyncio.sleep(_AGAIN_S)
