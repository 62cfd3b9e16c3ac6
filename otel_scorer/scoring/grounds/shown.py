"""How much of what an answer says is shown by what was read: clause by clause, by values that were found and by words.

A five for grounding wants support for nearly all that an answer states, not merely for what could be looked up in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from otel_scorer.scoring.grounds.attributed import rests_on_documents
from otel_scorer.scoring.grounds.attribution import FILLERS, says_nothing_was_found, states_nothing
from otel_scorer.scoring.grounds.ground import ground_of, verdict
from otel_scorer.scoring.grounds.lookups import looked_up
from otel_scorer.scoring.grounds.statements import other_language
from otel_scorer.scoring.grounds.support import NUMBER_WORDS, Support
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.reading.scale import listed
from otel_scorer.scoring.verdict import HIGHEST, CannotTell, Target, Verdict
from otel_scorer.scoring.wording.words import STOPWORDS, Stems, clip, leaves, name_words, parsed, words

MAX_ANSWER = 20_000
_MAX_CLAUSES = 500
_MAX_LEAVES = 1000
_BY_WORDS = 0.5
"""Share of a clause's own words that must have been read for them to show it."""
_LEAST = 2
"""Own words that a clause without a number must have to state anything."""
_CODE = re.compile(r"```[^`]{0,20000}```")
_END = re.compile(
    r"[.!?;:](?=[\s*_)\]\"'”’]|\Z)|\n|[。！？]"
    r"|,(?= (?:and|but|so|because|since|while|which|where|as|who|though|although|or)\b)"
    r"|\s[–—-]\s| (?=because\b|but\b|while\b|since\b)|[()]"
)
"""Where a clause ends. An abbreviation may cut one too many."""


ENOUGH = 0.5
"""Share of what an answer states that must be shown for a good word."""
_HALF_SHOWN = 4.0
"""Estimate of an answer of which just so much is shown; it rises to 5 in step with the share."""
_SURE = 4.5
"""The highest estimate whose score is 4: that of an answer of which a quarter is not shown."""


class Clause(NamedTuple):
    """`size`: content words that are its own; `known`: how many of them were read."""

    text: str
    size: int
    known: int
    found: frozenset[Support]
    """What became of the numbers, dates and identifiers in it."""

    @property
    def is_shown(self) -> bool:
        if "unsupported" in self.found:
            return False
        return "supported" in self.found or (self.known > 0 and self.known >= _BY_WORDS * self.size)


class Shown(NamedTuple):
    """The clauses that state something."""

    clauses: tuple[Clause, ...]

    @property
    def share(self) -> float:
        """Of all that is stated, by words; 0 where nothing is."""
        total = sum(clause.size for clause in self.clauses)
        return sum(clause.size for clause in self.clauses if clause.is_shown) / total if total else 0.0

    @property
    def missing(self) -> list[str]:
        """Clauses that nothing shows, the longest first."""
        return [c.text for c in sorted(self.clauses, key=lambda c: -c.size) if not c.is_shown]


def shown(target: Target) -> Verdict | CannotTell:
    """How much of the answer is shown by what was read: 5 where nearly all is, 4 down to half of it.

    A clause is shown by a number, date or identifier in it that was looked up and found, or where half of its own words
    were read (names of fields and tools count). Questions, courtesies and offers, that something was not found, and
    words of the user do not count. What is not shown may still be right and put in other words, so this never finds a
    fault, a four is doubtful (a judge, where there is one, is asked), and under half it cannot tell. Nor can it where
    the answer rests on documents alone: `attributed` measures that more finely. A right value that is said of the wrong
    thing is shown all the same.
    """
    ground = ground_of(target)
    found = shown_of(target)
    if isinstance(ground, CannotTell):
        return ground
    if isinstance(found, CannotTell):
        return found
    spoken, read, _ = ground
    if not found.clauses:
        return CannotTell("the answer states nothing that could be looked up")
    metrics = {"shown_share": found.share}
    if rests_on_documents(spoken, target.once) and not other_language(spoken.answer, read, target.once):
        return CannotTell("the answer rests on documents alone, whose words `attributed` measures", metrics=metrics)
    reason = f"{found.share:.0%} of what the answer states is shown by what was read"
    if found.share < ENOUGH:
        return CannotTell(f"only {reason}", metrics=metrics)
    if found.missing:
        reason += f", this is not: {listed(found.missing, 2)}"
    estimate = _HALF_SHOWN + (HIGHEST - _HALF_SHOWN) * (found.share - ENOUGH) / (1 - ENOUGH)
    return verdict(spoken, estimate, reason, (), metrics, doubtful=estimate <= _SURE)


def too_little(target: Target) -> CannotTell | None:
    """Why what was looked up and found is not enough to call the answer grounded; None where it is."""
    found = shown_of(target)
    if isinstance(found, CannotTell) or found.share >= ENOUGH:
        return None
    return CannotTell(f"what could be looked up is supported, but only {found.share:.0%} of what the answer states")


def shown_of(target: Target) -> CannotTell | Shown:
    """The answer's clauses, each held against what was read; or why there is no ground to hold it against."""
    key = (shown_of, target.step.span_id if target.step is not None else "")
    return target.once.keyed(key, lambda: _shown_of(target))


def _shown_of(target: Target) -> CannotTell | Shown:
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    claimed = looked_up(target, spoken, read, told)
    known = frozenset(read.stems) | _named(target, spoken, target.once)
    foretold = frozenset(told.stems)
    stems = target.once(Stems)
    found = []
    for text, start in _clauses(clip(spoken.answer, MAX_ANSWER)):
        inside = [(claim, one) for claim, one in claimed if start <= claim.start < start + len(text)]
        support = frozenset(one for _, one in inside)
        if states_nothing(text) or says_nothing_was_found(text) or text.rstrip("*_ )").endswith("?"):
            continue
        bare = _without([claim.text for claim, _ in inside], text)
        content = stems.of(w for w in words(bare) if w not in STOPWORDS and w not in FILLERS and w not in NUMBER_WORDS)
        own = [stem for stem in content if stem in known or stem not in foretold]
        clause = Clause(text.strip(), max(1, len(own)), sum(stem in known for stem in own), support)
        if clause.is_shown or "unsupported" in support or (not support and len(own) >= _LEAST):
            found.append(clause)
    return Shown(tuple(found))


def _without(claims: Sequence[str], text: str) -> str:
    for claim in claims:
        text = text.replace(claim, " ", 1)
    return text


def _clauses(answer: str) -> Iterator[tuple[str, int]]:
    """Each clause and where it begins; programs are left out."""
    answer = _CODE.sub(lambda match: "\n" * len(match.group()), answer)
    start, count = 0, 0
    for match in _END.finditer(answer):
        if answer[start : match.start()].strip():
            yield answer[start : match.end()], start
            count += 1
        start = match.end()
        if count >= _MAX_CLAUSES:
            return
    if answer[start:].strip():
        yield answer[start:], start


def _named(target: Target, spoken: Said, once: Once) -> frozenset[str]:
    """Stems of the words in the names of fields, and of tools that worked."""
    named = [use.name for use in target.view.tool_uses if not once(outcome.failed, use)] if target.step is None else []
    for source in spoken.sources[:100]:
        value = once(parsed, source.text)
        if value is not None:
            named.extend(key for key, _ in leaves(value, _MAX_LEAVES))
    return frozenset(once(Stems).of(word for name in dict.fromkeys(named) for word in name_words(name)))
