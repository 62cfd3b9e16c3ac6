"""Traces that are still open: seal them when complete, let held spans go when their time has come, else wait on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from otel_scorer.conventions.kinds import kind_of
from otel_scorer.errors import LedgerError
from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.contents import Advance, Content, StoredSpan
from otel_scorer.ledger.keys import Member, unpack_heads
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import ROOT_KINDS, Head, Kind
from otel_scorer.online.complete import Completeness, completeness, under_pressure
from otel_scorer.online.decisions import dump_decision
from otel_scorer.online.departures import Departure, End
from otel_scorer.online.dispatch import Dispatch
from otel_scorer.online.endings import write_status
from otel_scorer.online.load import Pressure
from otel_scorer.online.pipeline_settings import CompleteSettings, HoldSettings, SweepSettings, WorkSettings
from otel_scorer.online.recording import Recorder
from otel_scorer.online.sealing import Refs, Sealed, is_scorable, look_at, seal
from otel_scorer.otlp import decode_span
from otel_scorer.sampling.decide import Looked
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.sampling.windows import Standing, Windows


@dataclass(frozen=True)
class OpenSettings:
    """The settings that open traces obey."""

    complete: CompleteSettings
    hold: HoldSettings
    sweep: SweepSettings
    work: WorkSettings
    sampling: SamplingSettings


log = logging.getLogger(__name__)
_LARGE_BYTES = 256 * 1024
_TURN_S = 0.002
_TOPS = 50
_UNCOUNTED = Standing()


class OpenTraces:
    """Handles claims in state `open`."""

    def __init__(
        self,
        ledger: Ledger,
        settings: OpenSettings,
        refs: Refs,
        recorder: Recorder,
        dispatch: Dispatch,
        pressure: Callable[[], Pressure],
        windows: Windows | None = None,
    ) -> None:
        """`windows` None: there are no strata and no budget, and nothing is counted."""
        self._ledger = ledger
        self._settings = settings
        self._refs = refs
        self._recorder = recorder
        self._dispatch = dispatch
        self._pressure = pressure
        self._windows = windows

    async def handle(self, claims: Sequence[Claim]) -> list[Departure]:
        """What is to go now; everything else is written to the ledger before this returns."""
        complete: list[Claim] = []
        waiting: list[Advance] = []
        releasing: dict[Member, tuple[Claim, Completeness]] = {}
        for claim in claims:
            heads = unpack_heads(claim.heads)
            if claim.spans == 0 and not claim.bypassed:
                await self._expire_logs(claim, waiting)
                continue
            when = await self._completeness(claim, heads)
            if claim.over_limit or claim.now_ms >= when.seal_at_ms:
                complete.append(claim)
            elif claim.next_release_ms is not None and claim.next_release_ms <= claim.now_ms:
                releasing[claim.member] = (claim, when)
            else:
                waiting.append(_wait_on(claim, when))
        await self._ledger.advance(waiting)
        return await self._release(releasing) + await self._seal(complete)

    async def _expire_logs(self, claim: Claim, waiting: list[Advance]) -> None:
        """Log records whose spans have not come: after `local_parent_s` they never will."""
        expiry = claim.last_ms + int(self._settings.complete.local_parent_s * 1000)
        if claim.now_ms < expiry:
            waiting.append(Advance(claim.member, claim.fence, due_ms=expiry))
        elif await self._ledger.drop(claim):
            self._recorder.metrics.add("expired_logs", 1)

    async def _completeness(self, claim: Claim, heads: Mapping[str, Head]) -> Completeness:
        settings = self._settings.complete
        kinds: Callable[[str], Kind] | None = None
        if self._pressure().shorten_waits:
            settings = under_pressure(settings)
        elif settings.agent_spans_only:
            kinds = await self._kinds(claim)
        return completeness(heads, claim.first_ms, claim.last_ms, settings, kinds)

    async def _kinds(self, claim: Claim) -> Callable[[str], Kind]:
        (content,) = await self._ledger.read([claim])
        by_id = {span.key[:8].hex(): span for span in content.spans}

        def kind(span_id: str) -> Kind:
            return _kind(by_id[span_id]) if span_id in by_id else "UNKNOWN"

        return kind

    # ---- holds that end while the trace is open ----------------------------------------------------------------------

    async def _release(self, releasing: Mapping[Member, tuple[Claim, Completeness]]) -> list[Departure]:
        claims = [claim for claim, _ in releasing.values()]
        parted = await part_all_due(self._ledger, claims, self._settings.sweep.batch_spans, self._settings.hold)
        return [
            Departure(claim, go, freeze_all=True, due_ms=releasing[claim.member][1].seal_at_ms) for claim, go in parted
        ]

    # ---- sealing -----------------------------------------------------------------------------------------------------

    async def _seal(self, claims: Sequence[Claim]) -> list[Departure]:
        contents = await self._ledger.read(claims)
        looked = await self._look_at(claims, contents)
        standing = await self._standing(claims, looked)
        shed, salt = self._pressure().shed, self._recorder.draw_salt
        departures: list[Departure] = []
        to_score: list[Advance] = []
        turns = _Turns()
        for claim, content, seen, stands in zip(claims, contents, looked, standing, strict=True):
            sealed = seal(claim, seen, stands, self._settings.sampling, salt=salt, shed=shed)
            if sealed.decision.rubrics:
                to_score.append(self._wait_for_score(claim, sealed))
            else:
                departures.append(self._end_unscored(claim, content, sealed))
            await turns.give()
        answers = await self._ledger.advance(to_score)
        await self._dispatch([(step.member, 1) for step, held in zip(to_score, answers, strict=True) if held])
        return departures

    async def _look_at(self, claims: Sequence[Claim], contents: Sequence[Content]) -> list[Looked]:
        """A large trace in a thread, for it takes seconds."""
        sampling, refs = self._settings.sampling, self._refs
        found: list[Looked] = []
        turns = _Turns()
        for claim, content in zip(claims, contents, strict=True):
            shown = tops(content, unpack_heads(claim.heads)) if claim.over_limit else content
            if claim.size < _LARGE_BYTES:
                found.append(look_at(claim, shown, sampling, refs))
            else:
                found.append(await asyncio.to_thread(look_at, claim, shown, sampling, refs))
            await turns.give()
        return found

    async def _standing(self, claims: Sequence[Claim], looked: Sequence[Looked]) -> list[Standing]:
        """What is frozen for each trace; those that cannot be scored are not counted. While the store that counts is
        away, rules alone decide: another store's spans do not wait for it.
        """
        if self._windows is None:
            return [_UNCOUNTED] * len(looked)
        wanted = [seen.wanted if is_scorable(claim) else None for claim, seen in zip(claims, looked, strict=True)]
        try:
            told = iter(await self._windows.standing([one for one in wanted if one is not None]))
        except LedgerError as error:
            log.warning("strata and budgets are left out, for the store that counts them is away: %s", error)
            return [_UNCOUNTED] * len(looked)
        return [_UNCOUNTED if one is None else next(told) for one in wanted]

    def _wait_for_score(self, claim: Claim, sealed: Sealed) -> Advance:
        root = sealed.view.root
        return Advance(
            claim.member,
            claim.fence,
            due_ms=claim.now_ms + int(self._settings.work.redispatch_s * 1000),
            meta={
                "state": "waiting",
                "decision": dump_decision(sealed.decision),
                "record": self._recorder.at_seal(claim, sealed).to_json(),
                "root": root.span_id if root else "",
                "sealed": claim.now_ms,
                "dispatch": 1,
                "dispatched": claim.now_ms,
            },
        )

    def _end_unscored(self, claim: Claim, content: Content, sealed: Sealed) -> Departure:
        decision = sealed.decision
        assert decision.status is not None  # noqa: S101 - the caller has asked
        root = sealed.view.root
        written: Mapping[bytes, bytes] = {}
        if decision.status != "own" and root is not None:
            written = write_status(content, root.span_id, decision.status, decision).appendices
        record = self._recorder.at_seal(claim, sealed)
        said = dump_decision(decision)
        meta = {"state": "exporting", "decision": said, "record": record.to_json()}
        return Departure(claim, content.held, written, meta, end=End(said, record))


class _Turns:
    """Decoding and recording are work: receivers take turns with them."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    async def give(self) -> None:
        if time.monotonic() - self._began > _TURN_S:
            await asyncio.sleep(0)
            self._began = time.monotonic()


def tops(content: Content, heads: Mapping[str, Head]) -> Content:
    """The spans of a trace over its limits that stand at the top of a chain: enough to say whose it was."""
    top = {head.span_id for head in heads.values() if head.agent and not _agent_parent(head, heads)}
    spans = [span for span in content.spans if span.key[:8].hex() in top]
    return Content(tuple(spans[:_TOPS]))


def _agent_parent(head: Head, heads: Mapping[str, Head]) -> bool:
    parent = heads.get(head.parent_id)
    return parent is not None and parent.agent


async def part_all_due(
    ledger: Ledger, claims: Sequence[Claim], limit: int, hold: HoldSettings
) -> list[tuple[Claim, list[StoredSpan]]]:
    """`part_due` for all of these traces at once: what goes of each; the ledger is told what stays. Raises
    LedgerError.
    """
    if not claims:
        return []
    parted: list[tuple[Claim, list[StoredSpan]]] = []
    postponed: list[Advance] = []
    for claim, content in zip(claims, await ledger.read_due(claims, limit), strict=True):
        go, later = part_due(content.spans, unpack_heads(claim.heads), hold)
        parted.append((claim, go))
        if later:
            postponed.append(Advance(claim.member, claim.fence, postponed=later))
    await ledger.advance(postponed)
    return parted


def part_due(
    due: Sequence[StoredSpan], heads: Mapping[str, Head], hold: HoldSettings
) -> tuple[list[StoredSpan], list[tuple[StoredSpan, int]]]:
    """Spans that go now, and those that stay until `root_s` because they may be the trace's root (rule 4), with
    their new time.
    """
    extra_ms = int(max(0.0, hold.root_s - hold.span_s) * 1000)
    go: list[StoredSpan] = []
    later: list[tuple[StoredSpan, int]] = []
    for span in due:
        release_ms = span.release_ms or 0
        if extra_ms and not span.postponed and span.frozen is None and _may_be_root(span, heads):
            later.append((span, release_ms + extra_ms))
        else:
            go.append(span)
    return go, later


def _may_be_root(span: StoredSpan, heads: Mapping[str, Head]) -> bool:
    head = heads.get(span.key[:8].hex())
    return (head is None or not _agent_parent(head, heads)) and _kind(span) in ROOT_KINDS


def _kind(span: StoredSpan) -> Kind:
    return kind_of(decode_span(span.raw, span.stored.envelope))[0]


def _wait_on(claim: Claim, when: Completeness) -> Advance:
    wanted = dict.fromkeys(when.wanted, when.seal_at_ms)
    return Advance(claim.member, claim.fence, due_ms=when.seal_at_ms, wanted=wanted)
