"""A Docker daemon of a test's own, in namespaces of its own.

What it publishes on 127.0.0.1 is published there and nowhere else, its bridges and firewall rules are its own, and when
its first process ends the kernel ends all that it started. So a compose file comes up with the very ports that it
names, beside whatever listens on them outside. Images and layers are kept from one run to the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from realtools.compose_program import docker_compose
from realtools.containers import said
from realtools.kept import kept_folder, skip

_TOOLS = ("docker", "dockerd", "containerd", "runc", "ip", "iptables", "nsenter", "unshare")
_BENCHMARKS = ipaddress.ip_network("198.18.0.0/15")
"""RFC 2544: a network that nobody has."""
_INIT = """
set -e
ip link set lo up
until ip link show "$LINK" >/dev/null 2>&1; do sleep 0.05; done
ip address add "$ADDRESS" dev "$LINK"
ip link set "$LINK" up
ip route add default via "$GATEWAY"
dockerd --host "unix://$FOLDER/docker.sock" --data-root "$DATA" --exec-root "$FOLDER/exec" --pidfile "$FOLDER/pid" \\
  --log-level warn &
read -r _ || true
kill $!
wait
"""
"""Ends when its standard input does: with the test, however that ends."""


@dataclass(frozen=True)
class Daemon:
    """A running one."""

    folder: Path
    first: int
    """The first process of its namespaces, as seen from outside."""

    @property
    def variables(self) -> dict[str, str]:
        """For the client. HOME: no settings of a developer's own."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DOCKER_HOST": f"unix://{self.folder}/docker.sock",
            "DOCKER_CONFIG": str(self.folder / "config"),
        }

    def docker(self, *arguments: str | Path, timeout_s: float = 900) -> str:
        # `docker build` with BuildKit needs buildx; Compose brings its own client
        environment = {**self.variables, "DOCKER_BUILDKIT": "0"}
        return said("docker", *arguments, timeout_s=timeout_s, environment=environment)

    def has(self, image: str) -> bool:
        command = ["docker", "image", "inspect", image]
        return subprocess.run(command, env=self.variables, capture_output=True, timeout=60).returncode == 0

    def beside(self, *command: str) -> list[str]:
        """The command where the daemon publishes ports."""
        return ["nsenter", f"--target={self.first}", "--net", "--", *command]

    def kill(self, container: str) -> None:
        """SIGKILL to its first process, as the out-of-memory killer does it: `docker kill` would be a wish to stop."""
        process = self.docker("inspect", "--format", "{{.State.Pid}}", container).strip()
        said("nsenter", f"--target={self.first}", "--pid", "--mount", "--", "kill", "-9", process)


@contextlib.contextmanager
def docker_daemon() -> Iterator[Daemon]:
    """One at a time on this machine; skips the test where there is none to be had, and says why."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        skip(f"no {', '.join(missing)}: no Docker daemon")
    if os.getuid() != 0:
        skip("not root: no Docker daemon")
    if Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() != "1":
        skip("this machine does not forward packets (net.ipv4.ip_forward): no Docker daemon")
    plugin = docker_compose()
    kept_folder().mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as ending, (kept_folder() / "docker.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(tempfile.mkdtemp(prefix="os-docker-"))  # short: paths of sockets are limited
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        plugins = folder / "config" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(plugin)
        yield ending.enter_context(_started(folder))


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[Daemon]:
    index = os.getpid() % 2**15
    outside, inside = list(list(_BENCHMARKS.subnets(new_prefix=30))[index].hosts())
    link, peer = f"osd{index}", f"osd{index}i"
    data = kept_folder() / "docker"
    given = {"LINK": peer, "ADDRESS": f"{inside}/30", "GATEWAY": str(outside), "FOLDER": str(folder), "DATA": str(data)}
    log = folder / "dockerd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", _INIT],
            env={"PATH": os.environ["PATH"], **given},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        with _linked(process.pid, link, peer, f"{outside}/30") as first:
            daemon = Daemon(folder, first)
            _until_it_answers(process, daemon.variables, log)
            yield daemon
    except BaseException:
        print(log.read_text("utf-8", "replace")[-3000:])
        raise
    finally:
        _end(process)


@contextlib.contextmanager
def _linked(outer: int, link: str, peer: str, address: str) -> Iterator[int]:
    """A way out of the namespaces, for what building an image fetches; the first process in them."""
    first = _first_child(outer)
    network = str(ipaddress.ip_interface(address).network)
    rules = (
        ("nat", "POSTROUTING", "--source", network, "--jump", "MASQUERADE"),
        ("filter", "FORWARD", "--in-interface", link, "--jump", "ACCEPT"),
        ("filter", "FORWARD", "--out-interface", link, "--jump", "ACCEPT"),
    )
    with contextlib.ExitStack() as undoing:
        for table, *rule in rules:
            said("iptables", "--wait", "--table", table, "--insert", *rule)
            undoing.callback(said, "iptables", "--wait", "--table", table, "--delete", *rule)
        said("ip", "link", "add", link, "type", "veth", "peer", "name", peer, "netns", str(first))
        undoing.callback(subprocess.run, ["ip", "link", "delete", link], capture_output=True)
        said("ip", "address", "add", address, "dev", link)
        said("ip", "link", "set", link, "up")
        yield first


def _first_child(outer: int) -> int:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise AssertionError("unshare started nothing")


def _until_it_answers(process: subprocess.Popen[bytes], variables: Mapping[str, str], log: Path) -> None:
    """Skips where the kernel does not let a daemon be."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if subprocess.run(["docker", "version"], env=dict(variables), capture_output=True, timeout=30).returncode == 0:
            return
        time.sleep(0.2)
    skip(f"the Docker daemon does not start: {log.read_text('utf-8', 'replace')[-500:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()  # and with it all in its namespaces
        process.wait()
