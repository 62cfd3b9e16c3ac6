"""`otel-scorer calibrate`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otel_scorer.cli import options
from otel_scorer.errors import UserError

if TYPE_CHECKING:
    from otel_scorer.config import Settings
    from otel_scorer.model import Trace

NOTHING_SCORED = 3
WARNED = 1


def calibrate(
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="Human labels, JSON lines (see README).")],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="TRACES", help="The labelled traces; as --traces.")
    ] = None,
    rubric: Annotated[str, typer.Option("--rubric", metavar="NAME[@VERSION]", help="What is calibrated.")] = "agent",
    traces: Annotated[
        list[Path] | None,
        typer.Option("--traces", metavar="FILES...", help="OTLP files with the labelled traces; else those kept."),
    ] = None,
    holdout: Annotated[
        bool, typer.Option("--holdout", help="Show the held-out fifth of the cases too, apart.")
    ] = False,
    segment: Annotated[
        list[str] | None, typer.Option("--segment", metavar="ATTRIBUTE", help="One more attribute to segment by.")
    ] = None,
    judge: Annotated[str | None, typer.Option("--judge", metavar="MODEL", help="Model id of the judge.")] = None,
    judge_url: Annotated[
        str | None, typer.Option("--judge-url", metavar="URL", help="OpenAI-compatible endpoint of the judge.")
    ] = None,
    as_json: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write all figures as JSON to OUT (- for stdout).")
    ] = None,
    fail: Annotated[
        bool, typer.Option("--fail", help=f"Exit with {WARNED} when agreement is below the raters' own.")
    ] = False,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    assignments: options.Assignments = None,
) -> None:
    """Compares the scores of a rubric, by checks or judge, with human labels of the same traces.

    A fifth of the cases is held out by a hash of the trace id, always the same fifth: mend a rubric
    by the others, then look at these once with --holdout.

    Exit code: 0 compared; 1 agreement below the raters' own (with --fail); 2 a mistake in what was
    given; 3 nothing could be scored.

    Example: [bold]otel-scorer calibrate labels.jsonl --rubric agent@1 --traces traces/*.jsonl[/bold]
    """
    from otel_scorer.offline import calibrate as offline
    from otel_scorer.offline import calibration_report, evaluate, labelled
    from otel_scorer.offline.labels import read_labels
    from otel_scorer.scoring.judging.judge_cache import MemoryAnswers
    from otel_scorer.scoring.judging.judges import build_judge
    from otel_scorer.scoring.rubrics.rubric_set import RubricSet

    given = [("--judge", "scoring.judge.model", judge), ("--judge-url", "scoring.judge.base_url", judge_url)]
    settings = options.settings_of(config, assignments, given=[*given, *options.place_given(data_dir, None, None)])
    rubrics = RubricSet.load(settings.scoring.folders, settings.scoring.assigned)
    chosen = rubrics.get(rubric)
    cases = labelled.join(read_labels(labels), [*(traces or ()), *(files or ())], _kept_trace(settings))

    async def run() -> list[evaluate.Evaluation]:
        asked = build_judge(settings.scoring, answers=MemoryAnswers())
        wanted = offline.to_score(cases, with_holdout=holdout)
        return await evaluate.evaluate(wanted, rubrics, [str(chosen)], asked, deadline_s=settings.work.deadline_s)

    found = offline.calibrate(chosen, cases, asyncio.run(run()), with_holdout=holdout, segment_attributes=segment or ())
    if as_json == "-":
        typer.echo(calibration_report.to_json(found), nl=False)
    else:
        console = options.console()
        for shown in calibration_report.render(found):
            console.print(shown)
        if as_json is not None:
            options.write_text(Path(as_json), calibration_report.to_json(found))
    if not found.scored:
        raise typer.Exit(NOTHING_SCORED)
    if fail and found.warnings:
        raise typer.Exit(WARNED)


def _kept_trace(settings: Settings) -> Callable[[str], Trace | None]:
    """Looks traces up among those whose content was kept."""

    def find(trace_id: str) -> Trace | None:
        from otel_scorer.otlp import read_traces

        try:
            with options.opened_history(settings) as history:
                kept = history.kept(None, trace_id)
        except UserError as error:
            raise UserError(f"{error}; or give the files that hold the labelled traces with --traces") from None
        if kept is None:
            return None
        with tempfile.TemporaryDirectory(prefix="otel-scorer-calibrate-") as folder:
            files = []
            for name, content in (("t.pb", kept.traces), ("l.pb", kept.logs)):
                if content:
                    files.append(Path(folder, name))
                    files[-1].write_bytes(content)
            (trace,) = read_traces(files, kept.tenant)
        return trace

    return find
