"""Text made fit to be shown: without characters that hide, and not longer than asked."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """`text` without control, zero-width, direction, tag and surrogate characters (tab, line feed and return stay)."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def clip(text: str, limit: int) -> str:
    """`text`, or its head and tail around a mark that says how many characters were cut. At most `limit` characters."""
    if len(text) <= limit:
        return text
    room = max(0, limit - _MARK_CHARS)
    head = room - room // 2
    tail = text[len(text) - room // 2 :]
    return f"{text[:head]}[… {len(text) - room} characters cut …]{tail}"[:limit]


_MARK_CHARS = 36
"""Room for the mark, whatever the number in it."""
