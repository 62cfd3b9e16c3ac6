"""A file instead of a backend: one OTLP/JSON request a line, traces and logs mixed.

A request is acknowledged when its line is in the file (and on the disk, with fsync). Lines are whole: writers of all
processes take the file's lock, an unfinished line of one that was killed is cut off by the next, and a line for which
the disk has no room is taken back.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from otel_scorer.errors import BadRequest
from otel_scorer.online.backend import Accepted, Misconfigured, Outcome, Refused, Retryable, Unsupported
from otel_scorer.otlp import request_to_json
from otel_scorer.wire.parts import Signal

_TAIL = 1 << 16
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EINTR})


class FileBackend:
    """Appends to one file, opened anew for each write: a file that was moved away is begun again."""

    def __init__(self, path: Path, *, fsync: bool = True) -> None:
        self.name = f"file {path}"
        self._path = path
        self._fsync = fsync
        self._writing = asyncio.Lock()
        self._batch = _Batch()

    async def send(
        self,
        signal: Signal,
        body: bytes,
        headers: Mapping[str, str],  # noqa: ARG002
        timeout_s: float,  # noqa: ARG002
    ) -> Outcome:
        """See `Backend.send`. Headers are not kept. The time-out is not needed: a write that has begun is finished."""
        if signal == "metrics":
            return Unsupported("the file keeps traces and logs, not metrics")
        if not body:
            return Accepted()
        try:
            line = await asyncio.to_thread(request_to_json, signal, body)
        except BadRequest as error:
            return Refused(str(error))
        return _outcome(await self._write(line.rstrip(b"\n") + b"\n"))

    async def close(self) -> None:
        """Waits for the write under way."""
        async with self._writing:
            pass

    async def _write(self, line: bytes) -> OSError | None:
        """Lines that come while a write is under way go together in the next one: one fsync for all."""
        batch = self._batch
        batch.lines.append(line)
        if batch.writing is None:
            batch.writing = asyncio.create_task(self._flush(batch))
        return await asyncio.shield(batch.writing)

    async def _flush(self, batch: _Batch) -> OSError | None:
        async with self._writing:
            self._batch = _Batch()
            return await asyncio.to_thread(_append, self._path, b"".join(batch.lines), self._fsync)


class _Batch:
    """Lines that are written together, and the task that does it."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.writing: asyncio.Task[OSError | None] | None = None


def _append(path: Path, data: bytes, fsync: bool) -> OSError | None:
    """All of `data` or nothing of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        return error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _write_whole(descriptor, data, fsync)
    except OSError as error:
        return error
    finally:
        os.close(descriptor)
    return None


def _write_whole(descriptor: int, data: bytes, fsync: bool) -> None:
    start = _cut_unfinished(descriptor)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if fsync:
            os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, start)
        raise


def _cut_unfinished(descriptor: int) -> int:
    """The file's size, after a last line without its end was cut off. Nobody was told that such a line is safe."""
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return size
    end = size
    while end > 0:
        begin = max(0, end - _TAIL)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            end = begin + found + 1
            break
        end = begin
    os.ftruncate(descriptor, end)
    return end


def _outcome(error: OSError | None) -> Outcome:
    if error is None:
        return Accepted()
    message = f"the file cannot be written: {error.strerror or type(error).__name__}"
    return Retryable(None, message) if error.errno in _FULL else Misconfigured(message)
