"""OTLP bytes and JSON to the nouns of `model`, and back."""

from otel_scorer.otlp.decode import decode_log, decode_span, model_head, trace_of
from otel_scorer.otlp.encode import encode_log, encode_span
from otel_scorer.otlp.files import read_traces, traces_in
from otel_scorer.otlp.json_in import json_to_request
from otel_scorer.otlp.json_out import request_to_json
from otel_scorer.wire import assemble_logs
from otel_scorer.wire.parts import Signal

__all__ = [
    "Signal",
    "assemble_logs",
    "decode_log",
    "decode_span",
    "encode_log",
    "encode_span",
    "json_to_request",
    "model_head",
    "read_traces",
    "request_to_json",
    "trace_of",
    "traces_in",
]
