"""Traces of a few bytes for the tests of the ledger."""

from __future__ import annotations

import asyncio

from otel_scorer.ledger.claims import Claim
from otel_scorer.ledger.contents import TracePut
from otel_scorer.ledger.keys import Member
from otel_scorer.ledger.store import Ledger, TraceLimits
from otel_scorer.wire import AgentSpan, Envelope

LIMITS = TraceLimits(hold_ms=300, quiet_ms=50, max_age_ms=5000, max_spans=50, max_bytes=100_000, holds=True)
TRACE = bytes(range(16))
MEMBER = Member("default", TRACE.hex())


def span(number: int, content: bytes = b"x", parent: bytes = b"") -> AgentSpan:
    raw = b"span %d " % number + content
    return AgentSpan(TRACE, number.to_bytes(8, "big"), parent, 0, 1, raw, Envelope(b"res", b"scope", b"", b""))


def put_of(*spans: AgentSpan, member: Member = MEMBER) -> TracePut:
    put = TracePut(member, {"x-scope-orgid": "a"})
    for one in spans:
        put.add_span(one)
    return put


async def claim_one(ledger: Ledger, within_s: float = 20.0) -> Claim:
    for _ in range(int(within_s / 0.02)):
        claims = await ledger.claim(10)
        if claims:
            return claims[0]
        await asyncio.sleep(0.02)
    raise AssertionError("nothing became due")
