"""Where a run of several steps most likely went wrong: which agent, at which step. A measure, never a score.

What can be seen from outside is a symptom, not the cause: a result that failed after a step, stand-in data, words of a
later step that call it wrong. And a mistake is more often made where much is brought in than where work is handed on.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otel_scorer.conventions.steps import ancestors
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.scale import PLAN, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.content import content
from otel_scorer.scoring.wording.lexicon import phrases
from otel_scorer.scoring.wording.words import as_text, clip

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, ToolUse, TraceView

_MAX_TURNS = 300
_MAX_CHARS = 20_000
_MAX_ALL_CHARS = 1_000_000
_FEWEST = 3
"""Turns of a run in which a place is named unasked."""
_LITTLE = 150
"""Characters of a turn that only hands on or closes."""
_OPENING = 600
"""Characters in which a turn says what it thinks of the one before."""

_STANDS_IN = phrases(
    r"""
    placeholders?|simulat(?:e|es|ed|ing|ion)|mock(?:ed|-?up)?|dummy|hypothetical(?:ly)?|fictitious|made-up|invented
    (?:sample|example|synthetic|illustrative) (?:data(?:set)?|values?|figures)|for demonstration
    assum(?:e|es|ed|ing|ption|ptions)|replace .{1,40} with (?:the |your )?(?:actual|real)
    your[_ ](?:api|access|actual|own)[_ ]\w{1,20}|general knowledge|from memory|i recall|as far as i know|typically
    based on (?:my|general|common|known|available) (?:\w{1,20} )?(?:knowledge|information|data|records)
    """
)
"""Something else stands in for what should have been found out."""
_CALLS_IT_WRONG = phrases(
    r"""
    incorrect(?:ly)?|mistakes?|mistaken|wrong(?:ly)?|inaccura(?:te|cy|cies|tely)|discrepanc(?:y|ies)
    not (?:correct|accurate|right)|misinterpret(?:ed|s|ation)?|overlook(?:ed|s)?|apologi[sz]e|apologies
    correct(?:ed|ion|ions)
    error in|errors in|did(?:n't| not) (?:match|address|account|consider)
    """
)
_CANNOT_ITSELF = phrases(
    r"""
    manual(?:ly)?
    (?:cannot|can't|unable to|not able to|not possible to|not feasible to) (?:directly |currently )?(?:access|retrieve
    |browse|open|view|verify|execute|perform|search)
    """
)
_CONCLUDES = phrases(
    r"""
    here (?:are|is) (?:the|a|some)|the (?:answer|result|final|correct) (?:\w{1,20} ){0,4}(?:is|are)|therefore|thus
    in conclusion
    """
)


@dataclass
class _Turn:
    """What one agent said or asked for at once, and what came back before the next."""

    span_id: str
    agent: str
    text: str
    start_ns: int
    calls: int = 0
    results: list[ToolUse] = field(default_factory=list)
    symptoms: list[str] = field(default_factory=list)
    suspicion: float = 0.0


def likely_mistake(target: Target, *, failed: bool = False) -> Verdict | CannotTell:
    """A finding that names the step, and its agent, at which the run most likely went wrong.

    Each symptom of a turn counts 1: a call whose result failed, or found nothing; stand-in or assumed data; saying that
    it cannot do or look itself; a next turn that calls it wrong. Half as much: it draws a conclusion. To these comes
    a quarter for each doubling of new words brought in, and 1 is taken off a turn of few words. The agent with the most
    (sum of squares) is named, at its worst turn, the first of equals.

    Speaks only of runs that show that they failed (an error at the root, an empty answer or one that declines, a tool
    whose last call failed), and of turns with a symptom; with `failed`, which says that somebody knows, of every run
    of two and more turns. It guesses from wording, in English: of failed runs that people had looked through it
    named the wrong agent in two of five and the wrong step in two of three. Where to look first, not whom to blame.
    The estimate has no meaning.
    """
    if target.step is not None:
        return CannotTell("a single step has no other to compare with", not_applicable=True)
    turns = _turns(target.view)
    if len(turns) < (2 if failed else _FEWEST):
        return CannotTell("too few turns were captured to tell them apart")
    if not failed and not _went_wrong(target):
        return CannotTell("nothing shows that the run failed")
    _suspect(target, turns)
    named = _named(turns)
    if not failed and not named.symptoms:
        return CannotTell("no turn shows a symptom")
    findings = Findings(PLAN)
    who = f"{named.agent}: " if named.agent else ""
    text = f"{who}{', '.join(named.symptoms) or 'brought in most of what was new'}"
    spans = (named.span_id, *(use.span_id for use in named.results[:3]))
    findings.add("run.likely_mistake", text, stage="AGENT", span_ids=spans)
    return Verdict(4.0, shorten(text, 200), tuple(findings.all), findings.spans)


def _went_wrong(target: Target) -> bool:
    view = target.view
    answer = view.final_answer
    if view.root is not None and view.root.span_id in dict(view.errors):
        return True
    last = {use.name: use for use in view.tool_uses[:2000]}
    lost = any(target.once(outcome.failed, use) for use in last.values())
    if answer is None:
        return lost
    return lost or not answer.strip() or outcome.refuses(answer)


def _turns(view: TraceView) -> list[_Turn]:
    """What was said and asked for, in order of time; agents by themselves only where no model call was captured."""
    steps = view.llm or tuple(step for step in view.steps if step.kind == "AGENT" and step.span is not view.root)
    found = [turn for step in steps[:_MAX_TURNS] if (turn := _turn(view, step)) is not None]
    by_id = {turn.span_id: turn for turn in found}
    for use in view.tool_uses[: 10 * _MAX_TURNS]:
        turn = by_id.get(use.requested_by) or _last_before(found, use.start_ns)
        if turn is not None:
            turn.results.append(use)
    return found


def _turn(view: TraceView, step: Step) -> _Turn | None:
    messages = step.genai.output_messages
    if messages is None and step.genai.output_text is None:
        return None
    calls = [call for message in messages or () for call in message.tool_calls]
    said = [message.text for message in messages or ()] if messages is not None else [step.genai.output_text or ""]
    text = "\n".join((*said, *(as_text(call.arguments) for call in calls)))
    return _Turn(step.span_id, _agent(view, step), clip(text, _MAX_CHARS), step.span.start_ns, len(calls))


def _agent(view: TraceView, step: Step) -> str:
    for above in (step, *ancestors(step, view.by_id)):
        if above.genai.agent_name:
            return above.genai.agent_name
    return ""


def _last_before(turns: Sequence[_Turn], at_ns: int) -> _Turn | None:
    return next((turn for turn in reversed(turns) if turn.start_ns <= at_ns), None)


def _suspect(target: Target, turns: Sequence[_Turn]) -> None:
    known = set(target.once(content, clip(target.view.task or "", _MAX_CHARS)))
    left = _MAX_ALL_CHARS
    for index, turn in enumerate(turns):
        following = turns[index + 1].text[:_OPENING] if index + 1 < len(turns) else ""
        turn.symptoms = list(_symptoms(target, turn, following))
        new = frozenset(content(turn.text[:left])) - known
        left = max(0, left - len(turn.text))
        turn.suspicion = len(turn.symptoms) + 0.25 * math.log2(1 + len(new)) + 0.5 * _CONCLUDES.is_in(turn.text)
        turn.suspicion -= len(turn.text) < _LITTLE and not turn.calls
        known |= new
        for use in turn.results[:20]:
            known.update(content(clip(use.result_text or "", min(_MAX_CHARS, left))))
            left = max(0, left - len(use.result_text or ""))


def _symptoms(target: Target, turn: _Turn, following: str) -> Iterator[str]:
    if any(target.once(outcome.failed, use) for use in turn.results):
        yield "what it called for failed"
    elif any(use.result_captured and _found_nothing(use) for use in turn.results):
        yield "what it called for found nothing"
    if _STANDS_IN.is_in(turn.text):
        yield "it works with assumed or stand-in data"
    if _CANNOT_ITSELF.is_in(turn.text):
        yield "it says that it cannot do or look itself"
    if _CALLS_IT_WRONG.is_in(following):
        yield "the next turn calls something wrong"


def _found_nothing(use: ToolUse) -> bool:
    text = (use.result_text or "").strip()
    if outcome.acts(use.name):
        return False  # what changes something often returns nothing
    return outcome.is_empty(use.result) or (len(text) < 300 and text.count("\n") < 4 and _NOTHING.is_in(text))


_NOTHING = phrases(
    r"""
    not found|no (?:\w{1,20} ){0,3}(?:found|available|results?|match(?:es)?|data|records?)
    (?:could not|couldn't|unable to) (?:be )?(?:find|locate|retrieve|extract|found|open)
    """
)


def _named(turns: Sequence[_Turn]) -> _Turn:
    blame: dict[str, float] = defaultdict(float)
    for turn in turns:
        blame[turn.agent] += max(0.0, turn.suspicion) ** 2
    agent = max(blame, key=lambda name: blame[name])
    return max((turn for turn in turns if turn.agent == agent), key=lambda turn: turn.suspicion)
