"""Where the parts meet: the processes `serve`, `work` and `up` (both, with an embedded Valkey and SQLite)."""

from otel_scorer.serve.processes import run_serve, run_up, run_work

__all__ = ["run_serve", "run_up", "run_work"]
