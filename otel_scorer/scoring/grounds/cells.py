"""Plain text as a table: its lines, and the numbers that stand with commas between them."""

from __future__ import annotations

import re

_MAX_LISTED = 500
"""Lists of numbers that a text may write without blanks."""
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3}){2,4}")
"""`1,240,178` is one number."""
_LISTED = re.compile(r"\d{1,15}(?:,\d{1,15}){2,200}")


def lines_of(text: str) -> list[float]:
    """How many lines a text has, and how many without a heading."""
    lines = text.count("\n") + 1 - text.endswith("\n")
    return [float(lines), float(lines - 1)] if lines > 1 else []


def cells_of(text: str) -> list[float]:
    """Numbers that stand with commas and no blanks between them: `1240,1178` of a table is two."""
    listed = [one for one in _LISTED.findall(text) if not _GROUPED.fullmatch(one)] if "," in text else ()
    found = [float(cell) for one in listed[:_MAX_LISTED] for cell in one.split(",")]
    return found + [float(cell) for line in _table_lines(text) for cell in line.split(",") if _CELL.fullmatch(cell)]


def _table_lines(text: str) -> list[str]:
    """The lines of comma-separated values: as many commas in each of the first ones, none before a blank."""
    head, _, rest = text.partition("\n")
    second = rest.partition("\n")[0]
    commas = head.count(",")
    if not commas or second.count(",") != commas or ", " in head:
        return []
    return [line for line in text.split("\n")[:_MAX_LINES] if line.count(",") == commas]


_CELL = re.compile(r"-?\d{1,15}(?:\.\d{1,10})?")
_MAX_LINES = 5000
