"""Demands on shares and kinds: stop words, kinds of sentences, kinds of punctuation, words of another language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.amount import LIMIT, NUMBER, limited, number
from otel_scorer.scoring.demands.demand import NEARLY, Demand, Reader, Test
from otel_scorer.scoring.wording import tongues
from otel_scorer.scoring.wording.lexicon import Wording, vocabulary
from otel_scorer.scoring.wording.reply import Reply
from otel_scorer.scoring.wording.words import STOPWORDS

_STOP = re.compile(rf"\bstop ?-?words?\b[^.;\n]{{0,50}}?\b{LIMIT} {NUMBER} ?(?:%|percent|per cent)")
_RATIO = re.compile(
    rf"\b{NUMBER} ?(?::|to) ?{NUMBER} ratio (?:of|between) (declarative|interrogative|exclamatory)\w*"
    rf"(?: sentences?)? (?:to|and) (declarative|interrogative|exclamatory)"
    rf"|\bratio (?:of|between) (declarative|interrogative|exclamatory)\w*(?: sentences?)? (?:to"
    rf"|and) (declarative|interrogative|exclamatory)\w*(?: sentences?)?[^.;\n]{{0,20}}? {NUMBER} ?(?::"
    rf"|to) ?{NUMBER}"
)
_BALANCED = re.compile(
    r"\b(?:balance\w*|equal|same number|equally|evenly)\b[^.;\n]{0,80}?\b(?:declarative"
    r"|statements?)\b[^;\n]{0,60}?\b(?:interrogative|questions?)\b"
    r"|\b(?:declarative|statements?)\b[^;\n]{0,60}?\b(?:interrogative|questions?)\b[^.;\n]{0,80}?\b"
    r"(?:balanced|equal|evenly|same number)\b"
)
_EVERY_MARK = re.compile(
    r"\b(?:every|all|each)(?: of the)?(?: (?:standard|common|basic|english|possible|type of|kind of"
    r"|different)){0,3} punctuation marks?\b"
)
_INTERROBANG = re.compile(r"interrobang")
_EVERY_NTH = re.compile(
    rf"\bevery (?:(\d{{1,3}}) ?-?(?:st|nd|rd|th)|(second|third|fourth|fifth|sixth|seventh|eighth|ninth"
    rf"|tenth)|(other)) word\b[^.;\n]{{0,40}}?\b(?:in|be|an?) ({'|'.join(sorted(tongues.NAMES))})\b"
)
_WORDS_OF = re.compile(r"\b(?:word|ratio|punctuation)|statement|question")
_CORE = vocabulary(
    "the a an of and to in is are was were be it that this for with as on by at from or but not his her its"
    " their they he she we you i my your our"
)
_LOOSE = STOPWORDS | vocabulary(
    "every many much own same another one two also however within without whose cannot shan't haven't"
    " hasn't through s t don will ll ve re d m o y ain aren couldn didn doesn hadn isn ma mightn mustn"
    " needn shan shouldn wasn weren won wouldn theirs ours hers himself herself itself myself ourselves"
    " themselves yourself yourselves both few nor while"
)


def shares(wording: Wording) -> Iterator[Demand]:
    """What the sentence demands of shares and kinds."""
    text = wording.folded
    if not _WORDS_OF.search(text):
        return
    for pattern, read in _READERS:
        match = pattern.search(text)
        test = read(match) if match else None
        if match and test is not None:
            yield Demand("wording", match.group().strip(), test)


def _stop_words(match: re.Match[str]) -> Test | None:
    """By a short and a long list: told only where both agree."""
    wanted = limited(match[1], number(match[2]))
    if wanted is None:
        return None

    def test(reply: Reply) -> float | None:
        words = [word.replace("’", "'") for word in reply.lowered]
        if not words:
            return None
        low, high = (100 * sum(word in known for word in words) / len(words) for known in (_CORE, _LOOSE))
        if wanted.low <= low and high <= wanted.high:
            return 1.0
        return 0.0 if low > wanted.high or high < wanted.low else None

    return test


def _kinds(reply: Reply) -> dict[str, int] | None:
    """Sentences by their last sign; None where one ends in another way."""
    found = {"declarative": 0, "interrogative": 0, "exclamatory": 0}
    for sentence in portions.sentences_of(reply.text):
        last = sentence.rstrip("*_ \"'”’)")[-1:]
        kind = {".": "declarative", "?": "interrogative", "!": "exclamatory"}.get(last, "")
        if kind:
            found[kind] += 1
    return found


def _ratio(match: re.Match[str]) -> Test | None:
    one, two, kind, other, kind_, other_, one_, two_ = match.groups()
    first, second = number(one or one_), number(two or two_)
    kind, other = kind or kind_, other or other_

    def test(reply: Reply) -> float | None:
        counts = _kinds(reply)
        if counts is None or not sum(counts.values()):
            return None
        return float(counts[kind] * second == counts[other] * first)

    return test if kind != other else None


def _balanced(match: re.Match[str]) -> Test:
    three = "exclamat" in match.string

    def test(reply: Reply) -> float | None:
        counts = _kinds(reply)
        if counts is None or not sum(counts.values()):
            return None
        sizes = list(counts.values())[: 3 if three else 2]
        if min(sizes) == max(sizes):
            return 1.0
        return 0.0 if min(sizes) == 0 or max(sizes) > 2 * min(sizes) else NEARLY

    return test


_MARKS = (".", ",", ";", ":", "?", "!")


def _every_mark(match: re.Match[str]) -> Test | None:
    """The six that everybody calls standard, and those that the sentence names."""
    before = match.string[max(0, match.start() - 30) : match.start()]
    if re.search(r"\b(?:not|no|never|without|avoid|remove)\b", before):
        return None
    interrobang = bool(_INTERROBANG.search(match.string))

    def test(reply: Reply) -> float:
        found = all(mark in reply.text for mark in _MARKS)
        return float(found and (not interrobang or any(mark in reply.text for mark in ("?!", "!?", "‽"))))

    return test


_NTH = {
    name: n
    for n, name in enumerate(["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 2)
}


def _every_nth(match: re.Match[str]) -> Test | None:
    """Of languages in a script of their own. Counted in words between blanks."""
    step = int(match[1]) if match[1] else _NTH.get(match[2] or "", 2)
    language = match[4]
    if language not in tongues.OTHER_SCRIPTS or step < 2:
        return None

    def test(reply: Reply) -> float | None:
        words = reply.text.split()
        chosen = words[step - 1 :: step]
        if not chosen:
            return None
        foreign = sum(any(sign.isalpha() and not sign.isascii() for sign in word) for word in chosen)
        return 1.0 if foreign == len(chosen) else NEARLY if foreign >= 0.95 * len(chosen) else 0.0

    return test


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_STOP, _stop_words),
    (_RATIO, _ratio),
    (_BALANCED, _balanced),
    (_EVERY_MARK, _every_mark),
    (_EVERY_NTH, _every_nth),
)
