"""`otel-scorer demo`, as the README tells it; and what it wrote, scored again offline, to the byte."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_scorer.cli.demo import (
    DemoError,
    free_ports,
    last_lines,
    run_sample_agent,
    running_up,
    wait_for_scores,
    write_settings,
)
from otel_scorer.cli.sample_agent import RUNS
from otel_scorer.conventions.scores import score_attributes
from otel_scorer.model import DIMENSIONS, Result, Span, Value
from otel_scorer.offline.evaluate import evaluate
from otel_scorer.otlp import read_traces
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.settings import DEFAULT_BY_KIND

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.e2e


def test_the_demo_shows_six_scored_traces_and_leaves_nothing_behind(short_folder: Path) -> None:
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(short_folder),
        "COLUMNS": "160",
        "OTEL_SCORER_HOLD_SPAN_S": "not a number",
    }
    command = [sys.executable, "-m", "otel_scorer", "demo"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=90, cwd=short_folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for run in RUNS:
        assert run.title in done.stdout
    for dimension in DIMENSIONS:
        assert done.stdout.count(f"★ {dimension} ") >= len(RUNS)
    assert done.stdout.count("status ") >= len(RUNS)
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in done.stdout
    assert list(short_folder.iterdir()) == []


async def test_what_was_scored_online_scores_alike_offline_to_the_byte(short_folder: Path) -> None:
    sink = short_folder / "traces.jsonl"
    grpc_port, http_port, telemetry_port = free_ports(3)
    config = write_settings(short_folder, sink, grpc_port, http_port, telemetry_port)

    def record() -> None:
        with running_up(config, short_folder / "up.log", grpc_port) as service:
            titles = run_sample_agent(f"http://127.0.0.1:{grpc_port}")
            wait_for_scores(sink, titles, service)

    await asyncio.to_thread(record)
    online = {span.span_id: span for trace in read_traces([sink], keep_scores=True) for span in trace.spans}
    rubrics = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)
    evaluations = await evaluate(read_traces([sink]), rubrics, None, None, deadline_s=10)
    assert len(evaluations) == len(RUNS)
    compared = 0
    for each in evaluations:
        for span in each.trace.spans:
            results = [result for result in each.results if result.target_span_id == span.span_id]
            assert ours(online[span.span_id]) == written(results)
            compared += bool(results)
    assert compared >= 2 * len(RUNS)


def ours(span: Span) -> list[tuple[str, Value]]:
    """Scores on a span as it was exported, in their order; how the trace ended is told beside them."""
    ending = ("otel_scorer.status", "otel_scorer.signals", "otel_scorer.sampling.")
    return [(k, v) for k, v in span.attributes.items() if k.startswith("otel_scorer.") and not k.startswith(ending)]


def written(results: list[Result]) -> list[tuple[str, Value]]:
    return score_attributes(results)


def test_a_service_that_does_not_start_is_told_with_the_end_of_its_log(short_folder: Path) -> None:
    config = short_folder / "scorer.yaml"
    config.write_text("hold: {spam_s: 1}\n")
    log = short_folder / "up.log"
    with pytest.raises(DemoError, match="ended with exit code 2"), running_up(config, log, free_ports(1)[0]):
        pass
    assert "hold.spam_s is not a setting" in last_lines(log)
    assert last_lines(short_folder / "none.log") == ""
