"""Python's tracebacks without the frames that the error only passed through: its words stay, and the place that raised.

Only lines that have the shape of a frame go: `File "...", line 7, in f`, the one line of source below it, and carets.
What else stands among them, in whatever text pretends to be a traceback, stays in sight.
"""

from __future__ import annotations

import re

_HEAD = "Traceback (most recent call last)"
_FRAME = re.compile(r'\s*File "[^"\n]{1,300}", line \d{1,7}(?:, in [^\n]{1,100})?\s*')
_SOURCE_CHARS = 160
_CARETS = re.compile(r"[\s^~]*")
_WORTH = 4
"""Frames from which on they are left out."""


def without_frames(text: str) -> str:
    """`text` with all frames but the last as a mark that says how many were left out. Linear in its length."""
    if _HEAD not in text:
        return text
    lines = text.split("\n")
    frames = [at for at, line in enumerate(lines) if len(line) < 500 and _FRAME.fullmatch(line)]
    if len(frames) < _WORTH:
        return text
    gone = {at for frame in frames[:-1] for at in _of_frame(lines, frame)}
    kept = [line for at, line in enumerate(lines) if at not in gone]
    first = frames[0]
    kept.insert(sum(at not in gone for at in range(first)), f"  [… {len(frames) - 1} frames cut …]")
    return "\n".join(kept)


def _of_frame(lines: list[str], frame: int) -> list[int]:
    """The frame's own lines: itself, a line of source, its carets, and empty lines between."""
    found, at, may_be_source = [frame], frame + 1, True
    while at < len(lines):
        line = lines[at]
        if _CARETS.fullmatch(line):
            found.append(at)
        elif may_be_source and line.startswith("    ") and len(line) <= _SOURCE_CHARS:
            found.append(at)
            may_be_source = False
        else:
            break
        at += 1
    return found
