"""The connection to one store: scripts by digest, one time-out, errors in our words.

No retries of redis-py's own (reliability T36): every script is idempotent, and the caller decides whether to try again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import hiredis
from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from otel_scorer.errors import (
    LedgerBusy,
    LedgerDown,
    LedgerError,
    LedgerFull,
    LedgerRefuses,
    LedgerRefusesUs,
    UserError,
)
from otel_scorer.ledger.scripts import NAMES, script

Argument: TypeAlias = str | bytes | int | float
Call: TypeAlias = tuple[str, Sequence[str], Sequence[Argument]]
"""Script name, keys, arguments."""

SCHEMES = ("redis", "rediss", "unix")
_FULL = ("OOM", "'maxmemory'")
_REFUSALS = ("MISCONF", "READONLY", "NOREPLICAS")
_NO_CONNECTION = "No connection available"
"""What the pool says when all connections are in use for too long."""


def shown(url: str) -> str:
    """The URL without its password, for logs and messages."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":****@") if parts.password else url


class StoreClient:
    """One store. `down_after_s` bounds every answer."""

    def __init__(self, url: str, down_after_s: float, connections: int = 32) -> None:
        scheme = urlsplit(url).scheme
        if scheme not in SCHEMES:
            raise UserError(
                f"ledger.urls: {shown(url)!r} is no store: use redis://host:6379/0, rediss://... or unix:///path/to/socket"
            )
        self.url = url
        self.name = shown(url)
        self._timeout_s = down_after_s
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=down_after_s
            / 2,  # sooner than an answer: who waits for us is told apart from who waits for the store
            socket_timeout=None,  # `guard` bounds everything: redis-py's own way costs a task for each command
            socket_connect_timeout=down_after_s,
            **({} if scheme == "unix" else {"socket_keepalive": True}),
            retry=Retry(NoBackoff(), 0),
            decode_responses=False,
        )
        pool.connection_class = _packing(pool.connection_class)
        self._pool: Any = pool
        self.redis: Redis = Redis(connection_pool=pool)
        """For single commands now and then; `guard` each."""

    async def run(self, call: Call) -> Any:
        """One script's answer. Raises LedgerDown, LedgerRefuses or LedgerError."""
        return (await self.run_all([call]))[0]

    async def run_all(self, calls: Sequence[Call]) -> list[Any]:
        """The answers of several scripts in one round trip; raises the first error after all have run."""
        if not calls:
            return []
        answers = await self._pipeline(calls)
        if any(isinstance(answer, exceptions.NoScriptError) for answer in answers):
            await self.load_scripts()
            answers = await self._pipeline(calls)
        return self._checked(answers)

    async def all_of(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """`ask`; raises the first error among the answers."""
        return self._checked(await self.ask(commands))

    def _checked(self, answers: list[Any]) -> list[Any]:
        for answer in answers:
            if isinstance(answer, Exception):
                raise translated(answer, self.name)
        return answers

    async def _pipeline(self, calls: Sequence[Call]) -> list[Any]:
        commands = [("EVALSHA", script(name).digest, len(keys), *keys, *rest) for name, keys, rest in calls]
        return await self.ask(commands)

    async def ask(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """The answers to several commands in one round trip, as the store gave them; its errors stand among them.

        Without what redis-py does around a pipeline, which costs more than the commands. Raises LedgerDown.
        """
        return list(await self.guard(self._exchange([_packed(command) for command in commands])))

    async def _exchange(self, packed: Sequence[bytes]) -> list[Any]:
        connection = await self._pool.get_connection()
        try:
            await connection.send_packed_command(packed, check_health=False)
            return [await _answer(connection) for _ in packed]
        finally:
            await self._pool.release(connection)

    async def load_scripts(self) -> None:
        """Hands the store every script; also the cheapest question whether it lives."""
        pipe = self.redis.pipeline(transaction=False)
        for name in NAMES:
            pipe.script_load(script(name).source)
        await self.guard(pipe.execute())

    async def guard(self, awaitable: Any) -> Any:
        """Awaits a command with our time-out and translates what goes wrong."""
        cancelled = _cancellations()
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await awaitable
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            _heed_cancellation(cancelled)
            raise translated(error, self.name) from error
        _heed_cancellation(cancelled)
        return answer

    async def close(self) -> None:
        await self.redis.aclose(close_connection_pool=True)


def _packed(command: Sequence[Any]) -> bytes:
    return bytes(hiredis.pack_command(tuple(command)))


async def _answer(connection: Any) -> Any:
    """A connection that fails, or is given up while it answers, is closed by redis-py."""
    try:
        return await connection.read_response(disable_decoding=True)
    except exceptions.ResponseError as error:
        return error


def _cancellations() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def _heed_cancellation(before: int) -> None:
    """redis-py sends under `asyncio.wait_for`, which until Python 3.12 swallows a cancellation that comes just as the
    sending is done: a loop that is told to end would go on for ever.
    """
    if _cancellations() > before:
        raise asyncio.CancelledError


def _packing(kind: type[Any]) -> type[Any]:
    """The connection class with commands packed in C: redis-py's asyncio packs argument by argument in Python."""

    class Packing(kind):  # type: ignore[misc]
        def pack_command(self, *args: Any) -> list[bytes]:
            words = args[0].split() if isinstance(args[0], str) else (args[0],)
            try:
                return [hiredis.pack_command((*words, *args[1:]))]
            except TypeError:  # a memoryview, say
                return list(super().pack_command(*args))

        def pack_commands(self, commands: Iterable[Any]) -> list[bytes]:
            return [chunk for command in commands for chunk in self.pack_command(*command)]

    return Packing


def translated(error: Exception, name: str) -> LedgerError:
    """The store's error in our words; the text of the error decides (Lua hides some classes, reliability T37)."""
    text = str(error)
    if isinstance(error, exceptions.ConnectionError) and _NO_CONNECTION in text:
        return LedgerBusy(f"ledger {name}: all connections are in use")
    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError) or "NOAUTH" in text:
        return LedgerRefusesUs(f"ledger {name}: {text}")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError | OSError | TimeoutError):
        return LedgerDown(f"ledger {name}: {type(error).__name__}: {text or 'no answer in time'}")
    if isinstance(error, exceptions.OutOfMemoryError) or any(word in text for word in _FULL):
        return LedgerFull(f"ledger {name} takes no writes: {text}")
    if isinstance(error, exceptions.ReadOnlyError) or any(word in text for word in _REFUSALS):
        return LedgerRefuses(f"ledger {name} takes no writes: {text}")
    if "LOADING" in text or "BUSY" in text:
        return LedgerDown(f"ledger {name}: {text}")
    return LedgerError(f"ledger {name}: {text}")
