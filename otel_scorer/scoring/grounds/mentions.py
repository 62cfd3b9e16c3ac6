"""What a text quotes, and whom or what it names. Patterns have bounded repetition, as in `claims`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import clip, words

_QUOTE = re.compile(r"\"([^\"\n]{1,400})\"|“([^“”\n]{1,400})”|«([^«»\n]{1,400})»|„([^„“”\n]{1,400})[“”]")
_NAME = re.compile(
    r"[A-Z](?<![\w'’/@.-][A-Z])[\w'’-]{1,40}(?:(?: (?:of|de|van|von|der|la|le|and|&) | )[A-Z][\w'’-]{1,40}){0,5}"
)
_HEADING = re.compile(r"(?m)^[ \t]{0,8}(?:#{1,6} .{0,200}|[*_]{2}[^*_\n]{1,120}[*_]{2}:?|[A-Z][\w &/-]{0,60}:)[ \t]*")
_COMMON = vocabulary(
    """
    i january february march april may june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday mon tue wed thu fri sat sun ok okay yes no pm am id url api faq
    json html pdf csv usd eur gbp us uk eu english note the this that these those here there your you please
    thank thanks hello hi dear sorry unfortunately however if when where what who why how let we it in on at
    by for to from and or but also as an our my status total price date name order customer details summary
    """
)


def quotes(text: str) -> list[str]:
    """Passages of at least three words between double quotation marks."""
    found = (match[1] or match[2] or match[3] or match[4] for match in _QUOTE.finditer(clip(text)))
    return [passage for passage in found if len(passage.split()) >= 3]


_SAID = vocabulary(
    """
    say says said saying state states stated stating read reads write writes wrote written according mention mentions
    mentioned note notes noted explain explains explained report reports reported describe describes described quote
    quotes quoted cite cites cited reply replied replies answered responded confirm confirms confirmed announce
    announces announced asked promises promised warns warned claims claimed follows subject message
    """
)
_SUGGESTED = vocabulary(
    "could can should would might may try maybe perhaps example instance e.g like if whether please"
)
_LEAD, _TAIL = 80, 30
"""Characters before and after a quote in which it is told who said it."""


def quotations(text: str) -> list[str]:
    """Those of the quotes that somebody is said to have said: "the page says ...", and no words that are suggested."""
    body = clip(text)
    found = []
    for match in _QUOTE.finditer(body):
        passage = match[1] or match[2] or match[3] or match[4]
        lead = frozenset(words(re.split(r"[.!?\n]\s", body[max(0, match.start() - _LEAD) : match.start()])[-1]))
        tail = frozenset(words(body[match.end() : match.end() + _TAIL].partition(".")[0]))
        if len(passage.split()) >= 3 and not _SAID.isdisjoint(lead | tail) and _SUGGESTED.isdisjoint(lead):
            found.append(passage)
    return found


def names(text: str) -> Iterator[str]:
    """Capitalised names inside sentences.

    A single word counts only after a lower-case one: elsewhere (at the start of a sentence, in a list, in bold type) it
    is not told from a common word.
    """
    body = clip(text)
    if not _CAPITAL.search(body):
        return
    if _HEADING_SIGN.search(body):
        body = _BOLD.sub(" . ", _HEADING.sub(" . ", body))
    for match in _NAME.finditer(body):
        name = match.group()
        if _starts_sentence(body, match.start()):
            name = name.partition(" ")[2]
        elif " " not in name and not _LOWER_BEFORE.match(body, max(0, match.start() - 2), match.start()):
            continue
        if name[:1].isupper() and any(part.lower() not in _COMMON for part in name.split()):
            yield name


_CAPITAL = re.compile("[A-Z]")
_HEADING_SIGN = re.compile(r"[#:*_](?:(?<=[#:])|[*_])")
"""What every heading and bold text holds: a #, a colon, or two of * and _."""
_BOLD = re.compile(r"\*\*[^*\n]{1,120}\*\*|__[^_\n]{1,120}__")
_LOWER_BEFORE = re.compile("[a-zß-ÿ] ")


def _starts_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 12) : start].rstrip(" \t*_\"“'(-•")
    return not before or before[-1] in ".!?:;\n"
