"""The real OpenTelemetry Collector, built by its own builder from `otelcol-builder.yaml` (two minutes, once)."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from realtools.kept import CannotBuild, kept, run_go, skip

MANIFEST = Path(__file__).parent / "otelcol-builder.yaml"


def otelcol_binary() -> Path | None:
    """The Collector, or None where it cannot be had (no Go, no module proxy)."""
    try:
        return _built()
    except CannotBuild:
        return None


def otelcol() -> Path:
    """The Collector; skips the test where it cannot be had, and says why."""
    try:
        return _built()
    except CannotBuild as error:
        skip(f"no OpenTelemetry Collector: {error}")


@functools.cache
def _outcome() -> Path | CannotBuild:
    manifest = MANIFEST.read_text(encoding="utf-8")
    version = yaml.safe_load(manifest)["dist"]["version"]

    def build(path: Path) -> None:
        builder = f"go.opentelemetry.io/collector/cmd/builder@v{version}"
        made = path.parent / "build"
        config = path.parent / "manifest.yaml"
        config.write_text(yaml.safe_dump(_with_output(yaml.safe_load(manifest), made)))
        run_go("run", builder, "--config", str(config), folder=path.parent, environment={"CGO_ENABLED": "0"})
        (made / "otelcol").rename(path)

    try:
        return kept(f"otelcol-{version}", manifest, build)
    except CannotBuild as error:
        return error


def _built() -> Path:
    outcome = _outcome()  # remembered in both cases: a build that fails is not tried by every test
    if isinstance(outcome, CannotBuild):
        raise outcome
    return outcome


def _with_output(manifest: dict[str, dict[str, str]], folder: Path) -> dict[str, dict[str, str]]:
    return {**manifest, "dist": {**manifest["dist"], "output_path": str(folder)}}


def validate(program: Path, config: Path, environment: Mapping[str, str]) -> str:
    """What `otelcol validate` finds wrong with a config file; empty when nothing."""
    done = subprocess.run(
        [program, "validate", f"--config={config}"], env=dict(environment), capture_output=True, text=True, timeout=60
    )
    return "" if done.returncode == 0 else done.stderr or f"exit code {done.returncode}"


@contextlib.contextmanager
def running(program: Path, config: Path, environment: Mapping[str, str], log: Path, health: str) -> Iterator[None]:
    """A Collector with that config, from when `health` (the URL of its health_check extension) answers."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [program, f"--config={config}"], env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _until_healthy(process, log, health)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_healthy(process: subprocess.Popen[bytes], log: Path, health: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text("utf-8", "replace")[-3000:]
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the Collector did not become healthy\n{log.read_text('utf-8', 'replace')[-3000:]}")
