"""A text cut into what instructions speak of: sentences, lines, paragraphs, list items, sections."""

from __future__ import annotations

import re
from itertools import pairwise

from otel_scorer.scoring.wording.lexicon import vocabulary

_END = re.compile(r"[.!?…]{1,40}[\"'”’)\]*_]{0,4}(?=\s|$)|[。！？]")
_ABBREVIATIONS = vocabulary(
    """
    mr mrs ms dr prof sr jr st vs etc e.g i.e eg ie cf al no vol fig inc ltd co corp dept est approx jan feb mar apr
    jun jul aug sep sept oct nov dec a.m p.m u.s u.k ph.d b.c a.d usw z.b bzw ca
    """
)
_LAST_WORD = re.compile(r"[\w.]{1,12}$")
_HAS_WORD = re.compile(r"[^\W_]")
_NUMBERING = re.compile(r"[*_>#( \t-]{0,6}(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_RULE = re.compile(r"[ \t]*([*_=~#-])(?:[ \t]?\1){2,80}[ \t]*$")
HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+\S|[ \t]{0,3}\*\*[^*\n]{1,120}\*\*:?[ \t]*$")
BULLET = re.compile(r"([ \t]*)([-*•+–▪◦‣●○])[ \t]+(?=\S)")
NUMBERED = re.compile(r"([ \t]*)\(?(\d{1,3})[.)][ \t]+(?=\S)")
_EMOJI_SIGNS = "\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff"
EMOJI = re.compile(f"[{_EMOJI_SIGNS}]")
EMOJI_TAIL = re.compile(f"[ \t]?[{_EMOJI_SIGNS}\ufe0f\u200d]{{1,20}}")
MAX_PARTS = 2000
"""Parts of one text that are looked at."""


def sentences_of(text: str) -> list[str]:
    """Sentences in order: lines are cut at ends of sentences, not after an abbreviation or a number of a list.

    An emoji after the end of a sentence belongs to it. A line without an end of a sentence is one sentence.
    """
    found: list[str] = []
    for line in text.splitlines():
        found.extend(_of_line(line))
        if len(found) > MAX_PARTS:
            break
    return found[:MAX_PARTS]


def _of_line(line: str) -> list[str]:
    parts, start = [], 0
    for end in _END.finditer(line):
        if _is_no_end(line, end):
            continue
        tail = EMOJI_TAIL.match(line, end.end())
        stop = tail.end() if tail else end.end()
        parts.append(line[start:stop])
        start = stop
    parts.append(line[start:])
    return [part.strip() for part in parts if _HAS_WORD.search(part)]


def _is_no_end(line: str, end: re.Match[str]) -> bool:
    """A full stop after an abbreviation, an initial, or the number of an item at the line's beginning."""
    if end.group()[0] != "." or end.group().startswith(".."):
        return False
    before = line[max(0, end.start() - 12) : end.start()]
    word = _LAST_WORD.search(before)
    if word and word.group().lower() in _ABBREVIATIONS:
        return True
    if end.start() <= 10 and _NUMBERING.fullmatch(before):
        return True
    return bool(word) and len(word.group()) == 1 and word.group().isupper() and word.group() != "I" if word else False


def lines_of(text: str) -> list[str]:
    """Lines that are not blank."""
    return [line for line in text.splitlines() if line.strip()][:MAX_PARTS]


def paragraphs_of(text: str) -> list[str]:
    """Blocks between blank lines that hold words: no headings alone, no rules."""
    blocks = [block.strip() for block in _BLANK_LINES.split(text)]
    return [block for block in blocks if _HAS_WORD.search(block) and not _is_heading(block)][:MAX_PARTS]


def blocks_of(text: str) -> list[str]:
    """Blocks between blank lines that hold words, headings among them."""
    return [block.strip() for block in _BLANK_LINES.split(text) if _HAS_WORD.search(block)][:MAX_PARTS]


def _is_heading(block: str) -> bool:
    return "\n" not in block and bool(HEADING.match(block))


def is_rule(line: str) -> bool:
    """Whether a line is a rule such as `***` or `---`."""
    return bool(_RULE.match(line))


def sections_of(text: str) -> list[str]:
    """Texts under headings, without these; what stands before the first one is none. Empty where there are none."""
    lines = text.splitlines()
    starts = [at for at, line in enumerate(lines) if HEADING.match(line)]
    if not starts:
        return []
    bounds = [*starts, len(lines)]
    return [body for at, to in pairwise(bounds) if (body := "\n".join(lines[at + 1 : to]).strip())][:MAX_PARTS]


def items_of(text: str) -> list[str]:
    """The items of the outermost list, each with its further lines. Empty where the text has none."""
    return [item for _, item in marked_items(text)]


def marked_items(text: str) -> list[tuple[str, str]]:
    """(mark, item) of the outermost list: of items that are indented least, of numbers rather than bullets there."""
    lines = text.splitlines()
    found = [(at, *_mark(line)) for at, line in enumerate(lines)]
    marked = [(at, indent, mark, rest) for at, indent, mark, rest in found if mark]
    if not marked:
        return []
    least = min(indent for _, indent, _, _ in marked)
    outer = [one for one in marked if one[1] == least]
    if any(one[2].isdigit() for one in outer):
        outer = [one for one in outer if one[2].isdigit()]
    items = []
    for one, following in zip(outer, [*outer[1:], None], strict=True):
        stop = following[0] if following else len(lines)
        items.append((one[2], _item(one[3], lines[one[0] + 1 : stop])))
    return items[:MAX_PARTS]


def _mark(line: str) -> tuple[int, str, str]:
    """(indent, mark, rest); the mark is a number or a sign, "" for none."""
    match = BULLET.match(line) or NUMBERED.match(line)
    if not match or is_rule(line):
        return 0, "", ""
    return len(match[1].expandtabs(4)), match[2], line[match.end() :]


def _item(first: str, rest: list[str]) -> str:
    kept = [first]
    for line in rest:
        if not line.strip() or (line[:1] not in (" ", "\t")):
            break
        kept.append(line)
    return "\n".join(kept)


def bare(text: str) -> str:
    """Without markup, marks of lists and quotation marks around."""
    text = text.strip()
    mark = BULLET.match(text) or NUMBERED.match(text)
    if mark:
        text = text[mark.end() :]
    return text.strip("*_#>`~ \t\n\"'“”‘’«»()[]")
