"""The Celery application: built in a function, never global (two in one process share tasks by name otherwise).

A Celery message is a wake-up call that carries ids only; the ledger is the truth (design 2.1, rule 7). So there is no
result
backend, no ETA, no retry of Celery's own, and the settings below only make losses and doubles rare (reliability
T42-T54).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from celery import Celery

from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.talks import Talk
from otel_scorer.online.pipeline_settings import WorkSettings

TASK = "otel_scorer.score"
CONVERSATION_TASK = "otel_scorer.score_conversation"

Wake: TypeAlias = Member | Talk
"""Whom a wake-up call is about: a trace or a conversation."""


def broker_url(store_url: str) -> str:
    """The store's URL as kombu wants it."""
    return store_url.replace("unix://", "redis+socket://", 1) if urlsplit(store_url).scheme == "unix" else store_url


def celery_app(store_url: str, settings: WorkSettings, prefix: str) -> Celery:
    """An application without tasks; `add_score_task` and `add_conversation_task` give a worker its own."""
    app = Celery("otel_scorer", broker=broker_url(store_url), set_as_current=False, fixups=[])
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_default_queue=settings.queue,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=True,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        broker_transport_options={
            "visibility_timeout": max(60, int(2 * settings.deadline_s)),
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "global_keyprefix": f"{prefix}celery:",
        },
    )
    return app


def add_score_task(app: Celery, score: Callable[[str, str, int], None]) -> None:
    """Registers the one task; `shared=False` keeps it from other applications of the process."""
    app.task(score, name=TASK, shared=False, ignore_result=True)


def add_conversation_task(app: Celery, score: Callable[[str, str, int], None]) -> None:
    """Registers the task of conversations, as `add_score_task`."""
    app.task(score, name=CONVERSATION_TASK, shared=False, ignore_result=True)


class Dispatcher:
    """Publishes wake-up calls. Blocking (kombu): call it in a thread, never on a request's path (reliability,
    finding 9).
    """

    def __init__(self, app: Celery, queue: str) -> None:
        self._app = app
        self._queue = queue
        self._connection: Any = None

    def publish(self, calls: Sequence[tuple[Wake, int]]) -> None:
        """One message for each (trace, dispatch number). Raises kombu's OperationalError and OSError.

        The connection is kept: making one costs more than all that is said over it. One that has died meanwhile is
        made again, once; a message that goes out twice by that finds nothing to do.
        """
        if self._connection is not None:
            try:
                self._send_all(calls)
                return
            except Exception:
                self._disconnect()
        self._connection = self._app.connection_for_write()
        try:
            self._send_all(calls)
        except BaseException:
            self._disconnect()
            raise

    def _send_all(self, calls: Sequence[tuple[Wake, int]]) -> None:
        with self._app.amqp.Producer(self._connection) as producer:
            for wake, dispatch in calls:
                self._send(producer, wake, dispatch)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def _send(self, producer: Any, wake: Wake, dispatch: int) -> None:
        self._app.send_task(
            CONVERSATION_TASK if isinstance(wake, Talk) else TASK,
            args=[*wake, dispatch],
            queue=self._queue,
            producer=producer,
            ignore_result=True,
            retry=False,
        )

    def close(self) -> None:
        self._disconnect()
        self._app.close()
