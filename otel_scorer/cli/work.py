"""`otel-scorer work`."""

from __future__ import annotations

from otel_scorer.cli import options


def work(config: options.ConfigFile = None, assignments: options.Assignments = None) -> None:
    """Scores the traces that `otel-scorer serve` holds (a Celery worker). Run as many as you need.

    Example: [bold]otel-scorer work --set ledger.urls=redis://valkey:6379/0[/bold]
    """
    settings = options.settings_of(config, assignments)
    from otel_scorer.serve import run_work

    run_work(settings)
