"""`otel-scorer serve`."""

from __future__ import annotations

from otel_scorer.cli import options


def serve(
    config: options.ConfigFile = None,
    backend: options.Backend = None,
    protocol: options.Protocol = None,
    header: options.Headers = None,
    grpc: options.Grpc = None,
    http: options.Http = None,
    assignments: options.Assignments = None,
) -> None:
    """Receives, holds and exports spans against a Valkey or Redis that others share. Run as many as you need.

    Example: [bold]otel-scorer serve --backend http://tempo:4317 --set ledger.urls=redis://valkey:6379/0[/bold]
    """
    settings = options.settings_of(
        config,
        assignments,
        given=[*options.backend_given(backend, protocol), *options.place_given(None, grpc, http)],
        headers=header,
    )
    from otel_scorer.serve import run_serve

    run_serve(settings)
