"""`otel-scorer rubric`: new, release, diff, render, schema."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otel_scorer.cli import options
from otel_scorer.errors import UserError

if TYPE_CHECKING:
    from otel_scorer.config import Settings
    from otel_scorer.model import Conversation, Trace

app = typer.Typer(
    help="Writes, releases, compares and renders rubrics.\n\n"
    "Example: [bold]otel-scorer rubric new support --from agent --dir rubrics[/bold]",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Directory = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help="Your rubrics folder (else scoring.rubrics_dir).")
]


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and _.")],
    original: Annotated[
        str | None, typer.Option("--from", metavar="RUBRIC", help="Copy this one instead of a skeleton.")
    ] = None,
    directory: Directory = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Writes a commented rubric into your folder; of a name that is there already, its next version.

    Example: [bold]otel-scorer rubric new support --dir my-rubrics[/bold]
    """
    from otel_scorer.offline import rubric_authoring

    scoring = options.settings_of(config, assignments).scoring
    folder = rubric_authoring.folder_for(directory, scoring.rubrics_dir)
    path = rubric_authoring.new_rubric(folder, name, original, scoring.folders)
    typer.echo(f"{path}: written. Edit it, look at it with `otel-scorer rubric render TRACE {path}`, then")
    typer.echo(f"`otel-scorer rubric release {name}@{path.stem} --dir {folder}`, and name it in scoring.by_kind.")


@app.command("release")
def release(
    rubrics: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME[@VERSION]]...", help="All in the folder where none is named.")
    ] = None,
    directory: Directory = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Pins rubrics by their digests in the folder's released.lock: from then on they never change.

    Example: [bold]otel-scorer rubric release support@1 --dir my-rubrics[/bold]
    """
    from otel_scorer.offline import rubric_authoring

    scoring = options.settings_of(config, assignments).scoring
    folder = rubric_authoring.folder_for(directory, scoring.rubrics_dir)
    for one in rubric_authoring.release(folder, rubrics or ()):
        typer.echo(f"{one.rubric} {one.digest} {'released' if one.new else 'was released already'}")


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="Name, name@version, or a file.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Name, name@version, or a file.")],
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Shows what changed from one rubric to another, field by field.

    Example: [bold]otel-scorer rubric diff agent@1 agent@2[/bold]
    """
    from otel_scorer.inspect import rubric_diff
    from otel_scorer.offline.rubric_authoring import rubric_at

    folders = options.settings_of(config, assignments).scoring.folders
    first, second = rubric_at(before, folders), rubric_at(after, folders)
    changes = rubric_diff.diff(first, second)
    if as_json:
        told = {"before": str(first), "after": str(second), "changes": [asdict(change) for change in changes]}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        options.console().print(rubric_diff.table(first, second, changes))


@app.command("render")
def render(
    target: Annotated[
        str, typer.Argument(metavar="TRACE", help="A recorded file, or the id of a trace that was kept.")
    ],
    rubric: Annotated[str, typer.Argument(metavar="RUBRIC", help="Name, name@version, or a file.")],
    trace: Annotated[str | None, typer.Option("--trace", metavar="ID", help="Only this trace of the file.")] = None,
    tenant: options.Tenant = None,
    always: Annotated[
        bool, typer.Option("--always", help="Ask every dimension, also those that the checks decide.")
    ] = False,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    assignments: options.Assignments = None,
) -> None:
    """Prints exactly what the judge would be sent about a trace, with digests: the same bytes online and offline.

    With a rubric of conversation level it is about the conversations in the file, or the one that the trace is of.
    The trace is scrubbed and reduced as it would be. One that was kept was scrubbed before, which may change its bytes.

    Example: [bold]otel-scorer rubric render otel-scorer-data/traces.jsonl agent[/bold]
    """
    from otel_scorer.inspect import rubric_render
    from otel_scorer.offline.rubric_authoring import rubric_at

    settings = options.settings_of(config, assignments, given=options.place_given(data_dir, None, None))
    chosen = rubric_at(rubric, settings.scoring.folders)
    if chosen.level == "conversation":
        talks = rubric_render.render_conversations(
            _conversations(target, trace, tenant, settings),
            chosen,
            settings.scoring.evidence_chars,
            suspicious=settings.scoring.suspicious,
            scrub_names=settings.scoring.scrub_names,
            always=always,
        )
        for each in asyncio.run(talks):
            typer.echo(each.to_json() if as_json else rubric_render.text(each))
        return
    for one in _traces(target, trace, tenant, settings):
        rendering = rubric_render.render(
            one,
            chosen,
            settings.scoring.evidence_chars,
            suspicious=settings.scoring.suspicious,
            scrub_names=settings.scoring.scrub_names,
            always=always,
        )
        for each in asyncio.run(rendering):
            typer.echo(each.to_json() if as_json else rubric_render.text(each))


def _traces(target: str, wanted: str | None, tenant: str | None, settings: Settings) -> list[Trace]:
    """As a scorer reads them: without what a scorer wrote on them before."""
    from otel_scorer.cli.view import kept_trace
    from otel_scorer.otlp import read_traces

    if not Path(target).is_file():
        return [kept_trace(options.trace_id_of(target), tenant, settings)[0]]
    traces = read_traces([Path(target)])
    chosen = [each for each in traces if wanted is None or each.trace_id.startswith(wanted.lower())]
    if not chosen:
        told = f"no trace {wanted}" if wanted else "no agent spans"
        raise UserError(f"{target}: {told} in it ({len(traces)} traces with agent spans)")
    return chosen


def _conversations(target: str, wanted: str | None, tenant: str | None, settings: Settings) -> list[Conversation]:
    """Those of a file, or the one that a kept trace is of, as a worker reads it."""
    from otel_scorer.cli.view import kept_conversation
    from otel_scorer.conventions.conversation_view import by_conversation
    from otel_scorer.otlp import read_traces

    if not Path(target).is_file():
        return [kept_conversation(options.trace_id_of(target), tenant, settings)]
    found = by_conversation(read_traces([Path(target)]))
    if wanted is None:
        return found
    start = wanted.lower()
    return [talk for talk in found if any(trace.trace_id.startswith(start) for trace in talk.traces)]


@app.command("schema")
def schema() -> None:
    """Prints the JSON Schema of a rubric file, for editors.

    `new` writes it beside your rubrics, whose first line names it.

    Example: [bold]otel-scorer rubric schema > my-rubrics/rubric.schema.json[/bold]
    """
    from otel_scorer.scoring.rubrics.rubric_schema import schema_text

    typer.echo(schema_text(), nl=False)
