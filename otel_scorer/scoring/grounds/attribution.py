"""How much of what an answer says is said in what was read: sentence by sentence, by words and by pairs of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.wording.lexicon import Wording, phrases, vocabulary
from otel_scorer.scoring.wording.words import STOPWORDS, Stems, sentences, words

_SELF = vocabulary("i i'm i've i'd i'll me my mine")
FILLERS = vocabulary(
    """
    yes yeah yea yep no nope oh ah well ok okay sure hello hi hey wow haha lol right true actually
    please sorry thanks thank unfortunately definitely perhaps maybe absolutely certainly course afraid indeed however
    therefore simply basically really note yet done
    """
)
"""Words that answer, agree, greet or are polite: they state nothing that could be looked up."""
_OFFERS = phrases(
    r"""
    (?:please |just |do )?(?:let me know|feel free|don't hesitate|do not hesitate|reach out|ask away)
    (?:so |and |or |then )?(?:would you|do you|shall i|should i|may i|can i|could you|is there anything)
    (?:i am|i'm|i'd be|i would be|we're|we are|we'd be|always|more than)? ?(?:very |so |more than )?(?:happy|glad
    |pleased|delighted) to
    i (?:also )?(?:can|could|will|'ll|would) (?:also |gladly |now |then )?(?:help|assist|check|look|search|find|book
    |send|show|do|arrange|get back|suggest|keep|walk|guide|explain)
    i'll (?:also |gladly |now |then )?(?:help|assist|check|look|search|find|book|send|show|do|get back|keep|be)
    let me (?:check|look|search|see|find|help|know|walk)|let's (?:see|look|check|start|go)
    (?:i|we) hope (?:this|that|it) (?:helps|is|answers)|hope (?:this|that|it)
    (?:many |kind )?(?:thanks|thank you) for
    have a (?:great|nice|good|lovely|safe|wonderful)
    i(?:'m| am) (?:so |very |really |truly )?sorry (?:to hear|for|about|that you)|i apologi[sz]e|my apologies|apologies
    (?:i|we) (?:fully |completely |totally )?understand (?:how|that|this|your)
    please (?:try (?:it )?again|contact|check back|bear with|wait|reply|reach)
    (?:if|should) you (?:[^ ]{1,30} ){0,12}(?:please |just )?(?:let me know|feel free|ask me|just ask|reach out|contact
    |happy to|glad to)
    """,
    at_start=True,
)
_GREETINGS = phrases(
    r"""
    (?:many |kind )?(?:thanks|thank you)|you're (?:very |most )?welcome|welcome|my pleasure|no problem|of course
    enjoy|good luck|take care|safe travels|best regards|kind regards|sincerely|cheers|hopefully
    (?:great|good) (?:question|choice|news|to know|idea)|got it|all set|there you go|here(?:'s| is| are| you)
    dear|hi|hello|hey|good (?:morning|afternoon|evening)
    """,
    at_start=True,
)
_REPORTS = phrases(
    r"""
    i(?:'ve| have)? (?:also |just |now )?(?:found|looked|searched|checked|see|read|summari[sz]ed|listed|recommend
    |suggest|advise)
    i(?:'d| would) (?:recommend|suggest|advise)|i(?:'m| am) afraid|i can (?:only )?(?:confirm|tell you|see)
    i (?:couldn't|could not|can't|cannot|wasn't able to|was unable to) (?:find|see|confirm|tell)
    """
)
"""Who speaks of what they read, not of themselves."""
_SHORT, _FEW = 12, 6
"""Words up to which a line is a heading, and one that begins as a greeting does is one; twice as many of an offer."""
_FOUND_NOTHING = phrases(
    r"""
    (?:unable|couldn't|could not|can't|cannot|wasn't able|not able) (?:to )?(?:find|locate|answer|determine
    |access|retrieve|verify)
    (?:no|not enough) (?:\w+ ){0,2}(?:information|data|results?|records?|details)|not (?:mentioned|specified|stated
    |provided)
    (?:do(?:es)?|did)(?:n't| not) (?:\w+ )?(?:mention|specify|say (?:anything|whether|if|how|when|which)|find)
    (?:i|we|documents?|contexts?|sources?|passages?|texts?|information|results?|records?|data|pages?|articles?|base
    |guide|polic(?:y|ies)|manuals?) (?:do(?:es)?|did)(?:n't| not) (?:\w+ )?(?:have(?! to)|contain|say|provide|state)
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
    """Support of those that have least: of a quarter of all words, and of one statement at least."""
    impersonal: int
    """Content words of the statements that are not in the first person."""
    known: float
    """Share of these that occur in what was read."""

    @property
    def level(self) -> float:
        """Of all statements and of the weakest one alike: an answer is attributable when every one of them is."""
        return (self.support + self.weakest) / 2


def states_nothing(text: str) -> bool:
    """Whether a sentence or clause is a courtesy, an offer or a heading: nothing that could be looked up."""
    if _HEADING.match(text):
        return True
    bare = text.strip(" \t*_#>-•\"'")
    if bare.endswith(":") and len(words(bare)) <= _SHORT:
        return True
    if _DIGIT.search(bare):
        return False
    length = len(words(bare))
    return (length <= 2 * _SHORT and bool(_OFFERS.match(bare))) or (length <= _FEW and bool(_GREETINGS.match(bare)))


_DIGIT = re.compile(r"[0-9]")
_HEADING = re.compile(r"\s{0,3}(?:#{1,6} |\*\*[^*\n]{1,60}\*\*:?\s{0,3}\Z|[-=_*]{3,200}\s{0,3}\Z)")


def says_nothing_was_found(text: str | Wording) -> bool:
    """Whether it says that something is missing, which no document can support."""
    return _FOUND_NOTHING.is_in(text)


def stated(answer: str, once: Once) -> list[Statement]:
    """The sentences that state something: no questions, courtesies, offers."""
    found = []
    known = once(Stems)
    for sentence in sentences(answer)[:_MAX_SENTENCES]:
        spoken = [] if sentence.endswith("?") or states_nothing(sentence) else once(words, sentence)
        if spoken:
            content = known.of(word for word in spoken if word not in STOPWORDS and word not in FILLERS)
            personal = not _SELF.isdisjoint(spoken) and not _REPORTS.is_in(sentence)
            found.append(Statement(sentence, known.of(spoken), content, personal))
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
        _weakest(statements, size),
        others,
        sum(one.size * one.known for one in impersonal) / others if others else 1.0,
    )


def _weakest(statements: Sequence[Held], size: int) -> float:
    """The least of many is small by chance, so that of a long answer is taken over a quarter of it."""
    if not statements:
        return 1.0
    left = size / 4
    support = taken = 0.0
    for one in sorted(statements, key=lambda one: one.support):
        if taken and taken + one.size > left:
            break
        taken += one.size
        support += one.size * one.support
    return support / taken
