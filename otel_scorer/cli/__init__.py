"""The command line: one thin file for each command, joined here.

Commands import what they need when they run, so that `--help` and `view` do not wait for gRPC and Celery.
"""

from __future__ import annotations

import sys

import typer

from otel_scorer.cli import (
    calibrate,
    check,
    demo,
    doctor,
    evaluate,
    health,
    quarantine,
    rubric,
    serve,
    up,
    view,
    why,
    work,
)
from otel_scorer.errors import OtelScorerError

app = typer.Typer(
    name="otel-scorer",
    help="An OTLP endpoint that scores what LLM agents do and writes the scores on their spans.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

for _name, _command in (
    ("up", up.up),
    ("serve", serve.serve),
    ("work", work.work),
    ("demo", demo.demo),
    ("why", why.why),
    ("view", view.view),
    ("doctor", doctor.doctor),
    ("check", check.check),
    ("eval", evaluate.evaluate),
    ("calibrate", calibrate.calibrate),
    ("quarantine", quarantine.quarantine),
    ("health", health.health),
):
    app.command(_name)(_command)
app.add_typer(rubric.app, name="rubric")


def main() -> None:
    """Runs the command line. What its user can mend is told in its sentence on stderr, exit code 2, no traceback."""
    try:
        app()
    except OtelScorerError as mistake:
        print(f"otel-scorer: {mistake}", file=sys.stderr)
        raise SystemExit(2) from None
