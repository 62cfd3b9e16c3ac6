"""What goes into the store for one trace, and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from otel_scorer.ledger.keys import Member, StoredEnvelope, envelope_key, pack_heads
from otel_scorer.wire import AgentSpan, Envelope, Head, JoinedLog

_ENVELOPE_KEY_BYTES = 8


@dataclass(slots=True)
class TracePut:
    """What one request says of one trace; filled by `add_*`, written in one script."""

    member: Member
    headers: Mapping[str, str]
    spans: dict[bytes, bytes] = field(default_factory=dict)
    envelopes: dict[bytes, bytes] = field(default_factory=dict)
    logs: dict[bytes, bytes] = field(default_factory=dict)
    _heads: list[tuple[bytes, bytes, int, bool]] = field(default_factory=list)
    _passed: list[tuple[bytes, bytes, int, bool]] = field(default_factory=list)
    _names: dict[Envelope, bytes] = field(default_factory=dict)

    def add_span(self, span: AgentSpan) -> None:
        if span.key not in self.spans:
            self.spans[span.key] = self._named(span.envelope) + span.raw
            self._heads.append((span.span_id, span.parent_id, span.flags, True))

    def add_log(self, log: JoinedLog) -> None:
        self.logs[log.key] = self._named(log.envelope) + log.raw

    def add_head(self, head: Head) -> None:
        self._passed.append((head.span_id, head.parent_id, head.flags, False))

    def heads(self, start: int = 0, end: int | None = None) -> bytes:
        """Packed: those of `spans` in their order, then of spans that are passed on."""
        return pack_heads((self._heads + self._passed)[start:end])

    @property
    def unseen_parents(self) -> set[bytes]:
        """Parents that are not in the same request: what a later one may bring."""
        heads = self._heads + self._passed
        seen = {span_id for span_id, *_ in heads}
        return {parent for _, parent, *_ in heads if parent and parent not in seen}

    def _named(self, envelope: Envelope) -> bytes:
        key = self._names.get(envelope)
        if key is None:
            packed = StoredEnvelope(envelope, self.headers).pack()
            key = self._names[envelope] = envelope_key(packed)
            self.envelopes[key] = packed
        return key


class PutCount(NamedTuple):
    """What one put changed: spans that are new, spans that were there, new log records, spans that came after
    sealing.
    """

    added: int
    duplicates: int
    logs: int
    late: int


class StoredSpan(NamedTuple):
    """One span in the store. `frozen` are the appended attribute bytes of an export that has begun, None before."""

    key: bytes
    raw: bytes
    stored: StoredEnvelope
    release_ms: int | None
    """When it has to go; None when it is not held (released, or tap)."""
    frozen: bytes | None
    postponed: bool = False
    """It may be a root, and its hold was prolonged once."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that the store has of one trace."""

    spans: tuple[StoredSpan, ...]
    logs: tuple[tuple[bytes, Envelope], ...] = ()

    @property
    def held(self) -> tuple[StoredSpan, ...]:
        return tuple(span for span in self.spans if span.release_ms is not None)


def envelopes_named(fields: Mapping[bytes, bytes]) -> set[bytes]:
    """Fields of the envelopes that the spans and log records among these fields stand in."""
    return {b"e" + value[:_ENVELOPE_KEY_BYTES] for name, value in fields.items() if value and name[:1] in (b"s", b"l")}


def content_of(fields: Mapping[bytes, bytes], held: Mapping[bytes, int]) -> Content:
    """From the fields of a trace's hash and the members of its held set. What lacks its envelope is left out: it came
    while these were read.
    """
    envelopes = {name[1:]: StoredEnvelope.unpack(value) for name, value in fields.items() if name[:1] == b"e"}
    spans = []
    logs = []
    for name, value in fields.items():
        tag = name[:1]
        if tag not in (b"s", b"l"):
            continue
        stored = envelopes.get(value[:_ENVELOPE_KEY_BYTES])
        if stored is None:
            continue  # also a span that a bypass has sent: only its key is known
        if tag == b"s":
            key = name[1:]
            spans.append(
                StoredSpan(
                    key,
                    value[_ENVELOPE_KEY_BYTES:],
                    stored,
                    held.get(key),
                    fields.get(b"x" + key),
                    b"p" + key in fields,
                )
            )
        else:
            logs.append((value[_ENVELOPE_KEY_BYTES:], stored.envelope))
    return Content(tuple(spans), tuple(logs))


@dataclass(frozen=True, slots=True)
class Advance:
    """What a claimant writes of its trace. `due_ms` None keeps the lease."""

    member: Member
    fence: int
    due_ms: int | None = None
    heed_holds: bool = True
    """Due no later than the next held span's time; False after a failed send, which is not to be tried at once."""
    meta: Mapping[str, str | bytes | int] = field(default_factory=dict)
    appendices: Mapping[bytes, bytes] = field(default_factory=dict)
    """Span key -> attribute bytes to append; the first that is written stays."""
    done: Iterable[bytes] = ()
    """Keys of spans that the backend has (or that are quarantined)."""
    postponed: Mapping[bytes, int] = field(default_factory=dict)
    """Span key -> new release time."""
    wanted: Mapping[str, int] = field(default_factory=dict)
    """Hex id of an unseen parent -> when nobody wants it any more (ms)."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An outbox record: a whole OTLP request of one evaluation span or log record.

    `id` is made of what it says; tenants may have equal trace ids, so the store keeps it as `tenant/id`.
    """

    id: str
    signal: Literal["traces", "logs"]
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commit:
    """The end of a trace."""

    member: Member
    fence: int
    decision: str
    record: str
    """JSON of the history record, "" for late spans (their trace has one)."""
    kept: bytes = b""
    exported: tuple[bytes, ...] = ()
    outbox: tuple[Outgoing, ...] = ()
