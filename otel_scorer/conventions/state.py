"""The answer in an object that a graph or chain of steps hands on: its state, of which most was there before."""

from __future__ import annotations

import re

from otel_scorer.conventions.values import loosened

_ID = re.compile(r"(?:\A|[_.])(?:id|uuid|guid)\Z", re.IGNORECASE)
_FIELD = re.compile(r"(?:\A|[ (])([A-Za-z_]\w*)=")


def gained(state: str, given: str | None) -> str | None:
    """The one text that the state has and what was given had not; None where there is none, or several.

    An object is a state where what was given was one too, or stands in it; any other is an answer as it stands.
    """
    after, before = loosened(state), loosened(given)
    if not isinstance(after, dict):
        return None
    if isinstance(before, dict):
        new = {name: value for name, value in after.items() if name not in before or before[name] != value}
    else:
        new = {name: value for name, value in after.items() if value != before}
        if len(new) == len(after):
            return None
    texts = [value for value in (new or after).values() if isinstance(value, str) and value.strip()]
    return texts[0] if len(texts) == 1 else None


def only_ids(text: str) -> bool:
    """Whether an object holds nothing but ids (CrewAI's `{"id": "..."}`): nothing is asked by it."""
    value = loosened(text)
    return isinstance(value, dict) and bool(value) and all(map(is_id, value))


def is_id(name: str) -> bool:
    """Whether a field of this name holds an id."""
    return _ID.search(name) is not None


def same_object(one: str, other: str) -> bool:
    """Whether two texts are the same JSON object, however spaced."""
    value = loosened(one)
    return isinstance(value, dict) and value == loosened(other)


def prints_object(text: str, told: str) -> bool:
    """Whether a text is how Pydantic prints the object that is told (`name='x' healthy=True`)."""
    if not _FIELD.match(text):
        return False
    value = loosened(told)
    return isinstance(value, dict) and bool(value) and value.keys() <= set(_FIELD.findall(text))
