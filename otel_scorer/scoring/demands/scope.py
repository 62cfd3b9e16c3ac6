"""Of which parts of an answer an instruction speaks: "each sentence", "the last line", "the 3rd word of every line"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.amount import ORDINAL, place
from otel_scorer.scoring.demands.demand import NEARLY, Test
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.reply import Reply

_PARTS: dict[str, Callable[[str], list[str]]] = {
    "word": lambda text: Reply(text).words[: portions.MAX_PARTS],
    "sentence": portions.sentences_of,
    "line": portions.lines_of,
    "paragraph": portions.paragraphs_of,
    "stanza": portions.paragraphs_of,
    "verse": portions.paragraphs_of,
    "bullet": portions.items_of,
    "bullet point": portions.items_of,
    "list item": portions.items_of,
    "item": portions.items_of,
    "list entry": portions.items_of,
    "section": portions.sections_of,
}
PART = "(" + "|".join(name.replace(" ", "[ -]") for name in sorted(_PARTS, key=len, reverse=True)) + ")"
WHOLE = (
    r"(?:(?:your|the|this|its|entire|whole|full|final|complete|model's|all|each|every|an?|any) ){1,3}(?:responses?"
    r"|answers?|repl(?:y|ies)|outputs?|text|messages?|summary|essay|story|poem|letter|email|article)"
)
_EVERY = (
    r"(?:each|every|no(?= \w+ (?:\w+ )?(?:may|must|should|can|has|contains?|exceeds?|is)\b)|all(?: of)?(?: the"
    r"| your)?)(?: (?:of the|of your|single|individual|new|and every|one of the)){0,2}"
)
EVERY_PART = rf"{_EVERY} {PART}s?(?! (?:the user|users|customers|you are given))"
NTH_PART = rf"(?:the |your |its )?{ORDINAL} {PART}(?!s)"
SCOPED = rf"(?:{EVERY_PART}|{NTH_PART}(?: (?:of|in) (?:{_EVERY} {PART}|(?:the |your )?{ORDINAL} {PART}))?)"
"""Groups: the part of `every`; ordinal and part; the part that it is of; ordinal and part that it is of."""
_SCOPED = re.compile(SCOPED)
_AFTER = re.compile(rf"^(?: long)?,? ?(?:per|in (?:each|every)|for (?:each|every)|(?:each|every)) {PART}\b")
_APIECE = re.compile(r"^(?: long)?,? (?:each|apiece)\b")
_ENDS_SCOPE = re.compile(r"[;:]| and | then |, ")
_SUBJECT = re.compile(rf"(?:^|[.,;:] )(?:the |your |all )?{PART}s (?:may|must|should|can|have to|need to)\b")
_CONSISTS = re.compile(rf"\b{PART}s(?: (?:of|with|containing|consisting of))? ?$")


class Scope(NamedTuple):
    """Parts of an answer. `whole`: the answer itself."""

    text: str
    unit: str
    cut: Callable[[str], list[str] | None]
    """The parts of a text, None where it has no such place."""
    whole: bool = False
    every: bool = False

    @classmethod
    def of_whole(cls) -> Scope:
        """The answer itself."""
        return cls("the answer", "", lambda text: [text], whole=True)

    def test(self, holds: Callable[[str], bool | None]) -> Test:
        """That each of the parts holds. One in twenty that does not leaves it nearly done."""

        def test(reply: Reply) -> float | None:
            parts = reply.once.keyed(("parts", self.text), lambda: self.cut(reply.text))
            if parts is None:
                return 0.0
            told = [holds(part) for part in parts if not (self.every and self.unit != "word" and _is_lead_in(part))]
            if not told:
                return None
            failed = told.count(False)
            if failed:
                return NEARLY if failed <= 0.05 * len(told) else 0.0
            return None if None in told else 1.0

        return test


def _is_lead_in(part: str) -> bool:
    """`Here are three of them:` and what sets parts off is no part of what was asked for."""
    stripped = part.strip()
    return stripped.endswith(":") or portions.is_rule(stripped) or bool(portions.HEADING.match(stripped))


def _plain(unit: str) -> str:
    return folded(unit).replace("-", " ")


def every(unit: str) -> Scope:
    """All parts of a kind."""
    name = _plain(unit)
    return Scope(f"every {name}", name, _PARTS[name], every=True)


def nth(ordinal: str, unit: str, within: Scope | None = None) -> Scope:
    """One part by its place, in the answer or in parts of it."""
    name, index = _plain(unit), place(ordinal)
    outer = within or Scope.of_whole()

    def cut(text: str) -> list[str] | None:
        found = []
        for part in outer.cut(text) or ():
            parts = _PARTS[name](part)
            if not -len(parts) <= index < len(parts):
                return None
            found.append(parts[index])
        return found or None

    return Scope(f"{ordinal} {name}" + (f" of {within.text}" if within else ""), name, cut, every=False)


def scope_of(match: re.Match[str], first: int) -> Scope:
    """What SCOPED matched, whose groups begin at `first`."""
    part, ordinal, unit, outer, outer_ordinal, outer_unit = match.groups()[first - 1 : first + 5]
    if part:
        return every(part)
    within = every(outer) if outer else nth(outer_ordinal, outer_unit) if outer_ordinal else None
    return nth(ordinal, unit, within)


def scope_after(after: str, before: str) -> Scope | None:
    """The part that a count is told of: "two sentences per paragraph", "three paragraphs of two sentences each"."""
    match = _AFTER.match(after)
    if match is None and _APIECE.match(after):
        match = _CONSISTS.search(before[-40:]) or _SUBJECT.search(before[-60:])
    return every(match[1]) if match else None


def scope_before(before: str) -> Scope | None:
    """The part that is the subject of a count: "each paragraph must hold two sentences"."""
    found = list(_SCOPED.finditer(before[-160:]))
    if not found:
        return None
    last = found[-1]
    between = before[-160:][last.end() :]
    if _ENDS_SCOPE.search(between) or len(between) > 60:
        return None
    return scope_of(last, 1)
