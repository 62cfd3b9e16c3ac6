"""What is documented is tested; the lists come from the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from otel_scorer.cli import app
from otel_scorer.config import describe_settings, load_settings
from otel_scorer.model import DIMENSIONS, STATUSES
from otel_scorer.online.metrics_catalogue import METRICS
from otel_scorer.sampling.signals import SIGNALS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def test_the_reference_pages_are_what_the_program_says() -> None:
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("line", describe_settings(), ids=lambda line: line.path)
def test_every_setting_is_documented(line: object) -> None:
    assert f"`{line.path}`" in page("settings.md")
    assert line.description, "a setting without a description"


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_is_documented(name: str) -> None:
    assert f"## `{name}`" in page("signals.md")


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_in_the_readme(status: str) -> None:
    assert f"| `{status}` |" in README


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_dimension_is_in_the_readme(dimension: str) -> None:
    assert f"| `{dimension}` |" in README


@pytest.mark.parametrize("spec", METRICS, ids=lambda spec: spec.name)
def test_every_metric_is_documented(spec: object) -> None:
    assert f"`otel_scorer.{spec.name}`" in page("metrics.md")


@pytest.mark.parametrize("command", sorted(get_command(app).commands))
def test_every_command_is_documented_and_shows_an_example(command: str) -> None:
    assert f"## `otel-scorer {command}`" in page("commands.md")
    help_text = page("commands.md").split(f"## `otel-scorer {command}`")[1].split("\n## ")[0]
    assert f"Example: otel-scorer {command}" in help_text


def test_every_file_that_the_readme_links_to_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link


def test_every_settings_block_of_the_readme_loads(tmp_path: Path) -> None:
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "exporters:" not in block]
    assert len(blocks) >= 2
    (tmp_path / "rubrics").mkdir()
    for number, block in enumerate(blocks):
        assert yaml.safe_load(block)
        file = tmp_path / f"{number}.yaml"
        file.write_text(block)
        load_settings(file, {})


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert text.startswith("# Changelog")
    assert "## [Unreleased]" in text
    assert "### Added" in text
