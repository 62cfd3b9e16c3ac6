"""`otel-scorer view`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otel_scorer.cli import options
from otel_scorer.errors import UserError

if TYPE_CHECKING:
    from otel_scorer.config import Settings
    from otel_scorer.inspect.span_scores import SpanScores, TalkScores
    from otel_scorer.model import Conversation, Trace


def view(
    target: Annotated[str, typer.Argument(metavar="FILE|TRACE_ID", help="A recorded file, or a trace that was kept.")],
    trace: Annotated[str | None, typer.Option("--trace", metavar="ID", help="Only this trace of the file.")] = None,
    tenant: options.Tenant = None,
    as_json: options.AsJson = False,
    content: Annotated[bool, typer.Option(help="Show short texts of the spans.")] = True,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    assignments: options.Assignments = None,
) -> None:
    """Shows traces as trees, with their scores; --json gives the normalised form that checks and judges see.

    One JSON object a line, one line a trace; docs/normalised.md names its fields.

    Example: [bold]otel-scorer view otel-scorer-data/traces.jsonl[/bold]
    """
    from otel_scorer.inspect.normalised import to_json
    from otel_scorer.inspect.view import render

    talks: Sequence[TalkScores] | None = None
    if Path(target).is_file():
        shown: list[tuple[Trace, Mapping[str, SpanScores] | None]] = [
            (each, None) for each in _from_file(Path(target), trace)
        ]
    else:
        wanted = options.trace_id_of(target)
        settings = options.settings_of(config, assignments, given=options.place_given(data_dir, None, None))
        shown = [kept_trace(wanted, tenant, settings)]
        talks = _talks(wanted, tenant, settings)
    console = options.console()
    for each, scores in shown:
        if as_json:
            typer.echo(to_json(each, scores=scores))
        else:
            console.print(render(each, content=content, scores=scores, talks=talks))
            console.print()


def _from_file(file: Path, wanted: str | None) -> list[Trace]:
    from otel_scorer.otlp import read_traces

    traces = read_traces([file], keep_scores=True)
    chosen = [each for each in traces if wanted is None or each.trace_id.startswith(wanted.lower())]
    if not chosen:
        told = f"no trace {wanted}" if wanted else "no agent spans"
        raise UserError(f"{file}: {told} in it ({len(traces)} traces with agent spans)")
    return chosen


def kept_trace(trace_id: str, tenant: str | None, settings: Settings) -> tuple[Trace, Mapping[str, SpanScores] | None]:
    """A trace whose content was kept, with the scores of its record."""
    from otel_scorer.inspect.span_scores import scores_of_record
    from otel_scorer.otlp import read_traces

    with options.opened_history(settings) as history:
        kept = history.kept(tenant, trace_id)
        record = history.get(kept.tenant, trace_id) if kept is not None else None
    if kept is None:
        raise UserError(
            f"the content of trace {trace_id} is not kept: only scored traces are, for {settings.keep.hours:g} h "
            f"(settings keep.*); `otel-scorer why {trace_id}` may tell how it ended"
        )
    with tempfile.TemporaryDirectory(prefix="otel-scorer-view-") as folder:
        files = [Path(folder, name) for name, content in (("t.pb", kept.traces), ("l.pb", kept.logs)) if content]
        for file in files:
            file.write_bytes(kept.traces if file.name == "t.pb" else kept.logs)
        (trace,) = read_traces(files, kept.tenant)
    return trace, scores_of_record(record) if record is not None else None


def kept_conversation(trace_id: str, tenant: str | None, settings: Settings) -> Conversation:
    """The conversation that a kept trace is of, with all of it that is kept, as a worker would score it."""
    from otel_scorer.history.conversations import Waiting
    from otel_scorer.history.kept_conversation import conversation_of

    with options.opened_history(settings) as history:
        kept = history.kept(tenant, trace_id)
        if kept is None or not kept.conversation_id:
            raise UserError(f"trace {trace_id}: its content is not kept, or it names no conversation")
        limits = settings.conversation
        one = Waiting(kept.tenant, kept.conversation_id, 0)
        known = history.conversations.known(one, limits.max_traces, int(limits.max_mib * 1024 * 1024))
    return conversation_of(kept.tenant, kept.conversation_id, known.kept, known.traces)[0]


def _talks(trace_id: str, tenant: str | None, settings: Settings) -> list[TalkScores]:
    """What was said of the conversation that the trace is of, if it was scored."""
    from otel_scorer.inspect.span_scores import talk_of_record

    with options.opened_history(settings) as history:
        record = history.get(tenant, trace_id)
        if record is None or not record.conversation_id:
            return []
        scored = history.conversations.scored(record.tenant, record.conversation_id)
    return [talk_of_record(scored)] if scored is not None else []
