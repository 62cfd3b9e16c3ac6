"""A conversation's turns as its checks read them, and plain measures: how much of it is told, answered, to the point.

Every check here answers CannotTell for a target that is no conversation, and reads a bounded part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from otel_scorer.conventions.conversation_view import ConversationView, Turn
from otel_scorer.scoring.verdict import CannotTell, Target
from otel_scorer.scoring.wording.lexicon import phrases
from otel_scorer.scoring.wording.words import Stems, clip, content_stems, words

TURN_CHARS = 8_000
"""Characters of one side of a turn that are looked at: head and tail of a longer one."""
MOST_TURNS = 150
"""Turns that are looked at: the last ones."""
NO_CONVERSATION = CannotTell("this is no conversation", not_applicable=True)
ONE_TURN = CannotTell("there is one turn only", not_applicable=True)

_CLOSING = phrases(
    r"""
    thanks?|thank you|thx|cheers|bye|goodbye|good night|see you|have a (?:nice|good|great) \w+|perfect|great|awesome
    ok|okay|got it|sounds good|that(?:'s| is| will be| was) all|that helps|no(?: that's (?:all|it)| more questions)
    """
)
_ASKING = phrases(
    r"""
    can|could|would|will|please|what|when|where|which|who|why|how|i (?:want|need|would like|wish)|i'd like|i'm trying
    but|also|however|help|tell|show|give|find|book|cancel|change|send|explain|make|check
    """
)


@dataclass(frozen=True)
class Exchange:
    """One turn with its words at hand. `number` counts from 1."""

    number: int
    turn: Turn

    @cached_property
    def asked(self) -> str:
        return clip(self.turn.asked, TURN_CHARS)

    @cached_property
    def said(self) -> str:
        """Everything that the agent said in it."""
        return clip("\n".join(self.turn.said), TURN_CHARS)

    @cached_property
    def answer(self) -> str:
        return clip(self.turn.answer, TURN_CHARS)

    @cached_property
    def read(self) -> str:
        """What tools gave in it."""
        return clip("\n".join(self.turn.read), 4 * TURN_CHARS)

    @cached_property
    def asked_stems(self) -> frozenset[str]:
        return content_stems(words(self.asked), Stems())

    @cached_property
    def answer_stems(self) -> frozenset[str]:
        return content_stems(words(self.answer), Stems())

    @property
    def used_tools(self) -> bool:
        return bool(self.turn.uses or self.turn.read)

    @property
    def wants_answer(self) -> bool:
        """The user asked for something: the turn is no thanks and no farewell alone."""
        text = self.asked.strip()
        if not text:
            return False
        return "?" in text or _ASKING.is_in(text) or not _CLOSING.is_in(text)


def exchanges(target: Target) -> tuple[Exchange, ...] | CannotTell:
    """The turns of the target's conversation, the last ones of a long one; or why there is nothing to compare."""
    talk = target.conversation
    if talk is None:
        return NO_CONVERSATION
    found = target.once(_exchanges, talk)
    if not any(one.turn.asked for one in found) or not any(one.turn.said for one in found):
        return CannotTell("neither side's words were captured", missing_evidence=True)
    return found if len(found) > 1 else ONE_TURN


def every_exchange(target: Target) -> tuple[Exchange, ...] | CannotTell:
    """`exchanges`, for who would be misled by a turn that nobody tells: it may explain what comes after it."""
    if target.conversation is not None and target.conversation.not_told:
        return CannotTell("a turn that was not kept may explain what follows", missing_evidence=True)
    return exchanges(target)


def _exchanges(talk: ConversationView) -> tuple[Exchange, ...]:
    numbered = [Exchange(number, turn) for number, turn in enumerate(talk.turns, 1)]
    return tuple(numbered[-MOST_TURNS:])


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the words of both that both have (Jaccard), 0.0 where one has none."""
    return len(one & other) / len(one | other) if one and other else 0.0


# ---- measures --------------------------------------------------------------------------------------------------------


def extent(target: Target) -> CannotTell:
    """How long the conversation is and how much of it is told: `conversation_turns`, `conversation_coverage`.

    Coverage is the share of its traces whose turns are known. A measure only: tells nothing of how good anything is.
    """
    talk = target.conversation
    if talk is None:
        return NO_CONVERSATION
    traces = len(talk.views) + talk.conversation.not_kept
    told = {"conversation_turns": float(len(talk.turns)), "conversation_coverage": 1 - talk.not_told / traces}
    return CannotTell("a measure", metrics=told)


def completeness(target: Target) -> CannotTell:
    """`conversation_completeness`: the share of the user's requests that got any answer at all.

    A measure only: it sees that there is an answer, not whether it is a good one.
    """
    found = exchanges(target)
    if isinstance(found, CannotTell):
        return found
    wanted = [one for one in found if one.wants_answer]
    if not wanted:
        return CannotTell("the user asked for nothing")
    return CannotTell("a measure", metrics={"conversation_completeness": _share(wanted, lambda one: bool(one.answer))})


def relevancy(target: Target) -> CannotTell:
    """`turn_relevancy`: of the turns with a request of some words, the share whose answer takes up one of them.

    A measure only, and a coarse one: an answer may be to the point in other words, or in another language.
    """
    found = exchanges(target)
    if isinstance(found, CannotTell):
        return found
    looked = [one for one in found if one.answer and one.wants_answer and len(one.asked_stems) >= _ENOUGH_WORDS]
    if not looked:
        return CannotTell("no request has enough words to compare")
    share = _share(looked, lambda one: bool(one.asked_stems & one.answer_stems))
    return CannotTell("a measure", metrics={"turn_relevancy": share})


_ENOUGH_WORDS = 3


def _share(found: list[Exchange], holds: Callable[[Exchange], bool]) -> float:
    return sum(map(holds, found)) / len(found)
