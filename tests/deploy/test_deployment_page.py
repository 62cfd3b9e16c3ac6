"""docs/deployment.md and the commands in the files' comments: options exist, settings hold, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from deploy.collecting import environment
from realtools.otelcol import otelcol, validate
from typer.main import get_command

from otel_scorer.cli import app, options
from otel_scorer.config import load_settings
from otel_scorer.online.metrics_catalogue import METRICS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
FILES = [*sorted((ROOT / "collector-config").glob("*.yaml")), ROOT / "docker-compose.yml", ROOT / "Dockerfile"]


def commands() -> list[str]:
    """Every `otel-scorer ...` and `docker run ... otel-scorer ...` of the page and of the files' comments."""
    comments = [re.sub(r"^# ?", "", line) for file in FILES for line in file.read_text().splitlines()]
    text = re.sub(r"\\\n\s*", "", "\n".join([PAGE, *comments]))
    before = r"^ *(?:[A-Z_]+=\S+ +)*(?:docker run .* )?"
    found = re.findall(before + r"(otel-scorer(?::\S+)? [a-z]+ .*)$", text, re.MULTILINE)
    return sorted({re.sub(r"^otel-scorer\S*", "otel-scorer", command) for command in found})


@pytest.mark.parametrize("command", commands())
def test_a_command_that_is_shown_can_be_given(command: str) -> None:
    _, name, *words = shlex.split(command)
    given = get_command(app).commands[name].make_context(name, words).params  # type: ignore[attr-defined]
    if "assignments" in given:
        settings = options.settings_of(None, given["assignments"])
        assert settings


def test_commands_are_found() -> None:
    assert len(commands()) >= 6


def test_blocks_that_are_marked_run() -> None:
    (block,) = re.findall(r"<!-- tested -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    words = shlex.split(block)
    assert words[0] == "otel-scorer"
    done = subprocess.run([sys.executable, "-m", "otel_scorer", *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert "rubrics hold" in done.stdout, done.stderr


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_settings_that_are_shown_hold(tmp_path: Path) -> None:
    (shown,) = (block for block in blocks("yaml") if "exporters:" not in block)
    file = tmp_path / "otel-scorer.yaml"
    file.write_text(shown)
    assert load_settings(file, {}, []).receive.tokens[0].tenant == "checkout"


def test_the_exporter_that_is_shown_is_one_for_a_real_collector(tmp_path: Path) -> None:
    (shown,) = (block for block in blocks("yaml") if "exporters:" in block)
    config = yaml.safe_load(shown)
    pipeline = {"receivers": ["otlp"], "exporters": ["otlp/scorer"]}
    config |= {"receivers": {"otlp": {"protocols": {"grpc": {}}}}, "service": {"pipelines": {"traces": pipeline}}}
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    assert validate(otelcol(), file, environment(tmp_path)) == ""


def test_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#:]+)\)", PAGE) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_settings_and_metrics_that_are_named_are_there() -> None:
    known = {f"otel_scorer.{each.name}" for each in METRICS}
    assert set(re.findall(r"`(otel_scorer\.[a-z_]+)`", PAGE)) <= known
    settings = (ROOT / "docs" / "settings.md").read_text("utf-8")
    sections = "receive|ledger|hold|complete|backend|work|history|sampling|telemetry"
    for name in re.findall(rf"`((?:{sections})\.[a-z_]+)`", PAGE):
        assert f"`{name}" in settings, name
