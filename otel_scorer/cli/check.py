"""`otel-scorer check`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from otel_scorer.cli import options


def check(
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="List every setting with its default and variable.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Do settings and rubrics hold? Checks resolved, digests compared with the released ones.

    Example: [bold]otel-scorer check --config otel-scorer.yaml[/bold]
    """
    from rich.table import Table

    from otel_scorer.config import describe_settings
    from otel_scorer.inspect import rubric_check
    from otel_scorer.sampling.named import refuse_unknown_rubrics
    from otel_scorer.scoring.judging.judges import build_judge
    from otel_scorer.scoring.rubrics.rubric_set import RubricSet

    in_force = options.settings_of(config, assignments)
    lines = rubric_check.check_rubrics(in_force.scoring.folders, in_force.scoring.assigned, in_force.scoring.requests)
    rubrics = RubricSet.load(in_force.scoring.folders, in_force.scoring.assigned)
    refuse_unknown_rubrics(in_force.sampling, rubrics.choose)
    build_judge(in_force.scoring)
    described = describe_settings() if settings else []
    if as_json:
        told = {"rubrics": [asdict(line) for line in lines], "settings": [asdict(line) for line in described]}
        typer.echo(json.dumps(told, indent=2))
        return
    console = options.console()
    if settings:
        table = Table("setting", "type", "default", "variable", title="Settings", title_justify="left")
        for line in described:
            table.add_row(line.path, line.type, line.default, line.variable)
        console.print(table)
    console.print(rubric_check.render(lines))
    console.print(f"Settings and {len(lines)} rubrics hold.")
