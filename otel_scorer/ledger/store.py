"""One store of the ledger: every operation that changes a trace is one script (design 2.4)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from otel_scorer.ledger.claims import Claim, parse_claim
from otel_scorer.ledger.client import Argument, Call, StoreClient
from otel_scorer.ledger.contents import (
    CONTENT_TAGS,
    Advance,
    Commit,
    Content,
    PutCount,
    StoredSpan,
    TracePut,
    content_of,
    envelopes_named,
    fields_of,
    marks_in,
    times_of,
)
from otel_scorer.ledger.keys import Keys, Member, StoredEnvelope
from otel_scorer.ledger.postbox import Postbox
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.talks import Talks

# One call works on so much: the store answers nobody else meanwhile (reliability T31).
_CALL_BYTES, _CALL_TRACES = 128 * 1024, 64
_READ_BYTES, _READ_TRACES = 1024 * 1024, 64
_SMALL_BYTES = 512 * 1024
"""A larger trace is read field by field."""

_MIB = 1024 * 1024
_LOOK_LATE_MS = 5000
"""A parent is wanted so long beyond the time when its trace is due: sweepers may be busy."""


class _Item(Protocol):
    """What is written of one trace."""

    @property
    def size(self) -> int:
        """About how many bytes it is."""

    def arguments(self) -> list[Argument]:
        """For its script."""


@dataclass(frozen=True, slots=True)
class TraceLimits:
    """What a put needs to know of the pipeline's settings, milliseconds and bytes. `holds` is False in tap."""

    hold_ms: int
    quiet_ms: int
    max_age_ms: int
    max_spans: int
    max_bytes: int
    holds: bool


@dataclass(frozen=True, slots=True)
class ScoringStart:
    """What a worker learns of a trace to score; `suspect`: a worker died with it, so who scores it must be alone."""

    decision: str
    suspect: bool


GaveBack: TypeAlias = Literal["", "crash", "hang", "rubric"]
"""Why a worker lets a trace go: it killed the process that scored it alone, its rubric is not there, or neither."""


class Ledger:
    """The traces of one store. Raises LedgerDown, LedgerRefuses, LedgerError everywhere; a lost fence is a False
    answer.
    """

    def __init__(self, client: StoreClient, settings: LedgerSettings, limits: TraceLimits) -> None:
        self.client = client
        self.keys = Keys(settings.prefix)
        self.postbox = Postbox(client, self.keys)
        self._limits = limits
        self._lease_ms = int(settings.lease_s * 1000)
        self._silence_ms = int(settings.silence_s * 1000)
        self._clock_ms: float | None = None
        """The store's clock less our own, as of the last claim."""
        self._tombstone_ms = int(settings.tombstone_s * 1000)
        self._stream_limits = (settings.record_stream_limit, settings.max_mib * _MIB // 4)
        """Records and bytes."""
        self.talks = Talks(client, self.keys, self._stream_limits, self._tombstone_ms)

    @property
    def name(self) -> str:
        return self.client.name

    # ---- receivers ---------------------------------------------------------------------------------------------------

    async def put(self, puts: Sequence[TracePut]) -> PutCount:
        """Writes what one request says of its traces; returns when the store has answered for all of it."""
        limits = self._limits
        head: list[Argument] = [limits.hold_ms, limits.quiet_ms, limits.max_age_ms, limits.max_spans, limits.max_bytes]
        keys = ("due", "lease", "bytes", "held_count", "wanted")
        parts = [part for put in puts for part in put.parts()]
        answers = await self._run_apart("put", keys, [*head, int(limits.holds)], parts)
        return PutCount(*(sum(answer[i] for answer in answers) for i in range(4)))

    async def _run_apart(
        self, script: str, names: Sequence[str], head: Sequence[Argument], items: Sequence[_Item]
    ) -> list[Any]:
        """The answers of a script that works on several traces in one call, in as many calls as it takes."""
        keys = [self.keys.named(name) for name in names]
        calls: list[Call] = []
        arguments: list[Argument] = []
        room = traces = 0
        for item in items:
            if item.size > room or not traces:
                arguments = [self.keys.prefix, *head]
                calls.append((script, keys, arguments))
                room, traces = _CALL_BYTES, _CALL_TRACES
            arguments += item.arguments()
            room, traces = room - item.size, traces - 1
        return await self.client.run_all(calls)

    async def add_heads(
        self, member: Member, heads: bytes, found: Collection[str], wanted: Collection[str] = ()
    ) -> None:
        """Heads of spans that were passed on: `found` are ids of theirs that the open trace wanted, `wanted` their own
        parents' that are not among them.
        """
        keys = [self.keys.trace(member), self.keys.heads(member), *map(self.keys.named, ("due", "lease", "wanted"))]
        await self.client.run(("heads", keys, [str(member), heads, self._limits.quiet_ms, len(found), *found, *wanted]))

    async def wanted(self, limit: int = 10_000) -> dict[Member, set[str]]:
        """Parents that open traces look for: hex span ids by trace."""
        found: dict[Member, set[str]] = {}
        for each in await self.client.run(("wanted", [self.keys.named("wanted")], [limit, _LOOK_LATE_MS])):
            member, _, span_id = each.decode().rpartition("/")
            found.setdefault(Member.parse(member), set()).add(span_id)
        return found

    async def mark_sent(self, member: Member, keys: Sequence[bytes], decision: str, record: str) -> int:
        """Journal of a bypass: these spans were forwarded. Answers how many of them had been held."""
        names = [self.keys.trace(member), self.keys.held(member), self.keys.index(member), self.keys.tombstone(member)]
        names += map(self.keys.named, ("records", "held_count", "records_bytes", "lost_records"))
        arguments: list[Any] = [str(member), decision, record, self._tombstone_ms, *self._stream_limits, *keys]
        return int(await self.client.run(("mark", names, arguments)))

    # ---- sweepers ----------------------------------------------------------------------------------------------------

    async def claim(self, limit: int) -> list[Claim]:
        """Up to `limit` traces that are due, each under a new fencing token.

        A store that stood still works through old calls first: one whose time-out has passed must not take traces,
        nobody would work on them, and their holder's fence would be lost.
        """
        if self._clock_ms is None:
            self._clock_ms = await self.now_ms() - time.monotonic() * 1000
        latest = int(self._clock_ms + time.monotonic() * 1000) + self._silence_ms
        keys = [self.keys.named(name) for name in ("due", "lease", "fence")]
        arguments: list[Argument] = [self.keys.prefix, limit, self._lease_ms, latest]
        now, *found = await self.client.run(("claim", keys, arguments))
        self._clock_ms = now - time.monotonic() * 1000
        return [parse_claim(now, answer) for answer in found]

    async def read(self, claims: Sequence[Claim]) -> list[Content]:
        """Everything of the claimed traces; large ones in chunks."""
        found: dict[Member, Content] = {}
        for group in _read_together(claims):
            found |= await self._read(group)
        return [found.get(claim.member) or await self._read_large(claim.member) for claim in claims]

    async def _read(self, claims: Sequence[Claim]) -> dict[Member, Content]:
        """Of small traces, in one round trip. What came all at once is one bundle, which is held until the trace's next
        release.
        """
        grown = [claim.member for claim in claims if claim.grown]
        commands = [("HGETALL", self.keys.trace(claim.member)) for claim in claims]
        answers = await self.client.all_of([*commands, *(self._holds_of(member) for member in grown)])
        holds = dict(zip(grown, map(times_of, answers[len(claims) :]), strict=True))
        return {
            claim.member: content_of(fields_of(answer), holds.get(claim.member))
            for claim, answer in zip(claims, answers[: len(claims)], strict=True)
        }

    def _holds_of(self, member: Member) -> tuple[Argument, ...]:
        return ("ZRANGE", self.keys.held(member), 0, -1, "WITHSCORES")

    async def read_trace(self, member: Member) -> tuple[Content, bytes]:
        """Everything of one trace and its heads, for a worker that was told its id."""
        name = self.keys.trace(member)
        meta, later = await self.client.all_of([("HMGET", name, "m:bytes", "g"), ("GET", self.keys.heads(member))])
        heads = (meta[1] or b"") + (later or b"")
        if int(meta[0] or 0) > _SMALL_BYTES:
            return await self._read_large(member), heads
        fields, holds = await self.client.all_of([("HGETALL", name), self._holds_of(member)])
        return content_of(fields_of(fields), times_of(holds)), heads

    async def _read_large(self, member: Member) -> Content:
        """Field by field: the store has others to answer meanwhile. What comes after the names are read is left out."""
        name = self.keys.trace(member)
        redis, guard = self.client.redis, self.client.guard
        names = [field for field in await guard(redis.hkeys(name)) if field[:1] in CONTENT_TAGS]
        size = int(await guard(redis.hget(name, "m:bytes")) or 0)
        at_once = max(1, len(names) * _READ_BYTES // max(size, 1))
        fields: dict[bytes, bytes] = {}
        for at in range(0, len(names), at_once):
            fields |= await self._fields(name, names[at : at + at_once])
        (holds,) = await self.client.all_of([self._holds_of(member)])
        return content_of(fields, times_of(holds))

    async def _fields(self, name: str, names: Sequence[bytes]) -> dict[bytes, bytes]:
        (found,) = await self._fields_of([(name, names)])
        return found

    async def _fields_of(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[dict[bytes, bytes]]:
        """Of each hash the fields of these names that are there, in one round trip."""
        answers = iter(await self.client.all_of([("HMGET", name, *names) for name, names in asked if names]))
        return [
            {field: value for field, value in zip(names, next(answers), strict=True) if value is not None}
            if names
            else {}
            for _, names in asked
        ]

    async def read_due(self, claims: Sequence[Claim], limit: int) -> list[Content]:
        """Of each only the held spans whose time has come (at least as many as `limit`, if there are so many), without
        log records: a long trace is not read whole to release a few. Many in three round trips: holds end by the
        thousand when nobody scores.
        """
        return [content for group in _read_in_turns(claims) for content in await self._read_due(group, limit)]

    async def _read_due(self, claims: Sequence[Claim], limit: int) -> list[Content]:
        commands: list[tuple[Argument, ...]] = [
            ("ZRANGEBYSCORE", self.keys.held(claim.member), "-inf", claim.now_ms, "WITHSCORES", "LIMIT", 0, limit)
            for claim in claims
        ]
        places = [_first_places(times_of(answer), limit) for answer in await self.client.all_of(commands)]
        names = [self.keys.trace(claim.member) for claim in claims]
        wanted = [[b"b" + place.partition(b"+")[0] for place in some] for some in places]
        bundles = await self._fields_of(list(zip(names, wanted, strict=True)))
        others = [[*envelopes_named(some.values()), *marks_in(some.values())] for some in bundles]
        rest = await self._fields_of(list(zip(names, others, strict=True)))
        return [
            _due_of(some | more, due, claim.now_ms)
            for some, more, due, claim in zip(bundles, rest, places, claims, strict=True)
        ]

    async def advance(self, steps: Sequence[Advance]) -> list[bool]:
        """Writes what was decided; False for a trace that somebody else has claimed since."""
        keys = ("due", "lease", "wanted", "waiting", "held_count")
        answers = await self._run_apart("advance", keys, [self._lease_ms, self._limits.quiet_ms], steps)
        return [bool(one) for answer in answers for one in answer]

    async def commit(self, ends: Sequence[Commit]) -> list[bool]:
        """Ends traces; False for one that somebody else has claimed since."""
        keys = ("due", "lease", "waiting", "bytes", "held_count", "records", "records_bytes", "lost_records")
        head = [self._tombstone_ms, *self._stream_limits]
        answers = await self._run_apart("commit", (*keys, "outbox", "outbox_data"), head, ends)
        return [bool(one) for answer in answers for one in answer]

    async def drop(self, claim: Claim) -> bool:
        """Forgets a trace of which only log records came."""
        member, of = claim.member, self.keys
        keys = [of.trace(member), of.held(member), of.heads(member), of.index(member)]
        keys += map(of.named, ("lease", "bytes", "due"))
        return bool(await self.client.run(("drop", keys, [str(member), claim.fence])))

    # ---- workers -----------------------------------------------------------------------------------------------------

    async def start_scoring(
        self, member: Member, worker: str, dispatch: int, *, alone: bool = False
    ) -> ScoringStart | None:
        """Takes a trace to score; None when there is nothing to do (done, superseded, or another worker is at it).

        A suspect trace is not taken but by who is `alone` with it.
        """
        keys = [self.keys.trace(member), self.keys.named("workers")]
        answer = await self.client.run(("start", keys, [worker, dispatch, int(alone)]))
        return ScoringStart(answer[0].decode(), answer[1] == b"1") if answer else None

    async def finish_scoring(self, member: Member, result: str, kept: bytes) -> bool:
        """Hands in a result; False when another was first."""
        keys = [self.keys.trace(member), *map(self.keys.named, ("due", "lease", "waiting"))]
        return bool(await self.client.run(("finish", keys, [str(member), result, kept])))

    async def give_back(self, member: Member, worker: str, delay_s: float, why: GaveBack = "") -> None:
        """Lets a trace go unscored; it is dispatched again after the delay. No attempt of its own is counted."""
        keys = [self.keys.trace(member), self.keys.named("due"), self.keys.named("lease")]
        await self.client.run(("give_back", keys, [str(member), worker, int(delay_s * 1000), why]))

    async def beat(self, worker: str, for_s: float) -> None:
        """Says that the worker lives, for so long."""
        await self.client.run(("beat", [self.keys.named("workers")], [worker, int(for_s * 1000)]))

    async def living_workers(self) -> set[str]:
        clock, workers = await self.client.all_of(
            [("TIME",), ("ZRANGE", self.keys.named("workers"), 0, -1, "WITHSCORES")]
        )
        now = _milliseconds(clock)
        return {name.decode() for name, until in times_of(workers).items() if until >= now}

    async def now_ms(self) -> int:
        """The store's clock."""
        (clock,) = await self.client.all_of([("TIME",)])
        return _milliseconds(clock)


def _first_places(due: Mapping[bytes, int], limit: int) -> dict[bytes, int]:
    """The first bundles that have so many spans together."""
    places: dict[bytes, int] = {}
    count = 0
    for place, release_ms in due.items():
        if count >= limit:
            break
        places[place] = release_ms
        count += int(place.partition(b"+")[2])
    return places


def _due_of(fields: Mapping[bytes, bytes], places: Mapping[bytes, int], now_ms: int) -> Content:
    """Nothing of a trace that somebody else has ended between our looks."""
    named = envelopes_named([value for name, value in fields.items() if name[:1] == b"b"])
    if not named <= fields.keys():
        return Content(())
    return Content(tuple(span for span in content_of(fields, places).spans if span.is_due(now_ms)))


def _milliseconds(clock: Sequence[bytes]) -> int:
    return int(clock[0]) * 1000 + int(clock[1]) // 1000


def _read_together(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Traces that are small enough to be read in one round trip, several at a time."""
    return _read_in_turns([claim for claim in claims if claim.size <= _SMALL_BYTES])


def _read_in_turns(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """As many at a time as one round trip may bring; a large one alone."""
    group: list[Claim] = []
    size = 0
    for claim in claims:
        if group and (size + claim.size > _READ_BYTES or len(group) >= _READ_TRACES):
            yield group
            group, size = [], 0
        group.append(claim)
        size += claim.size
    if group:
        yield group


__all__ = ["Ledger", "ScoringStart", "StoredEnvelope", "StoredSpan", "TraceLimits"]
