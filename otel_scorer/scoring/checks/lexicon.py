"""How word lists and phrase patterns are written down: one readable block, compiled once."""

from __future__ import annotations

import re


def vocabulary(block: str) -> frozenset[str]:
    """The words of a block of text, blanks between them."""
    return frozenset(block.split())


def phrases(block: str, *, at_start: bool = False, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """A pattern that finds any line of the block as whole words; each line is a regular expression.

    `at_start` binds it to the beginning of the text, after at most three signs. An apostrophe stands for the curly one
    as well (so keep it out of character classes). A line that begins with `|` goes on with the one before.
    """
    joined = re.sub(r"\n\s*\|", "|", block).replace("'", "['’]")
    lines = [line.strip() for line in joined.splitlines() if line.strip()]
    head = r"^\W{0,3}" if at_start else r"(?<!\w)"
    return re.compile(head + "(?:" + "|".join(lines) + r")(?!\w)", flags)
