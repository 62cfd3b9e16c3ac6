"""Were the user's requests met over the turns: answered at all, not asked for twice, not mistaken for another one?"""

from __future__ import annotations

from collections.abc import Sequence

from otel_scorer.scoring.checks.conversation import Exchange, exchanges, likeness
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.scale import ADHERENCE, Findings
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import phrases
from otel_scorer.scoring.wording.words import words

_COMPLAINS = phrases(
    r"""
    i (?:have |'ve )?(?:already|just) (?:told|said|gave|given|provided|sent|shared|answered|mentioned|explained|asked)
    i've (?:already|just) (?:told|said|given|provided|sent|shared|answered|mentioned|explained|asked)
    as i (?:(?:already|just) )?(?:said|told you|mentioned|asked|explained|wrote)
    (?:that's|that is|this is|it's|that was) not (?:\w+ )?what i (?:asked|said|meant|wanted)
    (?:that|this) (?:isn't|wasn't|is not) (?:\w+ )?what i (?:asked|said|meant|wanted)
    you (?:still )?(?:didn't|did not|haven't|have not|never) (?:\w+ )?(?:answer|answered|address|addressed)
    you (?:keep|kept) (?:asking|saying|repeating|telling|giving|sending|ignoring)
    (?:please )?(?:just )?answer my question|my question was|how many times
    for the (?:second|third|fourth|fifth|last|2nd|3rd|4th) time
    (?:did|do|can) you even (?:read|listen|understand)\w*
    you(?:'re| are) not (?:listening|answering|understanding|reading)
    """
)
_MANY_WORDS = 5
_SAME, _OTHER = 0.85, 0.15
_LONG_ANSWER = 12
_TYPED = 600
"""Characters of what a person types: longer texts hold documents, which may be alike, or complain, by themselves."""


def unmet(target: Target) -> Verdict | CannotTell:
    """The user had to ask again: the same request word for word after an answer, or a plain complaint about that.

    3 for one such turn, 2 for several. A request that is repeated after a refusal is not counted (the user presses, and
    the refusal may be right), nor one after a run that broke off (`unanswered` tells that). Cannot tell where nothing
    of the kind was said: a user may give up without a word; and where most turns are one request, which a probe or a
    load test sends. Complaints are known in English only.
    """
    found = exchanges(target)
    if isinstance(found, CannotTell):
        return found
    if len(found) > _A_PROBE * len({one.asked_stems for one in found}):
        return CannotTell("most turns are the same request, as of a probe")
    findings = Findings(ADHERENCE)
    for at in range(1, len(found)):
        _note_unmet(found[at], found[:at], findings)
    if not findings.all:
        return CannotTell("the user repeated no request and complained of none")
    estimate = 3.0 if len(findings.all) == 1 else 2.0
    return Verdict(estimate, findings.all[0].text, tuple(findings.all), findings.spans)


_A_PROBE = 2
"""Turns for each different request from which on nobody is thought to have typed them."""


def _note_unmet(one: Exchange, earlier: Sequence[Exchange], findings: Findings) -> None:
    before = earlier[-1]
    spans = (before.turn.span_id, one.turn.span_id)
    if not before.answer or outcome.refuses(before.answer) or len(one.asked) > _TYPED:
        return
    if _COMPLAINS.is_in(one.asked):
        text = f"in turn {one.number} the user says that a request was not met or had to be said again"
        findings.add("conversation.user_complains", text, stage="TURN", span_ids=spans)
        return
    same = next((other for other in reversed(earlier[-10:]) if _is_same_request(one, other)), None)
    if same is not None and not outcome.refuses(same.answer):
        text = f"in turn {one.number} the user repeats the request of turn {same.number}"
        findings.add(
            "conversation.request_repeated", text, stage="TURN", span_ids=(same.turn.span_id, one.turn.span_id)
        )


def _is_same_request(one: Exchange, other: Exchange) -> bool:
    if not other.answer or len(one.asked_stems) < _MANY_WORDS or not one.wants_answer:
        return False
    return likeness(one.asked_stems, other.asked_stems) >= _SAME


def unanswered(target: Target) -> Verdict | CannotTell:
    """A request that got no answer at all: the run behind it ended in an error, or with an empty output.

    1 where it is the conversation's end, 2 where the user went on. An answer that nobody recorded is no fault, nor is
    an end with calls of tools, which may hand over to a person. Where all have an answer it is a weak good word: it
    says nothing of what the answers are worth.
    """
    found = exchanges(target)
    if isinstance(found, CannotTell):
        return found
    left = [one for one in found if one.turn.broken_off and not one.turn.said and one.wants_answer]
    if not left:
        if not all(one.turn.said or not one.wants_answer for one in found):
            return CannotTell("a turn has no answer, and why is not to be seen")
        return Verdict(5.0, "every request has an answer", evidence=(found[-1].turn.span_id,), weight=0.2)
    findings = Findings(ADHERENCE)
    for one in left[:20]:
        text = f"the request of turn {one.number} got no answer"
        findings.add("conversation.unanswered", text, stage="TURN", span_ids=(one.turn.span_id,))
    is_end = left[-1] is found[-1] and not (target.conversation and target.conversation.not_told)
    return Verdict(1.0 if is_end else 2.0, findings.all[-1].text, tuple(findings.all), findings.spans)


_SAY_AGAIN = phrases(
    r"again|repeat\w*|once more|pardon|come again|what did you say|remind\w*|resend|say that|summar\w+|recap"
)


def answers_another(target: Target) -> Verdict | CannotTell:
    """An answer that is, word for word, the long answer to an earlier and quite different request.

    2. Refusals, questions back and answers that fit the new request as well are left out, and so are requests to say
    something again. Tells nothing of answers that miss their question in words of their own: that is for the judge.
    """
    found = exchanges(target)
    if isinstance(found, CannotTell):
        return found
    findings = Findings(ADHERENCE)
    first: dict[str, Exchange] = {}
    for one in found:
        key = " ".join(words(one.answer))
        if key.count(" ") + 1 < _LONG_ANSWER:
            continue
        other = first.setdefault(key, one)
        if other is not one and _is_off(one, other):
            text = f"turn {one.number} is answered with the answer to turn {other.number}, word for word"
            spans = (other.turn.span_id, one.turn.span_id)
            findings.add("conversation.answers_another", text, stage="TURN", span_ids=spans)
    if not findings.all:
        return CannotTell("no answer is one to another request, word for word")
    return Verdict(2.0, findings.all[0].text, tuple(findings.all), findings.spans)


def _is_off(one: Exchange, other: Exchange) -> bool:
    answer, asked = one.answer, one.asked_stems
    if "?" in answer or outcome.refuses(answer) or _SAY_AGAIN.is_in(one.asked) or not one.wants_answer:
        return False
    if len(asked) < _ENOUGH or len(other.asked_stems) < _ENOUGH or likeness(asked, other.asked_stems) > _OTHER:
        return False
    fits_other = len(other.asked_stems & one.answer_stems) / len(other.asked_stems)
    return not asked & one.answer_stems and fits_other > 0


_ENOUGH = 3
