from __future__ import annotations

from otel_scorer.scoring.demands.demands import demands
from otel_scorer.scoring.demands.worked_examples import without_worked_examples

EXAMPLES = """You solve tasks with tools. Answer in at most three sentences.

Task: "Which city is larger? Answer with only one word."

Thought: I look both up.
Observation: 15 and 26 million.

Thought: Now I know.
Observation: done

For tools with JSON output schema: You can directly use their structured output fields.
"""


def test_what_an_example_s_user_asked_is_asked_of_nobody() -> None:
    assert [demand.text for demand in demands(EXAMPLES)] == ["at most three sentences"]


def test_a_prompt_without_examples_stays() -> None:
    prompt = "Role: clerk\n\nTask: Answer in one word.\n\nThought: think first.\nObservation: what a tool said."
    assert without_worked_examples(prompt) == prompt
