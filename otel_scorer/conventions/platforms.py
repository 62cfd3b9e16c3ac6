"""Frameworks that put a step's whole input and output into one attribute each, and have nothing else of their own:
Genkit, Laminar, VoltAgent (`*.messages`), guardrails.
"""

from __future__ import annotations

from otel_scorer.conventions.found import Reads, text

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
    ),
    text(
        "output_text",
        "genkit:output",
        "lmnr.span.output",
        "guardrails.request.output",
        "gen_ai.guardrail.output",
        "gen_ai.guardrail.modified_output",
    ),
)
