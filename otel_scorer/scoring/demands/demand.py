"""One instruction that can be verified by looking, and the test that an answer must pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from otel_scorer.scoring.wording.reply import Reply

Kind = Literal["length", "wording", "case", "format", "language"]
Test = Callable[[Reply], float | None]
"""How well an answer does: 1.0 does it, 0.0 does not, NEARLY between; None: with this answer it cannot be told."""

NEARLY = 0.6
MANY = 10**9
QUOTED = r"(?:[\"“`«„]|(?<!\w)['‘])((?:[^\"“”'‘’`«»„\n]|(?<=\w)['’](?=\w)){1,80})(?:[\"”`»“]|['’](?!\w))"
"""A phrase in quotation marks; an apostrophe inside of a word ends none."""
BARE = (
    r"(?!(?:may|must|should|shall|can|could|will|is|are|was|has|have|that|which|in|of|or|and|to|you|with"
    r"|for|at|as|from|by"
    r"|count|counts|limit|limits|length|lengths|order|choice|search|problem|problems|be|appears?"
    r"|only)\b)([^\W_][\w'’-]{0,39})"
)
"""A word without quotation marks, after `the word`."""


class Demand(NamedTuple):
    """One instruction. `text` is what asks for it, `test` how well an answer does it."""

    kind: Kind
    text: str
    test: Test


_TURNED = re.compile(r"\b(?:not|never|don['’]t|without|no|avoid)\b[^.;,]*$", re.IGNORECASE)


def turned_round(match: re.Match[str]) -> bool:
    """Whether a word of denial stands right before a match, in its clause."""
    return bool(_TURNED.search(match.string[max(0, match.start() - 24) : match.start()]))


Reader: TypeAlias = "Callable[[re.Match[str]], Test | None]"
"""The test that a matched wording asks for; None where it asks for nothing that can be verified."""


def read_all(readers: Iterable[tuple[re.Pattern[str], Reader]], text: str) -> Iterator[Demand]:
    """A demand on wording for each match of a pattern that its reader makes something of."""
    for pattern, read in readers:
        for match in pattern.finditer(text):
            test = read(match)
            if test is not None:
                yield Demand("wording", match.group().strip(), test)
