"""Names, numbers and counts from outside, cut to what every database takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 256
"""Characters: longer ones do not fit into an index."""
LARGEST_COUNT = 2**63 - 1


def name(text: str) -> str:
    """No NUL, no half of a surrogate pair, not too long for an index."""
    if len(text) <= LONGEST_NAME and text.isascii() and "\0" not in text:
        return text
    return text[:LONGEST_NAME].replace("\0", "").encode("utf-8", "replace").decode()


def names(found: Mapping[str, str]) -> dict[str, str]:
    """A mapping of names."""
    return {name(key): name(text) for key, text in found.items()}


def number(value: float | None) -> float | None:
    """None for what is no number: SQL and JSON have no infinity."""
    return float(value) if value is not None and math.isfinite(value) else None


def count(value: int) -> int:
    """Within what a column holds."""
    return max(-LARGEST_COUNT, min(value, LARGEST_COUNT))


def count_or_none(value: int | None) -> int | None:
    return None if value is None else count(value)


def storable(value: Any) -> Any:
    """A JSON value in which all of these are."""
    match value:
        case str():
            return name(value)
        case dict():
            return {name(key): storable(item) for key, item in value.items()}
        case list():
            return [storable(item) for item in value]
        case float():
            return number(value)
        case int() if not isinstance(value, bool):
            return count(value)
    return value
