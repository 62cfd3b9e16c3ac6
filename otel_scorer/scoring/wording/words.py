"""Words, sentences and stems of a text: the small change of lexical checks. English where it matters, else plain."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from otel_scorer.model import Value
from otel_scorer.scoring.wording.lexicon import vocabulary

MAX_CHARS = 200_000
"""Characters of one text that a check looks at."""
MAX_EVIDENCE_CHARS = 1_000_000
"""Characters of all evidence together that a check looks at."""

_SENTENCE_END = re.compile(r"[.!?\n](?:(?<=\n)|[\"'”’)\]]{0,2}\s+)")
_FULL_WIDTH_END = re.compile(r"(?<=[。！？])")
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


class Tokens(NamedTuple):
    """Finds runs of letters and digits, joined by single signs: `don't`, `10.5`."""

    joints: str
    pattern: re.Pattern[str]
    loose: re.Pattern[str]
    """A sign that joins nothing."""
    blanks: bytes
    """The table that leaves ASCII letters, digits and joints, and makes blanks of the rest."""

    def find(self, text: str) -> list[str]:
        """All of them, in order. Most texts are ASCII: there they are cut at blanks, at a fraction of the cost."""
        if not text.isascii():
            return self.pattern.findall(text)
        if any(joint in text for joint in self.joints):
            text = self.loose.sub(" ", text)
        return text.encode("ascii").translate(self.blanks).decode("ascii").split()


def tokens(joints: str) -> Tokens:
    """Runs joined by these signs."""
    kept = [chr(code) if chr(code).isalnum() or chr(code) in joints else " " for code in range(128)]
    return Tokens(
        joints,
        re.compile(rf"[^\W_]+(?:[{joints}][^\W_]+)*"),
        re.compile(rf"[{joints}](?:(?<![A-Za-z0-9][{joints}])|(?![A-Za-z0-9]))"),
        "".join(kept).encode("ascii").ljust(256),
    )


_WORDS = tokens("'’")


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order."""
    if text.isascii():
        return _WORDS.find(text.lower())
    found = _WORDS.find(text)
    return " ".join(found).casefold().replace("’", "'").split(" ") if found else []


def compact(text: str) -> str:
    """Letters and digits only, lower case: one spelling of an address, an account, an identifier, a name."""
    if text.isascii():
        return text.lower().encode("ascii").translate(None, _NO_WORDS).decode("ascii")
    return _NO_WORD.sub("", text).casefold()


_NO_WORD = re.compile(r"[\W_]+")
_NO_WORDS = bytes(code for code in range(128) if not chr(code).isalnum())


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


class Stems(dict[str, str]):
    """Stems by word, each found when it is first asked for: the texts of a trace share most of their words."""

    def __missing__(self, word: str) -> str:
        found = self[word] = stem(word)
        return found

    def of(self, spoken: Iterable[str]) -> list[str]:
        """The stem of each word, in order."""
        return [*map(self.__getitem__, spoken)]


def content_words(spoken: Iterable[str]) -> list[str]:
    """Those of the words that carry meaning."""
    return [word for word in spoken if word not in STOPWORDS and (len(word) > 1 or word.isdigit())]


def content_stems(spoken: Iterable[str], known: Stems) -> frozenset[str]:
    """Stems of those of the words that carry meaning."""
    return frozenset(known.of(content_words(frozenset(spoken))))


def sentences(text: str) -> list[str]:
    """Sentences and lines, without blank ones. An abbreviation may split one too many; no check depends on it."""
    parts = cut(text, _SENTENCE_END)
    if "。" in text or "！" in text or "？" in text:
        parts = [piece for part in parts for piece in _FULL_WIDTH_END.split(part)]
    return [stripped for part in parts if (stripped := part.strip())]


def cut(text: str, end: re.Pattern[str]) -> list[str]:
    """The text cut at each match of a pattern that begins with a line feed or with a sign, which stays."""
    parts = []
    start = 0
    for match in end.finditer(text):
        at = match.start()
        parts.append(text[start : at if text[at] == "\n" else at + 1])
        start = match.end()
    parts.append(text[start:])
    return parts


def name_words(name: str) -> list[str]:
    """Words of a tool's or field's name: `getOrderStatus`, `get_order-status` -> get, order, status."""
    return list(_name_words(name[:200]))


@lru_cache(maxsize=2048)
def _name_words(name: str) -> tuple[str, ...]:
    """A trace has few tools, and many checks ask what their names mean."""
    return tuple(words(_CAMEL.sub(" ", name).replace("_", " ")))


def as_text(value: Value) -> str:
    """Text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else _as_json(value)


_as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


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


def is_one_off(one: str, other: str) -> bool:
    """Whether two words differ by one letter: another, one more or one less, or two that changed places."""
    if one == other or abs(len(one) - len(other)) > 1 or one[:1] != other[:1]:
        return False
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[at:], other[at:]
    swapped = len(a) > 1 and len(a) == len(b) and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
