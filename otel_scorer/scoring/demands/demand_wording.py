"""Demands on words: what must or must not occur, how often, and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.demands import scope
from otel_scorer.scoring.demands.amount import LIMIT, ORDINAL, TIMES, Range, limited, place, times
from otel_scorer.scoring.demands.demand import BARE, MANY, QUOTED, Demand, Test
from otel_scorer.scoring.demands.scope import NTH_PART, SCOPED, Scope
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import Wording, vocabulary
from otel_scorer.scoring.wording.reply import Reply

_I = re.IGNORECASE
_SORT = r"(?:key ?words?|words?|phrases?|terms?|expressions?|sentences?|strings?|letters?|characters?|names?|hashtags?)"
_LISTED = rf"((?:{QUOTED}(?:, and |, or |, | and | or |/)?){{1,12}})"
_PLAIN_LIST = r"([\w'’-]{2,30}(?:, [\w'’-]{2,30}){0,10}(?:,? and [\w'’-]{2,30})?)(?=[.;\n]|$)"
_PHRASE = rf"(?:the |a )?(?:(?:exact |following |key)?{_SORT}:? )?(?:{QUOTED}|(?<=word ){BARE}|(?<=letter )([a-z])\b)"
"""Groups: quoted, bare word, letter."""
_MUST = r"(?: (?:should|must|has to|have to|needs? to|is to|are to|shall|will|always|also|only)){0,3}"
_HOW_OFTEN = rf"(?:{LIMIT} )?{TIMES}"
_USED = r"(?:appears?|occurs?|be used|is used|be mentioned|be repeated|be present|show up|come up|be included)"
_TIMES_AFTER = re.compile(
    rf"{_PHRASE}(?:{_MUST} {_USED})? (?:a total of )?{_HOW_OFTEN}(?: or (more|less|fewer))?(?! as\b| a\b"
    rf"| per\b| in (?:each|every))",
    _I,
)
"""`the word "lamp" at least twice`, `keyword door once`."""
_TIMES_OF = re.compile(
    rf"\b(?:use|include|mention|repeat|say|write|have|contain)\w{{0,3}} (?:exactly )?{_HOW_OFTEN} (?:the )?"
    rf"(?:key)?(?:word|phrase|term|letter) (?:{QUOTED}|{BARE})",
    _I,
)
_INCLUDE = re.compile(
    r"\b(?:includ|us|mention|contain|incorporat|say|featur|insert|work in|weav)\w{0,3} (?:in )?(?:all "
    r"|both |each |only )?"
    r"(?:of )?(?:the |these |this |following |exact |specific |two |three |four |five |six ){0,4}"
    rf"{_SORT}(?: in \w+ \w+)?:? " + _LISTED,
    _I,
)
_INCLUDE_QUOTED = re.compile(
    rf"\b(?:must|should|has to|needs to|make sure to|be sure to|always|please|to) (?:include|mention"
    rf"|contain|say|use) (?:both |all of |all )?(?:the )?{_LISTED}",
    _I,
)
_APPEARS = re.compile(
    rf"\b{_SORT}:? {_LISTED} ?(?:both |all )?(?:must |should |has to |have to |need to |needs to )?(?:all |both )?"
    r"(?:appear|occur|be (?:used|included|mentioned|present)|are (?:used|included|mentioned|present))\b"
    r"(?! (?:at least|at most|exactly|once|twice|no more|in (?!your|the (?:text|answer|response|output|reply|story))))",
    _I,
)
_INCLUDE_PLAIN = re.compile(
    r"\b(?:includ\w{0,3}|us\w{0,3}|contain\w{0,3}|incorporat\w{0,3}|featur\w{0,3}|with) (?:all )?(?:of )?"
    r"(?:the |these |following |two "
    r"|three |four |five |six ){0,4}"
    rf"(?:key ?)?words: {_PLAIN_LIST}",
    _I,
)
_KEYWORD = re.compile(
    r"\b(?:include|use|mention|contain)s? (?:the )?key ?words? ([^\W\d_][\w-]{1,39})\b(?! (?:once|twice"
    r"|thrice|\w+ times))",
    _I,
)
_FORBID = re.compile(
    r"\b(?:do not|don['’]t|never|avoid|without|must not|should not|cannot|can['’]t|refrain from"
    r"|not allowed to|no|forbidden|exclude|omit|leave out|leaving out)\b"
    r"[^\"“'‘`\n]{0,60}?"
    rf"\b(?:{_SORT}|mention(?:ing)?|say(?:ing)?|us(?:e|ing)|include|write)\b[^\"“'‘`\n]{{0,20}}? " + _LISTED,
    _I,
)
_FORBID_LETTER = re.compile(
    r"\b(?:do not|don['’]t|never|avoids?|avoiding|without|must not|should not|no|none of)\b[^.\n]{0,40}? the letters?"
    r" [\"“'‘`]?([a-z])[\"”'’`]?(?![\w'’])",
    _I,
)
_MUST_NOT = re.compile(
    rf"\b(?:{_SORT}:? {_LISTED} ?|{_PHRASE} )(?:(?:must|should|may|can|is|are)(?: not| never|n['’]t"
    rf"|not) (?:to )?(?:be )?(?:allowed|used|permitted"
    r"|appear|occur|included|mentioned|present|contained)|(?:is|are) (?:strictly )?(?:forbidden|banned"
    r"|prohibited|off[- ]limits))\b",
    _I,
)
_INSIDE = re.compile(
    rf"\b(?:includ|us|mention|contain|put|plac|insert|appear|work|weav)\w{{0,3}} {_PHRASE} (?:in|into"
    rf"|within|as|to) (?:{SCOPED})"
    rf"(?:,? as (?:the )?{ORDINAL} word)?",
    _I,
)
_KEYWORD_INSIDE = re.compile(
    rf"\b(?:includ|us|mention|contain|put|plac|insert)\w{{0,3}} (?:the )?key ?word {BARE} (?:in"
    rf"|within) {NTH_PART}(?:,? as (?:the )?{ORDINAL} word)?",
    _I,
)
_HAS_INSIDE = re.compile(
    rf"\b{SCOPED}(?: (?:of|in) {scope.WHOLE})?{_MUST} (?:includes?|contains?|mentions?|uses?|has"
    rf"|have) {_PHRASE}(?! (?:at least|exactly|once|twice|\w+ times))",
    _I,
)
_QUOTES = re.compile(QUOTED)
_THAT = re.compile(r"\b(?:that|which|who)(?: \w+)? $")
"""Before what tells things apart: "sentences that contain"."""
_PLACES = re.compile(r"\b(?:sentence|line|paragraph|stanza|verse|bullet|item|section|entry|list|word of)")
_DENIES = re.compile(
    r"\b(?:not|never|avoid|without|no|cannot|refrain|forbidden|exclude|omit|leave|leaving|avoids|avoiding"
    r"|banned|prohibited|off|none)\b|n['’]t\b"
)
_OFTEN = re.compile(r"\b(?:once|twice|thrice|times)\b")
_TELLING = re.compile("[\"“'‘`«„]|once|twice|thrice|times|words?:|key ?word|the word|letter|phrase")
_BAD_KEYWORDS = vocabulary(
    """
    from in the of that such as for which to and or is are with research search density
    """
)


def wording(said: Wording) -> Iterator[Demand]:
    """What the sentence demands of words."""
    if not _TELLING.search(said.folded):
        return
    text = said.text
    inside = list(_of_parts(text)) if _PLACES.search(said.folded) else []
    forbidden = list(_forbidden(text)) if _DENIES.search(said.folded) else []
    often = list(_often(text)) if _OFTEN.search(said.folded) else []
    yield from inside
    yield from forbidden
    yield from often
    if not forbidden and not often and not inside:
        yield from _included(text)


def _forbidden(text: str) -> Iterator[Demand]:
    for match in _FORBID.finditer(text):
        if _edge_or_only(text, match):
            continue
        for word in _QUOTES.findall(match[1]):
            yield Demand("wording", f"never {word!r}", _occurs(word, Range(0, 0)))
    for match in _FORBID_LETTER.finditer(text):
        yield Demand("wording", f"never the letter {match[1]!r}", _letters(match[1], Range(0, 0)))
    for match in _MUST_NOT.finditer(text):
        for word in _QUOTES.findall(match[1]) if match[1] else [match[3] or match[4]]:
            test = _occurs(word, Range(0, 0)) if word else _letters(match[5], Range(0, 0))
            yield Demand("wording", f"never {word or match[5]!r}", test)


_EDGE_WORDS = re.compile(
    r"\b(?:start|begin|open|end|finish|conclude|close|until|unless|without (?:first )?say|other than|except"
    r"|only|more than|times|twice|once|in (?:each|every|the))",
    _I,
)


def _edge_or_only(text: str, match: re.Match[str]) -> bool:
    """`Do not end with "Bye"`, `never say anything except "ok"`: not of whether the words occur."""
    return bool(_EDGE_WORDS.search(text[max(0, match.start() - 10) : match.end()].replace(match[1], ""))) or bool(
        _EDGE_WORDS.match(text[match.end() :].lstrip()[:20])
    )


def _often(text: str) -> Iterator[Demand]:
    for match in _TIMES_AFTER.finditer(text):
        yield from _how_often(match[1] or match[2] or match[3], match[4], match[5], match[6], match)
    for match in _TIMES_OF.finditer(text):
        yield from _how_often(match[3] or match[4], match[1], match[2], None, match)


def _how_often(word: str, sign: str | None, often: str, more: str | None, match: re.Match[str]) -> Iterator[Demand]:
    wanted = limited(sign or "exactly", times(often), match.string[max(0, match.start() - 30) : match.start()])
    if wanted is None:
        return
    if more:
        wanted = Range(wanted.low, MANY) if folded(more) == "more" else Range(0, wanted.high)
    is_letter = len(word) == 1 and "letter" in folded(match.group())
    yield Demand("wording", match.group(), _letters(word, wanted) if is_letter else _occurs(word, wanted))


def _included(text: str) -> Iterator[Demand]:
    for pattern in (_INCLUDE, _INCLUDE_QUOTED, _APPEARS):
        for match in pattern.finditer(text):
            if not _THAT.search(text[: match.start()]):
                yield from _listed(match[1])
    for match in _INCLUDE_PLAIN.finditer(text):
        for word in re.split(r",? and |, ", match[1]):
            yield Demand("wording", f"include {word!r}", _included_word(word))
    for match in _KEYWORD.finditer(text):
        if folded(match[1]) not in _BAD_KEYWORDS:
            yield Demand("wording", f"include {match[1]!r}", _included_word(match[1]))


def _listed(quoted: str) -> Iterator[Demand]:
    """Each of the words in quotation marks, or one of them."""
    joined, words = re.sub(QUOTED, "", quoted), _QUOTES.findall(quoted)
    if " or " in joined or "/" in joined:
        yield Demand("wording", f"include one of {', '.join(words)}", _any_of(words))
        return
    yield from (Demand("wording", f"include {word!r}", _included_word(word)) for word in words)


def _of_parts(text: str) -> Iterator[Demand]:
    for match in _INSIDE.finditer(text):
        where = scope.scope_of(match, 4)
        yield from _held_by(where, match[1] or match[2], match[10])
    for match in _KEYWORD_INSIDE.finditer(text):
        where = scope.nth(match[2], match[3])
        yield from _held_by(where, match[1], match[4])
    for match in _HAS_INSIDE.finditer(text):
        yield from _held_by(scope.scope_of(match, 1), match[7] or match[8], None)


def _held_by(where: Scope, word: str | None, at: str | None) -> Iterator[Demand]:
    if not word or folded(word) in _BAD_KEYWORDS or where.unit == "word":
        return
    pattern = _pattern(word)
    text = f"{word!r} in {where.text}" + (f" as {at} word" if at else "")
    yield Demand("wording", text, where.test(_at(word, at) if at else lambda part: bool(pattern.search(part))))


def _at(word: str, ordinal: str) -> Callable[[str], bool | None]:
    def holds(part: str) -> bool:
        words = Reply(part).words
        index = place(ordinal)
        return -len(words) <= index < len(words) and words[index].casefold() == word.casefold()

    return holds


def _pattern(word: str) -> re.Pattern[str]:
    bare = word.strip().rstrip(",.;")
    start = r"(?<!\w)" if bare[:1].isalnum() else ""
    end = r"(?!\w)" if bare[-1:].isalnum() else ""
    return re.compile(start + re.escape(bare).replace("'", "['’]") + end, re.IGNORECASE)


def _occurs(word: str, wanted: Range) -> Test:
    pattern = _pattern(word)
    return lambda reply: float(wanted.low <= len(pattern.findall(reply.text)) <= wanted.high)


def _included_word(word: str) -> Test:
    """An inflected form will do for a person."""
    bare = word.strip().rstrip(",.;")
    if not bare.replace("-", "").isalpha():
        return _occurs(word, Range(1, MANY))
    stem = bare.removesuffix("e").removesuffix("y") if len(bare) > 4 else bare
    pattern = re.compile(rf"(?<!\w){re.escape(stem)}\w{{0,4}}(?!\w)", re.IGNORECASE)
    return lambda reply: float(bool(pattern.search(reply.text)))


def _any_of(words: list[str]) -> Test:
    patterns = [_pattern(word) for word in words]
    return lambda reply: float(any(pattern.search(reply.text) for pattern in patterns))


def _letters(letter: str, wanted: Range) -> Test:
    folded = letter.casefold()
    return lambda reply: float(wanted.low <= reply.text.casefold().count(folded) <= wanted.high)
