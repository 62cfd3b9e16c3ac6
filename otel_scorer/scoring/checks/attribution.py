"""How much of what an answer says is said in what was read: sentence by sentence, by words and by pairs of words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from otel_scorer.scoring.checks.lexicon import Wording, phrases, vocabulary
from otel_scorer.scoring.checks.support import Evidence
from otel_scorer.scoring.checks.words import STOPWORDS, Stems, sentences, words
from otel_scorer.scoring.once import Once

_SELF = vocabulary("i i'm i've i'd i'll me my mine")
_FILLERS = vocabulary("yes yeah yea yep no nope oh ah well ok okay sure hello hi hey wow haha lol right true actually")
"""Words that answer, agree or greet: they state nothing that could be looked up."""
_FOUND_NOTHING = phrases(
    r"""
    (?:unable|couldn't|could not|can't|cannot|wasn't able|not able) (?:to )?(?:find|locate|answer|determine
    |access|retrieve|verify)
    (?:no|not enough) (?:\w+ ){0,2}(?:information|data|results?|records?|details)|not (?:mentioned|specified|stated
    |provided)
    (?:do(?:es)?|did)(?:n't| not) (?:\w+ )?(?:have|mention|contain|specify|include|say|provide|state|find)
    """
)
_MAX_SENTENCES = 400


class Statement(NamedTuple):
    """A sentence of the answer, by stems: of all its words, and of those that are neither stopwords nor fillers."""

    text: str
    stems: list[str]
    content: list[str]
    personal: bool
    """In the first person."""


class Held(NamedTuple):
    """One statement held against what was read; shares are 0 to 1."""

    statement: Statement
    size: int
    """Content words that are its own: those that only the user said are left out."""
    known: float
    """Share of these words that occur in what was read."""
    support: float
    """Half of it is `known`, half the share of all words that stand beside the same word in what was read."""


class Attribution(NamedTuple):
    """What an answer's statements come to; shares are 0 to 1 by content words, 1.0 where there are none."""

    size: int
    """Content words of all statements."""
    support: float
    weakest: float
    """Support of the statement that has least."""
    impersonal: int
    """Content words of the statements that are not in the first person."""
    known: float
    """Share of these that occur in what was read."""

    @property
    def level(self) -> float:
        """Of all statements and of the weakest one alike: an answer is attributable when every one of them is."""
        return (self.support + self.weakest) / 2


def says_nothing_was_found(text: str | Wording) -> bool:
    """Whether it says that something is missing, which no document can support."""
    return _FOUND_NOTHING.is_in(text)


def stated(answer: str, once: Once) -> list[Statement]:
    """The sentences that are no questions."""
    found = []
    known = once(Stems)
    for sentence in sentences(answer)[:_MAX_SENTENCES]:
        spoken = [] if sentence.endswith("?") else once(words, sentence)
        if spoken:
            content = known.of(word for word in spoken if word not in STOPWORDS and word not in _FILLERS)
            found.append(Statement(sentence, known.of(spoken), content, not _SELF.isdisjoint(spoken)))
    return found


def held(answer: str, read: Evidence, told: Evidence, once: Once) -> list[Held]:
    """The statements that say something of their own. `told` is what the user and the system prompt said."""
    return once.keyed((held, answer, id(read), id(told)), lambda: _held(answer, read, told, once))


def _held(answer: str, read: Evidence, told: Evidence, once: Once) -> list[Held]:
    spoken = once(stated, answer, once)
    known, foretold = frozenset(read.stems), frozenset(told.stems)
    said = frozenset(chain.from_iterable(pairwise(statement.stems) for statement in spoken))
    pairs = said.intersection(pairwise(read.stems))
    found = []
    for statement in spoken:
        own = [stem for stem in statement.content if stem in known or stem not in foretold]
        if own:
            share = sum(stem in known for stem in own) / len(own)
            paired = _paired(statement.stems, pairs)
            support = 0.0 if statement.personal and paired < 1 else (share + paired) / 2
            found.append(Held(statement, len(own), share, support))
    return found


def _paired(stems: Sequence[str], pairs: frozenset[tuple[str, str]]) -> float:
    """Share of all words that stand in a known pair."""
    paired = [False] * len(stems)
    for at, pair in enumerate(pairwise(stems)):
        if pair in pairs:
            paired[at] = paired[at + 1] = True
    return sum(paired) / len(paired)


def summed(statements: Sequence[Held]) -> Attribution:
    """The statements together, each by its content words. A sentence in the first person that is supported counts."""
    size = sum(one.size for one in statements)
    impersonal = [one for one in statements if not one.statement.personal or one.support]
    others = sum(one.size for one in impersonal)
    return Attribution(
        size,
        sum(one.size * one.support for one in statements) / size if size else 1.0,
        min((one.support for one in statements), default=1.0),
        others,
        sum(one.size * one.known for one in impersonal) / others if others else 1.0,
    )
