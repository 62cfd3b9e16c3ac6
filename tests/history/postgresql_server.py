"""A PostgreSQL server of the tests' own, from Debian's package, in a folder that goes with it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from e2e.running import free_port

PACKAGE_USER = "postgres"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, which Debian keeps out of the PATH; None where there is no server."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@contextmanager
def running_postgresql(place: Path) -> Iterator[str]:
    """URL of a server on a free loopback port; its files need no fsync, for they are thrown away."""
    folder = Path(tempfile.mkdtemp(prefix="os-pg-"))
    port = free_port()
    data = folder / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        if os.geteuid() == 0:  # PostgreSQL will not run as root
            user = pwd.getpwnam(PACKAGE_USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
        _run(folder, place / "initdb", "-D", data, "-U", "tests", "-A", "trust", "--no-sync", "-E", "UTF8")
        _run(folder, place / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql://tests@127.0.0.1:{port}/postgres"
        finally:
            _run(folder, place / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, *command: str | Path) -> None:
    asked: Sequence[str] = [str(part) for part in command]
    as_user = PACKAGE_USER if os.geteuid() == 0 else None
    with tempfile.TemporaryFile() as output:  # no pipe: the server that pg_ctl leaves would keep it open
        done = subprocess.run(asked, cwd=folder, stdout=output, stderr=output, user=as_user, check=False, timeout=60)
        output.seek(0)
        assert done.returncode == 0, f"{asked[0]}: {output.read().decode(errors='replace')}"
