"""Demands on how the parts of an answer follow each other: longer and longer, of equal length, chained, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.amount import NUMBER, number
from otel_scorer.scoring.demands.demand import QUOTED, Demand, Reader, Test
from otel_scorer.scoring.demands.scope import PART, every
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply

_PREVIOUS = (
    r"(?:the )?(?:(?:one|word|sentence|line|paragraph|item|bullet|verse|stanza) (?:before|above)(?: it)?"
    r"|previous(?: one)?"
    r"|preceding(?: one)?|last(?: one)?|prior(?: one)?)"
)
_EACH = rf"(?:each|every)(?: (?:new|subsequent|successive|following|consecutive|next))? {PART}"
_GROWS = re.compile(
    rf"\b{_EACH}\b[^.;]{{0,50}}?\b(?:(?:exactly )?{NUMBER} (more|fewer|less) (words?|letters?|characters?"
    rf"|sentences?)|(longer|shorter)|(more|fewer|less) (words?|letters?|characters?|sentences?)) than "
    rf"(?:in )?{_PREVIOUS}"
)
_PROGRESSIVELY = re.compile(
    rf"\b{PART}s? (?:should|must|have to|need to|shall|will|that)? ?(?:get|become|be|grow"
    rf"|are)s? (?:(?:progressively|increasingly|successively|gradually|steadily) (longer|shorter)"
    rf"|(longer and longer|shorter and shorter))"
)
_ALLITERATION_GROWS = re.compile(
    rf"\b{_EACH}\b[^.;]{{0,40}}?\b(?:longer|more)\b[^.;]{{0,40}}?\balliterati\w+\b[^.;]{{0,20}}? than "
    rf"(?:in )?{_PREVIOUS}"
)
_EQUAL = re.compile(
    rf"\b{PART}s?\b[^.;]{{0,50}}?\b(?:(?:the )?(?:exact )?same (?:number|amount|count) of (words?"
    rf"|characters?|letters?|sentences?)|equal (?:in )?(?:length|word counts?|character counts?)"
    rf"|(?:the )?same (?:word count|character count|length))"
    rf"|\bnumber of (words?|characters?|letters?|sentences?) (?:in|of|per) (?:each|every"
    rf"|all)(?: the)? {PART}s?\b[^.;]{{0,20}}?\b(?:the same|equal|identical)\b"
)
_CHAIN = re.compile(
    rf"\blast word (?:of|in) (?:each|every|one|a) {PART}\b[^.;]{{0,40}}?\bfirst (?:word )?(?:of|in"
    rf"|word)\b[^.;]{{0,30}}?\b(?:next|following|subsequent)"
    rf"|\b{_EACH}\b[^.;]{{0,20}}?\b(?:start|begin)s? with the (?:last|final) word of {_PREVIOUS}"
    rf"|\b(?:start|begin) {_EACH} with the (?:last|final) word of {_PREVIOUS}"
)
_ALL_DIFFERENT_START = re.compile(
    rf"\b(?:no two(?: consecutive| successive| adjacent)? {PART}s\b[^.;]{{0,30}}?\b(?:start"
    rf"|begin)\w* with the same (word|letter)"
    rf"|(?:each|every) {PART}\b[^.;]{{0,20}}?\b(?:start|begin)s? with a (?:different|unique|new) (word|letter)"
    rf"|(?:start|begin) (?:each|every) {PART} with a (?:different|unique|new) (word|letter))"
)
_ALL_SAME_START = re.compile(
    rf"\b(?:all|each|every)(?: of the| the)? {PART}s?\b[^.;]{{0,20}}?\b(?:start|begin)s? with the same (word|letter)"
)
_ACROSTIC = re.compile(
    rf"\bfirst letters? (?:of|in) (?:each|every|the|all|successive)(?: the)? {PART}s?\b[^.;]{{0,40}}?"
    rf"\bspell(?:s|ing)?(?: out)? (?:the )?(?:word |name |phrase )?(?:{QUOTED}|([a-z]{{2,20}})\b)"
    rf"|\bacrostic\b[^.;]{{0,40}}?\b(?:spell(?:s|ing)?(?: out)?|for|of|on|using)(?: the)?(?: word| name)? {QUOTED}"
)
_ALPHABETICAL = re.compile(
    r"\b(?:in|sort(?:ed)?|order(?:ed)?|arranged?|list(?:ed)?)\b[^.;]{0,40}?\b(reverse[d]? "
    r"|descending )?alphabetical(?:ly)?(?: order)?|\b(reverse )?alphabetically\b"
)
_ITEMS_ORDER = re.compile(r"\b(?:list|items?|names?|sort|order|arrange|countries|cities|words|entries|bullets?)\b")
_MENTIONS = re.compile(
    r"\b(?:than|longer|shorter|same|equal|last word|final word|spell|acrostic|alphabetical\w*|no two"
    r"|different|unique|new)\b"
)


def sequence(wording: Wording) -> Iterator[Demand]:
    """What the sentence demands of parts that follow each other."""
    text = wording.folded
    if not _MENTIONS.search(text):
        return
    for pattern, read in _READERS:
        match = pattern.search(text)
        test = read(match) if match else None
        if match and test is not None:
            yield Demand("wording", match.group().strip(), test)
            if read is _alliteration_grows:
                return


Size = Callable[[str], int]
_SIZES: dict[str, Size] = {
    "word": lambda part: len(Reply(part).words),
    "letter": lambda part: sum(map(str.isalpha, part)),
    "character": len,
    "sentence": lambda part: len(portions.sentences_of(part)),
}


def _parts(unit: str, reply: Reply) -> list[str]:
    """Parts of the answer, without what leads in."""
    found = reply.once.keyed(("parts", f"every {unit}"), lambda: every(unit).cut(reply.text) or [])
    return [part for part in found if not part.rstrip().endswith(":") and not portions.is_rule(part)]


def _of_pairs(unit: str, holds: Callable[[str, str], bool]) -> Test:
    """Each two that follow each other hold. None with fewer than two parts."""

    def test(reply: Reply) -> float | None:
        parts = _parts(unit, reply)
        return float(all(holds(one, two) for one, two in pairwise(parts))) if len(parts) > 1 else None

    return test


def _grows(match: re.Match[str]) -> Test | None:
    unit, by, exact_way, exact_of, way, loose_way, loose_of = match.groups()
    if by:
        step, size = number(by) * (1 if exact_way == "more" else -1), _SIZES[exact_of.rstrip("s")]
        least = "at least" in match.group()
        return _of_pairs(
            unit,
            lambda one, two: size(two) - size(one) == step or (least and (size(two) - size(one) - step) * step >= 0),
        )
    if way:
        return _longer(unit, shorter=way == "shorter")
    size = _SIZES[loose_of.rstrip("s")]
    sign = 1 if loose_way == "more" else -1
    return _of_pairs(unit, lambda one, two: sign * (size(two) - size(one)) > 0)


def _longer(unit: str, *, shorter: bool) -> Test:
    """By words or by letters, as it comes."""
    sign = -1 if shorter else 1
    by_words, by_letters = _SIZES["word"], _SIZES["character"]

    def test(reply: Reply) -> float | None:
        parts = _parts(unit, reply)
        if len(parts) < 2:
            return None
        told = (
            all(sign * (size(two) - size(one)) > 0 for one, two in pairwise(parts)) for size in (by_words, by_letters)
        )
        return float(any(told))

    return test


def _progressively(match: re.Match[str]) -> Test:
    return _longer(match[1], shorter="shorter" in match.group())


def _alliteration_grows(match: re.Match[str]) -> Test:
    unit = match[1]
    return _of_pairs(unit, lambda one, two: _alliteration(two) > _alliteration(one))


def _alliteration(part: str) -> int:
    """The longest run of words with one first letter."""
    initials = [word[0] for word in Reply(part).lowered]
    longest = run = 1 if initials else 0
    for one, two in pairwise(initials):
        run = run + 1 if one == two else 1
        longest = max(longest, run)
    return longest


def _equal(match: re.Match[str]) -> Test | None:
    unit, of = match[1] or match[4], match[2] or match[3]
    if of and of.rstrip("s") == unit:
        return None
    names = [of.rstrip("s")] if of else ["word"] if "word count" in match.group() else ["word", "character"]

    def test(reply: Reply) -> float | None:
        parts = _parts(unit, reply)
        if len(parts) < 2:
            return None
        if names == ["character"]:
            return float(_alike([len(p) for p in parts]) or _alike([len(p.rstrip(".!?")) for p in parts]))
        return float(any(_alike(list(map(_SIZES[name], parts))) for name in names))

    return test


def _alike(sizes: Sequence[int]) -> bool:
    return len(set(sizes)) == 1


def _edge_word(part: str, at: int) -> str:
    words = Reply(portions.bare(part)).lowered
    return words[at].strip(".-'’") if words else ""


def _chain(match: re.Match[str]) -> Test:
    unit = match[1] or match[2] or match[3]
    return _of_pairs(unit, lambda one, two: _edge_word(one, -1) == _edge_word(two, 0))


def _all_different(match: re.Match[str]) -> Test:
    unit, by = match[1] or match[3] or match[5], match[2] or match[4] or match[6]
    letters = 1 if by == "letter" else None
    next_only = re.search(r"no two (?:consecutive|successive|adjacent)", match.group()) is not None

    def test(reply: Reply) -> float | None:
        firsts = [_edge_word(part, 0)[:letters] for part in _parts(unit, reply)]
        if len(firsts) < 2:
            return None
        return float(all(a != b for a, b in pairwise(firsts)) if next_only else len(set(firsts)) == len(firsts))

    return test


def _all_same(match: re.Match[str]) -> Test | None:
    unit, letters = match[1], 1 if match[2] == "letter" else None
    if unit == "word":
        return None

    def test(reply: Reply) -> float | None:
        firsts = {_edge_word(part, 0)[:letters] for part in _parts(unit, reply)}
        return float(len(firsts) == 1) if firsts else None

    return test


def _acrostic(match: re.Match[str]) -> Test:
    unit = match[1] or "line"
    wanted = [sign for sign in (match[2] or match[3] or match[4]).casefold() if sign.isalpha()]

    def test(reply: Reply) -> float | None:
        initials = [portions.bare(part)[:1].casefold() for part in _parts(unit, reply)]
        return float(_holds_run(initials, wanted)) if initials else None

    return test


def _holds_run(signs: Sequence[str], wanted: Sequence[str]) -> bool:
    """A title before and a farewell after are no fault."""
    return any(list(signs[at : at + len(wanted)]) == list(wanted) for at in range(min(3, len(signs))))


def _alphabetical(match: re.Match[str]) -> Test | None:
    if not _ITEMS_ORDER.search(match.string) or re.search(
        r"\b(?:each|every|all)(?: of)?(?: the)? words?\b", match.string
    ):
        return None
    reverse = bool(re.search("reverse|descending|z to a|z-a", match.group()))

    def test(reply: Reply) -> float | None:
        items = portions.items_of(reply.text)
        if len(items) < 2:
            items = _one_a_line(reply)
        keys = [portions.bare(item).casefold() for item in items]
        return float(keys == sorted(keys, reverse=reverse)) if len(keys) > 1 and all(map(str.isascii, keys)) else None

    return test


def _one_a_line(reply: Reply) -> list[str]:
    """Short lines without ends of sentences: a list without marks."""
    lines = [line for line in portions.lines_of(reply.text) if not line.rstrip().endswith(":")]
    return lines if all(len(line) <= 60 and not line.rstrip().endswith((".", "!", "?")) for line in lines) else []


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_ALLITERATION_GROWS, _alliteration_grows),
    (_GROWS, _grows),
    (_PROGRESSIVELY, _progressively),
    (_EQUAL, _equal),
    (_CHAIN, _chain),
    (_ALL_DIFFERENT_START, _all_different),
    (_ALL_SAME_START, _all_same),
    (_ACROSTIC, _acrostic),
    (_ALPHABETICAL, _alphabetical),
)
