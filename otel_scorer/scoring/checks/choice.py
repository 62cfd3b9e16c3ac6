"""Was the right tool chosen among those on offer?

Lexical, and English: names, descriptions and parameters of the tools against the words of the request. So a check here
speaks only where the difference is plain, and never of a conversation in which the request stands in earlier turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_scorer.model import ToolDefinition
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.scale import PLAN, Findings, listed
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import STOPWORDS, clip, leaves, name_words, stem, words

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_MAX_TOOLS = 200
MAX_REQUEST = 8000
"""Characters of a request that is understood by itself."""
_SAYS_NOTHING = vocabulary(
    """
    get tool api data info information detail details value number name given provide find calculate compute return
    use result specific based using want need know tell help show list include current various several one two three
    four five six first second next then finally also would could please function call type new different
    """
)
_NOT_TELLING = frozenset(map(stem, _SAYS_NOTHING))
_FITS_ANYTHING = vocabulary(
    """
    search query ask run execute python code shell bash terminal web browse browser retrieve retrieval knowledge rag
    think finish final answer respond reply chat agent transfer handoff delegate plan memory remember todo sql llm
    wikipedia google
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
    in its name, and in no called tool; and nothing of the request stands in the called tools alone: 3. None fits: not
    one telling word of the request (of three or more) stands in the names, descriptions or parameters of all tools on
    offer, nor one of the same subject, nor a phrase of the request in the arguments, and the answer takes up nothing
    that was looked up: 4, since other words may mean the same. Cannot tell where the definitions or the request were
    not captured, the request is not the first one, a general tool (search, code, handover) was called, or the answer
    asks back, declines or says what is missing. That a tool was called which fits by its words does not mean that it
    was the best one.
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
    frozenset(map(stem, line.split()))
    for line in """
    weather forecast temperature rain snow sunny umbrella cold hot warm outside storm wind humidity climate wear coat
    add subtract multiply divide sum plus minus times calculator arithmetic equation total number product percent math
    money price cost pay payment bill invoice balance account bank transfer expensive cheap afford spend budget refund
    currency exchange rate convert euro dollar yen pound franc
    leave vacation holiday absence
    stock share ticker market quote company invest portfolio trading
    route direction drive distance far map location address near nearby way
    flight fly travel trip airline airport hotel room stay book booking reserve reservation train ticket
    food eat meal restaurant dinner lunch breakfast recipe cook dish cuisine menu hungry drink
    time date day today calendar schedule meeting event appointment remind reminder clock hour busy
    email mail message send text write reply inbox contact tell notify sms call
    file folder document read open directory save doc pdf page
    language translate translation french spanish german english mean say word
    order package parcel deliver delivery ship shipment track arrive purchase buy
    movie film actor watch cinema music song artist album play listen band concert show
    user customer person people profile member employee contact
    news latest article headline happen search find look
    """.strip().splitlines()
)
"""Words of one subject: whoever asks for an umbrella asks for the weather."""


def _fits_nothing(choice: _Choice, view: TraceView) -> bool:
    offered = frozenset[str]().union(*(offer.all for offer in (*choice.called, *choice.others)))
    if len(choice.request) < _LEAST or offered & choice.request:
        return False
    if any(subject & choice.request and subject & offered for subject in _SUBJECTS):
        return False
    if _answers_from_results(view):
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


def _answers_from_results(view: TraceView) -> bool:
    """The answer takes up what was looked up: that was about the request, in whatever words."""
    known = frozenset(words(view.task or "")) | STOPWORDS
    answer = frozenset(words(clip(view.final_answer or "", MAX_REQUEST))) - known
    return any(
        not answer.isdisjoint(words(clip(use.result_text or "", MAX_REQUEST)))
        for use in view.tool_uses[:50]
        if outcome.reads(use.name) and not outcome.failed(use)
    )


def _choice(target: Target) -> _Choice | CannotTell:
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if not view.tool_uses:
        return CannotTell("no tool was called", not_applicable=True)
    offered = view.tool_definitions
    if not offered or view.task is None:
        return CannotTell("the request or the tools' definitions were not captured", missing_evidence=True)
    if len(offered) > _MAX_TOOLS or not speaks_for_itself(view):
        return CannotTell("the request cannot be understood by itself")
    names = {use.definition.name for use in view.tool_uses[:500] if use.definition is not None}
    if len(names) < len({use.name for use in view.tool_uses[:500]}):
        return CannotTell("a tool was called whose definition was not captured")
    if any(not _FITS_ANYTHING.isdisjoint(name_words(name)) for name in names):
        return CannotTell("a tool that may fit anything was called")
    if left_open(view):
        return CannotTell("the answer asks back, declines or says what is missing")
    offers = [_offer(definition) for definition in offered.values()]
    called = [offer for offer in offers if offer.tool in names]
    return _Choice(_telling(view.task), called, [offer for offer in offers if offer.tool not in names])


def left_open(view: TraceView) -> bool:
    """The answer asks back, declines or says what is missing: the run may rightly have stopped there."""
    answer = view.final_answer or ""
    return outcome.asks_back(answer) or outcome.admits(answer) or outcome.refuses(answer)


_ENGLISH = vocabulary(
    """
    the of to is are for and with what how my from you this that please can which who where when find give tell show
    list need want should would does did was some
    """
)
"""Two of these words tell an English text from one in a related language."""


def speaks_for_itself(view: TraceView) -> bool:
    """The first request of a conversation, of some length, in English."""
    spoken = words((view.task or "")[:MAX_REQUEST])
    if view.user_text is not None and len(view.user_text) > 1.2 * len(view.task or "") + 20:
        return False
    return len(view.task or "") <= MAX_REQUEST and len(spoken) >= 5 and len(_ENGLISH.intersection(spoken)) > 1


def _offer(definition: ToolDefinition) -> _Offer:
    own = frozenset(stem(word) for word in name_words(definition.name.replace(".", " "))) - _NOT_TELLING
    described = " ".join(str(text) for _, text in leaves(definition.parameters, 200) if isinstance(text, str))
    names = _parameter_names(definition)
    return _Offer(definition.name, own, own | _telling(f"{definition.description} {described} {names}"[:MAX_REQUEST]))


def _parameter_names(definition: ToolDefinition) -> str:
    rules = definition.parameters
    known = rules.get("properties") if isinstance(rules, dict) else None
    return " ".join(" ".join(name_words(str(name))) for name in list(known)[:100]) if isinstance(known, dict) else ""


def _telling(text: str) -> frozenset[str]:
    kept = (word for word in words(clip(text, MAX_REQUEST)) if word not in STOPWORDS and len(word) > 2)
    return frozenset(stem(word) for word in kept if not word.isdigit()) - _NOT_TELLING


def _better(choice: _Choice) -> _Offer | None:
    taken = frozenset[str]().union(*(offer.all for offer in choice.called))
    for offer in choice.others:
        own = (offer.all - taken) & choice.request
        if len(own) >= 2 and not (taken - offer.all) & choice.request:
            return offer
    return None
