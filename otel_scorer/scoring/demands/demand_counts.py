"""Demands for a number of something: "at most 100 words", "three to five bullet points", "two sentences per line".

Of the whole answer, or of each of its parts where the sentence names the part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.amount import LIMIT, LIMITS, NUMBER, Range, limited, number
from otel_scorer.scoring.demands.demand import MANY, NEARLY, Demand, Test
from otel_scorer.scoring.demands.scope import Scope, scope_after, scope_before
from otel_scorer.scoring.demands.tally import UNIT, tally, unit_of
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply

_MANNER = r"(?:(?:different|distinct|full|complete|total|short|brief|concise|separate|standard|individual|long) ){0,2}"
_COUNT = re.compile(
    rf"(?<![\w.,]){LIMIT}? ?(?:(?:a|the|of) )?{NUMBER}(\+| plus| or (?:more|fewer|less))?( |-){_MANNER}{UNIT}",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"(?<![\w.,])(?:between |from )?{NUMBER}(?: ?[-–] ?| to | and | or ){NUMBER}( |-){_MANNER}{UNIT}", re.IGNORECASE
)
_AND_ALSO = re.compile(
    rf"(?<![\w.,]){LIMIT} {NUMBER}(?: {UNIT})?,? (?:and|but) {LIMIT} {NUMBER} {_MANNER}{UNIT}", re.IGNORECASE
)
_OF_A_KIND = (
    r"(?:(?:single|short|brief|concise|complete|new|creative|descriptive|simple|grammatical\w*|coherent|well-written"
    r"|compelling|funny|formal) ){0,2}"
)
_A_SINGLE = re.compile(
    r"\b(?:(?:write|give|give me|compose|create|construct|generate|produce|provide|reply with|respond with|answer with"
    r"|(?:summari[sz]e|explain|describe|answer|respond|reply)\w{0,2}\b[^.,;:]{0,40}? (?:in|into)|come up with)"
    rf" (?:only |just |exactly )?(?:a|an|one)|(?:using|in|be|as) (?:only |just |exactly )?(?:one"
    rf"|a(?= single))) {_OF_A_KIND}"
    r"(sentence|paragraph)\b(?!-)",
    re.IGNORECASE,
)
_COUNTED = re.compile(rf"(?:[\deoanrtxyd+]|plus|more|less|fewer)[ -]{_MANNER}{UNIT}")
"""What all hold, for folded texts: the last sign of a number before a unit."""
_AFTER = re.compile(
    r"^ or (?:(less|fewer)|(more))\b|^,? ?\(?(?:(max\w*|at most|or under|tops|at the most|or shorter)"
    r"|(min\w*|at least|or longer))\b",
    re.IGNORECASE,
)
_PART_OF = re.compile(r"\b(?:each|every|per|first|last|next|second|third|apiece|previous|preceding|chunk|other)\b")
_WHOLE = re.compile(
    r"^ (?:answer|response|reply|summary|paragraph|essay|story|text|explanation|description|poem|article|blurb|post"
    r"|email|review|introduction|overview|abstract|message|letter|note|tweet|caption|bio\w*|speech|report)",
    re.IGNORECASE,
)
_EVERY_ANSWER = re.compile(
    r"\b(?:each|every|per)(?: of your| single)? (?:answer|response|reply|message|output|turn|time)s?\b"
)
_BEFORE_OR_AFTER = re.compile(
    r"\b(?:(?:which|that|who) (?:has|have|had|is|are|contains?|was|were)|compare|analy[sz]e|read|correct"
    r"|fix|translate|classify|check|edit|improve|proofread|rate|rank"
    r"|review|consider"
    r"|after|following|followed by|preceded by|before|then|every|ending in|ending with|these|those|the given"
    r"|the following|among|within the|the above|into|combine|merge|join|from|replace|using the|between the)"
    r" (?:\w+ ){0,1}$"
)
_LEAST = {"character": 15}
"""Smaller numbers of these are mostly something else ("a dialogue between two characters")."""
_NEED_A_LIMIT = frozenset({"number", "question", "item", "quotation mark", "link", "url", "section", "digit"})
"""Of these a plain number says what the task is about ("the sum of two numbers"), unless it says what to include."""
_INCLUDES = re.compile(r"\b(?:include|contain|use|have|has|with|using|ask)s?(?: \w+)? ?$")
_NOT_THE_ANSWER = re.compile(
    r"\b(?:titles?|headlines?|subject lines?|names?|taglines?|fields?|values?|columns?|functions?|code"
    r"|programs?|scripts?|passwords?"
    r"|passphrases?|quer(?:y|ies)|comments?|arguments?|parameters?|tools?|inputs?|files?|documents?"
    r"|variables?|identifiers?|commits?"
    r"|chunks?|slides?|labels?|keywords?|user|users|labeled"
    r"|labelled|sets? of"
    r"|lists? of|sequences? of|pairs? of|arrays? of|groups? of|series of|string|api|calls?|requests?|tests?"
    r"|class|classes|methods?|endpoints?|users?|customers?)\b"
)
_ANSWER = re.compile(r"\b(?:response|answer|reply|output|your text)\b")
_UP_TO = re.compile(
    r"\b(?:(?:word |length |character )?limit|cap|maximum(?: length)?|max)(?: is| of| at|:)* ?$", re.IGNORECASE
)
_BESIDE = re.compile(r"^ (?:long(?:er)? than|shorter|more|fewer|less|later|before|after|ago|apart|away)\b")


def counts(wording: Wording) -> Iterator[Demand]:
    """What the sentence says of the length of the whole answer, or of each of its parts."""
    counted = list(_counts(wording.text)) if _COUNTED.search(wording.folded) else []
    yield from counted
    single = _A_SINGLE.search(wording.text) if not counted else None
    before = folded(wording.text[: single.start()]) if single else ""
    if single and not _PART_OF.search(wording.folded) and not _NOT_THE_ANSWER.search(before):
        yield Demand("length", single.group(), in_range(unit_of(single[1]), Range(1, 1)))


def _counts(sentence: str) -> Iterator[Demand]:
    taken: list[tuple[int, int]] = []
    for pattern, read in ((_AND_ALSO, _of_both), (_BETWEEN, _of_range), (_COUNT, _of_limit)):
        for match in pattern.finditer(sentence):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            demand = _demand(sentence, match, read)
            if demand is not None:
                taken.append(match.span())
                yield demand


Read = Callable[[re.Match[str], str], Range | None]


def _demand(sentence: str, match: re.Match[str], read: Read) -> Demand | None:
    wanted = read(match, sentence)
    unit = unit_of(match[match.lastindex or 0])
    if wanted is None or (not match[1] and wanted.high < _LEAST.get(unit, 0)) or _BESIDE.match(sentence[match.end() :]):
        return None
    if _of_something_else(folded(sentence), match, unit):
        return None
    scope = _scope_of(sentence, match)
    if scope is None or (scope.whole and unit == "line" and wanted.low == wanted.high):
        return None  # whether a line of greeting counts is anybody's guess
    if scope.whole:
        return Demand("length", match.group().strip(), in_range(unit, wanted))
    if scope.unit == unit:
        return None
    text = f"{match.group().strip()} in {scope.text}"
    return Demand("length", text, _in_each(scope, unit, wanted))


def _of_something_else(text: str, match: re.Match[str], unit: str) -> bool:
    """The count is of a thing inside the answer or of the material, or tells what the task is about."""
    before = text[: match.start()][-120:]
    if unit not in ("character", "line"):
        before = re.split(r"[,;:.]| and | but ", before)[-1]
    if _NOT_THE_ANSWER.search(before + text[match.end() : match.end() + 24]) and not _ANSWER.search(before):
        return True
    limited_ = folded(match.group()).startswith(tuple(_LIMIT_WORDS)) or match.re is not _COUNT
    return unit in _NEED_A_LIMIT and not limited_ and not _INCLUDES.search(text[: match.start()])


_LIMIT_WORDS = [
    word for word in LIMITS if word not in ("in", "with", "using", "over", "some", "about", "under", "within")
]


def _scope_of(sentence: str, match: re.Match[str]) -> Scope | None:
    """Of which part the count is told; None where a part is meant that is not known."""
    before, after = folded(sentence[: match.start()]), folded(sentence[match.end() :])
    scope = scope_after(after, before) or scope_before(before)
    if scope is not None:
        return scope
    subject = _EVERY_ANSWER.sub(" ", before)[-160:]
    if _PART_OF.search(subject + folded(match.group()) + after[:16]) or _BEFORE_OR_AFTER.search(before[-40:]):
        return None
    return Scope.of_whole()


def _of_both(match: re.Match[str], _sentence: str) -> Range | None:
    """`at least 3 but no more than 5 words`."""
    one, other = limited(match[1], number(match[2])), limited(match[4], number(match[5]))
    if one is None or other is None:
        return None
    both = Range(max(one.low, other.low), min(one.high, other.high))
    return both if both.low <= both.high else None


def _of_range(match: re.Match[str], _sentence: str) -> Range | None:
    low, high = number(match[1]), number(match[2])
    return Range(low, high) if low <= high else None


def _of_limit(match: re.Match[str], sentence: str) -> Range | None:
    """None where the words are no demand ("a three-word name")."""
    wanted, sign, unit = number(match[2]), folded(match[1] or ""), unit_of(match[5])
    after = _AFTER.match(sentence[match.end() :])
    if after:
        return Range(0, wanted) if after[1] or after[3] else Range(wanted, MANY)
    if match[3]:
        return Range(0, wanted) if folded(match[3]).endswith(("fewer", "less")) else Range(wanted, MANY)
    if match[4] == "-" and not _WHOLE.match(sentence[match.end() :]):
        return None
    if not sign and _UP_TO.search(sentence[: match.start()]):
        return Range(0, wanted)
    if unit not in ("word", "character") and sign in ("", "in", "with", "using") and wanted <= 20:
        return Range(wanted, wanted)
    return limited(sign, wanted, sentence[max(0, match.start() - 40) : match.start()])


def in_range(unit: str, wanted: Range) -> Test:
    """A tenth outside of the range is nearly in it, where the range is of some size."""

    def test(reply: Reply) -> float | None:
        counted = tally(reply, unit)
        if counted is None:
            return None
        if wanted.holds(*counted):
            return 1.0
        count, edge = (counted[0], wanted.high) if counted[0] > wanted.high else (counted[1], wanted.low)
        return NEARLY if edge >= 20 and abs(count - edge) <= 0.1 * edge else 0.0

    return test


def _in_each(scope: Scope, unit: str, wanted: Range) -> Test:
    """Each part by itself; a lead-in before a list ("Here they are:") is no part."""

    def holds(part: str) -> bool | None:
        counted = tally(Reply(portions.bare(part)), unit)
        return None if counted is None else wanted.holds(*counted)

    return scope.test(holds)
