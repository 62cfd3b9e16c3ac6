"""Demands on how the answer, or each of its parts, begins and ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.demands import fragment, scope
from otel_scorer.scoring.demands.demand import Demand, Test
from otel_scorer.scoring.demands.fragment import THING, Fragment
from otel_scorer.scoring.demands.scope import SCOPED, WHOLE, Scope
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import Wording, phrases

_I = re.IGNORECASE
_MUST = r"(?: (?:should|must|has to|have to|needs? to|is to|are to|shall|will|always|also|ought to|only)){0,3}"
_START = r"(?:starts?|starting|begins?|beginning|opens?|opening)"
_END = r"(?:ends?|ending|finish(?:es|ing)?|concludes?|concluding|closes?|closing|signs? off|signing off)"
_WITH = r"(?: off)?(?: up)? (?:with|by saying|on|in|by using)(?: (?:exactly|only|just|either))?:?"
_SUBJECT_EDGE = re.compile(rf"\b(?:{SCOPED}|({WHOLE}|you)){_MUST} (?:({_START})|({_END})){_WITH} {THING}", _I)
"""`Each sentence must begin with ...`, `Your answer ends with ...`."""
_EDGE_OBJECT = re.compile(rf"\b(?:({_START})|({_END})) (?:{SCOPED}|({WHOLE})){_WITH} {THING}", _I)
"""`Begin each sentence with ...`, `End your answer with ...`."""
_EDGE_ALONE = re.compile(
    rf"(?:^|[.,;:] ?|\band |\bthen |\balways |\b(?:sure|remember|need|have|want you) to |\bplease |\byou "
    rf"|\bdo not |\bdon['’]t |\bnever )(?:({_START})"
    rf"|({_END})){_WITH} {THING}",
    _I,
)
"""`Start with ...`: of the answer."""
_OBJECT_AT_EDGE = re.compile(
    rf"\b(?:put|place|use|add|include|insert|write|append|have|with|say|attach|prepend)\b (?:exactly )?{THING}"
    rf"(?: (?:appear|be placed|be used))? at the (?:very )?(?:(start|beginning)|(end)) of (?:{SCOPED}|({WHOLE}))",
    _I,
)
_IS_THE_WORD = re.compile(
    rf"\b{SCOPED}(?: (?:of|in) {WHOLE})?(?: and {SCOPED}(?: (?:of|in) {WHOLE})?)?{_MUST} be {THING}", _I
)
_SAME_WORD = re.compile(
    rf"\b{SCOPED}(?: (?:of|in) {WHOLE})?{_MUST} (?:(?:start|begin|open)s? and (?:end|finish|close)s?|(?:end"
    rf"|finish|close)s? and (?:start|begin)s?"
    r"|(?:end|finish|close)s?) (?:with|on|in) the (?:exact )?same (word|letter)"
    r"(?: (?:(?:that |which )?(?:it|they) (?:start|beg[ai]n|open)\w*(?: with)?|as (?:it|they) (?:start"
    r"|beg[ai]n|open)\w*(?: with)?))?",
    _I,
)
_TELLING = phrases(
    "start|starts|starting|begin|begins|beginning|open|opens|opening|end|ends|ending|finish|finishes"
    "|conclude|concludes|close|closes|closing|concluding|be|finishing|sign"
)
_OR = re.compile(r"[\"'”’`]?,? (?:or|and/or)\b")
"""One of several is asked for."""
_NOT = re.compile(
    r"\b(?:not|never|don['’]t|without|avoid|cannot|can['’]t|no(?= \w+ (?:may|must|should|can)\b))\b[^.;:]{0,25}$", _I
)


def edges(wording: Wording) -> Iterator[Demand]:
    """Beginnings and ends of the whole and of parts."""
    if not _TELLING.may_be_in(wording):
        return
    text = wording.text
    taken: list[tuple[int, int]] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken) or _OR.match(text, match.end()):
                continue
            demand = read(
                match, bool(_NOT.search(text[max(0, match.start() - 40) : match.end(0)].partition(" with ")[0]))
            )
            if demand is not None:
                taken.append(match.span())
                yield demand


def _subject_edge(match: re.Match[str], turned: bool) -> Demand | None:
    where = Scope.of_whole() if match[7] else scope.scope_of(match, 1)
    return _edge(where, bool(match[8]), fragment.fragment(match, 10), turned)


def _edge_object(match: re.Match[str], turned: bool) -> Demand | None:
    where = Scope.of_whole() if match[9] else scope.scope_of(match, 3)
    return _edge(where, bool(match[1]), fragment.fragment(match, 10), turned)


_OF_PARTS = re.compile(
    r"\b(?:each|every|all|paragraphs?|lines?|bullets?|items?|sections?|titles?|names?|questions?)\b", _I
)


def _edge_alone(match: re.Match[str], turned: bool) -> Demand | None:
    if _OF_PARTS.search(match.string[max(0, match.start() - 80) : match.start()]):
        return None
    return _edge(Scope.of_whole(), bool(match[1]), fragment.fragment(match, 3), turned)


def _object_at_edge(match: re.Match[str], turned: bool) -> Demand | None:
    where = Scope.of_whole() if match[13] else scope.scope_of(match, 7)
    return _edge(where, bool(match[5]), fragment.fragment(match, 1), turned)


def _is_the_word(match: re.Match[str], turned: bool) -> Demand | None:
    """`The first word must be ...`, also of two places at once."""
    thing = fragment.fragment(match, 13)
    places = [scope.scope_of(match, at) for at in (1, 7) if match[at] or match[at + 1]]
    if thing is None or turned or any(one.unit != "word" and not match[13] for one in places):
        return None
    tests = [one.test(lambda part: bool(thing.begins(part) and thing.ends(part))) for one in places]
    text = f"{' and '.join(one.text for one in places)} is {thing.text}"
    return Demand("wording", text, lambda reply: min(test(reply) or 0.0 for test in tests))


def _same_word(match: re.Match[str], turned: bool) -> Demand | None:
    where, by_word = scope.scope_of(match, 1), folded(match[7]) == "word"

    def holds(part: str) -> bool | None:
        words = [word.strip("*_\"'“”.,:;!?()").casefold() for word in part.split()]
        words = [word for word in words if word]
        if not words:
            return None
        return words[0] == words[-1] if by_word else words[0][0] == words[-1][-1]

    return None if turned else Demand("wording", match.group(), where.test(holds))


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], bool], Demand | None]], ...] = (
    (_SAME_WORD, _same_word),
    (_OBJECT_AT_EDGE, _object_at_edge),
    (_EDGE_OBJECT, _edge_object),
    (_SUBJECT_EDGE, _subject_edge),
    (_IS_THE_WORD, _is_the_word),
    (_EDGE_ALONE, _edge_alone),
)


def _edge(where: Scope, at_start: bool, thing: Fragment | None, turned: bool) -> Demand | None:
    if thing is None:
        return None
    look = thing.begins if at_start else thing.ends
    holds = _opposite(look) if turned else look
    text = f"{where.text} {'not ' * turned}{'begins' if at_start else 'ends'} with {thing.text}"
    return Demand("wording", text, _test(where, holds))


def _opposite(look: Callable[[str], bool | None]) -> Callable[[str], bool | None]:
    def holds(text: str) -> bool | None:
        told = look(text)
        return None if told is None else not told

    return holds


def _test(where: Scope, holds: Callable[[str], bool | None]) -> Test:
    return where.test(holds)
