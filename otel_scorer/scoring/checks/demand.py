"""One instruction that can be verified by looking, and the test that an answer must pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from otel_scorer.scoring.checks.reply import Reply
from otel_scorer.scoring.hits import folded

Kind = Literal["length", "wording", "case", "format", "language"]
Test = Callable[[Reply], float]
"""How well an answer does: 1.0 does it, 0.0 does not, NEARLY between."""

NEARLY = 0.6
MANY = 10**9
NUMBER = r"(\d{1,6}(?:\.0)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a single|single)"
QUOTED = r"[\"“'‘`]([^\"“”'‘’`\n]{1,80})[\"”'’`]"

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_VALUES = {word: value for value, word in enumerate(_WORDS)} | {"single": 1}


class Demand(NamedTuple):
    """One instruction. `text` is what asks for it, `test` how well an answer does it."""

    kind: Kind
    text: str
    test: Test


def number(text: str) -> int:
    """What NUMBER matched."""
    word = folded(text).rpartition(" ")[2].removesuffix(".0")
    return int(word) if word.isdigit() else _VALUES[word]
