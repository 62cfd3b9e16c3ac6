"""`otel-scorer why`."""

from __future__ import annotations

from typing import Annotated

import typer

from otel_scorer.cli import options
from otel_scorer.errors import UserError


def why(
    trace_id: Annotated[
        str, typer.Argument(metavar="TRACE_ID", help="32 hex digits, as your tracing backend shows it.")
    ],
    tenant: options.Tenant = None,
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
    assignments: options.Assignments = None,
) -> None:
    """How a trace ended, and why: rule, probability, rubric, scores, judge calls, times; then how its conversation did.

    With --json a second line is the record of the conversation, where that was scored.

    Example: [bold]otel-scorer why 4bf92f3577b34da6a3ce929d0e0e4736[/bold]
    """
    from otel_scorer.inspect import why as inspection

    wanted = options.trace_id_of(trace_id)
    settings = options.settings_of(config, assignments, given=options.place_given(data_dir, None, None))
    with options.opened_history(settings) as history:
        record = history.get(tenant, wanted)
        talk = None
        if record is not None and record.conversation_id:
            talk = history.conversations.scored(record.tenant, record.conversation_id)
    if record is None:
        raise UserError(
            f"no record of trace {wanted}: it has not ended yet ({settings.complete.quiet_s:g} s after its last span), "
            f"is older than {settings.history.days} days, has no agent span, or went to another installation"
        )
    if as_json:
        typer.echo(record.to_json())
        if talk is not None:
            typer.echo(talk.to_json())
    else:
        options.console().print(inspection.render(record))
        if talk is not None:
            options.console().print(inspection.render_conversation(talk))
