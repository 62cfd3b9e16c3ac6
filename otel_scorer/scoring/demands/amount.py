"""Numbers as instructions write them: "three", "1,000", "a dozen", "22nd", "at least", "between 3 and 5"."""

from __future__ import annotations

import re
from typing import NamedTuple

from otel_scorer.scoring.demands.demand import MANY
from otel_scorer.scoring.detection.hits import folded


def _in_order(block: str) -> tuple[str, ...]:
    return tuple(block.split())


_UNITS = _in_order(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
    """
)
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES = {word: value for value, word in enumerate(_UNITS)}
_VALUES |= {word: 10 * value for value, word in enumerate(_TENS, 2)}
_VALUES |= {"single": 1, "dozen": 12, "hundred": 100, "thousand": 1000, "couple": 2}
_SPELLED = rf"(?:{'|'.join(_TENS)})(?:-(?:{'|'.join(_UNITS[1:10])}))?|{'|'.join(sorted(_UNITS, key=len, reverse=True))}"
NUMBER = (
    rf"(\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}}(?:\.0)?|half a dozen|a (?:single|dozen|hundred|thousand)|single"
    rf"|(?:{_SPELLED}))"
)
ORDINALS = _in_order(
    """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    """
)
ORDINAL = (
    r"(\d{1,4} ?-? ?(?:st|nd|rd|th)|(?:second|third|next)[ -](?:to[ -]last|from[ -]last)|last but one|penultimate"
    rf"|last|final|very first|very last|opening|closing|{'|'.join(sorted(ORDINALS, key=len, reverse=True))})"
)
TIMES = rf"(once|twice|thrice|(?:{NUMBER[1:-1]}) times)"
_ONCE = {"once": 1, "twice": 2, "thrice": 3}
_FROM_THE_END = {"last": 1, "final": 1, "very last": 1, "closing": 1, "penultimate": 2, "last but one": 2}

LIMITS: dict[str, str] = {
    **dict.fromkeys(("exactly", "precisely", "only", "just", "no more and no less than", "a total of"), "="),
    **dict.fromkeys(
        (
            *("at least", "no less than", "no fewer than", "not less than", "not fewer than", "minimum of", "minimum"),
            *("a minimum of", "at minimum", "min", "at the very least", "at a minimum", ">=", "≥"),
        ),
        ">=",
    ),
    **dict.fromkeys(("more than", "over", "greater than", "longer than", "exceeding", "above", ">"), ">"),
    **dict.fromkeys(("fewer than", "less than", "under", "below", "shorter than", "<"), "<"),
    **dict.fromkeys(
        (
            *("at most", "no more than", "not more than", "not exceed", "not exceeding", "up to", "within"),
            *("maximum of", "a maximum of", "maximum", "max", "limited to", "no longer than", "not longer than"),
            *("no greater than", "to at most", "at the most", "at the very most", "not be longer than", "<=", "≤"),
            *("without exceeding", "not go over", "not go beyond", "not be more than", "never more than"),
            *("never exceed", "do not exceed", "don't exceed", "not use more than", "not write more than"),
        ),
        "<=",
    ),
    **dict.fromkeys(("around", "about", "approximately", "roughly", "approx.", "circa", "some"), "~"),
    "in": "in",
    "with": "",
    "using": "",
}
LIMIT = "(" + "|".join(re.escape(word) for word in sorted(LIMITS, key=len, reverse=True)) + ")"
_NEGATED = re.compile(
    r"\b(?:not|never|don['’]t|shouldn['’]t|mustn['’]t|cannot|can['’]t|avoid"
    r"|no(?= \w{1,20}(?: \w{1,20})? (?:should|may|must|can|has|have|is|are|will|contains?|exceeds?|of)\b))\b"
    r"(?:(?! and | but |[,;:]).){0,32}$",
    re.IGNORECASE,
)
"""What turns the limit after it round."""


class Range(NamedTuple):
    """From `low` to `high`, both included."""

    low: int
    high: int

    def holds(self, least: int, most: int) -> bool:
        """Whether one of several readings of a count, `least` to `most`, lies in it."""
        return least <= self.high and most >= self.low


def number(text: str) -> int:
    """What NUMBER matched."""
    word = folded(text)
    if word.startswith("half"):
        return 6
    word = word.rpartition(" ")[2].removesuffix(".0").replace(",", "")
    if word.isdigit():
        return int(word)
    tens, _, ones = word.partition("-")
    return _VALUES[tens] + (_VALUES[ones] if ones else 0)


def times(text: str) -> int:
    """What TIMES matched."""
    word = folded(text)
    return _ONCE[word] if word in _ONCE else number(word.removesuffix(" times"))


def place(text: str) -> int:
    """Of what ORDINAL matched, the index: 0 is the first, -1 the last."""
    word = folded(text).replace("-", " ").removeprefix("very ")
    digits = re.match(r"\d+", word)
    if digits:
        return max(0, int(digits.group()) - 1)
    if word in _FROM_THE_END:
        return -_FROM_THE_END[word]
    if word.endswith("last"):
        return -3 if word.startswith("third") else -2
    return 0 if word == "opening" else ORDINALS.index(word)


def limited(sign: str, wanted: int, before: str = "") -> Range | None:
    """The range that a limit ("at least") puts around a number; `before` is what stands before it ("not more than").

    None where the words are turned round in a way that is not known.
    """
    kind = LIMITS.get(folded(sign).replace("’", "'"), "") if sign else ""
    if before and _NEGATED.search(before):
        turned = {">": "<=", "<": ">=", "~": None, "=": None, "": None, "in": None, ">=": "<", "<=": None}[kind]
        if turned is None:
            return None
        kind = turned
    if kind == "in":  # "in 2 sentences" means two, "in 100 words" not more than that
        kind = "=" if wanted <= 12 else "<="
    vague = Range(int(wanted * 0.8), int(wanted * 1.2 + 0.5))
    return {
        "=": Range(wanted, wanted),
        ">=": Range(wanted, MANY),
        ">": Range(wanted + 1, MANY),
        "<": Range(0, wanted - 1),
        "<=": Range(0, wanted),
        "~": vague,
    }.get(kind, vague)
