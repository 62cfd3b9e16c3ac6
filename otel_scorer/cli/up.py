"""`otel-scorer up`."""

from __future__ import annotations

from otel_scorer.cli import options


def up(
    config: options.ConfigFile = None,
    backend: options.Backend = None,
    protocol: options.Protocol = None,
    header: options.Headers = None,
    data_dir: options.DataDir = None,
    grpc: options.Grpc = None,
    http: options.Http = None,
    assignments: options.Assignments = None,
) -> None:
    """Runs everything on this machine: receiver, scorer, embedded Valkey and SQLite.

    Without a backend, spans are appended to a file in the data directory and each scored trace is printed.

    Example: [bold]otel-scorer up --backend http://tempo:4317[/bold]
    """
    settings = options.settings_of(
        config,
        assignments,
        given=[*options.backend_given(backend, protocol), *options.place_given(data_dir, grpc, http)],
        headers=header,
    )
    from otel_scorer.serve import run_up

    run_up(settings)
