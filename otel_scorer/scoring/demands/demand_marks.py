"""Demands on lists and what separates parts: marks of bullets, sub-items, separators, numbering."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.amount import LIMIT, NUMBER, limited, number
from otel_scorer.scoring.demands.demand import Demand, Reader, Test, turned_round
from otel_scorer.scoring.demands.scope import PART
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply

_I = re.IGNORECASE
_SIGN = (
    r"(?:[\"“'‘`]([^\s\"”'’`]{1,12})[\"”'’`]|(?<= )([*•\-–+>#~=|_]{1,6})(?=[ .,;:]|$)|(asterisks?|hyphens?"
    r"|dashes|dash|plus signs?|stars?)\b)"
)
_NAMED_SIGNS = {"asterisk": "*", "star": "*", "hyphen": "-", "dash": "-", "plus sign": "+"}
_DENOTED = (
    r"(?:denoted|marked|indicated|signified|shown|introduced|preceded|prefixed|starting|beginning|using"
    r"|with)(?: (?:by|with|as|using|an?|the|symbol|character)){0,3}"
)
_BULLET_SIGN = re.compile(
    rf"\bbullet(?:ed)?(?: points?| list| items?)?s?,? (?:that (?:are|is) )?{_DENOTED} {_SIGN}", _I
)
_SUB_BULLETS = re.compile(
    rf"\b(?:{LIMIT} )?(?:{NUMBER}|an?)? ?(?:sub|nested|second-level)[- ]?(?:bullet(?: point)?|item|point"
    rf"|list)s?(?: {_DENOTED} {_SIGN})?(,? (?:for|under|in|below|beneath|per)(?: each| every))?",
    _I,
)
_INSTEAD = re.compile(
    r"\binstead of (?:bullet(?: point)?s?|dashes|numbers|asterisks|bullet markers),? use (?:the (?:word"
    r"|symbol|character|sign|string) )?(?:[\"“'‘`]([^\"”'’`\n]{1,20})[\"”'’`]|(\S{1,20}?))(?=[.,;]?(?:\s"
    r"|$))",
    _I,
)
_SEPARATED = re.compile(
    rf"\b(?:separat\w+|divid\w+|delimit\w+|split) (?:the |each |all |them |your |from each other |these "
    rf"|those |two |every )*(?:{PART}s?|responses?|answers?|items?|parts|poems?|stories|story"
    rf"|entries)? ?(?:from each other )?(?:by|with|using) (?:an? |the |exactly |only )*(?:(?:line|row"
    rf"|string|separator|divider|rule|markdown divider|sequence|symbols?|characters?)(?: of)?:? )?(?:"
    rf"(?:\w+ ){{1,2}}\()?"
    rf"(?:[\"“'‘`]([^\"”'’`\n]{{1,12}})[\"”'’`]|((?:[*=~#_-] ?){{3,8}}))",
    _I,
)
_NUMBER_THEM = re.compile(
    rf"\b(?:number (?:each|every|the|your|all)(?: of the| of your)? {PART}s?|{PART}s (?:must|should) be numbered)", _I
)
_MENTIONS = re.compile(r"bullet|nested|sub|second-level|separat|divid|delimit|split|number|instead")


def marks(wording: Wording) -> Iterator[Demand]:
    """What the sentence demands of lists and separators."""
    if not _MENTIONS.search(wording.folded):
        return
    for pattern, read in _READERS:
        match = pattern.search(wording.text)
        test = read(match) if match and not turned_round(match) else None
        if match and test is not None:
            yield Demand("format", match.group().strip(), test)


def _sign_of(match: re.Match[str], first: int) -> str:
    quoted, plain, named = match.groups()[first - 1 : first + 2]
    name = folded(named or "")
    return (
        quoted or plain or _NAMED_SIGNS.get(name.removesuffix("es") if name == "dashes" else name.removesuffix("s"), "")
    )


def _bullet_sign(match: re.Match[str]) -> Test | None:
    sign = _sign_of(match, 1)
    return (lambda reply: float(len(_with_sign(reply.text, sign)) > 0)) if sign else None


def _with_sign(text: str, sign: str) -> list[str]:
    return [line for line in text.splitlines() if line.lstrip().startswith(sign + " ")]


def _sub_bullets(match: re.Match[str]) -> Test | None:
    wanted = limited(match[1] or "at least", number(match[2])) if match[2] else limited("at least", 1)
    sign, each = _sign_of(match, 3), bool(match[6])
    if wanted is None:
        return None

    def test(reply: Reply) -> float:
        counts = _subs(reply.text, sign)
        if not counts:
            return 0.0
        return float(all(wanted.low <= n <= wanted.high for n in counts) if each else sum(counts) >= wanted.low)

    return test


def _subs(text: str, sign: str) -> list[int]:
    """How many sub-items each item has; those are indented more, or have another sign where `sign` names it."""
    counts: list[int] = []
    top: tuple[int, str] | None = None
    for line in text.splitlines():
        mark = portions.BULLET.match(line) or portions.NUMBERED.match(line)
        if not mark:
            continue
        indent = len(mark[1].expandtabs(4))
        top = top or (indent, mark[2])
        is_sub = indent > top[0] or (mark[2] == sign and not mark[2].isdigit() and mark[2] != top[1])
        if is_sub:
            counts[-1] += not sign or mark[2] == sign
        else:
            counts.append(0)
    return counts


def _instead(match: re.Match[str]) -> Test:
    sign = (match[1] or match[2]).strip()
    return lambda reply: float(sign in reply.text and (sign in "-*•" or not reply.bullets))


def _separated(match: re.Match[str]) -> Test | None:
    sign = (match[2] or match[3] or "").strip()
    if not sign or sign.isalnum():
        return None
    return lambda reply: float(sign in reply.text or sign.replace(" ", "") in reply.text.replace(" ", ""))


def _numbered(_match: re.Match[str]) -> Test:
    return lambda reply: float(reply.numbered > 0)


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_BULLET_SIGN, _bullet_sign),
    (_SUB_BULLETS, _sub_bullets),
    (_INSTEAD, _instead),
    (_SEPARATED, _separated),
    (_NUMBER_THEM, _numbered),
)
