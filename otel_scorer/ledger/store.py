"""One store of the ledger: every operation that changes a trace is one script (design 2.4)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from otel_scorer.ledger.claims import Claim, parse_claim
from otel_scorer.ledger.client import Call, StoreClient
from otel_scorer.ledger.contents import (
    Advance,
    Commit,
    Content,
    PutCount,
    StoredSpan,
    TracePut,
    content_of,
    envelopes_named,
)
from otel_scorer.ledger.keys import Keys, Member, StoredEnvelope
from otel_scorer.ledger.postbox import Postbox, packed_outgoing
from otel_scorer.ledger.settings import LedgerSettings

_CHUNK = 500
"""Fields read or spans written at once: a larger trace must not stall the store for others (reliability T31)."""

_MIB = 1024 * 1024
_LOOK_LATE_MS = 5000
"""A parent is wanted so long beyond the time when its trace is due: sweepers may be busy."""


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


GaveBack: TypeAlias = Literal["", "crash", "rubric"]
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

    @property
    def name(self) -> str:
        return self.client.name

    # ---- receivers ---------------------------------------------------------------------------------------------------

    async def put(self, puts: Sequence[TracePut]) -> PutCount:
        """Writes what one request says of its traces; returns when the store has answered for all of it."""
        calls = [call for put in puts for call in self._put_calls(put)]
        answers = await self.client.run_all(calls)
        return PutCount(*(sum(answer[i] for answer in answers) for i in range(4)))

    def _put_calls(self, put: TracePut) -> Iterable[Call]:
        keys = self._trace_keys(put.member, "due", "lease", "bytes", "held_count", "wanted")
        limits = self._limits
        wanted = sorted(parent.hex() for parent in put.unseen_parents)
        spans, logs = list(put.spans.items()), list(put.logs.items())
        for at in range(0, max(len(spans), 1), _CHUNK):
            last = at + _CHUNK >= len(spans)
            end = None if last else at + _CHUNK
            # each chunk brings its own heads and parents: of one that was written before nothing is taken
            part, wants, last_logs = spans[at:end], wanted[at:end], logs if last else []
            arguments: list[Any] = [str(put.member), limits.hold_ms, limits.quiet_ms, limits.max_age_ms]
            arguments += [limits.max_spans, limits.max_bytes, int(limits.holds), put.heads(at, end)]
            arguments += [len(put.envelopes), len(part), len(last_logs), len(wants)]
            for pairs in (put.envelopes.items(), part, last_logs):
                for pair in pairs:
                    arguments += pair
            arguments += wants
            yield "put", keys, arguments

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
        names = [self.keys.trace(member), self.keys.held(member), self.keys.tombstone(member)]
        names += map(self.keys.named, ("records", "due", "lease", "held_count", "records_bytes", "lost_records"))
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
        prefixes = [self.keys.trace(""), self.keys.held(""), self.keys.heads("")]
        now, *found = await self.client.run(("claim", keys, [limit, self._lease_ms, *prefixes, latest]))
        self._clock_ms = now - time.monotonic() * 1000
        return [parse_claim(now, answer) for answer in found]

    async def read(self, claims: Sequence[Claim]) -> list[Content]:
        """Everything of the claimed traces; large ones in chunks."""
        small = [claim for claim in claims if claim.spans <= _CHUNK]
        pipe = self.client.redis.pipeline(transaction=False)
        for claim in small:
            pipe.hgetall(self.keys.trace(claim.member))
            pipe.zrange(self.keys.held(claim.member), 0, -1, withscores=True)
        answers = await self.client.guard(pipe.execute()) if small else []
        contents = {
            claim.member: content_of(answers[2 * i], _scores(answers[2 * i + 1])) for i, claim in enumerate(small)
        }
        for claim in claims:
            if claim.member not in contents:
                contents[claim.member] = await self._read_large(claim.member)
        return [contents[claim.member] for claim in claims]

    async def read_trace(self, member: Member) -> tuple[Content, bytes]:
        """Everything of one trace and its heads, for a worker that was told its id."""
        heads = await self.client.guard(self.client.redis.get(self.keys.heads(member)))
        return await self._read_large(member), heads or b""

    async def _read_large(self, member: Member) -> Content:
        fields: dict[bytes, bytes] = {}
        cursor = 0
        while True:
            cursor, part = await self.client.guard(
                self.client.redis.hscan(self.keys.trace(member), cursor, count=_CHUNK)
            )
            fields.update(part)
            if cursor == 0:
                break
        # a scan is no snapshot: a put meanwhile can show a span without its envelope
        await self._add_envelopes(self.keys.trace(member), fields)
        held = await self.client.guard(self.client.redis.zrange(self.keys.held(member), 0, -1, withscores=True))
        return content_of(fields, _scores(held))

    async def _add_envelopes(self, name: str, fields: dict[bytes, bytes]) -> None:
        missing = list(envelopes_named(fields) - fields.keys())
        if missing:
            values = await self.client.guard(self.client.redis.hmget(name, missing))
            found = zip(missing, values, strict=True)
            fields.update((field, value) for field, value in found if value is not None)

    async def read_due(self, claim: Claim, limit: int) -> Content:
        """Only the held spans whose time has come (at most `limit`), without log records: a long trace is not read
        whole to release a few.
        """
        name = self.keys.trace(claim.member)
        due = await self.client.guard(
            self.client.redis.zrangebyscore(
                self.keys.held(claim.member), "-inf", claim.now_ms, start=0, num=limit, withscores=True
            )
        )
        if not due:
            return Content(())
        fields = [tag + key for key, _ in due for tag in (b"s", b"x", b"p")]
        values = await self.client.guard(self.client.redis.hmget(name, fields))
        found = {field: value for field, value in zip(fields, values, strict=True) if value is not None}
        await self._add_envelopes(name, found)
        return content_of(found, _scores(due))

    async def advance(self, steps: Sequence[Advance]) -> list[bool]:
        """Writes what was decided; False for a trace that somebody else has claimed since."""
        answers = await self.client.run_all([self._advance_call(step) for step in steps])
        return [bool(answer) for answer in answers]

    def _advance_call(self, step: Advance) -> Call:
        keys = [self.keys.trace(step.member), self.keys.held(step.member)]
        keys += map(self.keys.named, ("due", "lease", "wanted", "waiting", "held_count"))
        done = list(step.done)
        arguments: list[Any] = [str(step.member), step.fence, -1 if step.due_ms is None else step.due_ms]
        arguments += [self._lease_ms, self._limits.quiet_ms, len(step.meta), len(step.appendices)]
        arguments += [len(done), len(step.postponed), len(step.wanted), int(step.heed_holds)]
        for name, value in step.meta.items():
            arguments += [name, value]
        for key, appended in step.appendices.items():
            arguments += [key, appended]
        arguments += done
        for key, release in step.postponed.items():
            arguments += [release, key]
        for span_id, expiry in step.wanted.items():
            arguments += [expiry, span_id]
        return "advance", keys, arguments

    async def commit(self, ends: Sequence[Commit]) -> list[bool]:
        """Ends traces; False for one that somebody else has claimed since."""
        answers = await self.client.run_all([self._commit_call(end) for end in ends])
        return [bool(answer[0]) for answer in answers]

    def _commit_call(self, end: Commit) -> Call:
        keys = self._trace_keys(end.member, "due", "lease", "bytes", "records", "outbox", "outbox_data")
        keys += map(self.keys.named, ("lost_records", "waiting", "held_count", "records_bytes"))
        arguments: list[Any] = [str(end.member), end.fence, end.decision, end.record, end.kept, self._tombstone_ms]
        arguments += [*self._stream_limits, len(end.outbox), len(end.exported)]
        for item in end.outbox:
            arguments += [f"{end.member.tenant}/{item.id}", packed_outgoing(item)]
        arguments += end.exported
        return "commit", keys, arguments

    async def drop(self, claim: Claim) -> bool:
        """Forgets a trace of which only log records came."""
        keys = [self.keys.trace(claim.member), self.keys.held(claim.member), self.keys.heads(claim.member)]
        keys += map(self.keys.named, ("lease", "bytes", "due"))
        return bool(await self.client.run(("drop", keys, [str(claim.member), claim.fence])))

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
        now = await self.now_ms()
        names = await self.client.guard(self.client.redis.zrangebyscore(self.keys.named("workers"), now, "+inf"))
        return {name.decode() for name in names}

    async def now_ms(self) -> int:
        """The store's clock."""
        seconds, micros = await self.client.guard(self.client.redis.time())
        return int(seconds) * 1000 + int(micros) // 1000

    def _trace_keys(self, member: Member, *names: str) -> list[str]:
        own = [self.keys.trace(member), self.keys.held(member), self.keys.heads(member), self.keys.tombstone(member)]
        return own + [self.keys.named(name) for name in names]


def _scores(pairs: Sequence[tuple[bytes, float]]) -> dict[bytes, int]:
    return {key: int(score) for key, score in pairs}


__all__ = ["Ledger", "ScoringStart", "StoredEnvelope", "StoredSpan", "TraceLimits"]
