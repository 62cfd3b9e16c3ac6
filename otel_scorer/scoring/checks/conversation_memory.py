"""Does the agent keep what was said: no second asking, no contradiction of itself, no standing wish forgotten?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from otel_scorer.scoring.checks.conversation import Exchange, every_exchange
from otel_scorer.scoring.demands.demand import NEARLY, Demand
from otel_scorer.scoring.demands.demands import demands
from otel_scorer.scoring.reading.scale import ADHERENCE, GROUNDING, Findings, counted, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import phrases, vocabulary
from otel_scorer.scoring.wording.reply import Reply
from otel_scorer.scoring.wording.words import STOPWORDS, sentences, stem, words

# ---- asking again ----------------------------------------------------------------------------------------------------

_THING = "number|id|code|address|email|e-mail|phone|birth|zip|pin|reference|username|account|postcode|key|serial"
_WANTED = phrases(rf"(?:your|the) (?:(?!(?:and|or|if|so|to|for|on|in|is|with|from)\b)\w+ ){{0,3}}(?:{_THING})")
_ASKS = phrases(
    r"""
    provide|share|tell me|give me|let me know|what is|what's|(?:may|can|could) i have|send me|enter|supply|need
    """
)
_GIVES = phrases(rf"my (?:\w+ ){{0,3}}(?:{_THING})(?: number)?(?: is| was|'s|:| -| =|,)?")
_VALUE = re.compile(r"(?<![\w@])(?=[\w.@+-]{0,60}[\d@_])[A-Za-z0-9][\w.@+-]{2,60}")
_LACKS = phrases(
    r"""
    (?:don't|do not|can't|cannot|couldn't) (?:have|know|remember|recall|find)
    not sure|no idea|lost|forgot\w*|unfortunately
    """
)
_REASON_TO_ASK = phrases(
    r"""
    again|confirm\w*|verif\w*|correct\w*|double-?check\w*|different|another|other|second|next|each|both|new|instead|if
    invalid|error|wrong|match\w*|mismatch|not found|no record|unable|locate|couldn't|could not|cannot|can't|didn't
    did not
    doesn't|does not|wasn't|isn't|expired|incorrect|seems|appears|mistake|typo|alternative|issue|problem|trouble
    """
)
_TROUBLE = phrases(
    r"""
    invalid|error|wrong|match\w*|mismatch|not found|no record|unable|locate|couldn't|could not|expired|incorrect
    cannot find|can't find|didn't find|did not find|doesn't exist|typo|not valid|isn't valid|trouble
    (?:a|the|some) problem|problems with
    """
)
_OF_A_PERSON = frozenset(
    map(stem, vocabulary("user username email mail phone account customer member birth zip postcode"))
)
_SOMEBODY_ELSE = phrases(
    r"friends?'?s?|wife'?s?|husband'?s?|son'?s?|daughter'?s?|colleague'?s?|another|different|wrong|typo|mistake"
)
_MOVES_ON = phrases(
    r"""
    another|other|different|wrong|mistake|instead|also|second|new|correction|sorry|typo|actually|change|friend\w*|wife|husband
    """
)


class _Given(NamedTuple):
    """Something that the user told the agent, by the words for it."""

    key: frozenset[str]
    by: Exchange


def asked_again(target: Target) -> Verdict | CannotTell:
    """The agent asks for a number, id, address or the like that the user gave in an earlier turn.

    3 for one such question, 2 for several. Counts only where the same words name it, the user's answer held such a
    value, and nothing in between explains the question: no failed tool, no talk of another one, no doubt about it.
    Other things (names, wishes, reasons) are not looked at, so nothing found is no good word. English only.
    `knowledge_retention` is the share of what was given that was not asked for again.
    """
    found = every_exchange(target)
    if isinstance(found, CannotTell):
        return found
    findings = Findings(ADHERENCE)
    given: dict[frozenset[str], _Given] = {}
    before: Exchange | None = None
    for one in found:
        if _MOVES_ON.is_in(one.asked):  # a person has one e-mail address, and may have several orders
            given = {key: fact for key, fact in given.items() if key & _OF_A_PERSON}
        for fact in _told_in(one, before):
            given.setdefault(fact.key, fact)
        for key in () if _explains_asking(one, before) else _asked_for(one.answer):
            if key in given and given[key].by is not one:
                since = given[key].by
                text = f"turn {one.number} asks for what the user gave in turn {since.number}: {' '.join(sorted(key))}"
                spans = (since.turn.span_id, one.turn.span_id)
                findings.add("conversation.asked_again", text, stage="TURN", span_ids=spans)
        before = one
    return _retained(findings, len(given))


def _retained(findings: Findings, given: int) -> Verdict | CannotTell:
    lost = len(findings.all)
    metrics = {"knowledge_retention": max(0.0, 1 - lost / given)} if given else {}
    if not lost:
        return CannotTell("nothing that the user gave was asked for again, as far as can be seen", metrics=metrics)
    estimate = 3.0 if lost == 1 else 2.0
    return Verdict(estimate, findings.all[0].text, tuple(findings.all), findings.spans, metrics)


def _told_in(one: Exchange, before: Exchange | None) -> Iterator[_Given]:
    """What the user's words give: `my order number is 4711`, or a value for the one thing that was asked for."""
    if not _VALUE.search(one.asked):
        return
    for sentence in sentences(one.asked)[:50]:
        match = _GIVES.search(sentence)
        if match is not None and _VALUE.search(sentence, match.end(), match.end() + _NEAR):
            yield _Given(_named(match.group().partition("my ")[2]), one)
    wanted = set(_asked_for(before.answer)) if before is not None else set()
    if len(wanted) == 1 and len(one.asked) < _SHORT and not _LACKS.is_in(one.asked):
        yield _Given(wanted.pop(), one)


_NEAR = 40
"""Characters after `my order number is` in which its value begins and ends."""
_SHORT = 200
"""Characters of a reply that is likely to be the value that was asked for, and not a story with a number in it."""


def _asked_for(answer: str) -> Iterator[frozenset[str]]:
    for sentence in sentences(answer)[-40:]:
        if not _ASKS.is_in(sentence) or _REASON_TO_ASK.is_in(sentence):
            continue
        match = _WANTED.search(sentence)
        if match is not None:
            yield _named(match.group())


def _named(phrase: str) -> frozenset[str]:
    """The words that name a thing, without `is`, `your` and the like."""
    return frozenset(stem(word) for word in words(phrase) if word not in STOPWORDS)


def _explains_asking(one: Exchange, before: Exchange | None) -> bool:
    """What was given may have led nowhere, now or in the turn before, or it is about somebody or something else."""
    if _SOMEBODY_ELSE.is_in(one.asked):
        return True
    return any(_went_wrong(each) for each in (one, before) if each is not None)


def _went_wrong(one: Exchange) -> bool:
    failed = any(use.error for use in one.turn.uses) or "error" in one.read[:2000].lower()
    return failed or _TROUBLE.is_in(one.said)


# ---- contradiction ---------------------------------------------------------------------------------------------------

_FIGURE = re.compile(r"(?<![\w.,])[$€£]?\d{1,12}(?:[.,]\d{1,4}){0,3}%?(?![\w])")
_NEGATIONS = vocabulary(
    "not no never cannot can't don't doesn't isn't aren't won't didn't wasn't couldn't shouldn't unable"
)
_CORRECTS = phrases(
    r"actual\w*|correct\w*|mistake\w*|apolog\w*|sorry|earlier|previous\w*|misspoke|error|updated?|revis\w*|instead|now|new"
)
_SMALL_TALK = frozenset(
    map(
        stem,
        vocabulary(
            "sure confirm check double remind thanks thank ok okay great repeat sorry tell know say said mean right "
            "correct really wait hi hello yes yeah please again total exactly answer question number"
        ),
    )
)
_MANY_WORDS = 3


class _Statement(NamedTuple):
    """A sentence of the agent without its figure and its negation: two with one key are about the same thing."""

    key: frozenset[str]
    figure: str
    denied: bool
    text: str
    by: Exchange


def contradicts_itself(target: Target) -> Verdict | CannotTell:
    """The agent says the same sentence with another figure, or denies it, though nothing was said or read in between.

    2. Two sentences count only where all their words but the figure (or the negation) are the same, no tool ran from
    the first to the second, the user's words between bring nothing new, and the agent does not say that it corrects
    itself. So most contradictions, in other words, are not seen: nothing found is no good word. Needs every turn.
    """
    found = every_exchange(target)
    if isinstance(found, CannotTell):
        return found
    findings = Findings(GROUNDING)
    latest: dict[frozenset[str], _Statement] = {}
    for statement in (statement for one in found for statement in _statements(one)):
        before = latest.get(statement.key)
        latest[statement.key] = statement
        if before is None or before.by is statement.by or not _differ(before, statement):
            continue
        between = found[before.by.number - found[0].number + 1 : statement.by.number - found[0].number + 1]
        if not _explained(between, statement):
            text = (
                f"turn {statement.by.number} says {shorten(statement.text, 70)!r}, "
                f"turn {before.by.number} said {shorten(before.text, 70)!r}"
            )
            spans = (before.by.turn.span_id, statement.by.turn.span_id)
            findings.add("conversation.contradiction", text, stage="TURN", span_ids=spans)
    if not findings.all:
        return CannotTell("no sentence contradicts an earlier one word for word")
    return Verdict(2.0, findings.all[0].text, tuple(findings.all), findings.spans)


def _statements(one: Exchange) -> Iterator[_Statement]:
    for sentence in sentences(one.answer)[:60]:
        if "?" in sentence or _CORRECTS.is_in(sentence):
            continue
        figures = _FIGURE.findall(sentence)
        if len(figures) > 1:
            continue
        spoken = words(_FIGURE.sub(" ", sentence))
        key = frozenset(stem(word) for word in spoken if word not in STOPWORDS and word not in _NEGATIONS)
        denied = not _NEGATIONS.isdisjoint(spoken)
        if len(key) >= _MANY_WORDS + (not figures):
            yield _Statement(key | ({"#"} if figures else set()), figures[0] if figures else "", denied, sentence, one)


def _differ(one: _Statement, other: _Statement) -> bool:
    same_figure = _plain(one.figure) == _plain(other.figure)
    return one.denied != other.denied if same_figure else one.denied == other.denied


def _plain(figure: str) -> str:
    return figure.strip("$€£%").replace(",", "").removesuffix(".00")


def _explained(between: Sequence[Exchange], later: _Statement) -> bool:
    """Something was read or said on the way that may have changed the matter."""
    if any(one.used_tools for one in between):
        return True
    allowed = later.key | _SMALL_TALK
    return any(not one.asked_stems <= allowed or _FIGURE.search(one.asked) for one in between)


# ---- standing wishes -------------------------------------------------------------------------------------------------

_STANDING = phrases(
    r"""
    from now on|going forward|for the rest of|throughout|in (?:all|every|each)(?: of)?(?: your)? (?:answer|repl)\w*
    in (?:all|every|each)(?: of)?(?: your)? responses?
    always|never|every (?:answer|reply|response|time|message)
    """
)
_TYPED = 2_000
"""Characters of what a person types: a longer text may hold a document, whose rules are not the user's."""
_REVOKES = phrases(
    r"""
    no longer|never ?mind|ignore (?:that|what)|you can stop|stop|forget (?:that|about)|instead|from now on|normal
    this time
    """
)


def forgets_wish(target: Target) -> Verdict | CannotTell:
    """A wish about all answers ("from now on answer in one sentence") that later answers do not keep.

    Looks at plain English wishes that counting can verify (`demands`), which the user said to be for good and did not
    take back. 3 where some later answers break one, 2 where most do. Kept wishes are a good word of little weight.
    """
    found = every_exchange(target)
    if isinstance(found, CannotTell):
        return found
    standing: list[tuple[Demand, Exchange]] = []
    kept, broken = 0, Findings(ADHERENCE)
    for one in found:
        if _REVOKES.is_in(one.asked):
            standing = []
        standing += [(demand, one) for demand in _standing(one.asked, target)]
        for demand, since, share in _tried(standing, one.answer):
            if share >= NEARLY:
                kept += 1
                continue
            text = f"turn {one.number} breaks a wish of turn {since.number}: {shorten(demand.text, 80)}"
            broken.add("conversation.wish_forgotten", text, stage="TURN", span_ids=(one.turn.span_id,))
    if not broken.all:
        told = f"{counted(kept, 'answer')} kept a standing wish"
        return (
            Verdict(5.0, told, weight=0.3) if kept else CannotTell("the user had no standing wish that can be verified")
        )
    estimate = 2.0 if len(broken.all) > kept else 3.0
    return Verdict(estimate, broken.all[0].text, tuple(broken.all), broken.spans)


def _tried(standing: list[tuple[Demand, Exchange]], answer: str) -> Iterator[tuple[Demand, Exchange, float]]:
    """How far an answer keeps each wish, 0 to 1; wishes that cannot be told of it are left out."""
    reply = Reply(answer) if standing and answer else None
    for demand, since in standing[:20] if reply is not None and not reply.cut else ():
        share = demand.test(reply) if reply is not None else None
        if share is not None:
            yield demand, since, share


def _standing(asked: str, target: Target) -> list[Demand]:
    if len(asked) > _TYPED:
        return []
    lasting = [sentence for sentence in sentences(asked)[:100] if _STANDING.is_in(sentence)]
    return [demand for sentence in lasting for demand in target.once(demands, sentence, target.once)]
