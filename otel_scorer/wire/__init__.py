"""OTLP bytes, cut and put together without decoding what is only passed on.

A span stays the bytes that came. What is looked at is looked at through a schema of our own (`lite`) in which spans,
attributes, resource and scope are plain bytes, so that neither their text nor their depth can make a batch unreadable.
"""

from otel_scorer.wire.encode import assemble, assemble_logs, assemble_runs, encode_attributes
from otel_scorer.wire.logs import split_logs
from otel_scorer.wire.parts import count_items, split_request
from otel_scorer.wire.pieces import AgentSpan, Envelope, Head, JoinedLog, LogSplit, Split
from otel_scorer.wire.traces import split_traces

__all__ = [
    "AgentSpan",
    "Envelope",
    "Head",
    "JoinedLog",
    "LogSplit",
    "Split",
    "assemble",
    "assemble_logs",
    "assemble_runs",
    "count_items",
    "encode_attributes",
    "split_logs",
    "split_request",
    "split_traces",
]
