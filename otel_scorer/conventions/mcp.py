"""Spans of the Model Context Protocol that hold the whole request and response; newer ones are OpenTelemetry's tool
spans (`gen_ai.tool.call.arguments`, `.result`).
"""

from __future__ import annotations

from otel_scorer.conventions.found import Reads, text

READS: tuple[Reads, ...] = (text("input_text", "mcp.request.argument"), text("output_text", "mcp.response.value"))
