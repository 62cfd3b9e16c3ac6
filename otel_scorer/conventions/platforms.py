"""Frameworks that put a step's whole input and output into one attribute each, and have nothing else of their own:
Genkit, Laminar, VoltAgent (`*.messages`), AgentOps, OpenLIT's decorator, guardrails.
"""

from __future__ import annotations

from otel_scorer.conventions.found import Reads, text
from otel_scorer.conventions.printed import printed_list, printed_object
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import dumped

_CALLED_WITH = ("function.args", "function.kwargs")
_STEPS = ("entity", "session", "workflow", "agent", "operation", "task", "chain", "tool", "guardrail", "llm")


def _called_with(source: Source) -> str | None:
    """A Python call, as `str` prints its arguments."""
    args, kwargs = (source.text(key) for key in _CALLED_WITH)
    read = printed_list(args) if args else None
    named = printed_object(kwargs) if kwargs else None
    if not read and not named:
        return None
    return dumped({"args": read or [], "kwargs": named or {}})


READS: tuple[Reads, ...] = (
    text(
        "input_text",
        "genkit:input",
        "lmnr.span.input",
        "llm.messages",
        "agent.messages",
        "guardrails.request.input",
        "guardrails.rail.input",
        "gen_ai.guardrail.input",
        *(f"agentops.{step}.input" for step in _STEPS),
    ),
    Reads("input_text", _CALLED_WITH, _called_with),
    text(
        "output_text",
        "genkit:output",
        "lmnr.span.output",
        "guardrails.request.output",
        "gen_ai.guardrail.output",
        "gen_ai.guardrail.modified_output",
        *(f"agentops.{step}.output" for step in _STEPS),
    ),
)
