"""Names in lists: `Torpy, Salinas and Berg` names three people where it names two for sure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from otel_scorer.scoring.detection.bodies import FORMS, GENERAL
from otel_scorer.scoring.detection.capitals import CAPITAL, OPENERS, THINGS
from otel_scorer.scoring.detection.hits import Hit
from otel_scorer.scoring.detection.known import family_names, first_names

_WORD = rf"[{CAPITAL}][^\W\d_]{{1,30}}(?:['’-][^\W\d_]{{1,20}}){{0,2}}"
_MEMBER = rf"{_WORD}(?: {_WORD}){{0,2}}"
_LIST = re.compile(rf"(?<![\w@./-]){_MEMBER}(?:(?:, (?:and |or )?| and | & | or ){_MEMBER}){{1,20}}(?![\w@(/])")
_ONE = re.compile(_MEMBER)


def in_lists(text: str, known: Sequence[Hit]) -> Iterator[Hit]:
    """Members of lists of which enough are known to be of one kind."""
    starts = [hit.start for hit in known]
    for match in _LIST.finditer(text):
        members = list(_ONE.finditer(text, *match.span()))
        hits = known[bisect_left(starts, match.start()) : bisect_left(starts, match.end())]
        kinds = {hit.kind for hit in hits}
        if len(kinds) != 1 or not _enough(hits, len(members)):
            continue
        for member in members:
            if _may_belong(member.group()):
                yield Hit(hits[0].kind, *member.span(), member.group())


_FAMILY = rf"[{CAPITAL}][^\W\d_]{{1,20}}(?:['’][{CAPITAL}]?[^\W\d_]+)?"
_FIRM = re.compile(rf"(?<![\w,@./-])(?<!, )({_FAMILY}), ({_FAMILY}),? (?:and|&) ({_FAMILY})(?![\w@(/-]| [{CAPITAL}])")
_OF_FIRMS = re.compile(
    r"(?:\b(?:at|for|by|from|of|join(?:s|ed)?|support|with|become|became|the|The|company|firm)|^|\n[ \t>]*) ?$"
)


def firms_of_families(text: str) -> Iterator[Hit]:
    """`Marshall, Hill and Gray` on a line of its own or after `at`, `for`, `the`: partners give firms their names."""
    for match in _FIRM.finditer(text):
        families = all(name in family_names() and name not in first_names().sure for name in match.groups())
        if families and _OF_FIRMS.search(text, max(0, match.start() - 12), match.start()):
            yield Hit("organization", *match.span(), match.group())


def _enough(hits: Sequence[Hit], members: int) -> bool:
    """Half of them; one with a legal form is enough, people are not mixed with firms."""
    if any(hit.kind == "organization" and hit.text.split(" ")[-1].rstrip(".") in FORMS for hit in hits):
        return members <= 6
    return len(hits) >= max(2, members / 2)


def _may_belong(name: str) -> bool:
    words = name.split(" ")
    return not any(word in THINGS or word in GENERAL or word.lower() in OPENERS for word in words)


_LINES = re.compile(r"^[ \t>]*(\S[^\n]*?)[ \t]*$", re.MULTILINE)
_BODY_LINE = re.compile(rf"[{CAPITAL}][\w.,&'’-]{{1,30}}(?: [\w.,&'’-]{{1,30}}){{0,6}}")
_ADDRESS_LINE = re.compile(r"(?:[0-9]{1,6}[a-zA-Z]?[ ,]|P\.? ?O\.? ?Box|[^\n]{3,40} [0-9]{1,4}[a-z]?$)")


def bodies_in_letterheads(text: str, known: Sequence[Hit]) -> Iterator[Hit]:
    """The line between somebody's name and an address."""
    people = {(hit.start, hit.end) for hit in known if hit.kind == "person"}
    lines = list(_LINES.finditer(text)) if people else []
    for name, body, address in zip(lines, lines[1:], lines[2:], strict=False):
        is_between = name.span(1) in people and _ADDRESS_LINE.match(address.group(1))
        if is_between and _BODY_LINE.fullmatch(body.group(1)) and not _JOB_LINE.search(body.group(1)):
            yield Hit("organization", *body.span(1), body.group(1))


_JOB_LINE = re.compile(
    r"(?:[Mm]anager|[Ee]ngineer|[Dd]irector|[Oo]fficer|[Aa]nalyst|[Cc]onsultant|er|or|ist|ant|ian)$"
    r"|^(?:Suite|Apt|Unit|Flat|Floor|Attn|Attention|c/o|The Old|[A-Z]{2} )"
)
"""Trades, and the first lines of some addresses."""
