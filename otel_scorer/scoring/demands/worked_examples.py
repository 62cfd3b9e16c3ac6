"""Worked examples in a prompt: other people's tasks, thoughts, calls and answers, which demand nothing."""

from __future__ import annotations

import re

_STEP = re.compile(r"(?m)^[ \t]{0,4}(?:Observation|Thought):")
_PART = re.compile(r"\n[ \t]*\n\s*")
_OF_EXAMPLE = re.compile(
    r"(?:-{3,}\s+)?(?:Task|Question|Thought|Action(?: Input)?|Observation|Code|Answer|Final Answer):|</?code>"
)
_FEWEST = 3
"""Steps that make a text one with examples; prompts name the parts of a step once, to say what goes there."""


def without_worked_examples(text: str) -> str:
    """The prompt without paragraphs that tell steps of an example (`Task: ...`, `Thought: ...`, `Observation: ...`).

    A prompt that has no such examples stays as it is.
    """
    if "Observation:" not in text or len(_STEP.findall(text)) < _FEWEST:
        return text
    return "\n\n".join(part for part in _PART.split(text) if not _OF_EXAMPLE.match(part))
