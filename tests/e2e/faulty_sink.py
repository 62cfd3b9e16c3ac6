"""A backend that refuses some requests by what is in them, or by lot."""

from __future__ import annotations

import random

from otlp_answers import NAMED, Answer
from otlp_sink import Signal, Sink


class FaultySink(Sink):
    """Refuses for good every trace request with a span of `poison`; of the others, `busy_share` for now."""

    def __init__(self, *, poison: frozenset[bytes] = frozenset(), busy_share: float = 0.0) -> None:
        super().__init__()
        self.poison = poison
        self.busy_share = busy_share
        self._lot = random.Random(7)

    def _next_answer(self, signal: Signal, body: bytes) -> Answer:
        if signal == "traces":
            if any(span_id in body for span_id in self.poison):
                return NAMED["invalid"]
            if self._lot.random() < self.busy_share:
                return NAMED["unavailable"]
        return super()._next_answer(signal, body)
