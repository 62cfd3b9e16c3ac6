"""Demands on words beside each other and over all: order, neighbours, repetition, palindromes, syllables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from otel_scorer.scoring.demands.amount import LIMIT, NUMBER, limited, number
from otel_scorer.scoring.demands.demand import NEARLY, Demand, Reader, Test, read_all
from otel_scorer.scoring.demands.demand_letters import plain_words
from otel_scorer.scoring.demands.scope import every
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply
from otel_scorer.scoring.wording.syllables import syllables

_ALPHABET = re.compile(
    r"\b(?:each|every|successive|consecutive) (?:\w+ )?words?\b[^.;]{0,60}\bnext letter (?:of|in) the alphabet"
    r"|\bfirst letters? of (?:each|every|successive|consecutive) words?\b[^.;]{0,60}\b(?:follow|in"
    r"|go through) (?:the )?alphabet"
)
_SORTED = re.compile(r"\b(?:words|every word|each word)\b[^.;]{0,50}\bin (reverse )?alphabetical order\b")
_NEIGHBOURS = re.compile(
    r"\b(?:no|never|avoid|not have|don['’]t have)(?: any)? (?:two |2 )?(?:consecutive|adjacent"
    r"|neighbou?ring|successive|back-to-back) words\b[^.;]{0,40}"
    r"\b(?:(?:same|identical) (first|initial|starting|beginning|opening|last|final|ending) letters?"
    r"|(?:start|begin|end)\w* (?:with|in) the same letter)"
)
_NEIGHBOURS_SAME = re.compile(
    r"\b(?:adjacent|consecutive|neighbou?ring|successive) words (?:must|should|may|can)(?: not|not|n['’]t"
    r"| never) (?:share|have|start with|begin with) (?:the )?(?:same )?(first|initial|starting|last"
    r"|final)? ?letter"
)
_NO_REPEAT = re.compile(
    rf"\b(?:(?:not|never|don['’]t|without|no|avoid)\b[^.;]{{0,30}}\b(?:repeat\w*|us(?:e|ing)|reus(?:e|ing))"
    rf"(?: any| a| the same| each)? ?(?:single )?words?(?: (?:more than|over) (?:{NUMBER} times|(once|twice)))?"
    rf"|(?:use|using) (?:each|every|any) word (?:only|at most|no more than|just) (?:once|(twice)|{NUMBER} times)"
    rf"|no words? (?:may|should|can|must|is|are|to be|be)?(?: be)? ?(?:repeated|used twice|appears? twice"
    rf"|used more than once|appears? more than once|occurs? more than once"
    rf"|(?:appears?|used|occurs?|repeated) more than {NUMBER} times)"
    r"|(?:use|using) no words? (?:twice|more than once)"
    r"|(?:all|each|every)(?: of)?(?: the| your)? words? (?:must|should|has to|have to"
    r"|needs? to) be (?:unique|different|distinct|used once))\b"
)
_PALINDROMES = re.compile(
    rf"\b(?:{LIMIT} )?{NUMBER} (?:[\w-]+ ){{0,2}}palindromes?\b(?:[^.;]{{0,40}}?\b(?:{LIMIT} )?{NUMBER} "
    rf"(?:letters|characters))?"
)
_SYLLABLES = re.compile(
    r"\balternat\w+\b[^.;]{0,60}\b(?:odd and even|even and odd|odd or even)\b[^.;]{0,20}\bsyllables?"
)
_ALL_SAME_LETTER = re.compile(
    r"\b(?:every|each|all)(?: the)? words? (?:in|of) (?:each|every|a) (sentence|line) (?:must |should "
    r"|has to )?(?:start|begin)s? with the same letter"
)
_MENTIONS = re.compile(r"\bwords?\b|palindrome|syllable")


def word_order(wording: Wording) -> Iterator[Demand]:
    """What the sentence demands of words among words."""
    if _MENTIONS.search(wording.folded):
        yield from read_all(_READERS, wording.folded)


def _alphabet(_match: re.Match[str]) -> Test:
    def test(reply: Reply) -> float | None:
        initials = [word[0] for word in plain_words(reply) if word[0].isascii() and word[0].isalpha()]
        if len(initials) < 2:
            return None
        wrong = sum((ord(two) - ord(one)) % 26 != 1 for one, two in pairwise(initials))
        return 1.0 if not wrong else NEARLY if wrong <= 0.02 * len(initials) else 0.0

    return test


def _sorted(match: re.Match[str]) -> Test | None:
    reverse = bool(match[1])

    def test(reply: Reply) -> float | None:
        words = [word for word in plain_words(reply) if word[0].isalpha()]
        return None if len(words) < 2 else float(words == sorted(words, reverse=reverse))

    return test


def _neighbours(match: re.Match[str]) -> Test:
    at = (
        -1
        if (match[1] or "") in ("last", "final", "ending") or re.search(r"\bend\w* (?:with|in)", match.group())
        else 0
    )

    def test(reply: Reply) -> float | None:
        words = [word for word in plain_words(reply) if word[at].isalpha()]
        if len(words) < 2:
            return None
        wrong = sum(one[at] == two[at] for one, two in pairwise(words))
        return 1.0 if not wrong else NEARLY if wrong <= 0.01 * len(words) else 0.0

    return test


def _no_repeat(match: re.Match[str]) -> Test | None:
    limits = [number(one) for one in (match[1], match[4], match[5]) if one]
    most = limits[0] if limits else 2 if "twice" in (match[2], match[3]) else 1
    if most == 1 and not re.search(r"once|repeat|reus|twice|same|unique|different|distinct", match.group()):
        return None

    def test(reply: Reply) -> float | None:
        words = plain_words(reply)
        if not words:
            return None
        over = sum(1 for times in Counter(words).values() if times > most)
        return 1.0 if not over else NEARLY if over == 1 and len(words) >= 100 else 0.0

    return test


def _palindromes(match: re.Match[str]) -> Test | None:
    wanted = limited(match[1] or "at least", number(match[2]))
    least = number(match[4]) if match[4] else 3
    if wanted is None:
        return None
    return lambda reply: float(
        wanted.low <= len({word for word in plain_words(reply) if _is_palindrome(word, least)}) <= wanted.high
    )


def _is_palindrome(word: str, least: int) -> bool:
    return len(word) >= least and word.isalpha() and word == word[::-1]


def _syllables(_match: re.Match[str]) -> Test:
    """Faulted only for neighbours whose syllables are certain, never praised: how many a word has is not spelled."""

    def test(reply: Reply) -> float | None:
        counts = [syllables(word) for word in plain_words(reply)]
        certain = sum(one == two and one[0] == one[1] for one, two in pairwise(counts))
        return 0.0 if certain > 0.05 * len(counts) + 1 else None

    return test


def _same_in_part(match: re.Match[str]) -> Test:
    def holds(part: str) -> bool | None:
        initials = {word[0] for word in plain_words(Reply(part)) if word[0].isalpha()}
        return len(initials) == 1 if initials else None

    return every(match[1]).test(holds)


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_ALPHABET, _alphabet),
    (_SORTED, _sorted),
    (_NEIGHBOURS, _neighbours),
    (_NEIGHBOURS_SAME, _neighbours),
    (_NO_REPEAT, _no_repeat),
    (_PALINDROMES, _palindromes),
    (_SYLLABLES, _syllables),
    (_ALL_SAME_LETTER, _same_in_part),
)
