"""URLs and names of hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.detection.hits import Hit

_WEB = re.compile(
    r"\bhttps?://[^\s<>\"'\])}]{3,300}|\bwww\.[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}(?:/[^\s<>\"'\])}]{0,300})?"
    r"|(?<![\w@./-])(?:[a-z0-9][a-z0-9-]{0,60}\.){1,4}(?:com|org|net|edu|gov|info|biz|co\.uk|io|dev|eu)\b(?![\w(@-]"
    r"|\.\w)"
)


def web_addresses(text: str, _lowered: str) -> Iterator[Hit]:
    """URLs, and names of hosts under a common top level domain."""
    for match in _WEB.finditer(text):
        found = match.group().rstrip(".,;:!?")
        yield Hit("url", match.start(), match.start() + len(found), found)
