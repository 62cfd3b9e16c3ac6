"""One keyed draw for each trace, or for each conversation.

Not OpenTelemetry's own consistent draw from the trace id's bits: behind a 10 % head sampler that reads the same bits, a
2 % floor would take 20 % of what arrives.
"""

from __future__ import annotations

import hashlib

_BITS = 53
"""As many as a double holds exactly, so that the draw can never round up to 1.0."""


def draw(trace_id: str, salt: bytes) -> float:
    """A number in [0, 1), uniform over trace ids, the same for the same id and salt in every process.

    A salt of any length; the letters' case of the id does not matter.
    """
    return _drawn(trace_id.lower(), salt, b"otel_scorer.draw")


def draw_conversation(tenant: str, conversation_id: str, salt: bytes) -> float:
    """As `draw`, the same for all traces of a tenant's conversation, and independent of the draws of trace ids."""
    return _drawn(f"{len(tenant)}\0{tenant}\0{conversation_id}", salt, b"otel_scorer.talk")


def _drawn(said: str, salt: bytes, person: bytes) -> float:
    key = salt if len(salt) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(salt).digest()
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8, key=key, person=person)
    return (int.from_bytes(digest.digest(), "big") >> (64 - _BITS)) / (1 << _BITS)
