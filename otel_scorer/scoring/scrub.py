"""Personal data and secrets out of what leaves the process: for the judge, and for content that is kept.

Each find becomes a pseudonym, `[EMAIL_1]`, numbered in order of appearance, equal values alike: who is meant is lost,
that it is the same one is not. Detectors never find everything, and names stay unless asked for (NAMES); what is
promised is only that what they find is gone. Linear in the text; what is longer than MAX_TEXT is cut, never passed on
unsearched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

from otel_scorer.model import Attributes, Event, Link, LogRecord, Resource, Scope, Span, Trace, Value
from otel_scorer.scoring.clean import clip
from otel_scorer.scoring.detection.credentials import secrets
from otel_scorer.scoring.detection.hits import MAX_TEXT, settle
from otel_scorer.scoring.detection.personal import ADDRESSES, LEAKS, personal_data

MAX_DEPTH = 64
SCRUBBED = LEAKS | ADDRESSES
"""Kinds that go. Names stay: a judge could not tell any more whether an answer names the right one."""
NAMES = frozenset(("person", "organization"))
"""Kinds that go too where `Pseudonyms(also=NAMES)` asks for it: found by lists and context, so some stay."""


_SPELLED_FREELY = ADDRESSES | {"phone", "payment_card", "iban", "social_security_number"}
"""Signs between the letters and digits do not make another one of these."""
_NO_LETTERS = re.compile(r"[\W_]+")


class Pseudonyms:
    """The names given so far, for one trace. Not shared between threads."""

    def __init__(self, also: frozenset[str] = frozenset()) -> None:
        self.kinds = SCRUBBED | also
        self._given: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self.seen: dict[str, str] = {}
        """Texts already scrubbed: they come again with every span, and in every prompt about one trace."""
        self.resources: dict[int, tuple[Resource, Resource]] = {}
        """By identity, with what was made of them: many spans have the same one."""
        self.scopes: dict[int, tuple[Scope, Scope]] = {}
        self._room = _REMEMBERED_CHARS

    def copy(self) -> Pseudonyms:
        """One that goes on from here by itself: what it names further is not known to this one."""
        twin = Pseudonyms(self.kinds)
        twin._given, twin._counts, twin.seen = {**self._given}, {**self._counts}, {**self.seen}
        return twin

    def remember(self, text: str, scrubbed: str) -> None:
        """Spares the search when the same text comes again; only so many characters are kept."""
        if len(text) <= self._room:
            self._room -= len(text)
            self.seen[text] = scrubbed

    def name(self, kind: str, text: str) -> str:
        """The pseudonym of `text`, a new number where it is seen for the first time."""
        spelled = text.lower() if kind not in _SPELLED_FREELY else _NO_LETTERS.sub("", text.lower())
        key = (kind, "".join(spelled.split()))
        if key not in self._given:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._given[key] = f"[{kind.upper()}_{self._counts[kind]}]"
            if kind == "person":
                self._name_parts(spelled, self._given[key])
        return self._given[key]

    def _name_parts(self, name: str, pseudonym: str) -> None:
        """`Salgado` after `Beatriz Salgado` is the same person: the first one who bore the name."""
        for part in name.split() if " " in name else ():
            self._given.setdefault(("person", part), pseudonym)


def scrub_text(text: str, pseudonyms: Pseudonyms) -> str:
    """`text` with every find replaced. Of one longer than MAX_TEXT only head and tail are left."""
    if not (_MAY_HOLD if pseudonyms.kinds == SCRUBBED else _MAY_HOLD_NAME).search(text):
        return text
    done = pseudonyms.seen.get(text)
    if done is None:
        done = _replace_all(clip(text, MAX_TEXT), pseudonyms)
        pseudonyms.remember(text, done)
    return done


_MAY_HOLD = re.compile(r"[0-9@]|PRIVATE KEY")
"""What every find holds at least: most texts of a trace are keys and names without."""
_MAY_HOLD_NAME = re.compile(r"[0-9@ ]|[^a-z_.]")
_REMEMBERED_CHARS = 2_000_000


def _replace_all(text: str, pseudonyms: Pseudonyms) -> str:
    """Until nothing more is found: of two finds without a gap, one may only be seen when the other is gone."""
    for _ in range(_PASSES):
        before, text = text, _replace_hits(text, pseudonyms)
        if text == before:
            break
    return text


_PASSES = 12


def _replace_hits(text: str, pseudonyms: Pseudonyms) -> str:
    parts: list[str] = []
    done = 0
    for hit in settle(chain(secrets(text), personal_data(text, pseudonyms.kinds))):
        parts += (text[done : hit.start], pseudonyms.name(hit.kind, hit.text))
        done = hit.end
    return "".join((*parts, text[done:]))


_SECRET_KEY = re.compile(
    r"(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|pwd|secret|api[_.-]?key|access[_.-]?key|private[_.-]?key|authorization|"
    r"(?:access|auth|refresh|id|session|bearer)[_.-]?token|cookie|credentials?)$",
    re.IGNORECASE,
)
_LONG_ENOUGH = 4


def scrub_value(value: Value, pseudonyms: Pseudonyms, key: str = "", depth: int = 0) -> Value:
    """`value` with all strings and keys scrubbed; what stands under a key such as `password` goes whatever it is."""
    if isinstance(value, str):
        if _SECRET_KEY.search(key) and len(value) >= _LONG_ENOUGH and not _is_pseudonym(value):
            return pseudonyms.name("secret", value)
        return scrub_text(value, pseudonyms)
    if depth >= MAX_DEPTH:
        return "[nested too deep]"
    if isinstance(value, list):
        return [scrub_value(item, pseudonyms, key, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            scrub_text(str(name), pseudonyms): scrub_value(item, pseudonyms, str(name), depth + 1)
            for name, item in value.items()
        }
    return _scrub_plain(value, pseudonyms)


def _is_pseudonym(text: str) -> bool:
    return bool(re.fullmatch(r"\[[A-Z_]+_[0-9]+\]", text))


def _scrub_plain(value: Value, pseudonyms: Pseudonyms) -> Value:
    """Numbers can be card numbers; bytes can be text."""
    if isinstance(value, bytes):
        return scrub_text(value.decode("utf-8", "replace"), pseudonyms).encode()
    if type(value) is int and abs(value) >= 10**11:
        text = str(value)
        scrubbed = scrub_text(text, pseudonyms)
        return value if scrubbed == text else scrubbed
    return value


def scrub_trace(trace: Trace) -> Trace:
    """`trace` with every string scrubbed: attributes, names, events, links, status, logs, resource, scope. Ids stay."""
    pseudonyms = Pseudonyms()
    return replace(trace, spans=tuple(_scrub_span(span, pseudonyms) for span in trace.spans))


def _scrub_span(span: Span, pseudonyms: Pseudonyms) -> Span:
    return replace(
        span,
        name=scrub_text(span.name, pseudonyms),
        attributes=_scrub_attributes(span.attributes, pseudonyms),
        events=tuple(_scrub_event(event, pseudonyms) for event in span.events),
        links=tuple(_scrub_link(link, pseudonyms) for link in span.links),
        status_message=scrub_text(span.status_message, pseudonyms),
        trace_state=scrub_text(span.trace_state, pseudonyms),
        resource=_scrub_resource(span.resource, pseudonyms),
        scope=_scrub_scope(span.scope, pseudonyms),
        logs=tuple(_scrub_log(log, pseudonyms) for log in span.logs),
    )


def _scrub_attributes(attributes: Attributes, pseudonyms: Pseudonyms) -> Mapping[str, Value]:
    return {scrub_text(key, pseudonyms): scrub_value(value, pseudonyms, key) for key, value in attributes.items()}


def _scrub_event(event: Event, pseudonyms: Pseudonyms) -> Event:
    return replace(
        event, name=scrub_text(event.name, pseudonyms), attributes=_scrub_attributes(event.attributes, pseudonyms)
    )


def _scrub_link(link: Link, pseudonyms: Pseudonyms) -> Link:
    return replace(link, attributes=_scrub_attributes(link.attributes, pseudonyms))


def _scrub_log(log: LogRecord, pseudonyms: Pseudonyms) -> LogRecord:
    return replace(
        log,
        event_name=scrub_text(log.event_name, pseudonyms),
        body=scrub_value(log.body, pseudonyms),
        attributes=_scrub_attributes(log.attributes, pseudonyms),
        scope=_scrub_scope(log.scope, pseudonyms),
        resource=_scrub_resource(log.resource, pseudonyms),
    )


def _scrub_resource(resource: Resource, pseudonyms: Pseudonyms) -> Resource:
    if id(resource) not in pseudonyms.resources:
        attributes = _scrub_attributes(resource.attributes, pseudonyms)
        scrubbed = replace(resource, attributes=attributes, schema_url=scrub_text(resource.schema_url, pseudonyms))
        pseudonyms.resources[id(resource)] = (resource, scrubbed)
    return pseudonyms.resources[id(resource)][1]


def _scrub_scope(scope: Scope, pseudonyms: Pseudonyms) -> Scope:
    if id(scope) not in pseudonyms.scopes:
        scrubbed = replace(
            scope,
            name=scrub_text(scope.name, pseudonyms),
            version=scrub_text(scope.version, pseudonyms),
            attributes=_scrub_attributes(scope.attributes, pseudonyms),
            schema_url=scrub_text(scope.schema_url, pseudonyms),
        )
        pseudonyms.scopes[id(scope)] = (scope, scrubbed)
    return pseudonyms.scopes[id(scope)][1]
