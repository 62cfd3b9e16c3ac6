"""Demands on language and case, and on what must not occur at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.demands.demand import NEARLY, Demand, Test
from otel_scorer.scoring.demands.tally import TALLIES, tally
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording import tongues
from otel_scorer.scoring.wording.lexicon import Wording, phrases, vocabulary
from otel_scorer.scoring.wording.reply import Reply

_NAMED = "|".join(sorted(tongues.NAMES, key=len, reverse=True))
_LANGUAGE = re.compile(
    r"\b(?:answer|respond|reply|write|speak|translate|output|response|communicate|answers|compose|converse"
    r"|talk)\w{0,4}\b[^.\n]{0,60}?"
    rf"\b(?:(?:in|to|into|using) (?:the )?(?:\w+ )?|(?:only|exclusively|always) )({_NAMED})\b(?: language)?"
    rf"(?! (?:word|text|sentence|input|document|style|letters))",
    re.IGNORECASE,
)
_NAMES_ONE = re.compile(rf" (?:{_NAMED})\b")
_NOT_WHOLE = re.compile(
    r"\b(?:word|words|title|titles|not|never|don['’]t|except|section|sentence|line|paragraph|name"
    r"|names|term|terms|also|both|was|were)\b",
    re.IGNORECASE,
)
_AND_ANOTHER = re.compile(
    rf"(?:,| and| or| ?/) ?(?:also |then |in )?(?:{_NAMED})\b| (?:title|name|word|phrase|term)s?\b"
)
_TONGUES = re.compile(rf"\b(?:in|to|into) ({_NAMED})\b")
_LOWER = phrases(r"(?:all|only|entirely in|in|using|use) (?:only )?(?:all )?(?:lower ?-?case|small letters)")
_NO_CAPITALS = phrases(r"(?:do not|don't|never|without) capitali[sz]\w+ (?:anything|any (?:words?|letters?))")
_NO_QUESTIONS = phrases(
    r"(?:do not|don't|never|without) ask\w* (?:the user |me |them )?(?:any )?(?:follow-?up |clarifying "
    r"|further |additional )*questions?"
)
_UPPER = phrases(
    r"(?:all|only|entirely in|in|using|use) (?:only )?(?:all )?(?:upper ?-?case|capitals?(?: letters)?|caps)"
)
_TITLE = phrases(
    r"(?:in|use|using) (?:title|headline) case|title-case|capitali[sz]e (?:the first letter of )?(?:each"
    r"|every)(?: \w+)? word"
)
_PARTIAL = re.compile(
    r"\b(?:words?|letters?|headings?|headers?|titles?|sentences?|lines?|names?|keywords?|first|keys?|last"
    r"|acronyms?|terms?|times|users?|who|people|variables?|functions?|fields?|columns?|labels?)\b"
)
_THING = (
    r"(?:commas?|exclamation (?:marks?|points?)|question marks?|emojis?|bullet points?|bullets|hashtags?"
    r"|headings?|headers|digits|numbers|numerals|markdown(?: formatting)?|tables?|quotation marks?|semicolons?|colons"
    r"|hyphens|em[ -]dash(?:es)?|parentheses|ellips[ei]s|capital letters|uppercase letters|lower-?case letters|links"
    r"|urls|code blocks?|punctuation(?: marks?)?|periods|full stops|contractions|pronouns|line breaks|newlines|lists?"
    r"|bold(?: text)?|italics|asterisks|html(?: tags)?)"
)
_NONE_OF = re.compile(
    r"\b(?:no|skip(?: the)?|leave out(?: the)?|free of|without(?: any| using)?|(?:do not|don['’]t|never"
    r"|avoid|must not|should not|cannot"
    r"|can['’]t|refrain from|may not)"
    r"(?: (?:use|using|want|include|including|contain|containing|have|having|add|adding))?)(?: any)?(?: standard)? "
    rf"({_THING}(?:(?:, or |, and |, | or | nor | and |/)(?:any )?{_THING}){{0,8}})\b"
    r"(?! (?:than|in the|at the|from the|that|after|before|other|more|longer|greater|larger|less|over|above"
    r"|below|under|to|of|about|with|from|for|as)\b)",
    re.IGNORECASE,
)
_OF_CONTENT = re.compile(r"\bwithout (?!any |using )|\b(?:with|has|have|are|is) no ")
_IN_THE_WORLD = frozenset({"numbers", "digits", "tables", "table", "lists", "links", "periods", "spaces"})
"""Things that a story may be about: "a world without numbers"."""
_EACH_THING = re.compile(_THING + r"\b", re.IGNORECASE)
_NONE = phrases(
    "no|without|do not|don't|never|avoid|must not|should not|skip|leave|free of|cannot|can't|refrain from|may not"
)
"""With which `_NONE_OF` begins."""
_SMALL = vocabulary(
    """
    a an the and but or nor for so yet as at by if in of off on per to up via with from into onto over than vs
    is are be it
    """
)
_CONTRACTION = re.compile(
    r"\b\w+(?:n['’]t|['’](?:re|ve|ll|m|d))\b|\b(?:it|he|she|that|there|what|let|who|here)['’]s\b", re.IGNORECASE
)


def style(wording: Wording) -> Iterator[Demand]:
    """Language, case, and what must not occur at all."""
    sentence = wording.text
    language = _LANGUAGE.search(sentence) if _NAMES_ONE.search(wording.folded) else None
    if language and _is_of_whole(sentence, language):
        yield Demand("language", f"in {language[1]}", in_language(folded(language[1])))
    for phrasing, name, test in _CASES:
        cased = phrasing.search(wording)
        if cased and not _PARTIAL.search(_case_beside(wording.folded, cased, name)):
            yield Demand("case", sentence[cased.start() : cased.end()], test)
    if _NO_QUESTIONS.is_in(wording):
        yield Demand("wording", "no questions", _asks_nothing)
    if _NONE.may_be_in(wording):
        yield from _nones(sentence)


def _nones(sentence: str) -> Iterator[Demand]:
    for none in _NONE_OF.finditer(sentence):
        content = _OF_CONTENT.search(folded(sentence[max(0, none.start() - 6) : none.end()]))
        for thing in _EACH_THING.findall(none[1]):
            test = None if content and folded(thing) in _IN_THE_WORLD else _none(folded(thing))
            if test is not None:
                yield Demand("wording", f"no {thing}", test)


def _is_of_whole(sentence: str, match: re.Match[str]) -> bool:
    """Not of a word or a title, nor one of two languages."""
    before = match.group()[: match.start(1) - match.start()]
    if len(set(_TONGUES.findall(folded(sentence)))) > 1:
        return False
    return not _NOT_WHOLE.search(before) and not _AND_ANOTHER.match(folded(sentence[match.end() :]))


def _asks_nothing(reply: Reply) -> float:
    """A question in the middle may be one that the answer gives an answer to."""
    return float(not reply.text.rstrip("*_ \"'”’)").endswith(("?", "？")))


def _case_beside(text: str, match: re.Match[str], name: str) -> str:
    """What would make the demand one of parts."""
    if name == "title":
        return ""
    before = text[max(0, match.start() - 40) : match.start()]
    after = text[match.end() : match.end() + 32].removeprefix(" letters").removeprefix(" characters")
    return before + " | " + after


def _cased(like: Callable[[str], bool]) -> Test:
    def test(reply: Reply) -> float | None:
        lettered = [word for word in reply.words if any(c.isupper() or c.islower() for c in word)]
        if not lettered:
            return None
        share = sum(like(word) for word in lettered) / len(lettered)
        return 1.0 if share == 1 else NEARLY if share >= 0.95 else 0.0

    return test


def _in_title_case(reply: Reply) -> float | None:
    """Small words may be small; a fault is another word that begins small."""
    words = [word for word in reply.words if word[:1].isalpha() and word[:1].lower() != word[:1].upper()]
    if not words:
        return None
    small = sum(word[0].islower() and word.casefold() not in _SMALL for word in words)
    return 1.0 if not small else NEARLY if small <= 0.02 * len(words) else 0.0


_CASES = (
    (_LOWER, "lower", _cased(str.islower)),
    (_UPPER, "upper", _cased(str.isupper)),
    (_TITLE, "title", _in_title_case),
    (_NO_CAPITALS, "title", _cased(str.islower)),
)


def in_language(wanted: str) -> Test:
    """An answer too short to tell passes where its script fits."""

    def test(reply: Reply) -> float | None:
        found = tongues.tongue_of(reply.text)
        if found == "":
            return 0.0 if tongues.is_latin(reply.text) and wanted in tongues.OTHER_SCRIPTS else 1.0
        return float(found == wanted or found in tongues.ALIKE.get(wanted, ()))

    return test


def _no_match(pattern: str) -> Test:
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda reply: float(not compiled.search(reply.text))


_NONES: dict[str, Test] = {
    "markdown": lambda reply: float(not reply.has_markup),
    "table": lambda reply: float(not reply.has_table),
    "list": lambda reply: float(not reply.bullets and not reply.numbered),
    "capital letter": lambda reply: float(not any(map(str.isupper, reply.text))),
    "uppercase letter": lambda reply: float(not any(map(str.isupper, reply.text))),
    "lowercase letter": lambda reply: float(not any(map(str.islower, reply.text))),
    "lower-case letter": lambda reply: float(not any(map(str.islower, reply.text))),
    "punctuation": _no_match(r"[.,;:!?()\"…“”]"),
    "period": _no_match(r"\.(?:\s|$)"),
    "full stop": _no_match(r"\.(?:\s|$)"),
    "line break": _no_match("\n"),
    "newline": _no_match("\n"),
    "bold": _no_match(r"\*\*[^*\n]{1,300}\*\*|<b>|<strong>"),
    "italic": _no_match(r"(?<![*\w])\*[^*\s\n][^*\n]{0,300}\*(?!\*)|<i>|<em>"),
    "asterisk": _no_match(r"\*"),
    "html": _no_match(r"</?[a-zA-Z][\w-]{0,20}(?:\s[^<>]{0,200})?>"),
    "contraction": lambda reply: float(not _CONTRACTION.search(reply.text)),
    "bullet": lambda reply: float(not reply.bullets),
    "bullet point": lambda reply: float(not reply.bullets),
    "numeral": _no_match(r"\d"),
    "number": _no_match(r"\d"),
}


def _none(thing: str) -> Test | None:
    name = thing.removesuffix(" formatting").removesuffix(" text").removesuffix(" tags").replace("em-dash", "em dash")
    name = name.removesuffix(" marks" if name.startswith("punct") else "\0").removesuffix(
        " mark" if name.startswith("punct") else "\0"
    )
    name = {"parentheses": "parenthesis", "ellipses": "ellipsis", "em dashes": "em dash"}.get(name, name)
    for singular in (name, name.removesuffix("s")):
        if singular in _NONES:
            return _NONES[singular]
        if singular in TALLIES:
            return _none_counted(singular)
    return None


def _none_counted(unit: str) -> Test:
    def test(reply: Reply) -> float | None:
        counted = tally(reply, unit)
        return None if counted is None else float(counted[0] == 0)

    return test
