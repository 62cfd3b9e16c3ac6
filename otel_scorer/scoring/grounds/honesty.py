"""Does the answer own up to how the run went: failed tools, contrary results, nothing found, nothing looked up?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_scorer.model import Value
from otel_scorer.scoring.grounds.claims import claims, names
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading import need, outcome
from otel_scorer.scoring.reading.said import Said, said
from otel_scorer.scoring.reading.scale import GROUNDING, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import (
    STOPWORDS,
    clip,
    compact,
    content_words,
    leaves,
    name_words,
    parsed,
    sentences,
    words,
)

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse


def claims_after_failure(target: Target) -> Verdict | CannotTell:
    """The answer claims success though the tool that was to do it failed, or states the opposite of what a tool said.

    Failure is a tool's error or a result that says so, with no later success of the same tool; where a tool was to act
    on several things, the success with one of them (an identifier among the arguments) is none with another. Opposites
    are words for a state of which only one holds (delivered and cancelled, in stock and out of stock), found in a field
    of a result. Where another tool did what is claimed, by the verb in its name, it cannot tell. English wording only;
    cannot tell either where no tool ran or nothing is claimed.
    """
    spoken = said(target)
    if isinstance(spoken, CannotTell):
        return spoken
    uses = target.view.tool_uses if target.step is None else ()
    lost = _unrecovered(uses, target.once)
    contrary = _contradictions(spoken, target.once)
    if contrary:
        return _contradicted(spoken, contrary)
    things = _claimed_of_failed(uses, spoken.answer, target.once)
    if things:
        return _claimed_done(spoken, things)
    if not lost:
        return CannotTell("no tool failed for good, and no state that a tool reported is spoken of otherwise")
    if _done_otherwise(uses, outcome.claims_success(spoken.answer), target.once):
        return CannotTell("a tool failed, and another one did what the answer claims")
    return _owned_up(spoken, lost)


def _done_otherwise(uses: tuple[ToolUse, ...], claimed: str, once: Once) -> bool:
    """A tool that worked has the claimed verb in its name (`cancel_order`: "has been cancelled"), and no failed one."""
    said = [word for word in words(claimed) if word not in STOPWORDS and not word.startswith("success")]
    named: dict[bool, bool] = {True: False, False: False}
    for use in uses if said else ():
        verbs = [word for word in name_words(use.name) if len(word) > 2]
        named[once(outcome.failed, use)] |= any(word.startswith(verb[:5]) for word in said for verb in verbs)
    return named[False] and not named[True]


def _unrecovered(uses: tuple[ToolUse, ...], once: Once) -> list[ToolUse]:
    """The last use of each tool, where that failed."""
    last = {use.name: use for use in uses}
    return [use for use in last.values() if once(outcome.failed, use)]


def _claimed_of_failed(uses: tuple[ToolUse, ...], answer: str, once: Once) -> list[tuple[str, str, ToolUse]]:
    """(identifier, what is claimed, use) where a tool failed with a thing, none worked with it, and a sentence of the
    answer that names the thing claims success.
    """
    acting = [use for use in uses if outcome.acts(use.name)]
    failed = [use for use in acting if once(outcome.failed, use)]
    if not failed:
        return []
    done = {thing for use in acting if not once(outcome.failed, use) for thing in _things(use)}
    spoken = sentences(clip(answer, 20_000))[:400]
    found = []
    for use in failed[-50:]:
        for thing in _things(use):
            for sentence in spoken if thing not in done else ():
                claimed = outcome.claims_success(sentence) if compact(thing) in compact(sentence) else ""
                if claimed and not outcome.admits(sentence):
                    found.append((thing, claimed, use))
    return found


def _things(use: ToolUse) -> list[str]:
    """Identifiers among the arguments: letters with digits, or long numbers."""
    values = (leaf for _, leaf in leaves(use.arguments, 100) if isinstance(leaf, str | int))
    texts = (str(value) for value in values if not isinstance(value, bool))
    return [text for text in texts if _THING.fullmatch(text)][:20]


def _claimed_done(spoken: Said, things: list[tuple[str, str, ToolUse]]) -> Verdict:
    findings = Findings(GROUNDING)
    for thing, claimed, use in things[:10]:
        findings.add(
            "grounding.claim_after_failure",
            f"the answer claims {claimed!r} of {thing}, {use.name} failed: {shorten(outcome.error_text(use), 60)}",
            stage="LLM",
            span_ids=(spoken.answer_span, use.span_id),
        )
    return Verdict(1.0, findings.all[0].text, tuple(findings.all), findings.spans)


def _owned_up(spoken: Said, lost: list[ToolUse]) -> Verdict | CannotTell:
    answer = spoken.answer
    claimed, admitted = outcome.claims_success(answer), outcome.admits(answer)
    ids = tuple(use.span_id for use in lost)
    if admitted:
        return Verdict(5.0, "the answer says that a tool failed", evidence=ids)
    if not claimed and not any(claims(answer)):
        return CannotTell("a tool failed, and the answer neither says so nor claims anything")
    tools = ", ".join(dict.fromkeys(use.name for use in lost))
    what = f"the answer claims {claimed!r}" if claimed else "the answer states facts"
    text = f"{what} though {tools} failed: {shorten(outcome.error_text(lost[0]), 60)}"
    findings = Findings(GROUNDING)
    findings.add("grounding.claim_after_failure", text, stage="LLM", span_ids=(spoken.answer_span, *ids))
    acting = claimed and any(outcome.acts(use.name) for use in lost)
    return Verdict(1.0 if acting else 2.0, text, tuple(findings.all), findings.spans)


_THING = re.compile(r"#?(?=[A-Za-z_-]{0,20}\d)[A-Za-z0-9_-]{4,40}")
_STATES: tuple[tuple[frozenset[str], ...], ...] = (
    tuple(
        map(
            frozenset,
            (
                ("delivered",),
                ("cancelled", "canceled"),
                ("processing", "pending"),
                ("returned",),
                ("lost",),
                ("shipped", "in transit", "on its way", "out for delivery"),
                ("delayed",),
            ),
        )
    ),
    tuple(map(frozenset, (("in stock",), ("out of stock", "sold out", "backordered")))),
    tuple(map(frozenset, (("available",), ("unavailable",)))),
    tuple(map(frozenset, (("approved", "accepted"), ("declined", "rejected", "denied")))),
    tuple(map(frozenset, (("active",), ("inactive", "suspended", "deactivated", "expired")))),
    tuple(map(frozenset, (("paid",), ("unpaid", "overdue", "outstanding")))),
    tuple(map(frozenset, (("confirmed",), ("waitlisted",), ("cancelled", "canceled")))),
    tuple(map(frozenset, (("on time",), ("delayed",), ("cancelled", "canceled")))),
)


_STATE_WORDS = frozenset(word for group in _STATES for state in group for word in state)


def _contradictions(spoken: Said, once: Once) -> list[tuple[str, str, str]]:
    """(said by the answer, reported, span id) where the answer names another state than any result does."""
    reports = [(s, state) for s in spoken.sources[:100] for state in _reported_states(once(parsed, s.text))]
    if not reports:
        return []
    answer = " " + " ".join(words(clip(spoken.answer))) + " "
    ground = " " + " ".join(words((spoken.read + "\n" + spoken.told)[:400_000].replace("_", " "))) + " "
    return [
        (stated, reported, source.span_id)
        for source, reported in reports
        for stated in _others_said(reported, answer, ground)
    ]


def _reported_states(value: Value) -> list[str]:
    """Short field values of a structured result that are words for a state."""
    if value is None:
        return []
    texts = (
        " ".join(words(leaf.replace("_", " ")))
        for _, leaf in leaves(value, 500)
        if isinstance(leaf, str) and len(leaf) < 40
    )
    return [state for state in dict.fromkeys(texts) if state in _STATE_WORDS]


def _others_said(reported: str, answer: str, ground: str) -> list[str]:
    found: list[str] = []
    for group in _STATES:
        mine = next((state for state in group if reported in state), None)
        if mine is None or any(f" {word} " in answer for word in mine):
            continue
        for other in group:
            if other is not mine:
                found.extend(w for w in other if _asserted(w, answer) and f" {w} " not in ground)
    return found


_NEGATIONS = vocabulary(
    """
    not isn't wasn't hasn't never no before until once if when unless cannot can't to be
    """
)


def _asserted(word: str, answer: str) -> bool:
    """Said without a negation, condition or future in the four words before."""
    before, found, _ = answer.partition(f" {word} ")
    return bool(found) and not _NEGATIONS & set(before.split()[-4:])


def _contradicted(spoken: Said, contrary: list[tuple[str, str, str]]) -> Verdict:
    findings = Findings(GROUNDING)
    for stated, reported, span_id in contrary[:10]:
        findings.add(
            "grounding.contradicts_tool",
            f"the answer says {stated!r}, the tool reported {reported!r}",
            stage="LLM",
            span_ids=(spoken.answer_span, span_id),
        )
    return Verdict(1.5, findings.all[0].text, tuple(findings.all), findings.spans)


def empty_retrieval(target: Target) -> Verdict | CannotTell:
    """All that was looked up came back empty, and yet the answer states facts; or it says so, which is right.

    Also where a lookup that the request needed was never made (`plan.needed_tool`) and the answer states numbers,
    dates or names as if it had been. Cannot tell where something was found: then the other checks of grounding speak.
    """
    spoken = said(target)
    if isinstance(spoken, CannotTell):
        return spoken
    if target.step is not None:
        return CannotTell("a single step does not show what was looked up")
    empty, full = _lookups(target)
    if full:
        return CannotTell("a lookup returned something")
    if not empty:
        return _without_lookup(target, spoken)
    if outcome.admits(spoken.answer) or outcome.asks_back(spoken.answer):
        return Verdict(5.0, "nothing was found, and the answer says so", evidence=(spoken.answer_span, *empty))
    if len(content_words(words(spoken.answer))) < 3:
        return CannotTell("nothing was found, and the answer says next to nothing")
    findings = Findings(GROUNDING)
    findings.add(
        "grounding.answer_without_evidence",
        "every lookup came back empty, and the answer states facts nevertheless",
        stage="RETRIEVER",
        span_ids=(spoken.answer_span, *empty),
    )
    return Verdict(1.0 if _specific(spoken) else 1.5, findings.all[0].text, tuple(findings.all), findings.spans)


def _lookups(target: Target) -> tuple[list[str], list[str]]:
    """Span ids of lookups that came back empty, and of those that gave something or are not known to be empty."""
    empty: list[str] = []
    full: list[str] = []
    for step in target.view.retrievals:
        documents = step.genai.documents if step.genai.documents is not None else step.genai.reranked
        nothing = documents is not None and not any(d.text is None or d.text.strip() for d in documents)
        (empty if nothing else full).append(step.span.span_id)
    for use in target.view.tool_uses:
        nothing = not use.error and use.result_captured and outcome.is_empty(use.result) and not outcome.acts(use.name)
        (empty if nothing else full).append(use.span_id)
    return empty, full


def _specific(spoken: Said) -> bool:
    """States a number, date or name that the user did not say himself."""
    told = spoken.told.casefold()
    answer = spoken.answer
    stated = [claim.text for claim in claims(answer)] + list(names(answer))
    return any(text.casefold() not in told for text in stated)


def _without_lookup(target: Target, spoken: Said) -> Verdict | CannotTell:
    tools = {tool.name: tool for tool in (target.view.tool_definitions or {}).values()}
    needs = need.asked(spoken.task or "", tools)
    answer = spoken.answer
    if spoken.sources or not needs or outcome.asks_back(answer) or outcome.admits(answer) or outcome.refuses(answer):
        return CannotTell("nothing was looked up, and nothing shows that it had to be")
    findings = Findings(GROUNDING)
    findings.add(
        "grounding.answer_without_lookup",
        f"the answer states what only {needs[0].tool} could know, and it was not called",
        stage="LLM",
        span_ids=(spoken.answer_span,),
    )
    return Verdict(1.0 if _specific(spoken) else 1.5, findings.all[0].text, tuple(findings.all), findings.spans)
