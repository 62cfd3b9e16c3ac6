"""`eval`, `view` and `doctor` over recorded files, in this process: what they print and how they exit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from recorded_file import TRACE_ID, leaking_agent, write
from typer.testing import CliRunner, Result

from otel_scorer.cli import app
from otel_scorer.errors import UserError
from otel_scorer.scoring import results_json


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def leak(tmp_path: Path) -> Path:
    return write(tmp_path / "leak.jsonl", leaking_agent())


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return write(tmp_path / "bare.jsonl", leaking_agent(content=False))


def test_eval_prints_a_table_and_exits_with_0_whatever_the_scores(leak: Path) -> None:
    done = run("eval", leak, "--rubric", "agent@1")
    assert done.exit_code == 0
    assert "agent@1" in done.stdout
    assert "fail" in done.stdout


def test_eval_exits_with_1_on_a_failing_label_when_asked_to(leak: Path) -> None:
    assert run("eval", leak, "--fail").exit_code == 1


def test_eval_exits_with_3_when_nothing_could_be_scored(bare: Path) -> None:
    assert run("eval", bare, "--rubric", "agent@1").exit_code == 3


def test_eval_writes_results_that_read_back(leak: Path, tmp_path: Path) -> None:
    assert run("eval", leak, "--json", tmp_path / "out.jsonl").exit_code == 0
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    told = json.loads(line)
    (result,) = results_json.load(json.dumps(told["results"]))
    assert (told["trace_id"], result.target_span_id) == (TRACE_ID, "a" * 16)
    assert run("eval", leak, "--json", "-").stdout == line + "\n"


def test_eval_says_where_it_cannot_write(leak: Path, tmp_path: Path) -> None:
    error = run("eval", leak, "--json", tmp_path / "none" / "out.jsonl").exception
    assert isinstance(error, UserError)
    assert "cannot be written" in str(error)


def test_view_shows_the_trace_of_a_file_or_one_of_them(leak: Path) -> None:
    assert "AGENT invoke_agent helper" in run("view", leak).stdout
    assert "fjordpost" not in run("view", leak, "--no-content").stdout
    assert json.loads(run("view", leak, "--json", "--trace", TRACE_ID[:6]).stdout)["trace_id"] == TRACE_ID
    error = run("view", leak, "--trace", "ffff").exception
    assert "no trace ffff in it" in str(error)


def test_view_shows_every_trace_of_a_file_and_as_json_one_on_each_line(tmp_path: Path) -> None:
    other = replace(leaking_agent(), trace_id="5" * 32)
    both = write(tmp_path / "two.jsonl", leaking_agent(), other)
    assert run("view", both).stdout.count("AGENT invoke_agent helper") == 2
    told = [json.loads(line) for line in run("view", both, "--json").stdout.splitlines()]
    assert {form["trace_id"] for form in told} == {TRACE_ID, "5" * 32}


def test_doctor_reads_a_file_and_names_what_is_missing(leak: Path, bare: Path) -> None:
    told = json.loads(run("doctor", bare, "--json").stdout)
    (advice,) = told["advice"]
    assert {missing["need"] for missing in advice["missing"]} >= {"final_answer", "task"}
    assert all(missing["attribute"] for missing in advice["missing"])
    assert advice["switches"]
    assert "shop" in run("doctor", leak).stdout


def test_check_lists_settings_for_people(tmp_path: Path) -> None:
    done = run("check", "--settings")
    assert "hold.span_s" in done.stdout
    assert "OTEL_SCORER_HOLD_SPAN_S" in done.stdout
