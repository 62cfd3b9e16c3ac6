"""CrewAI by OpenInference: a crew is asked by its tasks; the input of its kickoff may hold nothing but a run's id.

Who has inputs hidden wants the tasks hidden too.
"""

from __future__ import annotations

import re

from otel_scorer.conventions.found import Reads
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.state import is_id
from otel_scorer.conventions.values import captured, dumped
from otel_scorer.model import Value

_PLACE = re.compile(r"\{([^{}\n]{1,100})\}")
_MOST_FILLED = 1_000_000
_TASKS = "crew_tasks"
_INPUTS = ("crew_inputs", "input.value")


def _asked(source: Source) -> str | None:
    if not captured(source.attributes.get("input.value", "")):
        return None
    tasks = source.json(_TASKS)
    told = [task.get("description") for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []
    asked = [text for text in told if isinstance(text, str) and text and captured(text)]
    inputs = source.json(*_INPUTS) if asked else None
    filled = {name: value for name, value in inputs.items() if not is_id(name)} if isinstance(inputs, dict) else {}
    return "\n".join(_filled(asked, filled)) or None


def _filled(asked: list[str], inputs: dict[str, Value]) -> list[str]:
    """The tasks with the inputs in their places (`{name}`); those that have none follow."""
    plain = {name: str(value) for name, value in inputs.items() if isinstance(value, str | int | float)}
    used: set[str] = set()
    left = _MOST_FILLED

    def fill(place: re.Match[str]) -> str:
        nonlocal left
        value = plain.get(place[1])
        if value is None or len(value) > left:
            return place[0]
        left -= len(value)
        used.add(place[1])
        return value

    asked = [_PLACE.sub(fill, text) for text in asked]
    rest = {name: value for name, value in inputs.items() if name not in used}
    return [*asked, dumped(rest)] if rest else asked


READS: tuple[Reads, ...] = (Reads("input_text", (_TASKS,), _asked),)
