"""The processes: what `otel-scorer serve`, `work` and `up` run."""

from __future__ import annotations

from otel_scorer.online.runtime import prepare_runtime, settle_runtime

prepare_runtime()  # before anything below imports grpc

import asyncio  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Coroutine, Mapping, Sequence  # noqa: E402
from typing import Any  # noqa: E402

import uvloop  # noqa: E402

from otel_scorer.config import Settings  # noqa: E402
from otel_scorer.errors import UserError  # noqa: E402
from otel_scorer.history.record import Record  # noqa: E402
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey  # noqa: E402
from otel_scorer.online.logging_setup import configure_logging  # noqa: E402
from otel_scorer.online.recording import Ended  # noqa: E402
from otel_scorer.serve.printing import announce, print_ending  # noqa: E402
from otel_scorer.serve.scoring_parts import worker_of  # noqa: E402
from otel_scorer.serve.service import Service  # noqa: E402

log = logging.getLogger(__name__)
_RESTART_S = 1.0
_LONGEST_S = 10.0
"""Between two starts of a store that ends at once, as on a full disk."""
_STEADY_S = 30.0
_LOOK_S = 0.2
_STOP_S = 30.0


def run_serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises UserError."""
    _require_stores(settings, "serve")
    _require_backend(settings)
    configure_logging(settings.log)
    uvloop.run(_serve(settings, _urls(settings), _quiet, []))


def run_work(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises UserError."""
    _require_stores(settings, "work")
    configure_logging(settings.log)
    sys.exit(worker_of(settings, _urls(settings)).run())


def run_up(settings: Settings) -> None:
    """`serve` and one `work` on this machine, with an embedded Valkey unless the settings name stores. Raises
    UserError.
    """
    configure_logging(settings.log)
    to_file = settings.backend.endpoint is None
    if to_file and settings.placement == "tap":
        raise UserError("placement: tap needs a backend for its evaluation spans: give --backend URL")
    if to_file and settings.backend.file is None:
        file = settings.ledger.data_dir / "traces.jsonl"
        settings = settings.model_copy(update={"backend": settings.backend.model_copy(update={"file": file})})
    embedded = _start_embedded(settings)
    urls = [embedded.url] if embedded else _urls(settings)
    try:
        ended = print_ending if to_file else _quiet
        serving = _serve(settings, urls, ended, [lambda: _supervised_worker(settings, urls)], announced=True)
        uvloop.run(_with_store(embedded, serving) if embedded else serving)
    finally:
        if embedded is not None:
            embedded.stop()


def _start_embedded(settings: Settings) -> EmbeddedValkey | None:
    if settings.ledger.urls:
        return None
    fsync = "always" if settings.ledger.durability == "strict" else "everysec"
    return start_valkey(settings.ledger.data_dir, fsync=fsync, max_memory_mib=2 * settings.ledger.max_mib + 64)


async def _with_store(store: EmbeddedValkey, serving: Coroutine[Any, Any, None]) -> None:
    keeper = asyncio.create_task(_keep_running(store), name="embedded-valkey")
    try:
        await serving
    finally:
        keeper.cancel()


async def _keep_running(store: EmbeddedValkey) -> None:
    """Until cancelled. Meanwhile spans are bypassed or refused as for any store that is away; none in it are lost."""
    pause_s = _RESTART_S
    while True:
        began = time.monotonic()
        while store.ended is None:
            await asyncio.sleep(_LOOK_S)
        pause_s = _RESTART_S if time.monotonic() - began > _STEADY_S else min(2 * pause_s, _LONGEST_S)
        log.error("the embedded Valkey ended with code %s, and is started again: see %s", store.ended, store.log)
        try:
            store.start_again()
        except OSError as error:
            log.error("the embedded Valkey cannot be started: %s", error)
        await asyncio.sleep(pause_s)


def _urls(settings: Settings) -> list[str]:
    return [url.get_secret_value() for url in settings.ledger.urls]


def _require_stores(settings: Settings, command: str) -> None:
    if not settings.ledger.urls:
        raise UserError(
            f"ledger.urls: `otel-scorer {command}` needs the store that all processes share: set ledger.urls to "
            "redis://HOST:6379/0 (or use `otel-scorer up`, which brings its own)"
        )


def _require_backend(settings: Settings) -> None:
    if settings.backend.endpoint is None and settings.backend.file is None:
        raise UserError(
            "backend.endpoint: no tracing backend is given: use --backend http://HOST:4317, or set backend.file"
        )


def _quiet(_record: Record) -> None:
    """Nothing is printed for a trace: its scores are in the backend."""


Companion = Callable[[], "Supervised"]


async def _serve(
    settings: Settings,
    urls: Sequence[str],
    ended: Ended,
    companions: Sequence[Companion],
    *,
    announced: bool = False,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    service = Service(settings, urls, ended)
    await service.start()
    settle_runtime()
    supervised = [companion() for companion in companions]
    watches = [asyncio.create_task(one.watch()) for one in supervised]
    if announced:
        announce(settings)
    log.info("ready: %s", ", ".join(filter(None, (settings.receive.grpc, settings.receive.http))))
    try:
        await stopping.wait()
    finally:
        for task in watches:
            task.cancel()
        await service.stop()
        for one in supervised:
            await asyncio.to_thread(one.stop)


class Supervised:
    """A child process that is started again when it ends (a Celery worker can die with its broker's connection)."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], stdin: bytes) -> None:
        self._command = command
        self._environment = environment
        self._stdin = stdin
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            self._command, stdin=subprocess.PIPE, env=dict(self._environment), start_new_session=True
        )
        assert process.stdin is not None  # noqa: S101 - asked for
        process.stdin.write(self._stdin)
        process.stdin.flush()
        return process  # the pipe stays open: its end tells the child that we are gone

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            code = await asyncio.to_thread(self._process.wait)
            log.warning("the worker ended with code %s: started again", code)
            await asyncio.sleep(_RESTART_S)
            self._process = self._start()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not heed it: what it was scoring is dispatched again."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _supervised_worker(settings: Settings, urls: Sequence[str]) -> Supervised:
    from otel_scorer.serve.scoring_parts import packed_settings

    started = time.monotonic()
    process = Supervised([sys.executable, "-m", "otel_scorer.serve.child"], os.environ, packed_settings(settings, urls))
    log.debug("worker started in %.2f s", time.monotonic() - started)
    return process
