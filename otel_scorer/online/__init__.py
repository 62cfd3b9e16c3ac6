"""The way of a span through the running service: receive, split, hold, seal, score, export, and what is told about it.

One file per station. `exchange` has what the stations hand to each other; `answers` is the one place where an error
becomes a gRPC code and an HTTP status. `runtime.prepare_runtime` must run before anything here imports gRPC.
"""
