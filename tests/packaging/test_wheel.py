"""The wheel, installed into an empty environment elsewhere, and an editable install: both find the rubrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wheels import ROOT, install, install_wheel, make_environment, run

RUBRICS = {"agent@1", "llm@1", "retriever@1", "tool@1"}


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    return make_environment(tmp_path / "venv")


def listed_rubrics(environment: Path, cwd: Path) -> set[str]:
    told = json.loads(run(environment / "bin" / "otel-scorer", "check", "--json", cwd=cwd))
    return {line["rubric"] for line in told["rubrics"]}


def place_of_package(environment: Path, cwd: Path) -> Path:
    shown = "import otel_scorer; print(otel_scorer.__file__)"
    return Path(run(environment / "bin" / "python", "-c", shown, cwd=cwd).strip())


def test_an_installed_wheel_carries_the_rubrics(environment: Path, tmp_path: Path) -> None:
    install_wheel(environment, tmp_path)
    assert place_of_package(environment, tmp_path).is_relative_to(environment)
    assert listed_rubrics(environment, tmp_path) >= RUBRICS


def test_an_editable_install_uses_the_rubrics_of_the_source_tree(environment: Path, tmp_path: Path) -> None:
    install(environment, "-e", ROOT, cwd=tmp_path)
    assert place_of_package(environment, tmp_path) == ROOT / "otel_scorer" / "__init__.py"
    assert listed_rubrics(environment, tmp_path) >= RUBRICS
