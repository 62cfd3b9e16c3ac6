"""Was the right tool chosen among those on offer, and every part of the request taken up by a call?

Lexical, and English: names, descriptions and parameters of the tools against the words of the request. So a check here
speaks only where the difference is plain, and never of a conversation in which the request stands in earlier turns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from otel_scorer.model import ToolDefinition
from otel_scorer.scoring.checks import outcome
from otel_scorer.scoring.checks.lexicon import vocabulary
from otel_scorer.scoring.checks.scale import PLAN, Findings, listed, shorten
from otel_scorer.scoring.checks.words import STOPWORDS, clip, leaves, name_words, stem, words
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_MAX_TOOLS = 200
_MAX_REQUEST = 8000
_SAYS_NOTHING = vocabulary(
    """
    get tool api data info information detail details value number name given provide find calculate compute return use
    result specific based using want need know tell help show list include current various several one two three four five
    six first second next then finally also would could please function call type new different
    """
)
_NOT_TELLING = frozenset(map(stem, _SAYS_NOTHING))
_FITS_ANYTHING = vocabulary(
    """
    search query ask run execute python code shell bash terminal web browse browser retrieve retrieval knowledge rag think
    finish final answer respond reply chat agent transfer handoff delegate plan memory remember todo sql llm wikipedia google
    """
)
"""Words in the names of tools that may be right for any request."""


class _Offer(NamedTuple):
    """A tool on offer. `name`: stems of its name; `all`: of name, description and parameters."""

    tool: str
    name: frozenset[str]
    all: frozenset[str]


class _Choice(NamedTuple):
    request: frozenset[str]
    called: list[_Offer]
    others: list[_Offer]


def fitting_tool(target: Target) -> Verdict | CannotTell:
    """Another tool on offer fits the request plainly better than any that was called; or none does and one was called.

    Better: at least two telling words of the request stand in the name and description of the other tool, one of them
    in its name, and in no called tool; and nothing of the request stands in the called tools alone: 3. None fits:
    not one telling word of the request (of three or more) stands in the names, descriptions or parameters of all tools on
    offer, nor one of the same subject, nor a phrase of the request in the arguments: 4, since other words may mean
    the same. Cannot tell where the definitions or the request were not captured, the request is
    not the first one, a general tool (search, code, handover) was called, or the answer asks back, declines or says what
    is missing. That a tool was called which fits by its words does not mean that it was the best one.
    """
    choice = _choice(target)
    if isinstance(choice, CannotTell):
        return choice
    findings = Findings(PLAN)
    spans = tuple(use.span_id for use in target.view.tool_uses[:3])
    better = _better(choice)
    if better is not None:
        text = f"{better.tool} fits the request better than {listed([one.tool for one in choice.called], 2)}"
        findings.add("plan.better_tool", text, stage="LLM", span_ids=spans)
        return Verdict(3.0, text, tuple(findings.all), findings.spans)
    if _fits_nothing(choice, target.view):
        text = f"{listed([one.tool for one in choice.called], 2)} was called, but no tool on offer is about the request"
        findings.add("plan.no_tool_fits", text, stage="LLM", span_ids=spans)
        return Verdict(4.0, text, tuple(findings.all), findings.spans)
    return Verdict(5.0, "no other tool on offer fits plainly better", weight=0.25)


_SUBJECTS = tuple(
    frozenset(map(stem, vocabulary(block)))
    for block in (
        """weather forecast temperature rain snow sunny umbrella cold hot warm outside storm wind humidity climate degrees
        wear coat jacket""",
        "math add subtract multiply divide sum plus minus times calculator arithmetic equation total number product percent",
        """money price cost pay payment bill invoice balance account bank transfer expensive cheap cheapest afford spend
        budget charge refund fee""",
        """stock share ticker market quote company invest portfolio trading""",
        "route direction drive distance far map location address near nearby nearest way",
        "flight fly travel trip airline airport hotel room stay book booking reserve reservation train ticket",
        "food eat meal restaurant dinner lunch breakfast recipe cook dish cuisine menu hungry drink",
        "time date day today calendar schedule meeting event appointment remind reminder when clock hour free busy",
        "email mail message send text write reply inbox contact tell notify sms call",
        "file folder document read open directory save doc pdf page",
        "translate language translation french spanish german english mean say word",
        "order package parcel deliver delivery ship shipment track arrive purchase buy",
        "movie film show actor watch cinema song music artist album play listen band concert",
        "user customer person people profile member employee name contact who",
        "news latest article headline happen search find look",
    )
)
"""Words of one subject: whoever asks for an umbrella asks for the weather."""


def _fits_nothing(choice: _Choice, view: TraceView) -> bool:
    offered = frozenset[str]().union(*(offer.all for offer in (*choice.called, *choice.others)))
    if len(choice.request) < _LEAST or offered & choice.request:
        return False
    if any(subject & choice.request and subject & offered for subject in _SUBJECTS):
        return False
    spoken = f" {' '.join(words(view.task or ''))} "
    values = (
        words(value[:500])
        for use in view.tool_uses[:50]
        for _, value in leaves(use.arguments, 50)
        if isinstance(value, str)
    )
    return not any(len(said) > 1 and f" {' '.join(said)} " in spoken for said in values)


_LEAST = 3


def _choice(target: Target) -> _Choice | CannotTell:
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if not view.tool_uses:
        return CannotTell("no tool was called", not_applicable=True)
    offered = view.tool_definitions
    if not offered or view.task is None:
        return CannotTell("the request or the tools' definitions were not captured", missing_evidence=True)
    if len(offered) > _MAX_TOOLS or not _speaks_for_itself(view):
        return CannotTell("the request cannot be understood by itself")
    names = {use.definition.name for use in view.tool_uses[:500] if use.definition is not None}
    if len(names) < len({use.name for use in view.tool_uses[:500]}):
        return CannotTell("a tool was called whose definition was not captured")
    if any(not _FITS_ANYTHING.isdisjoint(name_words(name)) for name in names):
        return CannotTell("a tool that may fit anything was called")
    if _is_open(view):
        return CannotTell("the answer asks back, declines or says what is missing")
    offers = [_offer(definition) for definition in offered.values()]
    called = [offer for offer in offers if offer.tool in names]
    return _Choice(_telling(view.task), called, [offer for offer in offers if offer.tool not in names])


def _is_open(view: TraceView) -> bool:
    """The answer asks back, declines or says what is missing: the run may rightly have stopped there."""
    answer = view.final_answer or ""
    return outcome.asks_back(answer) or outcome.admits(answer) or outcome.refuses(answer)


_ENGLISH = vocabulary("the a an of to in is are for and on with what how my me i from at by you it this that")


def _speaks_for_itself(view: TraceView) -> bool:
    """The first request of a conversation, of some length, in English."""
    spoken = words((view.task or "")[:_MAX_REQUEST])
    if view.user_text is not None and len(view.user_text) > 1.2 * len(view.task or "") + 20:
        return False
    return len(view.task or "") <= _MAX_REQUEST and len(spoken) >= 5 and not _ENGLISH.isdisjoint(spoken)


def _offer(definition: ToolDefinition) -> _Offer:
    own = frozenset(stem(word) for word in name_words(definition.name.replace(".", " "))) - _NOT_TELLING
    described = " ".join(str(text) for _, text in leaves(definition.parameters, 200) if isinstance(text, str))
    names = _parameter_names(definition)
    return _Offer(definition.name, own, own | _telling(f"{definition.description} {described} {names}"[:_MAX_REQUEST]))


def _parameter_names(definition: ToolDefinition) -> str:
    rules = definition.parameters
    known = rules.get("properties") if isinstance(rules, dict) else None
    return " ".join(" ".join(name_words(str(name))) for name in list(known)[:100]) if isinstance(known, dict) else ""


def _telling(text: str) -> frozenset[str]:
    kept = (word for word in words(clip(text, _MAX_REQUEST)) if word not in STOPWORDS and len(word) > 2)
    return frozenset(stem(word) for word in kept if not word.isdigit()) - _NOT_TELLING


# ---- parts of a request ----------------------------------------------------------------------------------------------

_NAME = r"[A-Z][A-Za-z-]{1,40}(?: (?:of |de |la |the )?[A-Z][A-Za-z-]{0,40}){0,4}"
_WHOLE = r"\d{1,9}"
_AND = r",? (?:and|or|&|as well as) (?:also |then |finally |the )?"
_ROWS = tuple(
    re.compile(rf"(?<![\w.:$€£%/-]){one}(?:, {one}){{0,12}}{_AND}{one}(?![\w%/.:-]*\w)(?!['’])")
    for one in (_NAME, _WHOLE)
)
_SPLIT = re.compile(rf"{_AND}|, ")


def parts_taken_up(target: Target) -> Verdict | CannotTell:
    """A row of names or numbers in the request ("Rome, Oslo and Bonn"), of which some were asked for and others not.

    One or more of a row were given to a tool as a whole argument, each in a call of its own, and another one stands in no
    argument, no result and no answer: 3. Cannot tell where the request has no such row, where the arguments or the
    results that may hold the rest were not captured, or the request has another before it. Silent where the answer asks back, declines or says what is missing. Reads rows of capitalised words and of numbers only.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if not view.tool_uses:
        return CannotTell("no tool was called", not_applicable=True)
    if view.task is None or not all(use.arguments_captured for use in view.tool_uses[:500]):
        return CannotTell("the request or the arguments were not captured", missing_evidence=True)
    rows = [row for row in _rows(view.task) if len(row) > 1]
    if not rows or not _speaks_for_itself(view):
        return CannotTell("the request names no row of things")
    for row in rows:
        missing = _not_asked(view, row)
        if missing and not _is_open(view):
            text = f"no call was made for {listed(missing, 3)}, as for {shorten(_asked_one(row, missing), 30)}"
            findings = Findings(PLAN)
            findings.add("plan.part_not_called", text, stage="AGENT", span_ids=(view.tool_uses[-1].span_id,))
            return Verdict(3.0, text, tuple(findings.all), findings.spans)
    return Verdict(5.0, "calls were made for every one of a row", weight=0.25)


def _rows(text: str) -> Iterator[list[str]]:
    body = clip(text, _MAX_REQUEST)
    for pattern in _ROWS:
        for match in pattern.finditer(body):
            yield list(dict.fromkeys(part for part in _SPLIT.split(match.group()) if part))


def _asked_one(row: Sequence[str], missing: Sequence[str]) -> str:
    return next((one for one in row if one not in missing), "")


def _not_asked(view: TraceView, row: Sequence[str]) -> list[str]:
    """Those of the row that stand nowhere, where others of it were asked for one by one."""
    values = [_plain(value) for use in view.tool_uses[:500] for _, value in leaves(use.arguments, 100)]
    wanted = {one: _plain(one) for one in row}
    if not any(plain in values for plain in wanted.values()):
        return []
    results = [_plain((use.result_text or "")[:20_000]) for use in view.tool_uses[:100]]
    heard = frozenset(" ".join((*values, *results, _plain(view.final_answer or ""))).split())
    shared = Counter(word for plain in wanted.values() for word in set(plain.split()))
    own = {one: [word for word in plain.split() if shared[word] == 1] for one, plain in wanted.items()}
    return [one for one, telling in own.items() if telling and heard.isdisjoint(telling)]


def _plain(value: object) -> str:
    return " ".join(words(str(value)[:20_000]))


def _better(choice: _Choice) -> _Offer | None:
    taken = frozenset[str]().union(*(offer.all for offer in choice.called))
    for offer in choice.others:
        own = (offer.all - taken) & choice.request
        if len(own) >= 2 and (own & offer.name) and not (taken - offer.all) & choice.request:
            return offer
    return None
