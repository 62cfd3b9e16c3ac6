"""How many things were asked for: "List 10 synonyms", "Give me three tips"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.amount import NUMBER, number
from otel_scorer.scoring.demands.demand import Demand, Test
from otel_scorer.scoring.demands.tally import TALLIES
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import Wording, vocabulary
from otel_scorer.scoring.wording.reply import Reply

_THINGS = re.compile(
    rf"(?:^|[.,:;] |\bplease |\bcan you |\bcould you |\band |\bto )(?:list|name|give(?: me| us)?|suggest"
    rf"|provide(?: me with)?|brainstorm|recommend|state|propose"
    rf"|identify|mention|come up with|generate|write down|tell me|create a list of|make a list of|list out|find|share)"
    rf" (?:a list of )?(?:(?:the )?(?:top|best|first) |exactly |only |just |any |at least )?{NUMBER} ("
    rf"(?:[a-z-]+ ){{0,3}}?[a-z-]+s)\b(?! (?:old|ago|long|later|or (?:more|less)))",
    re.IGNORECASE,
)
_NO_THINGS = vocabulary(
    """
    words characters letters lines sentences paragraphs times minutes hours days weeks months years percent
    dollars euros pages tokens seconds points stars people numbers syllables is was has does this paragraphs
    options
    """
)


def items(wording: Wording) -> Iterator[Demand]:
    """Numbers of things."""
    text = wording.text
    match = _THINGS.search(text)
    if match:
        noun = folded(match[2]).split()
        at_least = "at least" in folded(match.group())
        if noun[-1] not in _NO_THINGS and noun[-1].removesuffix("s") not in TALLIES and 1 < number(match[1]) <= 100:
            yield Demand("length", match.group().strip(" .,:;"), _things(number(match[1]), at_least=at_least))


def _things(wanted: int, *, at_least: bool) -> Test:
    """By the one list that the answer has; None where it has none, several, or nested ones."""

    def test(reply: Reply) -> float | None:
        count = _listed(reply)
        if count is None:
            return None
        return float(count >= wanted if at_least else count == wanted)

    return test


def _listed(reply: Reply) -> int | None:
    marked = portions.marked_items(reply.text)
    if not marked:
        return _in_a_row(reply.text)
    marks = [mark for mark, _ in marked]
    if all(mark.isdigit() for mark in marks):
        return len(marks) if list(map(int, marks)) == list(range(1, len(marks) + 1)) else None
    headings = any(portions.HEADING.match(line) for line in reply.text.splitlines())
    whole = len(marks) == reply.bullets and not reply.numbered
    return len(marks) if whole and not headings else None


def _in_a_row(text: str) -> int | None:
    """`Helium, neon, argon.`: one line of short parts between commas."""
    if "\n" in text or ":" in text or len(text) > 400:
        return None
    parts = [part for part in re.split(r",(?: and| or)? |, | and ", text.rstrip(".")) if part.strip()]
    plain = all(len(part.split()) <= 3 and not any(map(str.isdigit, part)) for part in parts)
    return len(parts) if len(parts) > 2 and plain else None
