"""What a sweeper holds of a trace that it has claimed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from otel_scorer.ledger.keys import Member

State = Literal["open", "waiting", "exporting", "late"]
STATES: tuple[str, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Claim:
    """One trace under a fencing token. Times are the store's clock, milliseconds; 0 is "not yet"."""

    member: Member
    fence: int
    now_ms: int
    heads: bytes
    next_release_ms: int | None
    """When the first held span has to go; None when none is held."""
    expired: bool
    """A claimant before us did not finish: what it sent is in doubt."""
    state: State
    first_ms: int
    last_ms: int
    spans: int
    size: int
    """Span bytes."""
    over_limit: bool
    decision: str
    record: str
    result: str
    dispatch: int
    attempts: int
    worker: str
    started_ms: int
    suspect: bool
    bypassed: bool
    sealed_ms: int
    exported: int
    kept: bytes
    crashes: int
    dispatched_ms: int
    scored_ms: int
    outbox: str
    root: str
    """Span id of the sealed trace's root, "" when it has none."""
    no_rubric: bool = False
    """A worker gave it back because it lacks the rubric that the trace is pinned to."""


def parse_claim(now_ms: int, answer: list[Any]) -> Claim:
    """From the claim script's answer for one trace."""
    member, fence, heads, release, expired, *meta = answer
    (state, first, last, spans, size, over, decision, record, result, dispatch, attempts, worker, started) = meta[:13]
    suspect, bypassed, sealed, exported, kept, crashes, dispatched, scored, outbox, root, lacking = meta[13:]
    return Claim(
        member=Member.parse(member),
        fence=fence,
        now_ms=now_ms,
        heads=heads or b"",
        next_release_ms=int(float(release)) if release else None,
        expired=bool(expired),
        state=state.decode(),
        first_ms=_int(first),
        last_ms=_int(last),
        spans=_int(spans),
        size=_int(size),
        over_limit=bool(over),
        decision=_text(decision),
        record=_text(record),
        result=_text(result),
        dispatch=_int(dispatch),
        attempts=_int(attempts),
        worker=_text(worker),
        started_ms=_int(started),
        suspect=_text(suspect) == "1",
        bypassed=bool(bypassed),
        sealed_ms=_int(sealed),
        exported=_int(exported),
        kept=kept or b"",
        crashes=_int(crashes),
        dispatched_ms=_int(dispatched),
        scored_ms=_int(scored),
        outbox=_text(outbox),
        root=_text(root),
        no_rubric=bool(lacking),
    )


def _int(value: bytes | None) -> int:
    return int(value) if value else 0


def _text(value: bytes | None) -> str:
    return value.decode() if value else ""
