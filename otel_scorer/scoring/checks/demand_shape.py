"""Demands on the form: JSON, lists, tables, yes or no, language, case, and what must not occur at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.checks.demand import NEARLY, Demand, Test
from otel_scorer.scoring.checks.lexicon import Phrases, Wording, phrases
from otel_scorer.scoring.checks.reply import COUNTED, LANGUAGES, Reply
from otel_scorer.scoring.hits import folded

_ONLY = r"(?:only |just |solely |strictly |a |an |the |valid |well-formed |single |raw |pure |one |following )*"
_SAY = r"(?:respon(?:d|se)|answer|reply|return|output|produce|format|give|provide|write)\w{0,5}"
_JSON = phrases(
    rf"""
    {_SAY}\b[^.\n]{{0,60}}?\b(?:in|as|with|be|is|only|return|output|to) {_ONLY}json
    json (?:only|format|output|object only)|return {_ONLY}json
    """
)
_YES_OR_NO = phrases(
    r"""(?:answer|respond|reply)\w{0,4} (?:only |just )?(?:with )?(?:only |just )?["“]?yes["”]? or ["“]?no"""
)
_SAYS_YES_OR_NO = re.compile(r"\W{0,3}(?:yes|no)\b", re.IGNORECASE)
_FORMATS: tuple[tuple[Phrases, str, Test], ...] = (
    (_JSON, "JSON", lambda reply: float(reply.json[0])),
    (
        phrases(r"bullet(?:ed)? list|bulleted points|(?:as|in|use|with|using) bullet points|bullets"),
        "bullet list",
        lambda reply: float(reply.bullets > 0),
    ),
    (phrases(r"(?:numbered|ordered) list"), "numbered list", lambda reply: float(reply.numbered > 0)),
    (
        phrases(r"(?:as|in|with|use|using|create|make) an? (?:markdown )?table"),
        "table",
        lambda reply: float(reply.has_table),
    ),
    (_YES_OR_NO, "yes or no", lambda reply: float(bool(_SAYS_YES_OR_NO.match(reply.text)))),
)
_NOT = phrases(r"not|no|never|don't|avoid|without|instead of|rather than")


def formats(wording: Wording) -> Iterator[Demand]:
    """JSON, lists, tables, yes or no."""
    for phrasing, name, test in _FORMATS:
        match = phrasing.search(wording)
        if match and not _NOT.is_in(wording.text[max(0, match.start() - 30) : match.start()]):
            yield Demand("format", name, test)


_LANGUAGE = re.compile(
    r"\b(?:answer|respond|reply|write|speak|translate|output|response|communicate)\w{0,4}\b[^.\n]{0,60}?"
    r"\b(?:in|to|into) (" + "|".join(sorted(LANGUAGES)) + r")\b(?! (?:word|text|sentence|input|document))",
    re.IGNORECASE,
)
_NAMES_ONE = re.compile(" (?:" + "|".join(sorted(LANGUAGES)) + ")")
_LOWER = phrases(r"(?:all|only|entirely in|in) (?:lower ?-?case|small letters)")
_UPPER = phrases(r"(?:all|only|entirely in|in) (?:upper ?-?case|capitals?(?: letters)?|caps)")
_NONE_OF = re.compile(
    r"\b(?:no|without(?: any| using)?|(?:do not|don['’]t|never|avoid|must not|should not)"
    r"(?: (?:use|using|include|including|contain|have|add))?)(?: any)? "
    r"(commas?|exclamation (?:marks?|points?)|question marks?|emojis?|bullet points?|bullets|hashtags?|headings?|digits"
    r"|numbers|markdown|tables?|quotation marks?)\b",
    re.IGNORECASE,
)
_NONE = phrases("no|without|do not|don't|never|avoid|must not|should not")
"""With which `_NONE_OF` begins."""


def shape(wording: Wording) -> Iterator[Demand]:
    """Language, case, and what must not occur at all."""
    sentence = wording.text
    language = _LANGUAGE.search(sentence) if _NAMES_ONE.search(wording.folded) else None
    if language:
        yield Demand("language", f"in {language[1]}", _in_language(folded(language[1])))
    for phrasing, like in ((_LOWER, str.islower), (_UPPER, str.isupper)):
        cased = phrasing.search(wording)
        if cased:
            yield Demand("case", sentence[cased.start() : cased.end()], _cased(like))
    for none in _NONE_OF.finditer(sentence) if _NONE.may_be_in(wording) else ():
        yield Demand("wording", none.group(), _none(folded(none[1])))


def _cased(like: Callable[[str], bool]) -> Test:
    def test(reply: Reply) -> float:
        lettered = [word for word in reply.words if any(c.isalpha() for c in word)]
        share = sum(like(word) for word in lettered) / len(lettered) if lettered else 0.0
        return 1.0 if share == 1 else NEARLY if share >= 0.95 else 0.0

    return test


def _in_language(wanted: str) -> Test:
    """An answer too short to tell passes."""
    return lambda reply: float(reply.language in ("", wanted))


def _none(thing: str) -> Test:
    if thing == "markdown":
        return lambda reply: float(not reply.has_markup)
    if thing.startswith("table"):
        return lambda reply: float(not reply.has_table)
    unit = thing if thing in COUNTED else thing.removesuffix("s")
    return lambda reply: float(reply.count(unit) == 0)
