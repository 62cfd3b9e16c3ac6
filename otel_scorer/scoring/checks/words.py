"""Words, sentences and stems of a text: the small change of lexical checks. English where it matters, else plain."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from otel_scorer.model import Value
from otel_scorer.scoring.checks.lexicon import vocabulary

MAX_CHARS = 200_000
"""Characters of one text that a check looks at."""
MAX_EVIDENCE_CHARS = 1_000_000
"""Characters of all evidence together that a check looks at."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]{0,2}\s+|\n+|(?<=[。！？])")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

STOPWORDS = vocabulary(
    """
    a about above after again all also am an and any are as at be because been before being below between both
    but by can could did do does doing down during each few for from further had has have having he her here
    hers him his how i if in into is it its just let like may me might more most my no nor not now of off on
    once only or other our out over own please same shall she should so some such than that the their them
    then there these they this those through to too under until up upon us very was we were what when where
    which while who whom why will with would yes you your yours i'm i've i'll it's that's don't can't isn't
    you're we're they're there's let's
    """
)


def clip(text: str, limit: int = MAX_CHARS) -> str:
    """The text, or its head and tail where it is longer than `limit`: what matters is rarely in the middle."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return text[:half] + "\n" + text[-half:]


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order."""
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def stem(word: str) -> str:
    """A light English stem: plural, -ed, -ing and -ly are taken off where enough is left."""
    return _stem(word) if len(word) <= _REMEMBERED else _stem.__wrapped__(word)


_REMEMBERED = 32
"""Characters of a word whose stem is kept in memory: longer ones are nonsense, and could be many megabytes."""


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    for ending, least in (("'s", 1), ("ies", 3), ("ing", 4), ("edly", 4), ("ed", 4), ("ly", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            cut = word[: -len(ending)]
            return cut + "y" if ending == "ies" else cut.rstrip("e") if len(cut) > 4 else cut
    return word.rstrip("e") if len(word) > 4 else word


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, repetitions kept."""
    return [stem(word) for word in words(text) if word not in STOPWORDS and (len(word) > 1 or word.isdigit())]


def sentences(text: str) -> list[str]:
    """Sentences and lines, without blank ones. An abbreviation may split one too many; no check depends on it."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def name_words(name: str) -> list[str]:
    """Words of a tool's or field's name: `getOrderStatus`, `get_order-status` -> get, order, status."""
    return words(_CAMEL.sub(" ", name[:200]).replace("_", " "))


def as_text(value: Value) -> str:
    """Text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def leaves(value: Value, limit: int = 2000) -> Iterator[tuple[str, Value]]:
    """Key (the nearest one) and value of every scalar inside, in order, at most `limit`. Not recursive."""
    stack: list[tuple[str, Value]] = [("", value)]
    while stack and limit > 0:
        key, item = stack.pop()
        if isinstance(item, dict):
            stack.extend((str(k), v) for k, v in reversed(list(item.items())[:limit]))
        elif isinstance(item, list):
            stack.extend((key, v) for v in reversed(item[:limit]))
        else:
            limit -= 1
            yield key, item


def parsed(text: str) -> Value:
    """The JSON that a text is, or None. Only texts that look like an object or array are tried."""
    head = text[:1000].lstrip()[:1]
    if head not in ("{", "[") or len(text) > MAX_CHARS:
        return None
    try:
        value: Value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value
