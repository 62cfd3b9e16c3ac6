"""What a sweeper holds of a trace that it has claimed."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from otel_scorer.ledger.keys import Member

State = Literal["open", "waiting", "exporting", "late"]
STATES: tuple[str, ...] = get_args(State)


class Claim(NamedTuple):
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
    bypassed: bool
    grown: bool
    """More has come after what came first."""
    # what follows is known of a sealed trace only
    decision: str = ""
    record: str = ""
    result: str = ""
    dispatch: int = 0
    attempts: int = 0
    worker: str = ""
    started_ms: int = 0
    suspect: bool = False
    sealed_ms: int = 0
    kept: bytes = b""
    crashes: int = 0
    dispatched_ms: int = 0
    scored_ms: int = 0
    outbox: str = ""
    root: str = ""
    """Span id of the sealed trace's root, "" when it has none."""
    no_rubric: bool = False
    """A worker gave it back because it lacks the rubric that the trace is pinned to."""


def parse_claim(now_ms: int, answer: list[Any]) -> Claim:
    """From the claim script's answer for one trace."""
    member, fence, expired, heads, state, first, last, spans, size, over, bypassed, release, grown, sealed = answer
    claim = Claim(
        member=Member.parse(member),
        fence=fence,
        now_ms=now_ms,
        heads=heads,
        next_release_ms=int(float(release)) if release else None,
        expired=bool(expired),
        state=state.decode(),
        first_ms=_int(first),
        last_ms=_int(last),
        spans=_int(spans),
        size=_int(size),
        over_limit=bool(over),
        bypassed=bool(bypassed),
        grown=bool(grown),
    )
    return _with_sealed(claim, sealed) if sealed else claim


def _with_sealed(claim: Claim, meta: list[bytes | None]) -> Claim:
    decision, record, result, dispatch, attempts, worker, started, suspect, sealed, kept, *rest = meta
    crashes, dispatched, scored, outbox, root, lacking = rest
    return claim._replace(
        decision=_text(decision),
        record=_text(record),
        result=_text(result),
        dispatch=_int(dispatch),
        attempts=_int(attempts),
        worker=_text(worker),
        started_ms=_int(started),
        suspect=_text(suspect) == "1",
        sealed_ms=_int(sealed),
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
