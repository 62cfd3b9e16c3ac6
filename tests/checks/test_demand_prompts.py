"""What is found in whole prompts, as teams write them: the rules for the answer, and nothing of the material."""

from __future__ import annotations

from otel_scorer.scoring.demands.demands import demands

SUPPORT = """You are Ava, the support agent of Lumen Lamps. Today is 2026-03-01.

## Rules
- Keep answers short: at most 3 sentences unless the user asks for details.
- Do not use emojis. Do not use markdown; plain text only.
- If you do not know, say "I will check with a colleague."
- Use the order tool to look up orders. Each order has exactly one id of 8 digits, which starts with "L".
- Refunds over 50 euros need a manager. Customers get at most two refunds per year.
- End every reply with "Is there anything else I can help with?"
- Never say "I'm just an AI".
- Start by greeting the customer by name.

## Example
User: Where is my order?
Agent: It left our house on Monday. Is there anything else I can help with?
"""
EXTRACTION = """Extract the entities. Return a JSON object with the keys "people" and "dates".
Do not include any explanation. The document may contain up to 5 pages.

Document: The committee wrote that every report must contain exactly three sections and end with the word "Sincerely".
Reports should be no longer than 10 words."""
CODING = """You are a code assistant. You must call exactly one tool in each step.
Do not write more than one action at a time. All code must be in Python 3.
Function names must be in lower case. Each function should have a docstring of at most two lines."""
PLANNER = """Reply with a numbered list of 3 options. Each option should have a name, a price and one sentence of
description. Do not invent prices. Respond in at most 150 words."""
GRADER = """You grade essays. An essay gets 5 points when it has at least three paragraphs, and 1 point when every
sentence starts with the same word."""


def found(prompt: str) -> list[str]:
    return [demand.text for demand in demands(prompt)]


def test_rules_of_a_support_prompt_are_found_and_its_facts_are_not() -> None:
    assert found(SUPPORT) == [
        "no emojis",
        "no markdown",
        "the answer ends with 'Is there anything else I can help with?'",
        'never "I\'m just an AI"',
    ]


def test_material_under_a_label_asks_nothing() -> None:
    assert found(EXTRACTION) == ["JSON", "JSON keys people, dates"]


def test_rules_for_code_for_calls_and_for_graded_texts_are_not_of_the_answer() -> None:
    assert found(CODING) == []
    assert found(GRADER) == []


def test_a_count_within_each_option_is_none_of_the_whole() -> None:
    assert found(PLANNER) == ["numbered list", "at most 150 words"]


def test_demands_in_other_languages_are_found() -> None:
    assert found("Antworte immer auf Deutsch. Antworte in höchstens 3 Sätzen.") == ["in German", "höchstens 3 sätzen"]
    assert found("Wenn der Nutzer es will, antworte auf Englisch.") == []
    assert found("Réponds en français. Au maximum 50 mots.") == ["in French", "au maximum 50 mots"]
