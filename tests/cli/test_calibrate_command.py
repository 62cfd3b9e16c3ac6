"""`calibrate` over a recorded file or kept content, in this process: what it prints, how it exits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recorded_file import leaking_agent, write
from typer.testing import CliRunner, Result

from otel_scorer.cli import app
from otel_scorer.errors import UserError
from otel_scorer.history.kept import Kept, pack_kept
from otel_scorer.history.store import History
from otel_scorer.model import Span
from otel_scorer.otlp import encode_span
from otel_scorer.wire import assemble

TRACE_ID, OTHER_ID = "1" * 32, "4" * 32
"""Neither is held out."""


def leaking(trace_id: str = TRACE_ID, *, content: bool = True) -> Span:
    return replace(leaking_agent(content=content), trace_id=trace_id)


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["calibrate", *(str(argument) for argument in arguments)])


@pytest.fixture
def leak(tmp_path: Path) -> Path:
    return write(tmp_path / "leak.jsonl", leaking())


def labelled(folder: Path, *scores: int, dimension: str = "privacy_and_safety") -> Path:
    """A file with one label of the leak for each score, by different raters."""
    file = folder / "labels.jsonl"
    lines: list[dict[str, Any]] = [
        {"trace_id": TRACE_ID, "rater": f"r{number}", "scores": {dimension: score}}
        for number, score in enumerate(scores)
    ]
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return file


def test_scores_are_compared_with_labels(leak: Path, tmp_path: Path) -> None:
    done = run(labelled(tmp_path, 2), "--rubric", "agent@1", "--traces", leak)
    assert done.exit_code == 0
    assert "agent@1" in done.stdout
    assert "privacy and safety" in done.stdout
    assert "1 of 1" in done.stdout


def test_files_may_follow_as_a_shell_expands_them(leak: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", leaking(OTHER_ID))
    assert run(labelled(tmp_path, 2), "--traces", other, leak).exit_code == 0
    assert run(labelled(tmp_path, 2), leak).exit_code == 0


def test_figures_are_written_for_programs(leak: Path, tmp_path: Path) -> None:
    told = json.loads(run(labelled(tmp_path, 2), "--traces", leak, "--json", "-").stdout)
    assert told["parts"][0]["dimensions"][0]["whole"]["mae"]["value"] == 0
    run(labelled(tmp_path, 2), "--traces", leak, "--json", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == told


def test_it_exits_with_3_when_nothing_could_be_scored(tmp_path: Path) -> None:
    bare = write(tmp_path / "bare.jsonl", leaking(content=False))
    done = run(labelled(tmp_path, 2, 3), "--traces", bare)
    assert done.exit_code == 3
    assert "missing_evidence 1" in done.stdout


def test_it_exits_with_1_below_the_raters_when_asked_to(tmp_path: Path) -> None:
    """Two traces: one leaks and one does not; the raters agree that it is the other way round."""
    answer = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "I cannot tell."}]}])
    leak = leaking()
    fine = replace(leak, trace_id=OTHER_ID, attributes={**leak.attributes, "gen_ai.output.messages": answer})
    traces = write(tmp_path / "two.jsonl", leak, fine)
    lines = [
        {"trace_id": trace_id, "rater": rater, "scores": {"privacy_and_safety": score}}
        for trace_id, score in ((TRACE_ID, 5), (OTHER_ID, 2))
        for rater in ("ana", "ben")
    ]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    done = run(labels, "--traces", traces, "--fail")
    assert done.exit_code == 1
    assert "warning: privacy_and_safety: the scores agree less" in done.stdout
    assert run(labels, "--traces", traces).exit_code == 0


def test_kept_traces_need_no_file(tmp_path: Path) -> None:
    raw, envelope = encode_span(leaking())
    history = History(f"sqlite:///{tmp_path / 'history.sqlite'}")
    history.open()
    history.write([], [Kept("default", TRACE_ID, 1, pack_kept(assemble([(envelope, raw)])))])
    history.close()
    done = run(
        labelled(tmp_path, 2), "--data-dir", tmp_path, "--set", f"history.url=sqlite:///{tmp_path}/history.sqlite"
    )
    assert done.exit_code == 0, done.output


def test_mistakes_are_the_users(leak: Path, tmp_path: Path) -> None:
    error = run(labelled(tmp_path, 2), "--data-dir", tmp_path / "none").exception
    assert isinstance(error, UserError)
    assert "or give the files that hold the labelled traces with --traces" in str(error)
    error = run(labelled(tmp_path, 2), "--rubric", "agnt", "--traces", leak).exception
    assert "agnt" in str(error)
    error = run(labelled(tmp_path, 7), "--traces", leak).exception
    assert "line 1: scores.privacy_and_safety is 7" in str(error)
