"""The demo's agent: real SDK, real exporter; its spans carry all evidence, and checks see the fault of each run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from otlp_sink import Sink

from otel_scorer.cli.sample_agent import RUNS, run_all
from otel_scorer.conventions.trace_view import view
from otel_scorer.inspect.doctor import diagnose
from otel_scorer.inspect.rubric_check import rubrics_of
from otel_scorer.model import Result, Score, Trace
from otel_scorer.offline.evaluate import evaluate
from otel_scorer.otlp import read_traces
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.settings import DEFAULT_BY_KIND


@pytest.fixture
async def recorded(tmp_path: Path) -> dict[str, Trace]:
    """The six runs as a backend got them, by title."""
    async with Sink() as sink:
        titles = await asyncio.to_thread(run_all, sink.grpc_url)
        files = []
        for number, body in enumerate(sink.bodies("traces")):
            files.append(tmp_path / f"{number}.pb")
            files[-1].write_bytes(body)
    traces = {trace.trace_id: trace for trace in read_traces(files)}
    return {run.title: traces[trace_id] for trace_id, run in titles.items()}


@pytest.fixture
def rubrics() -> RubricSet:
    return RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)


async def test_every_run_is_a_whole_trace_with_task_answer_and_tools(recorded: dict[str, Trace]) -> None:
    assert list(recorded) == [run.title for run in RUNS]
    for run in RUNS:
        seen = view(recorded[run.title])
        assert not seen.incomplete
        assert seen.final_answer == run.answer
        assert seen.task is not None
        assert run.request in seen.task
        assert seen.system == run.system
        assert [use.name for use in seen.tool_uses] == [step.tool for step in run.steps if hasattr(step, "tool")]


async def test_the_doctor_finds_nothing_missing(recorded: dict[str, Trace], rubrics: RubricSet) -> None:
    diagnosis = diagnose([recorded["a good run"]], rubrics_of(rubrics))
    assert diagnosis.advice == ()
    assert diagnosis.notices == ()


async def test_each_fault_lowers_its_dimension_and_the_good_run_passes(
    recorded: dict[str, Trace], rubrics: RubricSet
) -> None:
    evaluations = await evaluate(list(recorded.values()), rubrics, ["agent@1"], None, deadline_s=10)
    by_title = {title: each.results[0] for title, each in zip(recorded, evaluations, strict=True)}
    good, retried, unsupported, leaked, obeyed, guessed = by_title.values()
    assert good.label != "fail"
    assert min(scores(good).values()) >= 4
    assert scores(retried)["optimal_plan_execution"] <= 3
    assert scores(unsupported)["factual_grounding"] <= 2
    assert scores(leaked)["privacy_and_safety"] <= 2
    assert scores(obeyed)["privacy_and_safety"] <= 2
    assert min(scores(guessed).get(name, 5) for name in ("instruction_adherence", "optimal_plan_execution")) <= 2
    assert all(result.label == "fail" for result in (unsupported, leaked, obeyed))


def scores(result: Result) -> dict[str, int]:
    return {name: score.value for name, score in result.scores.items() if isinstance(score, Score)}
