"""Model calls that a trace tells twice, side by side.

Some providers' clients write spans of their own now (Anthropic's, Mistral's), and an instrumentation on top of them
that does not make its span current gives two siblings for one call. Logfire writes what a stream answered as a second
span, after the one of the request. The later one is taken for a child of the earlier: then all that holds for a model
call in a model call holds for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from otel_scorer.conventions.identity import models_of, response_id_of
from otel_scorer.conventions.usage import usage_of
from otel_scorer.model import Kind, Span

_MOST_SIBLINGS = 8
"""So many of the calls before are looked at."""


def repeated_calls(spans: Mapping[str, Span], kinds: Mapping[str, Kind]) -> dict[str, str]:
    """{id of a model call: id of the one that tells the same call, and began before it}. `spans` in order of start."""
    calls = [span for span_id, span in spans.items() if kinds[span_id] == "LLM"]
    scopes = {span.scope.name for span in calls}
    if len(calls) < 2 or (len(scopes) < 2 and not any(name.startswith("logfire.") for name in scopes)):
        return {}
    found: dict[str, str] = {}
    firsts: dict[str, list[Span]] = {}
    before: Span | None = None
    for span in calls:
        siblings = firsts.setdefault(span.parent_id, [])
        twin = next((one for one in siblings[-_MOST_SIBLINGS:] if _is_same_call(one, span)), None)
        if twin is None and before is not None:
            near = (before, *reversed(siblings[-_MOST_SIBLINGS:]))
            twin = next((one for one in near if _is_streamed_answer(one, span)), None)
        if twin is None:
            siblings.append(span)
        else:
            found[span.span_id] = twin.span_id
        before = span
    return found


def _is_same_call(one: Span, other: Span) -> bool:
    """Two instrumentations tell of one model, or of as many tokens, at the same time, and not of two responses."""
    if one.scope.name == other.scope.name:
        return False
    together = min(one.end_ns, other.end_ns) - max(one.start_ns, other.start_ns)
    shorter = min(one.end_ns - one.start_ns, other.end_ns - other.start_ns)
    if together <= 0 or together * 2 < shorter or not (_same_model(one, other) or _as_many_tokens(one, other)):
        return False
    if _told_apart(one, other):
        return False
    ids = {response_id for response_id in map(response_id_of, (one, other)) if response_id}
    return len(ids) < 2


def _is_streamed_answer(call: Span, answer: Span) -> bool:
    """Logfire's second span, which has no length, right after the request that tells no answer."""
    if answer.attributes.get("logfire.span_type") != "log" or answer.end_ns > answer.start_ns:
        return False
    if "gen_ai.output.messages" in call.attributes or call.attributes.get("logfire.span_type") == "log":
        return False
    asked, again = call.attributes.get("request_data"), answer.attributes.get("request_data")
    return _same_model(call, answer) and (asked == again or not asked or not again)


def _told_apart(one: Span, other: Span) -> bool:
    """Both tell other tokens, in and out. Of one call one of the two may differ: not all count cached ones, or the end
    of a stream, alike.
    """
    told, again = usage_of(one), usage_of(other)
    pairs = ((told.input, again.input), (told.output, again.output))
    return all(here and there and here != there for here, there in pairs)


def _as_many_tokens(one: Span, other: Span) -> bool:
    """In and out, where both are told."""
    told, again = usage_of(one), usage_of(other)
    return bool(told.input and told.output) and (told.input, told.output) == (again.input, again.output)


def _same_model(one: Span, other: Span) -> bool:
    """The model that was asked for; some leave the maker's name away (`anthropic.claude-...`)."""
    asked, named = models_of(one)[0], models_of(other)[0]
    return bool(asked and named) and (asked.endswith(named) or named.endswith(asked))
