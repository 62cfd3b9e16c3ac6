"""Phone numbers in any national form: by their country code, by a word before them, by a label after them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from otel_scorer.scoring.detection.hits import Hit, holds_any

_BEFORE = 24
"""Characters before a number in which a word may say what it is."""
_PHONE_WORD = re.compile(
    r"\b(?:phone|tel|call|mobile|cell|fax|whatsapp|sms|ring|dial|contact|reach)(?!\w*?[ _-]?id\b)", re.IGNORECASE
)
"""Not of a key such as `contact_id` or `callId`."""
_PART_OF_A_TOKEN = re.compile(r"[\w./#-]")
_EXTENSION = re.compile(r" ?(?:x|ext\.? ?)[0-9]{1,6}\b")


def is_phone(text: str, start: int, end: int) -> bool:
    """Ten digits in a row are an order number unless a word says otherwise; `+1` to `+9999999` is arithmetic."""
    found = text[start:end]
    if start and _PART_OF_A_TOKEN.match(text[start - 1]) and not found.startswith("("):
        return False
    if _goes_on(text, end) and not _EXTENSION.match(text, end):
        return False
    digits = sum(character.isdigit() for character in found)
    if found.startswith("+"):
        return digits >= 8
    return not found.isdigit() or bool(_PHONE_WORD.search(text, max(0, start - _BEFORE), start))


def _goes_on(text: str, end: int) -> bool:
    """A letter, or a joint and more, follows: the digits are a part of something longer."""
    following = text[end : end + 2]
    return following[:1].isalpha() or (following[:1] in ("-", "_", "/") and following.strip("/-_").isalnum())


def phones(text: str, lowered: str) -> Iterator[Hit]:
    """The numbers that a pattern of one country's forms does not know."""
    if _SEVEN_DIGITS.search(text):
        yield from _named(text, lowered)
        if holds_any(lowered, _LABELS):
            yield from _labelled(text)
        if "+" in text and "(" in text:
            yield from _international(text)


_SEVEN_DIGITS = re.compile(r"[0-9](?:[ ().-]{0,2}[0-9]){6}")
_PHONE_NAME = re.compile(
    r"p(?<!\wp)hone|t(?<!\wt)e(?:l|xt )|m(?<!\wm)(?:obile|essages? |y number|e)|c(?<!\wc)(?:ell|all )|f(?<!\wf)ax"
    r"|d(?<!\wd)(?:esk|ial)|w(?<!\ww)hatsapp|a(?<!\wa)nswering|r(?<!\wr)(?:e(?:ach |gistered)|ing )|s(?<!\ws)ms"
    r"|h(?<!\wh)(?:is|er) number|y(?<!\wy)our number|t(?<!\wt)heir number"
)
"""With which `_NAMED_PHONE` begins."""
_NAMED_PHONE = re.compile(
    r"\b(?:phone|telephone|tel|mobile|cell|fax|desk|whatsapp|answering|dial|sms|(registered)"
    r"|(?:my|his|her|their|your) number|(?:call|reach|ring|text) (?:me|us|him|her|them)|(messages? (?:to|from)))"
    r"(?: (?:no|number|nr|at|on|to|from|phone|mobile))?\b[\s.:#\"'=is]{1,8}"
    r"(?P<number>\(?\+?[0-9](?:[ ().-]{0,2}[0-9]){6,14})(?:\b|(?=x[0-9]))(?! ?[%€$£]| (?:[a-z]+ly|[a-z]+s)\b)",
    re.IGNORECASE,
)


_CLAUSE_ENDS = re.compile(r"[ \t]*(?:[.,;!?)\n]|\Z)")
"""After "messages to 12 000 000" a noun may follow, which makes a count of it."""


_NAME_CHARS = 64
"""More than a name and all that stands between it and the number take."""


def _before_numbers(text: str, lowered: str) -> Iterator[re.Match[str]]:
    """What `_NAMED_PHONE` finds, looked for only where a number of seven digits or more comes soon."""
    begun, end = 0, 0
    for digits in _SEVEN_DIGITS.finditer(text):
        for start in _PHONE_NAME.finditer(lowered, max(begun, digits.start() - _NAME_CHARS), digits.start()):
            begun = start.start() + 1
            match = _NAMED_PHONE.match(text, start.start()) if start.start() >= end else None
            if match:
                yield match
                end = match.end()


def _named(text: str, lowered: str) -> Iterator[Hit]:
    for match in _before_numbers(text, lowered):
        weak = match.group(1) or match.group(2)
        if not weak or (not match["number"].isdigit() and _CLAUSE_ENDS.match(text, match.end())):
            yield Hit("phone", *match.span("number"), match["number"])


_CLAUSE_BEGINS = re.compile(r"[\n,;|](?=[ \t\\]{0,4}\(?\+?[0-9])")
_LABELLED_PHONE = re.compile(
    r"[ \t\\]{0,4}(\(?\+?[0-9][0-9 ().-]{5,20}[0-9])[ \t]{0,2}[-–:(,]?[ \t]{0,2}"
    r"(?i:office|fax|mobile|cell|home|work|direct|main|tel|phone)\b\)?(?=[ \t\\]{0,4}(?:[\n,;|]|\Z))"
)
"""A line of a letter head or signature: the number, then what it is for."""
_LABELS = ("office", "fax", "mobile", "cell", "home", "work", "direct", "main", "tel", "phone")


def _at_starts(text: str) -> Iterator[re.Match[str]]:
    """`_LABELLED_PHONE` at the start of the text and of each line or clause that begins with a digit."""
    end = 0
    for start in chain((0,), (begin.end() for begin in _CLAUSE_BEGINS.finditer(text))):
        match = _LABELLED_PHONE.match(text, start) if start >= end else None
        if match:
            yield match
            end = match.end()


def _labelled(text: str) -> Iterator[Hit]:
    for match in _at_starts(text):
        if 7 <= sum(character.isdigit() for character in match.group(1)) <= 15:
            yield Hit("phone", match.start(1), match.end(1), match.group(1))


_INTERNATIONAL = re.compile(
    r"\+(?<![\w+.]\+)[0-9]{1,3}[ .-]?(?:\(0?[0-9]{0,4}\)[ .-]?)(?:[0-9]{1,5}[ .-]?){1,5}(?![\w+])"
)


def _international(text: str) -> Iterator[Hit]:
    """`+46 (0)8 928 571 38`: with a part in parentheses."""
    for match in _INTERNATIONAL.finditer(text):
        found = match.group().rstrip(" .-")
        if 8 <= sum(character.isdigit() for character in found) <= 16:
            yield Hit("phone", match.start(), match.start() + len(found), found)
