"""docker-compose.yml, read by Docker Compose's own reader: every profile holds, every service is hardened."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from e2e.running import free_port
from realtools.compose import project
from realtools.otelcol import running

from otel_scorer.config import load_settings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
PROFILES = {"": set(), "tempo": {"tempo", "grafana"}, "postgresql": {"postgres"}, "model": {"model"}}
ALWAYS = {"serve", "work", "valkey", "collector", "jaeger"}
WITHOUT_SHELL = {"collector", "tempo"}
"""Their images hold nothing that could ask for their health."""


@pytest.fixture
def everything() -> dict[str, Any]:
    services: dict[str, Any] = project(FILE, list(PROFILES)[1:])["services"]
    return services


@pytest.mark.parametrize("profile", PROFILES)
def test_compose_takes_the_file_with(profile: str) -> None:
    services = project(FILE, [profile] if profile else [])["services"]
    assert set(services) == ALWAYS | PROFILES[profile]


def test_compose_does_not_take_a_mistake(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(FILE.read_text().replace("read_only: true", "read_onyl: true"))
    with pytest.raises(AssertionError, match="read_onyl"):
        project(broken)


def test_every_service_is_nobody_s_read_only_bounded_and_pinned(everything: dict[str, Any]) -> None:
    for name, service in everything.items():
        limits = service["deploy"]["resources"]["limits"]
        assert not service["user"].startswith(("0", "root")), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert re.search(r":(?!latest)[\w.-]*\d[\w.-]*$", service["image"]), name
        assert "privileged" not in service, name


def test_every_service_says_how_its_health_is_asked(everything: dict[str, Any]) -> None:
    assert {name for name, service in everything.items() if "healthcheck" not in service} == WITHOUT_SHELL


def test_what_is_published_is_published_on_this_machine_alone(everything: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in everything.items() if "ports" in service}
    assert set(ports) == {"collector", "jaeger", "grafana"}
    assert all(port["host_ip"] == "127.0.0.1" for each in ports.values() for port in each)


def test_files_that_are_mounted_are_there(everything: dict[str, Any]) -> None:
    mounted = [volume for service in everything.values() for volume in service.get("volumes", ())]
    files = [Path(each["source"]) for each in mounted if each["type"] == "bind" and each["target"] != "/models"]
    assert [file for file in files if not file.is_file()] == []
    assert all(each["read_only"] for each in mounted if each["type"] == "bind")


def test_our_own_services_have_settings_that_hold_and_time_to_stop() -> None:
    given = {"JUDGE_MODEL": "local", "JUDGE_URL": "http://model:8080/v1", "HISTORY_URL": "postgresql://u:p@postgres/d"}
    for variables in ({}, given):
        services = project(FILE, **variables)["services"]
        for name in ("serve", "work"):
            environment = {key: value for key, value in services[name]["environment"].items() if value is not None}
            settings = load_settings(None, environment, [])
            assert [url.get_secret_value() for url in settings.ledger.urls] == ["redis://valkey:6379/0"]
            assert settings.scoring.judge.model == variables.get("JUDGE_MODEL", "")
        assert services["work"]["stop_grace_period"] == "1m30s"
        assert settings.work.deadline_s + 15 + 5 <= 90


def test_the_store_keeps_what_it_acknowledges(everything: dict[str, Any]) -> None:
    command = everything["valkey"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"
    room = int(options["--maxmemory"].removesuffix("mb"))
    assert room >= 2 * load_settings(None, {}, []).ledger.max_mib
    assert int(everything["valkey"]["deploy"]["resources"]["limits"]["memory"]) >= 2 * room * 1024 * 1024


def test_jaeger_takes_its_config() -> None:
    jaeger = pytest.importorskip("realtools.jaeger").jaeger_binary()
    config = f"--config={ROOT / 'deploy' / 'compose' / 'jaeger.yaml'}"
    done = subprocess.run([jaeger, "validate", config], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_tempo_takes_its_config() -> None:
    tempo = pytest.importorskip("realtools.tempo").tempo_binary()
    config = f"-config.file={ROOT / 'deploy' / 'compose' / 'tempo.yaml'}"
    done = subprocess.run([tempo, config, "-config.verify=true"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_jaeger_with_its_config_answers_as_its_health_check_asks(tmp_path: Path) -> None:
    """In the place of the container: the same file with ports of our own."""
    jaeger = pytest.importorskip("realtools.jaeger").jaeger_binary()
    text = (ROOT / "deploy" / "compose" / "jaeger.yaml").read_text()
    ports = {name: str(free_port()) for name in ("13133", "16686", "4317")}
    for name, port in ports.items():
        text = text.replace(f"0.0.0.0:{name}", f"127.0.0.1:{port}")
    text = text.replace(
        "storage: {traces: memory}", f"storage: {{traces: memory}}\n    grpc: {{endpoint: 127.0.0.1:{free_port()}}}"
    )
    config = tmp_path / "jaeger.yaml"
    config.write_text(text)
    (healthy,) = (command for command in re.findall(r'"http://127.0.0.1:13133(/\w+)"', FILE.read_text()))
    with running(
        jaeger, config, {"PATH": os.environ["PATH"]}, tmp_path / "log", f"http://127.0.0.1:{ports['13133']}{healthy}"
    ):
        pass
