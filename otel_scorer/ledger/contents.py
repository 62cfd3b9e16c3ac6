"""What goes into the store for one trace, and what comes out of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from otel_scorer.ledger.bundles import MOST_SPANS, bundled, count_in, pack_bundle
from otel_scorer.ledger.client import Argument
from otel_scorer.ledger.keys import Member, StoredEnvelope, named_envelope, pack_heads
from otel_scorer.wire import AgentSpan, Envelope, Head, JoinedLog

_ENVELOPE_NAME_BYTES = 8
_MARKS = (b"d", b"p", b"x")
CONTENT_TAGS = (b"b", b"e", b"l", *_MARKS)
"""First bytes of the fields that `content_of` reads."""
_PART_BYTES = 256 * 1024
_KEY_WORK = 64
"""What is said of one span counts as so many bytes: it is work for the store."""


@dataclass(slots=True)
class TracePut:
    """Filled by `add_*`; nothing is in it twice."""

    member: Member
    headers: Mapping[str, str]
    spans: dict[bytes, AgentSpan] = field(default_factory=dict)
    """By key."""
    logs: dict[bytes, JoinedLog] = field(default_factory=dict)
    passed: list[Head] = field(default_factory=list)

    def add_span(self, span: AgentSpan) -> None:
        self.spans.setdefault(span.key, span)

    def add_log(self, log: JoinedLog) -> None:
        self.logs[log.key] = log

    def add_head(self, head: Head) -> None:
        """Of a span that is passed on."""
        self.passed.append(head)

    @property
    def unseen_parents(self) -> set[bytes]:
        """Parents that are not in the same request: what a later one may bring."""
        here: list[AgentSpan | Head] = [*self.spans.values(), *self.passed]
        return {one.parent_id for one in here}.difference([one.span_id for one in here], (b"",))

    def parts(self) -> Iterator[PutPart]:
        """What is written at once, mostly all of it. Each part brings its own heads and parents: of one that was
        written before, nothing is taken.
        """
        wanted = sorted([parent.hex() for parent in self.unseen_parents])
        groups = list(_groups(self.spans)) or [[]]
        at = 0
        for number, keys in enumerate(groups, 1):
            last = number == len(groups)
            end = None if last else at + len(keys)
            yield self._part(keys, wanted[at:end], last=last)
            at += len(keys)

    def _part(self, keys: Sequence[bytes], wanted: list[str], *, last: bool) -> PutPart:
        spans = [self.spans[key] for key in keys]
        records = self.logs if last else {}
        around = {span.envelope for span in spans} | {log.envelope for log in records.values()}
        named = {envelope: named_envelope(envelope, self.headers) for envelope in around}
        bundle = pack_bundle(keys, [named[span.envelope][0] for span in spans], [span.raw for span in spans])
        heads = [(span.span_id, span.parent_id, span.flags, True) for span in spans]
        if last:
            heads += [(head.span_id, head.parent_id, head.flags, False) for head in self.passed]
        logs = {key: named[log.envelope][0] + log.raw for key, log in records.items()}
        return PutPart(self.member, pack_heads(heads), len(keys), bundle, dict(named.values()), logs, wanted)


class PutPart(NamedTuple):
    """Of one trace; `envelopes` and `logs` by their names."""

    member: Member
    heads: bytes
    spans: int
    bundle: bytes
    envelopes: Mapping[bytes, bytes]
    logs: Mapping[bytes, bytes]
    wanted: Sequence[str]

    @property
    def size(self) -> int:
        texts = sum(map(len, self.logs.values())) + sum(map(len, self.envelopes.values()))
        return len(self.bundle) + texts

    def arguments(self) -> list[Argument]:
        """As `put.lua` wants them."""
        found: list[Argument] = [str(self.member), self.heads, self.spans, self.bundle]
        found += [len(self.envelopes), len(self.logs), len(self.wanted)]
        for pairs in (self.envelopes, self.logs):
            for pair in pairs.items():
                found += pair
        found += self.wanted
        return found


class PutCount(NamedTuple):
    """What one put changed: spans that are new, spans that were there, new log records, spans that came after
    sealing.
    """

    added: int
    duplicates: int
    logs: int
    late: int


def _groups(spans: Mapping[bytes, AgentSpan]) -> Iterator[list[bytes]]:
    """Keys of spans that are bundled together."""
    group: list[bytes] = []
    size = 0
    for key, span in spans.items():
        if group and (len(group) >= MOST_SPANS or size + len(span.raw) > _PART_BYTES):
            yield group
            group, size = [], 0
        group.append(key)
        size += len(span.raw)
    if group:
        yield group


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
    bundle: bytes = b""
    """Where it lies: `<place of the first>+<count>`."""

    def is_due(self, now_ms: int) -> bool:
        return self.release_ms is not None and self.release_ms <= now_ms


@dataclass(frozen=True, slots=True)
class Content:
    """All that the store has of one trace."""

    spans: tuple[StoredSpan, ...]
    logs: tuple[tuple[bytes, Envelope], ...] = ()

    @property
    def held(self) -> tuple[StoredSpan, ...]:
        return tuple([span for span in self.spans if span.release_ms is not None])


def envelopes_named(bundles: Iterable[bytes]) -> set[bytes]:
    """Fields of the envelopes that spans in these bundles stand in."""
    return {b"e" + name for bundle in bundles for _, name, _ in bundled(bundle)}


def marks_in(bundles: Iterable[bytes]) -> list[bytes]:
    """Fields that say what has become of spans in these bundles."""
    return [tag + key for bundle in bundles for key, _, _ in bundled(bundle) for tag in _MARKS]


def fields_of(answer: Any) -> Mapping[bytes, bytes]:
    """What the store answers to HGETALL, by either protocol."""
    return answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2], strict=True))


def times_of(answer: Any) -> dict[bytes, int]:
    """What the store answers to ZRANGE with scores, by either protocol."""
    pairs = answer if answer and isinstance(answer[0], list) else zip(answer[::2], answer[1::2], strict=True)
    return {place: int(float(score)) for place, score in pairs}


def content_of(fields: Mapping[bytes, bytes], holds: Mapping[bytes, int] | None) -> Content:
    """From the fields of a trace's hash, and the bundles of its held set with their times (None: of its only bundle
    that is the time of the trace's next release). Spans are in the order in which they came.
    """
    envelopes: dict[bytes, StoredEnvelope] = {}
    bundles: dict[int, bytes] = {}
    logs: list[bytes] = []
    marks = False
    for name, value in fields.items():
        tag = name[:1]
        if tag == b"b":
            bundles[int(name[1:])] = value
        elif tag == b"e":
            envelopes[name[1:]] = StoredEnvelope.unpack(value)
        elif tag == b"l":
            logs.append(value)
        else:
            marks = marks or tag in _MARKS
    only = int(fields[b"m:next"]) if b"m:next" in fields else None
    spans: list[StoredSpan] = []
    for first in sorted(bundles):
        packed = bundles[first]
        place = b"%d+%d" % (first, count_in(packed))
        until = only if holds is None else holds.get(place)
        spans += [
            StoredSpan(key, raw, envelopes[envelope], until, None, False, place)
            for key, envelope, raw in bundled(packed)
        ]
    if marks:
        spans = [_marked(span, fields) for span in spans]
    n = _ENVELOPE_NAME_BYTES
    return Content(tuple(spans), tuple([(value[n:], envelopes[value[:n]].envelope) for value in logs]))


def _marked(span: StoredSpan, fields: Mapping[bytes, bytes]) -> StoredSpan:
    """With what has become of it since it came."""
    prolonged = fields.get(b"p" + span.key)
    release_ms = span.release_ms if prolonged is None or span.release_ms is None else int(prolonged)
    if b"d" + span.key in fields:
        release_ms = None
    return span._replace(release_ms=release_ms, frozen=fields.get(b"x" + span.key), postponed=prolonged is not None)


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
    done: Sequence[StoredSpan] = ()
    """Held spans that the backend has (or that are quarantined)."""
    postponed: Sequence[tuple[StoredSpan, int]] = ()
    """Held spans with their new release times."""
    wanted: Mapping[str, int] = field(default_factory=dict)
    """Hex id of an unseen parent -> when nobody wants it any more (ms)."""

    @property
    def size(self) -> int:
        texts = [len(value) for value in (*self.meta.values(), *self.appendices.values()) if not isinstance(value, int)]
        return sum(texts) + _KEY_WORK * (len(self.appendices) + len(self.done) + len(self.postponed))

    def arguments(self) -> list[Argument]:
        """As `advance.lua` wants them."""
        found: list[Argument] = [str(self.member), self.fence, -1 if self.due_ms is None else self.due_ms]
        found += [int(self.heed_holds), len(self.meta), len(self.appendices)]
        found += [len(self.done), len(self.postponed), len(self.wanted)]
        for name, value in self.meta.items():
            found += (name, value)
        for key, appended in self.appendices.items():
            found += (key, appended)
        for span in self.done:
            found += (span.bundle, span.key)
        for span, release_ms in self.postponed:
            found += (span.bundle, span.key, release_ms)
        for span_id, expiry_ms in self.wanted.items():
            found += (expiry_ms, span_id)
        return found


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An outbox record: a whole OTLP request of one evaluation span or log record (`traces`, `logs`), or what a store
    of evaluations is told (any other signal).

    `id` is made of what it says; tenants may have equal trace ids, so the store keeps it as `tenant/id`.
    """

    id: str
    signal: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def lane(self) -> str:
        """The queue in which it waits: "" for what the backend gets, one for each store of evaluations."""
        return "" if self.signal in ("traces", "logs") else self.signal

    def packed(self) -> bytes:
        """As it lies in the store, without its id."""
        head = json.dumps({"signal": self.signal, "headers": dict(self.headers)}, sort_keys=True).encode()
        return head + b"\n" + self.body

    @staticmethod
    def unpack(identity: bytes, packed: bytes) -> Outgoing:
        head, _, body = packed.partition(b"\n")
        fields = json.loads(head)
        return Outgoing(identity.decode(), fields["signal"], body, fields["headers"])


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

    @property
    def size(self) -> int:
        texts = len(self.record) + len(self.kept) + sum([len(item.body) for item in self.outbox])
        return texts + _KEY_WORK * len(self.exported)

    def arguments(self) -> list[Argument]:
        """As `commit.lua` wants them."""
        found: list[Argument] = [str(self.member), self.fence, self.decision, self.record, self.kept]
        found += [b"".join(self.exported), len(self.outbox)]
        for item in self.outbox:
            found += (f"{self.member.tenant}/{item.id}", item.lane, item.packed())
        return found
