"""Images and containers without a daemon or a registry: debootstrap makes a base, buildah builds, podman runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from realtools.kept import kept, kept_folder, skip

BASE = "localhost/otel-scorer-tests/debian-python:bookworm"
IMAGE = "localhost/otel-scorer-tests/otel-scorer:latest"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_CONF = Path("/etc/pip.conf")
_TOOLS = ("buildah", "podman", "runc", "debootstrap")
_PACKAGES = "python3,python3-venv,ca-certificates"
HARDENED = (
    *("--runtime", "runc", "--network", "host", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=2000:2000"),
    *("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"),
)
"""As docker-compose.yml and deploy/kubernetes run it. Where cgroups are hybrid, crun and default ulimits fail."""


def said(*command: str | Path, timeout_s: float = 900, environment: Mapping[str, str] | None = None) -> str:
    """What a command prints; AssertionError with the end of it where it fails."""
    done = subprocess.run(
        list(map(str, command)),
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
    return done.stdout


def image_of(source: Path) -> str:
    """The image that the Dockerfile in `source` builds; skips the test where the tools for it are not here."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        skip(f"no {', '.join(missing)}: the image is not built")
    if os.getuid() != 0:
        skip("not root, as debootstrap wants it: the image is not built")
    kept_folder().mkdir(parents=True, exist_ok=True)
    with (kept_folder() / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if subprocess.run(["podman", "image", "exists", BASE]).returncode != 0:
            said("podman", "import", debian(), BASE)
        secret = ("--secret", f"id=pip,src={PIP_CONF}") if PIP_CONF.exists() else ()
        options = ("--isolation", "chroot", "--format", "docker", "--layers", "--build-arg", f"BASE={BASE}")
        said("nice", "buildah", "build", *options, *secret, "-t", IMAGE, source)
    return IMAGE


def debian() -> Path:
    """A Debian with Python, packed, for `import`; skips the test where debootstrap cannot make one."""
    return kept("debian-python-bookworm.tar", _PACKAGES, _make_debian)


def _make_debian(path: Path) -> None:
    root = path.parent / "root"
    try:
        said("nice", "debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", root)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        skip(f"debootstrap cannot make a base image: {str(error)[-300:]}")
    shutil.copy(AUTHORITIES, root / AUTHORITIES.relative_to("/"))  # a network with an authority of its own
    unneeded = ("--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*")
    said("tar", "-C", root, *unneeded, "-c", "-f", path, ".")


@dataclass(frozen=True)
class Container:
    """A running one."""

    name: str
    log: Path

    def execute(self, *command: str) -> tuple[int, str]:
        done = subprocess.run(["podman", "exec", self.name, *command], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        said("podman", "stop", "--time", "60", self.name)
        return int(said("podman", "wait", self.name))

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")


@contextlib.contextmanager
def container(
    image: str, name: str, folder: Path, options: Sequence[str], command: Sequence[str]
) -> Iterator[Container]:
    """Runs `image`, hardened, until the end of the block."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["podman", "run", "--name", name, *HARDENED, *options, image, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Container(name, log)
    except BaseException:
        print(log.read_text("utf-8", "replace")[-5000:])
        raise
    finally:
        subprocess.run(["podman", "rm", "--force", "--time", "0", "--volumes", name], capture_output=True, timeout=120)
        process.wait(60)
