"""`otel-scorer eval`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from otel_scorer.cli import options
from otel_scorer.errors import UserError

NOTHING_SCORED = 3
FAILED = 1


def evaluate(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="OTLP/JSON, JSON lines or protobuf.")],
    rubric: Annotated[
        list[str] | None, typer.Option("--rubric", metavar="NAME[@VERSION]", help="Default: as online, by kind.")
    ] = None,
    judge: Annotated[str | None, typer.Option("--judge", metavar="MODEL", help="Model id of the judge.")] = None,
    judge_url: Annotated[
        str | None, typer.Option("--judge-url", metavar="URL", help="OpenAI-compatible endpoint of the judge.")
    ] = None,
    as_json: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write results as JSON lines to OUT (- for stdout).")
    ] = None,
    expected: Annotated[
        Path | None,
        typer.Option("--expected", metavar="CASES", help="JSON lines: what a good run of a trace looks like."),
    ] = None,
    fail: Annotated[bool, typer.Option("--fail", help=f"Exit with {FAILED} when a label is `fail`.")] = False,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Scores recorded traces, and the conversations that they are of, with the same rubrics and code as online.

    Exit code: 0 scored; 1 a label is `fail` (with --fail); 2 a mistake in what was given; 3 nothing could be scored.

    A line of CASES: {"trace_id": "...", "expected": {"exact": "...", "schema": {}, "facts": ["..."], "answer": "..."}}.
    The first three need no judge; a reference answer is shown to it.

    Example: [bold]otel-scorer eval traces/*.jsonl --rubric agent[/bold]
    """
    from otel_scorer.offline import evaluate as offline
    from otel_scorer.offline.expected import read_expected
    from otel_scorer.otlp import read_traces
    from otel_scorer.scoring.judging.judge_cache import MemoryAnswers
    from otel_scorer.scoring.judging.judges import build_judge
    from otel_scorer.scoring.rubrics.rubric_set import RubricSet

    given = [("--judge", "scoring.judge.model", judge), ("--judge-url", "scoring.judge.base_url", judge_url)]
    settings = options.settings_of(config, assignments, given=given)
    rubrics = RubricSet.load(settings.scoring.folders, settings.scoring.assigned)
    for name in rubric or ():
        rubrics.get(name)
    hoped = read_expected(expected) if expected is not None else {}
    traces = read_traces(files)
    if not traces:
        raise UserError(
            f"{', '.join(map(str, files))}: no agent spans: record them with `otel-scorer up`, or another sink"
        )

    async def run() -> list[offline.Evaluation]:
        asked = build_judge(settings.scoring, answers=MemoryAnswers())
        deadline_s, least = settings.work.deadline_s, settings.conversation
        found = await offline.evaluate(traces, rubrics, rubric, asked, deadline_s=deadline_s, expected=hoped)
        return found + await offline.evaluate_conversations(
            traces, rubrics, rubric, asked, deadline_s=deadline_s, least=(least.min_traces, least.min_turns)
        )

    evaluations = asyncio.run(run())
    if as_json == "-":
        typer.echo(offline.to_json(evaluations), nl=False)
    else:
        options.console().print(offline.table(evaluations))
        if as_json is not None:
            options.write_text(Path(as_json), offline.to_json(evaluations))
    if not any(each.scored for each in evaluations):
        raise typer.Exit(NOTHING_SCORED)
    if fail and any(result.label == "fail" for each in evaluations for result in each.results):
        raise typer.Exit(FAILED)
