"""How many of something an answer holds, by every reading of the count that a person might take."""

from __future__ import annotations

import re
from collections.abc import Callable

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.reply import Reply

Counted = tuple[int, int]
"""The lowest and the highest count by any sensible reading."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMERAL_WORDS = vocabulary(
    "one two three four five six seven eight nine ten eleven twelve hundred thousand million billion first second third"
)
_PRONOUNS = vocabulary(
    """
    i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its itself we us
    our ours ourselves they them their theirs themselves
    """
)
_MORE_PRONOUNS = _PRONOUNS | vocabulary(
    """
    this that these those who whom whose which what anyone anybody
    anything someone somebody something everyone everybody everything nobody nothing none each either neither one
    """
)
_CONJUNCTIONS = vocabulary("for and nor but or yet so")
_HASHTAG = re.compile(r"(?<!\w)#\w")
_LINK = re.compile(r"https?://\S")
_FENCE = re.compile(r"(?m)^[ \t]{0,3}```")
_PLACEHOLDER = re.compile(r"\[[^\]\n]{1,80}\]")
_BOLD = re.compile(r"\*\*[^*\n]{1,300}\*\*")
_HIGHLIGHT = re.compile(r"(?<!\*)\*(?!\s)[^*\n]{1,300}\*(?!\*)")
_PARENTHESIS = re.compile(r"\([^()\n]{1,400}\)")
_ELLIPSIS = re.compile(r"\.{3,}|…")


def tally(reply: Reply, unit: str) -> Counted | None:
    """How many of a unit of TALLIES there are; None where it cannot be told."""
    found: Counted | None = reply.once.keyed(("tally", unit), lambda: TALLIES[unit](reply))
    return found


def _words(reply: Reply) -> Counted | None:
    if reply.has_unspaced_script:
        return None
    spaced = sum(1 for word in reply.text.split() if any(sign.isalnum() for sign in word))
    counts = (len(reply.words), spaced)
    return min(counts), max(counts)


def _different_words(reply: Reply) -> Counted:
    stripped = {word.strip(".-'’") for word in reply.lowered}
    return min(len(stripped), len(set(reply.lowered))), max(len(stripped), len(set(reply.lowered)))


def _sentences(reply: Reply) -> Counted:
    """Lines without an end (headings, lead-ins, items) are sentences to some and none to others."""
    found = portions.sentences_of(reply.text)
    ended = sum(1 for one in found if one.rstrip("*_ \"'”’)")[-1:] in ".!?…。！？")
    return max(1, ended) if found else 0, max(len(found), reply.sentences if ended else 0)


def _paragraphs(reply: Reply) -> Counted:
    blocks = len(portions.blocks_of(reply.text))
    plain = len(portions.paragraphs_of(reply.text))
    introduced = sum(1 for block in portions.paragraphs_of(reply.text) if block.endswith(":"))
    lines = len(portions.lines_of(reply.text))
    one_a_line = lines if plain <= 1 and lines > 1 and not reply.bullets + reply.numbered else blocks
    return max(1, plain - introduced) if plain else 0, max(blocks, one_a_line)


def _items(reply: Reply) -> Counted:
    outer = len(portions.items_of(reply.text))
    every = reply.bullets + reply.numbered
    return (outer, every) if outer else (0, 0)


def _numbers(reply: Reply) -> Counted:
    """Digits, and with number words."""
    digits = len(_NUMBER.findall(reply.text))
    loose = sum(any(map(str.isdigit, word)) for word in reply.text.split())
    spelled = sum(word in _NUMERAL_WORDS for word in reply.lowered)
    return min(digits, loose), digits + spelled


def _exact(count: Callable[[Reply], int]) -> Callable[[Reply], Counted]:
    def counted(reply: Reply) -> Counted:
        found = count(reply)
        return found, found

    return counted


def _fences(reply: Reply) -> Counted:
    count = (len(_FENCE.findall(reply.text)) + 1) // 2
    return count, count


def _signs(signs: str) -> Callable[[Reply], Counted]:
    return _exact(lambda reply: sum(reply.text.count(sign) for sign in signs))


def _matches(pattern: re.Pattern[str]) -> Callable[[Reply], Counted]:
    return _exact(lambda reply: len(pattern.findall(reply.text)))


def _quotation_marks(reply: Reply) -> Counted:
    double = sum(reply.text.count(mark) for mark in '"“”')
    return double, double + reply.text.count("'")


def _stanzas(reply: Reply) -> Counted:
    return _paragraphs(reply)


def _shouted(reply: Reply) -> Counted:
    shouted = [word for word in reply.words if word.isupper()]
    return sum(len(word) > 1 for word in shouted), len(shouted)


def _headings(reply: Reply) -> Counted:
    strict = sum(1 for line in reply.text.splitlines() if line.lstrip().startswith("#"))
    loose = sum(1 for line in reply.text.splitlines() if portions.HEADING.match(line))
    return min(strict, loose), max(strict, loose)


def _sections(reply: Reply) -> Counted | None:
    """By headings, or by rules between; None where there are neither."""
    headings = _headings(reply)[1]
    rules = sum(map(portions.is_rule, reply.text.splitlines()))
    if not headings and not rules:
        return None
    counts = [count for count in (headings, headings - 1, rules + 1, rules) if count > 0]
    return min(counts), max(counts)


def _pronouns(reply: Reply) -> Counted:
    return sum(word in _PRONOUNS for word in reply.lowered), sum(word in _MORE_PRONOUNS for word in reply.lowered)


_question_marks = _signs("?？")
_exclamation_marks = _signs("!！")

TALLIES: dict[str, Callable[[Reply], Counted | None]] = {
    "word": _words,
    "unique word": _different_words,
    "different word": _different_words,
    "distinct word": _different_words,
    "sentence": _sentences,
    "paragraph": _paragraphs,
    "stanza": _stanzas,
    "verse": _stanzas,
    "line": _exact(lambda reply: reply.lines),
    "character": _exact(lambda reply: len(reply.text)),
    "bullet point": _items,
    "bullet": _items,
    "bulleted item": _items,
    "list item": _items,
    "item": lambda reply: _items(reply) if reply.bullets + reply.numbered else None,
    "number": _numbers,
    "digit": _exact(lambda reply: sum(map(str.isdigit, reply.text))),
    "pronoun": _pronouns,
    "coordinating conjunction": _exact(lambda reply: len(_CONJUNCTIONS & set(reply.lowered))),
    "comma": _signs(",，"),
    "semicolon": _signs(";"),
    "colon": _signs(":"),
    "hyphen": _signs("-"),
    "em dash": _signs("—"),
    "ellipsis": _matches(_ELLIPSIS),
    "question mark": _question_marks,
    "question": _question_marks,
    "exclamation mark": _exclamation_marks,
    "exclamation point": _exclamation_marks,
    "exclamation": _exclamation_marks,
    "quotation mark": _quotation_marks,
    "parenthesis": _signs("()"),
    "parenthetical": _matches(_PARENTHESIS),
    "emoji": _matches(portions.EMOJI),
    "hashtag": _matches(_HASHTAG),
    "heading": _headings,
    "header": _headings,
    "section": _sections,
    "link": _matches(_LINK),
    "url": _matches(_LINK),
    "code block": lambda reply: _fences(reply) if "```" in reply.text else None,
    "placeholder": _matches(_PLACEHOLDER),
    "bold phrase": _matches(_BOLD),
    "highlighted section": lambda reply: (
        min(len(_BOLD.findall(reply.text)), len(_HIGHLIGHT.findall(reply.text))),
        len(_BOLD.findall(reply.text)) + len(_HIGHLIGHT.findall(reply.text)),
    ),
    "capitalized word": _exact(lambda reply: sum(word[:1].isupper() for word in reply.words)),
    "all-caps word": _shouted,
    "word in all caps": _shouted,
    "word in all capitals": _shouted,
    "hyphenated word": _exact(lambda reply: sum("-" in word.strip("-") for word in reply.words)),
}
"""What instructions count, by its name in the singular."""

UNIT = (
    "("
    + "|".join(re.escape(name).replace(r"\ ", "[ -]") for name in sorted(TALLIES, key=len, reverse=True))
    + r"|parentheses|ellipses|stanzas|emojis?|words in all[ -]caps|words in all capitals)(?:s|es)?\b"
)
_IRREGULAR = {"parentheses": "parenthesis", "ellipses": "ellipsis", "emojis": "emoji"}


def unit_of(text: str) -> str:
    """The name in TALLIES of what UNIT matched (without its plural ending)."""
    name = folded(text).replace("words in", "word in")
    if name in TALLIES:
        return name
    name = _IRREGULAR.get(name, name.replace("-", " "))
    return name if name in TALLIES else name.replace("all caps", "all-caps").removesuffix("s")
