"""Demands on words: what must or must not occur, how often, how the answer begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.checks.demand import MANY, QUOTED, Demand, Test, number
from otel_scorer.scoring.checks.lexicon import Wording
from otel_scorer.scoring.hits import folded

_LISTED = rf"((?:{QUOTED}(?:, and |, or |, | and | or )?){{1,12}})"
_TIMES = re.compile(
    rf"\b(?:key)?words? (?:{QUOTED}|([\w-]{{2,40}})) "
    r"(?:appears? |is used |be used |should appear |must appear )?"
    r"(?:(at least|exactly|at most|no more than) )?"
    r"(once|twice|thrice|(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten) times)\b",
    re.IGNORECASE,
)
_INCLUDE = re.compile(
    r"\b(?:include|use|mention|contain|incorporate|say)\w{0,3} (?:all |both )?(?:the |these |following )*"
    r"(?:key ?)?(?:words?|phrases?|terms?|sentences?|expressions?)(?: in \w+ \w+)?:? " + _LISTED,
    re.IGNORECASE,
)
_FORBID = re.compile(
    r"\b(?:do not|don['’]t|never|avoid|without|must not|should not|refrain from)\b[^\"“'‘\n]{0,60}?"
    r"\b(?:words?|phrases?|terms?|letters?|name|mention|say|use)\b[^\"“'‘\n]{0,20}? " + _LISTED,
    re.IGNORECASE,
)
_WITH = rf"\b[^\"“'‘\n]{{0,60}}?\bwith\b[^\"“'‘\n]{{0,40}}?{QUOTED}"
_START = re.compile(r"\b(?:start|begin|open)\w{0,4}" + _WITH, re.IGNORECASE)
_END = re.compile(r"\b(?:end|finish|conclud|clos)\w{0,4}" + _WITH, re.IGNORECASE)
_QUOTES = re.compile(QUOTED)
_ONCE = {"once": 1, "twice": 2, "thrice": 3}


def wording(said: Wording) -> Iterator[Demand]:
    """What the sentence demands of words."""
    if _OPENING_MARK.search(said.text) or _OFTEN.search(said.folded):
        yield from _wording(said.text)


_OPENING_MARK = re.compile("[\"“'‘`]")
_OFTEN = re.compile("once|twice|thrice|times")


def _wording(sentence: str) -> Iterator[Demand]:
    for match in _START.finditer(sentence):
        yield Demand("wording", f"start with {match[1]!r}", _starts(match[1]))
    for match in _END.finditer(sentence):
        yield Demand("wording", f"end with {match[1]!r}", _ends(match[1]))
    forbidden = [word for match in _FORBID.finditer(sentence) for word in _QUOTES.findall(match[1])]
    yield from (Demand("wording", f"never {word!r}", _occurs(word, 0, 0)) for word in forbidden)
    times = list(map(_how_often, _TIMES.finditer(sentence)))
    yield from times
    if not forbidden and not times:
        required = [word for match in _INCLUDE.finditer(sentence) for word in _QUOTES.findall(match[1])]
        yield from (Demand("wording", f"include {word!r}", _occurs(word, 1, MANY)) for word in required)


def _how_often(match: re.Match[str]) -> Demand:
    word, bound, times = match[1] or match[2], folded(match[3] or ""), folded(match[4])
    wanted = _ONCE.get(times) or number(times.partition(" ")[0])
    low = 0 if bound in ("at most", "no more than") else wanted
    high = MANY if bound == "at least" else wanted
    return Demand("wording", match.group(), _occurs(word, low, high))


def _occurs(word: str, low: int, high: int) -> Test:
    bare = word.strip()
    end = r"(?!\w)" if bare[-1:].isalnum() else ""
    pattern = re.compile(r"(?<!\w)" + re.escape(bare) + end, re.IGNORECASE)
    return lambda reply: float(low <= len(pattern.findall(reply.text)) <= high)


def _starts(phrase: str) -> Test:
    wanted = phrase.strip().casefold()
    return lambda reply: float(reply.text.lstrip("*_#> \"'“").casefold().startswith(wanted))


def _ends(phrase: str) -> Test:
    wanted = phrase.strip().casefold().rstrip(".!?")
    return lambda reply: float(reply.text.rstrip("*_ \"'”.!?").casefold().endswith(wanted))
