"""Demands for a number of something: "at most 100 words", "three to five bullet points", "exactly 2 paragraphs"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.checks.demand import MANY, NEARLY, NUMBER, Demand, Test, number
from otel_scorer.scoring.checks.lexicon import Wording
from otel_scorer.scoring.checks.reply import COUNTED, Reply
from otel_scorer.scoring.hits import folded

_UNIT = "(" + "|".join(sorted(COUNTED, key=len, reverse=True)).replace(" ", "[ -]") + r")(?:s|es)?\b"
_BOUNDS: dict[str, str] = {
    "exactly": "=",
    "precisely": "=",
    "only": "=",
    "just": "=",
    "at least": ">=",
    "no less than": ">=",
    "no fewer than": ">=",
    "minimum of": ">=",
    "minimum": ">=",
    "more than": ">",
    "over": ">",
    "fewer than": "<",
    "less than": "<",
    "under": "<",
    "below": "<",
    "at most": "<=",
    "no more than": "<=",
    "not more than": "<=",
    "not exceed": "<=",
    "not exceeding": "<=",
    "up to": "<=",
    "within": "<=",
    "maximum of": "<=",
    "maximum": "<=",
    "max": "<=",
    "limited to": "<=",
    "around": "~",
    "about": "~",
    "approximately": "~",
    "roughly": "~",
    "in": "in",
    "with": "",
}
_BOUND = "(" + "|".join(sorted(_BOUNDS, key=len, reverse=True)) + ")?"
_COUNT = re.compile(rf"(?<!\w){_BOUND} ?(?:(?:a|the) )?{NUMBER}( |-)(?:different |distinct )?{_UNIT}", re.IGNORECASE)
_BETWEEN = re.compile(rf"(?<!\w)(?:between |from )?{NUMBER}(?: ?- ?| to | and ){NUMBER} {_UNIT}", re.IGNORECASE)
_COUNTED = re.compile(rf"[\deonrtx][ -](?:different |distinct )?{_UNIT}")
"""What both hold, for folded texts: the last sign of a number before a unit."""
_AFTER = re.compile(
    r"^ or (?:(less|fewer)|(more))\b|^ (?:(max\w*|at most|or under)|(min\w*|at least))\b", re.IGNORECASE
)
_PART_OF = re.compile(r"\b(?:each|every|per|first|last|next|second|third)\b", re.IGNORECASE)
_WHOLE = re.compile(
    r"^ (?:answer|response|reply|summary|paragraph|essay|story|text|explanation|description)", re.IGNORECASE
)


def counts(wording: Wording) -> Iterator[Demand]:
    """What the sentence says of the length of the whole answer; of its parts ("each paragraph of ...") nothing."""
    if _COUNTED.search(wording.folded):
        yield from _counts(wording.text)


def _counts(sentence: str) -> Iterator[Demand]:
    taken: list[tuple[int, int]] = []
    for match in _BETWEEN.finditer(sentence):
        if not _is_part(sentence, match):
            taken.append(match.span())
            test = _in_range(match[3], number(match[1]), number(match[2]))
            yield Demand("length", match.group().strip(), test)
    for match in _COUNT.finditer(sentence):
        inside = any(start < match.end() and match.start() < end for start, end in taken)
        bounds = None if inside or _is_part(sentence, match) else _bounds(match, sentence)
        if bounds is not None:
            yield Demand("length", match.group().strip(), _in_range(match[4], *bounds))


def _is_part(sentence: str, match: re.Match[str]) -> bool:
    return bool(_PART_OF.search(sentence[max(0, match.start() - 40) : match.end() + 16]))


def _bounds(match: re.Match[str], sentence: str) -> tuple[int, int] | None:
    """(least, most); None where the words are no demand ("a three-word name")."""
    wanted, sign = number(match[2]), _BOUNDS.get(folded(match[1] or ""), "")
    after = _AFTER.match(sentence[match.end() :])
    if after:
        return (0, wanted) if after[1] or after[3] else (wanted, MANY)
    if match[3] == "-" and not _WHOLE.match(sentence[match.end() :]):
        return None
    if folded(match[4]) == "line" and sign in ("", "in", "="):
        return None  # whether a line of greeting counts is anybody's guess
    if sign == "in":  # "in 2 sentences" means two, "in 100 words" not more than that
        sign = "=" if wanted <= 12 else "<="
    return {
        "=": (wanted, wanted),
        ">=": (wanted, MANY),
        ">": (wanted + 1, MANY),
        "<": (0, wanted - 1),
        "<=": (0, wanted),
        "~": (int(wanted * 0.8), int(wanted * 1.2 + 0.5)),
        "": (int(wanted * 0.8), int(wanted * 1.2 + 0.5)),
    }[sign]


def _in_range(unit: str, low: int, high: int) -> Test:
    """A tenth outside of the range is nearly in it, where the range is of some size."""
    name = folded(unit).replace("-", " ")

    def test(reply: Reply) -> float:
        count = reply.count(name)
        if low <= count <= high:
            return 1.0
        edge = high if count > high else low
        return NEARLY if edge >= 20 and abs(count - edge) <= 0.1 * edge else 0.0

    return test
