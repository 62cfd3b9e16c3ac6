"""What `otel-scorer up` prints: how to point an agent at it, and without a backend a line for each scored trace."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from otel_scorer.config import Settings
from otel_scorer.history.record import Record
from otel_scorer.model import DIMENSIONS

_SHORT = {
    "factual_grounding": "grounding",
    "privacy_and_safety": "safety",
    "instruction_adherence": "instructions",
    "optimal_plan_execution": "plan",
}


def announce(settings: Settings) -> None:
    """Where we listen and where spans go."""
    console = Console(stderr=True, highlight=False)
    grpc, http = settings.receive.grpc, settings.receive.http
    goes = settings.backend.endpoint or settings.backend.file
    if grpc:
        console.print(f"OTLP gRPC  [bold]http://{grpc}[/bold]   OTEL_EXPORTER_OTLP_ENDPOINT=http://{grpc}")
    if http:
        console.print(f"OTLP HTTP  [bold]http://{http}[/bold]   OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
    console.print(f"spans go to [bold]{escape(str(goes))}[/bold]")
    if settings.telemetry.listen:
        console.print(f"metrics and health: http://{settings.telemetry.listen}/metrics, /readyz")
    console.print("Ctrl-C stops.")


def print_ending(record: Record) -> None:
    """One line for a trace with scores; others are in the history (`otel-scorer why`)."""
    line = ending_line(record)
    if line is not None:
        Console(highlight=False, soft_wrap=True).print(line)


def ending_line(record: Record) -> str | None:
    """Label, trace id, composite, the four scores, status; None for a trace without scores."""
    outcome = record.main
    if outcome is None or record.status not in ("scored", "partial"):
        return None
    values = {name: verdict.value for name, verdict in outcome.scores.items()}
    parts = [f"{_SHORT[name]} {values.get(name) or '-'}" for name in DIMENSIONS]
    label = outcome.label or "-"
    colour = {"pass": "green", "fail": "red"}.get(label, "yellow")
    composite = "   -" if outcome.composite is None else f"{outcome.composite:.2f}"
    return f"[{colour}]{label:4}[/{colour}] {record.trace_id}  {composite}  {'  '.join(parts)}  {record.status}"
