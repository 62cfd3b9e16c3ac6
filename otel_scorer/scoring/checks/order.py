"""Did things happen in the order that they had to: tools before the answer, one tool before another?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from otel_scorer.scoring.checks.plan import bare, needs_of
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.scale import PLAN, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.words import clip, sentences

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, ToolUse, TraceView

_MAX_USES = 1000
_NO_CALLS = CannotTell("no tool was called", not_applicable=True)


class _Rule(NamedTuple):
    """The tool `first` has to run before `then`, as `sentence` says."""

    first: str
    then: str
    sentence: str


_IF = re.compile(r"\b(?:if|when|whenever|unless|in case|except|for|optional(?:ly)?|may|can)\b", re.IGNORECASE)
_NEVER = re.compile(r"\b(?:never|not|don't|avoid|without)\b", re.IGNORECASE)
_BEFORE = re.compile(r"\b(?:before|prior to)\b", re.IGNORECASE)
_AFTER = re.compile(r"\b(?:after|once)\b", re.IGNORECASE)
_THEN = re.compile(r"\b(?:then|followed by|and only then|afterwards?)\b", re.IGNORECASE)


def order_kept(target: Target) -> Verdict | CannotTell:
    """The instructions name two tools and which comes first, and the other ran first.

    Only sentences of the system prompt that name exactly two known tools by their names, without a condition and
    without a negation. The second ran and the first had not: 2. Both in order: 5. What the instructions say in other
    words is not seen.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    uses = view.tool_uses[:_MAX_USES]
    if not uses:
        return _NO_CALLS
    if view.system is None:
        return CannotTell("the instructions were not captured", missing_evidence=True)
    known = {use.name for use in uses} | set(view.tool_definitions or {})
    rules = list(_rules(clip(view.system, 50_000), known))
    called = [use.name for use in uses]
    broken = [(rule, called.index(rule.then)) for rule in rules if _is_broken(rule, called)]
    if broken:
        findings = Findings(PLAN)
        for rule, at in broken[:5]:
            text = f"{rule.then} was called before {rule.first}, though: {shorten(rule.sentence, 80)}"
            findings.add("plan.order_not_kept", text, stage="AGENT", span_ids=(uses[at].span_id,))
        return Verdict(2.0, findings.all[0].text, tuple(findings.all), findings.spans)
    if not any(rule.then in called for rule in rules):
        return CannotTell("the instructions say nothing of an order of the tools that were called")
    return Verdict(5.0, "the tools were called in the order that the instructions give", weight=0.5)


def _is_broken(rule: _Rule, called: Sequence[str]) -> bool:
    if rule.then not in called:
        return False
    return rule.first not in called[: called.index(rule.then)]


def _rules(instructions: str, known: set[str]) -> Iterator[_Rule]:
    named = {name for name in known if len(name) > 3 and ("_" in name or name != name.lower() or "." in name)}
    for sentence in sentences(instructions)[:500]:
        places = _places(sentence, named)
        if len(places) != 2 or _IF.search(sentence) or _NEVER.search(sentence):
            continue
        (one, at), (other, later) = sorted(places.items(), key=lambda item: item[1])
        rule = _ordered(sentence, one, other, at, later)
        if rule is not None:
            yield rule


def _places(sentence: str, named: set[str]) -> Mapping[str, int]:
    spoken = {match.group(): match.start() for match in reversed(list(_WORD.finditer(sentence[:1000])))}
    return {name: at for name, at in spoken.items() if name in named}


_WORD = re.compile(r"[A-Za-z][\w.-]*\w")


def _ordered(sentence: str, one: str, other: str, at: int, later: int) -> _Rule | None:
    """Which of the two, named in this order, has to come first."""
    between, front = sentence[at + len(one) : later], sentence[:at]
    if _BEFORE.search(between):
        return _Rule(one, other, sentence)
    if _BEFORE.search(front):
        return _Rule(other, one, sentence)
    if _AFTER.search(between):
        return _Rule(other, one, sentence)
    if _AFTER.search(front) or _THEN.search(between):
        return _Rule(one, other, sentence)
    return None


# ---- the answer and the tools ----------------------------------------------------------------------------------------


def claimed_first(target: Target) -> Verdict | CannotTell:
    """A turn says that something is done, and calls the tool that does it in the same breath or later.

    The model's own words report success ("I have booked it"), no tool that acts has run yet in this run, and one is
    called with or after these words: 3 where it then worked, 1.5 where it failed. Cannot tell where no tool that acts
    was called, or what the model said beside its calls was not captured.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    acting = [use for use in view.tool_uses[:_MAX_USES] if outcome.acts(use.name) and use.requested_by]
    if not acting:
        return CannotTell("no tool that acts was called", not_applicable=not view.tool_uses)
    first = min(acting, key=lambda use: use.start_ns)
    asking = view.by_id.get(first.requested_by)
    if asking is None:
        return CannotTell("the call that asked for the tool was not captured", missing_evidence=True)
    said = "\n".join(message.text for message in asking.genai.output_messages or ())
    claim = _claim(said, first)
    if not claim:
        return Verdict(5.0, "nothing was said to be done before it was", evidence=(first.span_id,), weight=0.25)
    lost = target.once(outcome.failed, first)
    findings = Findings(PLAN)
    text = f"{claim!r} was said before {first.name} had run" + (", and it failed" if lost else "")
    findings.add("plan.claimed_before_call", text, stage="LLM", span_ids=(asking.span_id, first.span_id))
    return Verdict(1.5 if lost else 3.0, text, tuple(findings.all), findings.spans)


_REPORT = re.compile(
    r"\bI(?:'ve|’ve| have)(?: now| just| already| successfully){0,2} ([a-z]{3,14}ed|sent|made|paid|put|set)\b"
)


def _claim(said: str, use: ToolUse) -> str:
    """The report of a deed that the tool's own name tells: "I have booked" and `book_flight`."""
    for match in _REPORT.finditer(clip(said, 20_000)):
        verb = match.group(1)
        if any(verb.startswith(word[:4]) for word in _verbs(use.name)):
            return match.group()
    return ""


def _verbs(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z]+", name.lower()) if len(word) > 3]


def answered_first(target: Target) -> Verdict | CannotTell:
    """The answer was given before the tool that it needed ran: the tool came too late to be of use.

    Needed are the tools that `plan:needed_tool` finds: demanded by the instructions, or the only way to know what was
    asked. The first of them began after the model call that gave the answer had ended: 2. Cannot tell where none was
    needed or called, or where no model call wrote just this answer.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if not view.tool_uses:
        return _NO_CALLS
    last = _answering(view)
    if last is None:
        return CannotTell(
            "which model call gave the answer was not captured", missing_evidence=view.final_answer is None
        )
    needed = {bare(one.tool) for one in needs_of(view)}
    ran = [use for use in view.tool_uses[:_MAX_USES] if use.executed and bare(use.name) in needed]
    if not ran:
        return CannotTell("no tool that was needed was called")
    first = min(ran, key=lambda use: use.start_ns)
    if first.start_ns < last.span.end_ns:
        return Verdict(5.0, "the needed tool ran before the answer", evidence=(first.span_id,), weight=0.5)
    findings = Findings(PLAN)
    text = f"the answer was given before {first.name} ran, which it needed"
    findings.add("plan.answered_before_tool", text, stage="AGENT", span_ids=(last.span_id, first.span_id))
    return Verdict(2.0, text, tuple(findings.all), findings.spans)


def _answering(view: TraceView) -> Step | None:
    """The model call that wrote the answer: the first with just these words."""
    answer = (view.final_answer or "").strip()
    for step in view.llm[:_MAX_USES] if answer else ():
        if any(message.text.strip() == answer for message in step.genai.output_messages or ()):
            return step
    return None
