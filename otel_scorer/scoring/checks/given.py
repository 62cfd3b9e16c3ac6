"""The values of a call's arguments: did they come from anywhere, and are they those that were asked for?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_scorer.model import Value
from otel_scorer.scoring.checks.plan import uses_of
from otel_scorer.scoring.grounds.claims import claims
from otel_scorer.scoring.grounds.origin import Origins, Source, derived, literal, scalars
from otel_scorer.scoring.orders.leftover import Leftover, days_of
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.scale import PLAN, Findings, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import STOPWORDS, compact, name_words, stem, words

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_NO_CALLS = CannotTell("no tool was called", not_applicable=True)
_MAX_JUDGED = 200
"""Calls of a run whose values are looked for,"""
_MAX_VALUES = 400
"""and values of all of them together."""
_HUGE = 1e15
"""Numbers from here on are no quantities."""
_NAMES_ONE = vocabulary(
    """
    id ids number no email phone account reference ref tracking confirmation invoice ticket reservation order
    """
)
_MADE_BY_THE_CALLER = vocabulary(
    """
    request session thread trace correlation idempotency run client call temp tmp new random seed page step index
    line row column port version max min count total room house floor zip postal
    """
)
_CREATES = vocabulary("create register add insert save write generate set put make new define init start")
_FREE = vocabulary(
    """
    query question text message content body code prompt summary description reason title thought thoughts note notes
    comment comments subject expression formula equation function sql command cmd path file filename url uri regex
    pattern input instructions answer response output explanation details data json script html markdown template
    keyword keywords search term terms topic topics tags label labels plan task goal context history
    """
)
_CONVENTIONAL = vocabulary(
    """
    language lang locale currency country unit units format timezone tz code symbol ticker airport iata sort order
    mode category status level role style method algorithm model engine verbosity limit offset page size top k n
    temperature timeout depth precision radius lat lon lng latitude longitude zoom direction encoding type kind
    detail scope source target system scale gender state region continent action operation severity priority
    visibility importance urgency
    """
)
"""Parameters that are filled from general knowledge or habit."""
_PLACEHOLDER = re.compile(
    r"<(?!redact|mask|remov|hid|filter)[a-z][\w -]{1,40}>|\[(?!redact|mask|remov|hid|filter)[a-z][\w -]{1,40}\]"
    r"|(?:YOUR|INSERT|ENTER)(?:[_-][A-Z\d]{1,20}){1,5}|your(?:_[a-z\d]{1,20}){1,5}|(?:insert|enter)_\w{2,30}_here"
    r"|(?:user|test|name|someone)@(?:example|test|domain|email)\.(?:com|org)|[xX]{3,40}"
)
"""In small letters where it stands in brackets: what an instrumentation made unreadable stands there in capitals."""


class _Doubt(NamedTuple):
    code: str
    text: str
    use: ToolUse
    estimate: float


def values_given(target: Target) -> Verdict | CannotTell:
    """Argument values that nothing supports: not the request, the prompts, an earlier result, nor the definition.

    An identifier, e-mail address or phone number that stands nowhere (2; a lookup that worked: 3), a placeholder (2),
    an enum member where the request names another one (2.5), a number (before any result came) or date that stands
    nowhere and cannot be worked out simply, while the request gives one that no call uses (2.5), the same with names
    (4, since a capital may rightly stand for its country). Free text, what tools create, and parameters filled by
    habit or general knowledge are not looked at; an optional value that nobody asked for counts in the measure
    `unasked_arguments_share` only. Cannot tell where the request, or what an earlier call returned, was not captured.
    Reads English and what is written the same anywhere.
    """
    uses = [use for use in uses_of(target) if use.arguments_captured and not use.is_answer]
    if not uses:
        return (
            _NO_CALLS if not uses_of(target) else CannotTell("the arguments were not captured", missing_evidence=True)
        )
    view = target.view
    if view.task is None or view.trace.truncated or _has_media(view):
        return CannotTell("not all that the values may come from was captured", missing_evidence=True)
    origins = target.once.keyed((Origins, id(view)), lambda: Origins(view, target.once))
    if origins.cut:
        return CannotTell("there is more to look through than is looked at")
    wanting = target.once.keyed((Leftover, id(view)), lambda: Leftover(view, target.once))
    judged = (use for use in uses[:_MAX_JUDGED] if not _is_blind(view, use))
    values = ((use, name, value) for use in judged for name, value in scalars(use.arguments))
    found = list(_doubts(islice(values, _MAX_VALUES), origins, wanting))
    metrics = _unasked(uses, origins)
    if not found:
        return Verdict(5.0, "the values of the arguments have an origin", metrics=metrics, weight=0.25)
    findings = Findings(PLAN)
    found.sort(key=lambda doubt: doubt.estimate)
    for doubt in found[:20]:
        findings.add(doubt.code, doubt.text, stage="LLM", span_ids=(doubt.use.span_id,))
    return Verdict(found[0].estimate, findings.all[0].text, tuple(findings.all), findings.spans, metrics)


def _has_media(view: TraceView) -> bool:
    """Pictures and recordings may tell what no text does."""
    return any(message.media for step in view.llm[:50] for message in step.genai.input_messages or ())


def _is_blind(view: TraceView, use: ToolUse) -> bool:
    """What an earlier call returned was not captured: the value may stand there."""
    return any(
        not other.result_captured and not other.error and other.requested_by != use.requested_by
        for other in view.tool_uses[:2000]
        if other.start_ns < use.start_ns
    )


def _doubts(values: Iterable[tuple[ToolUse, str, Value]], origins: Origins, wanting: Leftover) -> Iterator[_Doubt]:
    before: dict[int, Sequence[Source]] = {}
    for use, name, value in values:
        if id(use) not in before:
            before[id(use)] = origins.before(use)
        doubt = _doubt(use, name, value, _rules(use).get(name), before[id(use)], wanting)
        if doubt is not None:
            yield doubt


def _rules(use: ToolUse) -> dict[str, Any]:
    rules = use.definition.parameters if use.definition is not None else None
    known = rules.get("properties") if isinstance(rules, dict) else None
    return known if isinstance(known, dict) else {}


def _doubt(
    use: ToolUse, name: str, value: Value, rules: Any, before: Sequence[Source], wanting: Leftover
) -> _Doubt | None:
    spoken = name_words(name)
    if isinstance(value, bool) or value is None or _is_told(value, rules):
        return _other_member(use, name, value, rules, wanting)
    if isinstance(value, int) and _is_identifier(use, spoken, str(value)[:80]):
        return _nowhere(use, name, str(value)[:80], before) if value > 9999 else None
    if isinstance(value, (int, float)):
        return _number(use, name, float(value), spoken, before, wanting) if abs(value) < _HUGE else None
    if not isinstance(value, str) or not value.strip() or len(value) > 80:
        return None
    if _PLACEHOLDER.fullmatch(value.strip()) and not _stands(value, before):
        return _Doubt(
            "plan.placeholder_argument", f"{use.name}.{name} is a placeholder: {shorten(value, 30)}", use, 2.0
        )
    if _is_identifier(use, spoken, value):
        return _nowhere(use, name, value, before)
    if not _FREE.isdisjoint(spoken[-1:]) or not _CONVENTIONAL.isdisjoint(spoken):
        return _other_member(use, name, value, rules, wanting)
    return _date(use, name, value, before, wanting) or _name(use, name, value, before, wanting)


def _is_told(value: Value, rules: Any) -> bool:
    """The definition itself tells the value: its default, an enum member, an example in the description."""
    if not isinstance(rules, dict):
        return False
    if value == rules.get("default") or value in (rules.get("enum") or ()):
        return True
    shown = str(rules.get("description") or "")[:2000].lower() + str(rules.get("examples") or "")[:500].lower()
    return str(value).lower() in shown if len(str(value)) > 2 else str(value).lower() in words(shown)


_COMMON_MEMBERS = vocabulary("all any none auto default other true false yes no both custom unknown general")


_RULED_OUT = re.compile(r"\b(?:not|no|except|without|instead of|rather than|other than|n't|avoid)\b", re.IGNORECASE)


def _other_member(use: ToolUse, name: str, value: Value, rules: Any, wanting: Leftover) -> _Doubt | None:
    """The request names one of the allowed values, and the call gives another that it does not name."""
    allowed = rules.get("enum") if isinstance(rules, dict) else None
    if not isinstance(allowed, list) or not isinstance(value, str) or not 2 <= len(allowed) <= 50:
        return None
    members = [one for one in allowed if isinstance(one, str) and len(one) > 2 and one.lower() not in _COMMON_MEMBERS]
    spoken = f" {' '.join(words(wanting.task))} "
    named = [one for one in members if f" {' '.join(words(one.replace('_', ' ')))} " in spoken]
    if len(named) != 1 or value in named or value not in members or not wanting.is_unused(named[0]):
        return None
    if _RULED_OUT.search(wanting.task):
        return None
    return _Doubt("plan.other_value", f"{use.name}.{name} is {shorten(value, 30)}; asked was {named[0]}", use, 2.5)


def _is_identifier(use: ToolUse, spoken: Sequence[str], value: str) -> bool:
    digits = sum(sign.isdigit() for sign in value)
    if "@" in value and "." in value and " " not in value.strip():
        return True
    if digits < 3 or " " in value.strip() or not spoken or spoken[-1] not in _NAMES_ONE:
        return False
    return _MADE_BY_THE_CALLER.isdisjoint(spoken) and name_words(use.name)[:1] not in ([verb] for verb in _CREATES)


def _nowhere(use: ToolUse, name: str, value: str, before: Sequence[Source]) -> _Doubt | None:
    if _stands(value, before) or (_is_made_of(value, before) if "@" in value else _core_stands(value, before)):
        return None
    text = f"{use.name}.{name} stands nowhere before the call: {shorten(value, 30)}"
    looked_up = use.result_captured and not outcome.failed(use) and not outcome.acts(use.name)
    return _Doubt("plan.invented_value", text, use, 3.0 if looked_up else 2.0)


def _stands(value: str, before: Sequence[Source]) -> bool:
    wanted = compact(value)
    return not wanted or any(wanted in source.compact for source in before)


_LONG_RUN = re.compile(r"\d{3,}")
_LOCAL = 7
"""Digits of a telephone number without the codes that are put before it."""


def _core_stands(value: str, before: Sequence[Source]) -> bool:
    """All longer runs of digits stand somewhere: "order 4711" is ORD-4711, 555 1234567 is +15551234567."""
    runs = [run.lstrip("0") for run in _LONG_RUN.findall(compact(value))]
    cores = [run[-_LOCAL:] if len(run) >= 9 else run for run in runs]
    return bool(cores) and all(len(core) > 1 and any(core in source.compact for source in before) for core in cores)


def _is_made_of(address: str, before: Sequence[Source]) -> bool:
    """The company's domain stands somewhere, and so does a name: how addresses are put together is often told."""
    domain = address.partition("@")[2].rpartition(".")[0]
    return _stands(domain, before)


def _number(
    use: ToolUse, name: str, value: float, spoken: Sequence[str], before: Sequence[Source], wanting: Leftover
) -> _Doubt | None:
    unused = wanting.numbers
    if not unused or not _CONVENTIONAL.isdisjoint(spoken) or literal(value, wanting.digits):
        return None
    if any(source.read or literal(value, source.digits) for source in before):
        return None  # what can be worked out from a result is not followed
    if derived(value, unused, wanting.given):
        return None
    text = f"{use.name}.{name} is {value:g}, which nobody gave; no call uses {unused[0]:g} of the request"
    return _Doubt("plan.other_value", text, use, 2.5)


_RELATIVE = vocabulary(
    """
    today tomorrow yesterday tonight now next last this coming following previous after before later earlier until
    till monday tuesday wednesday thursday friday saturday sunday weekend week weeks month months day days night
    nights year years
    """
)


def _date(use: ToolUse, name: str, value: str, before: Sequence[Source], wanting: Leftover) -> _Doubt | None:
    days = {day for claim in claims(value) for day in days_of(claim.date)}
    if not days or not _RELATIVE.isdisjoint(words(wanting.task)):
        return None
    known = {day for source in before for claim in source.claims for day in days_of(claim.date)}
    unused = wanting.dates
    if not days.isdisjoint(known) or not unused:
        return None
    text = f"{use.name}.{name} is {shorten(value, 30)}, which nobody gave; no call uses {unused[0]} of the request"
    return _Doubt("plan.other_value", text, use, 2.5)


def _name(use: ToolUse, name: str, value: str, before: Sequence[Source], wanting: Leftover) -> _Doubt | None:
    """A short value of which no word stands anywhere, while a name of the request is used nowhere."""
    own = [word for word in words(value) if word not in STOPWORDS]
    if not 1 <= len(own) <= 4 or _is_code(value) or not value.isascii() or _DIGIT.search(value):
        return None
    stems = {stem(word) for word in own}
    if any(not stems.isdisjoint(source.stems) for source in before) or _stands(value, before):
        return None
    own_words = _stems_of_definition(use)
    left = wanting.names if _CAPITAL.search(value) else wanting.marked
    unused = [one for one in left if own_words.isdisjoint(map(stem, words(one)))]
    if not unused:
        return None
    text = f"{use.name}.{name} is {shorten(value, 30)}, which nobody said; no call uses {shorten(unused[0], 30)}"
    return _Doubt("plan.odd_value", text, use, 4.0)


_CAPITAL = re.compile("[A-Z]")
_DIGIT = re.compile(r"\d")


def _is_code(value: str) -> bool:
    return len(value) <= 3 or (len(value) <= 8 and value.isupper())


def _stems_of_definition(use: ToolUse) -> frozenset[str]:
    """Of the tool's name and description: what is said there of the request is taken up by calling the tool."""
    described = use.definition.description[:2000] if use.definition is not None else ""
    return frozenset(map(stem, (*name_words(use.name), *words(described))))


def _unasked(uses: Sequence[ToolUse], origins: Origins) -> dict[str, float]:
    """Share of the optional arguments given whose value stands nowhere: habit, mostly, and no fault."""
    given, unasked = 0, 0
    for use in uses[:20]:
        rules = use.definition.parameters if use.definition is not None else None
        if not isinstance(rules, dict) or not isinstance(use.arguments, dict):
            continue
        required = rules.get("required")
        optional = [n for n in use.arguments if n not in (required if isinstance(required, list) else ())]
        given += len(optional[:20])
        before = origins.before(use)
        unasked += sum(_is_unasked(use.arguments[name], before) for name in optional[:20])
    return {"unasked_arguments_share": unasked / given} if given else {}


def _is_unasked(value: Value, before: Sequence[Source]) -> bool:
    if isinstance(value, (bool, dict, list)) or value is None:
        return False
    if isinstance(value, (int, float)):
        return abs(value) < _HUGE and not any(literal(float(value), source.digits) for source in before)
    return isinstance(value, str) and not _stands(value[:200], before)
