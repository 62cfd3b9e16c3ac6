"""Demands on the form: JSON, YAML, XML, CSV, tables, lists, yes or no, one of several options."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import yaml

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.demand import QUOTED, Demand, Test
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import Phrases, Wording, phrases
from otel_scorer.scoring.wording.reply import Reply

_ONLY = r"(?:only |just |solely |strictly |a |an |the |valid |well-formed |single |raw |pure |one |following )*"
_SAY = (
    r"(?:respon(?:d|se)|answer|reply|return|output|produce|format|give|provide|write|generate|create|wrap|put"
    r"|present)\w{0,5}"
)
_JSON = phrases(
    rf"""
    {_SAY}\b[^.\n]{{0,60}}?\b(?:in|as|with|be|is|only|return|output|to) {_ONLY}json
    json (?:only|format|output|object only)|return {_ONLY}json
    """
)
_BY = r"(?:only |just |simply |strictly )?(?:with )?(?:only |just |a simple |a |either )*"
_YES_OR_NO = phrases(
    rf"""
    (?:answer|respond|reply)\w{{0,4}} {_BY}["“]?yes["”]?(?: or | ?/ ?)["“]?no
    use yes or no to answer
    """
)
_TRUE_OR_FALSE = phrases(
    rf"(?:answer|respond|reply)\w{{0,4}} {_BY}[\"“]?true[\"”]?(?: or | ?/ ?)[\"“]?false|(?:say|output"
    rf"|return) (?:only )?true or false"
)
_SAYS_TRUE_OR_FALSE = re.compile(r"\W{0,3}(?:true|false)\b", re.IGNORECASE)
_SAYS_YES_OR_NO = re.compile(r"\W{0,3}(?:yes|no)\b", re.IGNORECASE)
_XML = re.compile(r"<([A-Za-z_][\w.:-]{0,60})(?:\s[^<>]{0,300})?>")
_MAX_YAML = 20_000


def _is_yaml(reply: Reply) -> float | None:
    """YAML that is more than one scalar. Long ones are not read."""
    if len(reply.unfenced) > _MAX_YAML or "&" in reply.unfenced:
        return None
    try:
        value = yaml.safe_load(reply.unfenced)
    except (yaml.YAMLError, ValueError, RecursionError):
        return 0.0
    return float(isinstance(value, dict | list))


def _is_xml(reply: Reply) -> float:
    """One element around everything; a declaration before it is part of it."""
    text = re.sub(r"^<[?!][^>]{0,300}>\s{0,20}", "", reply.unfenced)
    opening = _XML.match(text)
    return float(bool(opening) and text.rstrip().endswith(f"</{opening[1]}>")) if opening else 0.0


def _is_csv(reply: Reply) -> float | None:
    """Lines of as many fields each, more than one."""
    rows = csv_rows(reply)
    return float(len(rows) > 1 and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1)


def csv_rows(reply: Reply) -> list[list[str]]:
    """The rows of an answer as comma separated values, fence and blank lines forgiven."""
    lines = [line for line in reply.unfenced.splitlines() if line.strip()]
    try:
        return list(csv.reader(lines[: portions.MAX_PARTS]))
    except csv.Error:
        return []


_MUST_BE = (
    r"(?:output|response|answer|reply|result)s? (?:must|should|has to|needs to) be (?:in |a |an |valid "
    r"|well-formed )*"
)
_FORMATS: tuple[tuple[Phrases, str, Test], ...] = (
    (_JSON, "JSON", lambda reply: float(reply.json[0])),
    (phrases(rf"{_SAY} [^.\n]{{0,40}}?(?:in|as|using) (?:valid |well-formed )?yaml|{_MUST_BE}yaml"), "YAML", _is_yaml),
    (
        phrases(
            rf"{_SAY} [^.\n]{{0,40}}?(?:in|as|using) (?:a |an |valid |well-formed )*xml(?: document| format)?"
            rf"|{_MUST_BE}xml"
        ),
        "XML",
        _is_xml,
    ),
    (
        phrases(
            rf"{_SAY} [^.\n]{{0,40}}?(?:in|as|using) (?:a |an |valid )*csv(?! file)|generate csv(?: data)?"
            rf"|{_MUST_BE}csv"
        ),
        "CSV",
        _is_csv,
    ),
    (
        phrases(
            r"bullet(?:ed)?(?: point)? list|bulleted points|(?:as|in|use|with|using|include) bullet"
            r"(?:ed)? points|bullets"
        ),
        "bullet list",
        lambda reply: float(reply.bullets > 0),
    ),
    (phrases(r"(?:numbered|ordered) list"), "numbered list", lambda reply: float(reply.numbered > 0)),
    (
        phrases(r"(?:as|in|into|with|use|using|create|make|produce) an? (?:markdown )?table"),
        "table",
        lambda reply: float(reply.has_table),
    ),
    (_TRUE_OR_FALSE, "true or false", lambda reply: float(bool(_SAYS_TRUE_OR_FALSE.match(reply.text)))),
    (_YES_OR_NO, "yes or no", lambda reply: float(bool(_SAYS_YES_OR_NO.match(reply.text)))),
)
_NOT_ASKED = phrases(
    r"not|no|never|don't|avoid|without|instead of|rather than|input|inputs|given|provided|receives?"
    r"|received|parse|read|files?|dataset"
)
_GIVEN = re.compile(r"\b(?:provided|given|written|inputs?|generated|returned|produced)\b")
"""Tells of what there is, not of what shall be."""


def _before(wording: Wording, match: re.Match[str]) -> str:
    return wording.text[max(0, match.start() - 30) : match.start()]


def formats(wording: Wording) -> Iterator[Demand]:
    """JSON, lists, tables, yes or no."""
    for phrasing, name, test in _FORMATS:
        match = phrasing.search(wording)
        if match and not _GIVEN.search(match.group()) and not _NOT_ASKED.is_in(_before(wording, match)):
            yield Demand("format", name, test)
    yield from _options(wording)
    yield from _single(wording)


_SAY_ONE = r"\b(?:answer|respond|reply|output|return|say|classify|choose|pick|select|label)\b"
_OPTIONS = re.compile(
    rf"{_SAY_ONE}[^.:\n]{{0,60}}?\b(?:one of|(?:one of|either|from|between|only|just)\b[^.:\n]{{0,40}}?"
    r"(?:options?|answers?|labels?|categories|words|choices|values|classes|following|responses|phrases"
    r"|these)\b[^.:\n]{0,20}): ?([^\n]{3,200})",
    re.IGNORECASE,
)
_QUOTED_OPTIONS = re.compile(
    rf"{_SAY_ONE}[^.:\n\"“'‘`]{{0,40}}?\b(?:only|just|either|exactly|one of|simply)\b[^.:\n\"“'‘`]{{0,40}}?"
    rf"((?:{QUOTED},? ?(?:or |/ ?)?){{2,10}})",
    re.IGNORECASE,
)
_OPTION_END = re.compile(r"\.(?:\s|$)|$")
_OPTION_CUT = re.compile(r",? or (?=\S)|[/|,;] ?")


def _options(wording: Wording) -> Iterator[Demand]:
    """`Answer with one of: a, b, c`: the whole answer is one of them."""
    if not _CHOICE.is_in(wording):
        return
    match = _QUOTED_OPTIONS.search(wording.text)
    if match and re.search(r"\bor\b|/|,", re.sub(QUOTED, "", match[1])):
        options = re.findall(QUOTED, match[1])
    else:
        match = _OPTIONS.search(wording.text)
        line = _OPTION_END.split(match[1], maxsplit=1)[0] if match else ""
        options = [part.strip(" \"'“”‘’`()[].") for part in _OPTION_CUT.split(line)]
    if match and 2 <= len(options) <= 12 and all(0 < len(option) <= 40 for option in options):
        yield Demand("format", f"one of {' / '.join(options)}", _is_one_of(options))


_CHOICE = phrases(_SAY_ONE.replace(r"\b", ""))


def _key(text: str) -> str:
    return " ".join(re.sub(r"[^\w'+-]", " ", text.casefold().replace("’", "'")).split())


def _is_one_of(options: list[str]) -> Test:
    keys = {_key(option) for option in options}

    def test(reply: Reply) -> float | None:
        said = _key(reply.text)
        if said in keys or _key(reply.text.rpartition(":")[2]) in keys:
            return 1.0
        return 0.5 if any(said.startswith(key + " ") for key in keys) else 0.0

    return test


_SINGLE = re.compile(
    r"\b(?:answer|respond|reply|output|return|print|write|say|give)\b[^.\n]{0,40}?\b(?:only|just"
    r"|nothing but|exactly|solely|with|a single|one)\b"
    r" (?:the |a |an |one |single )*(?:final )?(number|integer|digit|single word|one word|word|letter|date"
    r"|url)(?: as (?:the|your) answer)?"
    r"(?= ?(?:[.;!\n]|$|,? (?:and|with) (?:nothing|no )))",
    re.IGNORECASE,
)
_NOTHING_BUT = re.compile(
    rf"\b(?:only|just|simply) (?:say|reply|respond|answer|output|print|write|return)(?: with)? (?:the "
    rf"(?:word|phrase|text|sentence|message|string) )?{QUOTED}(?! ?(?:or|if|when|,|/))"
    rf"|\b(?:say|reply|respond|answer|output|print out|print|write|return)(?: only| just| simply"
    rf"| exactly)(?: with)? (?:the (?:word|phrase|text|sentence|message|string) )?{QUOTED}(?! ?(?:or|if"
    rf"|when|,|/))",
    re.IGNORECASE,
)
_SINGLES = {
    "number": re.compile(r"[-+~≈$€£]{0,2}\d[\d,.\s]{0,40}%?"),
    "integer": re.compile(r"[-+]?\d[\d,]{0,40}"),
    "digit": re.compile(r"\d"),
    "word": re.compile(r"[^\W_][\w'’-]{0,60}"),
    "letter": re.compile(r"\(?[A-Za-z]\)?"),
    "date": re.compile(r"[\w,./ -]{4,40}"),
    "url": re.compile(r"https?://\S{1,2000}"),
}


def _single(wording: Wording) -> Iterator[Demand]:
    """`Reply with only a number`, `just say "OK"`: the whole answer is that."""
    if not _CHOICE.is_in(wording) and "print" not in wording.folded:
        return
    match = _SINGLE.search(wording.text)
    if match and re.search(r"only|just|nothing|solely|exactly|single|one", match.group(), re.IGNORECASE):
        kind = folded(match[1]).rpartition(" ")[2]
        pattern = _SINGLES[kind]
        yield Demand(
            "format", f"only a {kind}", lambda reply: float(bool(pattern.fullmatch(reply.text.strip(" .*`\"'\n"))))
        )
    for exact in _NOTHING_BUT.finditer(wording.text):
        phrase = exact[1] or exact[2]
        yield Demand("format", f"only {phrase!r}", _is_one_of([phrase]))
