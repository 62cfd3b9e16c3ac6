"""What went wrong on a span, as its instrumentation says it in status, events or attributes (reference 3.16).

Nothing is guessed from the text of an answer or of a tool result. Cheap: looks at named keys only, so that sealing
can ask it of every span.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from otel_scorer.model import STATUS_ERROR, STATUS_OK, Event, Span, Value

_TEXT_KEYS = ("exception.message", "error.message", "langfuse.observation.status_message", "otel.status_description")
_STATE_KEYS: tuple[tuple[str, frozenset[Value]], ...] = (
    ("langfuse.observation.level", frozenset({"ERROR"})),
    ("gen_ai.tool.status", frozenset({"error"})),
    ("otel.status_code", frozenset({"ERROR"})),
    ("error", frozenset({True, "true", "True"})),
)
FAULT_KEYS = frozenset({"error.type", "success", *(key for key, _ in _STATE_KEYS)})
"""A span without one of them says in its status or events that it failed, or not at all."""
_LIMITED = ("ratelimit", "toomanyrequests", "quota", "resourceexhausted", "throttl", "budgetexceed", "exceededbudget")
_TOO_MANY_REQUESTS = re.compile(r"(?<!\d)429(?!\d)")
_BETWEEN_WORDS = str.maketrans("", "", " _-")
_LOOK_AT = 2000
"""Characters of an error's text that are searched: a stack trace does not say more in its middle."""


def error_of(span: Span) -> str | None:
    """The error's text, its type or `error` when there is no text; None when nobody says that the span failed.

    A recorded exception on a span whose status is OK was handled and is no fault.
    """
    if span.status_code == STATUS_OK:
        return None
    failed = span.status_code == STATUS_ERROR or _says_error(span)
    exception = _exception(span) if failed or span.events else None
    if not failed and exception is None:
        return None
    return span.status_message or exception or _attribute_text(span) or _error_type(span) or "error"


def without_echoes(spans: Iterable[Span]) -> list[Span]:
    """The spans; one that says it failed with the words of an exception that another span had before it started, and
    had none itself, did not fail: OpenInference's processor for Vercel's SDK gives a trace's first error to every span
    that ends later. A span over the failed one is left as it is: it started before.
    """
    found = list(spans)
    failed = [span for span in found if span.status_code == STATUS_ERROR and span.status_message]
    if len(failed) < 2:
        return found
    ended: dict[tuple[str, str], int] = {}
    for span in failed:
        if _exception(span) is not None:
            said = (span.scope.name, span.status_message)
            ended[said] = min(span.end_ns, ended.get(said, span.end_ns))
    echoes = {id(span) for span in failed if _is_echo(span, ended.get((span.scope.name, span.status_message)))}
    if not echoes:
        return found
    return [replace(span, status_code=0, status_message="") if id(span) in echoes else span for span in found]


def _is_echo(span: Span, said_ns: int | None) -> bool:
    return said_ns is not None and said_ns <= span.start_ns and _exception(span) is None and not _error_type(span)


def is_limited(text: str) -> bool:
    """An error's text that tells of a rate limit, a quota or a budget."""
    looked_at = text[:_LOOK_AT]
    squeezed = looked_at.lower().translate(_BETWEEN_WORDS)
    return any(word in squeezed for word in _LIMITED) or _TOO_MANY_REQUESTS.search(looked_at) is not None


def _says_error(span: Span) -> bool:
    attributes = span.attributes
    if FAULT_KEYS.isdisjoint(attributes):
        return False
    if _error_type(span):
        return True
    for key, values in _STATE_KEYS:
        value = attributes.get(key)
        if isinstance(value, bool | str) and value in values:
            return True
    # Claude Code writes `success` as a bool; the key alone is too common to be read on a span that is not its own.
    return attributes.get("success") is False and "span.type" in attributes


def _error_type(span: Span) -> str:
    value = span.attributes.get("error.type")
    return value if isinstance(value, str) else ""


def _attribute_text(span: Span) -> str | None:
    for key in _TEXT_KEYS:
        value = span.attributes.get(key)
        if isinstance(value, str) and value:
            return value
    value = span.attributes.get("error")
    return value if isinstance(value, str) and value.lower() != "true" else None


def _exception(span: Span) -> str | None:
    for event in reversed(span.events):
        if event.name == "exception":
            return _exception_text(event)
    return None


def _exception_text(event: Event) -> str:
    kind, message = event.attributes.get("exception.type"), event.attributes.get("exception.message")
    return ": ".join(part for part in (kind, message) if isinstance(part, str) and part) or "exception"
