"""`otel-scorer doctor`."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from otel_scorer.cli import options

if TYPE_CHECKING:
    from otel_scorer.config import Settings
    from otel_scorer.model import Trace

LIMIT_BYTES = 64 << 20
"""Bytes of requests that are looked at; what comes later is acknowledged only."""


def doctor(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES...]", help="Recorded traces; without them, listen.")
    ] = None,
    for_s: Annotated[float, typer.Option("--for", metavar="SECONDS", help="How long to listen.", min=1)] = 60.0,
    config: options.ConfigFile = None,
    grpc: options.Grpc = None,
    http: options.Http = None,
    as_json: options.AsJson = False,
    assignments: options.Assignments = None,
) -> None:
    """Which dimensions can your spans be scored in, and what is missing for the others?

    Reads files, or listens for a minute where `otel-scorer up` would. Spans that come meanwhile are acknowledged,
    looked at, and go nowhere.

    Example: [bold]otel-scorer doctor --for 60[/bold]
    """
    from otel_scorer.inspect.doctor import diagnose
    from otel_scorer.inspect.doctor_report import render, to_plain
    from otel_scorer.otlp import read_traces
    from otel_scorer.scoring.rubrics.requested import RequestedRubrics
    from otel_scorer.scoring.rubrics.rubric_set import RubricSet

    settings = options.settings_of(config, assignments, given=options.place_given(None, grpc, http))
    loaded = RubricSet.load(settings.scoring.folders, settings.scoring.assigned)
    traces = read_traces(files) if files else listen(settings, for_s)
    asked = RequestedRubrics(loaded, settings.scoring.requests)
    diagnosis = diagnose(traces, loaded.in_force, asked.answers)
    if as_json:
        typer.echo(json.dumps(to_plain(diagnosis), indent=2))
    else:
        options.console().print(render(diagnosis))


def listen(settings: Settings, for_s: float) -> list[Trace]:
    """The traces that are sent to our endpoints in the next `for_s` seconds (Ctrl-C ends it early)."""
    from otel_scorer.otlp import read_traces

    with tempfile.TemporaryDirectory(prefix="otel-scorer-doctor-") as folder:
        heard = Path(folder, "heard.jsonl")
        heard.touch()
        asyncio.run(_listen(settings, for_s, heard))
        return read_traces([heard]) if heard.stat().st_size else []


async def _listen(settings: Settings, for_s: float, heard: Path) -> None:
    from otel_scorer.online.exchange import ExportAnswer, ExportRequest
    from otel_scorer.online.transport_grpc import GrpcReceiver
    from otel_scorer.online.transport_http import HttpReceiver
    from otel_scorer.otlp import request_to_json

    with heard.open("ab") as out:

        async def write(request: ExportRequest) -> ExportAnswer:
            if request.signal != "metrics" and out.tell() < LIMIT_BYTES:
                out.write(request_to_json(request.signal, request.body) + b"\n")
            return ExportAnswer()

        receivers: list[GrpcReceiver | HttpReceiver] = []
        if settings.receive.grpc is not None:
            receivers.append(GrpcReceiver(settings.receive, write))
        if settings.receive.http is not None:
            receivers.append(HttpReceiver(settings.receive, write))
        try:
            for receiver in receivers:
                await receiver.start()
            doors = " and ".join(filter(None, (settings.receive.grpc, settings.receive.http)))
            typer.echo(f"Listening on {doors} for {for_s:.0f} s; Ctrl-C ends it early.", err=True)
            await _until_interrupted(for_s)
        finally:
            for receiver in receivers:
                await receiver.stop()


async def _until_interrupted(for_s: float) -> None:
    import signal

    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, done.set)
    try:
        await asyncio.wait_for(done.wait(), for_s)
    except TimeoutError:
        return
