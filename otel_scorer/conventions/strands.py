"""Strands Agents, beside the message events that it writes (`otel_events`): the tools of an agent by name."""

from __future__ import annotations

from otel_scorer.conventions.definitions import definitions
from otel_scorer.conventions.found import Reads

_TOOLS = "gen_ai.agent.tools"

READS: tuple[Reads, ...] = (Reads("tool_definitions", (_TOOLS,), lambda source: definitions(source.json(_TOOLS))),)
