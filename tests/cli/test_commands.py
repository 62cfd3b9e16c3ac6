"""The command line as its users meet it: help with examples, mistakes in one sentence, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from otel_scorer.cli import app
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("up", "serve", "work", "demo", "why", "view", "doctor", "check", "eval", "quarantine", "health", "rubric")


def otel_scorer(*arguments: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs the real program, without what the surroundings set for it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    command = [sys.executable, "-m", "otel_scorer", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "150", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def mistake(*arguments: str | Path, cwd: Path, **environ: str) -> str:
    """The one sentence that a user's mistake is told in."""
    done = otel_scorer(*arguments, cwd=cwd, **environ)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("otel-scorer: ")
    return done.stderr.strip()


def test_the_help_lists_every_command(tmp_path: Path) -> None:
    done = otel_scorer("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(f" {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"Example: otel-scorer {command}" in " ".join(done.stdout.replace("│", " ").split())


def test_check_lists_the_shipped_rubrics_and_says_that_all_holds(tmp_path: Path) -> None:
    done = otel_scorer("check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "agent@1" in done.stdout
    assert f"Settings and {len(list(shipped_rubrics().glob('*/*.yaml')))} rubrics hold." in done.stdout


def test_check_lists_every_setting_with_its_variable(tmp_path: Path) -> None:
    told = json.loads(otel_scorer("check", "--settings", "--json", cwd=tmp_path).stdout)
    assert {"path", "type", "default", "description", "variable"} == set(told["settings"][0])
    assert "OTEL_SCORER_SCORING_JUDGE_MODEL" in {line["variable"] for line in told["settings"]}


def test_a_misspelt_setting_is_told_with_file_line_and_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "scorer.yaml"
    file.write_text("hold:\n  spam_s: 3\n")
    told = mistake("check", "--config", file, cwd=tmp_path)
    assert told == f"otel-scorer: {file}, line 2: hold.spam_s is not a setting: did you mean span_s?"


def test_a_misspelt_variable_and_option_are_told(tmp_path: Path) -> None:
    assert "did you mean OTEL_SCORER_HOLD_SPAN_S" in mistake("check", cwd=tmp_path, OTEL_SCORER_HOLD_SPANS_S="3")
    assert "did you mean hold.span_s" in mistake("check", "--set", "hold.spam_s=3", cwd=tmp_path)
    assert "has no value" in mistake("up", "--set", "hold.span_s", cwd=tmp_path)
    assert "write NAME=VALUE" in mistake("up", "--header", "abc", cwd=tmp_path)


def test_a_changed_rubric_folder_is_told(tmp_path: Path) -> None:
    told = mistake("check", "--set", f"scoring.rubrics_dir={tmp_path / 'none'}", cwd=tmp_path)
    assert str(tmp_path / "none") in told


def test_a_file_without_spans_and_a_file_that_is_no_trace_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text('{"resourceSpans": []}\n')
    (tmp_path / "text.jsonl").write_text("hello\n")
    assert "no agent spans" in mistake("eval", tmp_path / "empty.jsonl", cwd=tmp_path)
    assert "text.jsonl" in mistake("view", tmp_path / "text.jsonl", cwd=tmp_path)


def test_an_unknown_rubric_is_told_before_anything_is_read(tmp_path: Path) -> None:
    assert "agnt" in mistake("eval", tmp_path / "none.jsonl", "--rubric", "agnt@1", cwd=tmp_path)


def test_a_trace_id_that_is_none_and_a_folder_without_history_are_told(tmp_path: Path) -> None:
    assert "'xyz' is no trace id" in mistake("why", "xyz", cwd=tmp_path)
    assert "'none.jsonl' is no trace id" in mistake("view", "none.jsonl", cwd=tmp_path)
    told = mistake("why", "4BF92F35-77B34DA6A3CE929D0E0E4736", "--data-dir", tmp_path / "d", cwd=tmp_path)
    assert "history.db" in told
    assert "--data-dir" in told
    assert not (tmp_path / "d").exists()
    assert "there is no" in mistake("quarantine", "--data-dir", tmp_path / "d", cwd=tmp_path)
